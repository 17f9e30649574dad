"""`gitenv trust`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from gitenv.cli import consent, exclusive, options, show
from gitenv.cli.options import Argument, Option
from gitenv.errors import NotTrusted, Usage, joined, shell_word

if TYPE_CHECKING:
    from gitenv.model.environment import Environment
    from gitenv.team.trust import Outlook
    from gitenv.team.workspace import Workspace
    from gitenv.trust.pins import Pin


def run(
    environment: Annotated[str, Argument("ENV", "Default: all, one after the other.")] = "",
    generation: Annotated[
        int,
        Option("--generation N", "Go back to N, which this commit has: the rotation was never merged."),
    ] = 0,
    fingerprint: Annotated[str, Option("--fingerprint SHA256:…", "Do not ask; go on only if this key signed it.")] = "",
    only: options.Environment = "",
    json: options.Json = False,
) -> int:
    """Show what changed and who signed it, and ask.

    It shows what was pinned and what there is now, and pins that after a question.
    """
    from gitenv.model.statements import is_fingerprint
    from gitenv.team import trust

    environment = environment or only
    if json:
        show.as_json(_as_json(environment))
        return 0
    workspace = exclusive.workspace()
    consent.where_closed(workspace.access, "Decide whom it believes?")
    if fingerprint and not is_fingerprint(fingerprint):
        raise Usage("that is no fingerprint", "SHA256: and 43 characters, as gitenv key show prints it")
    if generation and not environment:
        raise Usage("--generation is one environment's", f"gitenv trust ENV --generation {generation}")
    names = {*workspace.need_environments(), *(pin.name for pin in workspace.access.pinned())}
    is_fine = True
    for name in [environment] if environment else sorted(names):
        try:
            is_fine &= _decide(workspace, trust.look(workspace, name), generation, fingerprint)
        except NotTrusted as error:
            show.error(error)
            is_fine = False
    return 0 if is_fine else NotTrusted.exit_code


def _as_json(environment: str) -> list[dict[str, object]]:
    """What is pinned and what there is instead, without a question."""
    from gitenv.team import trust
    from gitenv.team.workspace import Workspace

    workspace = Workspace(os.getcwd())
    names = {*workspace.need_environments(), *(pin.name for pin in workspace.access.pinned())}
    listed: list[dict[str, object]] = []
    for name in [environment] if environment else sorted(names):
        try:
            outlook = trust.look(workspace, name)
        except NotTrusted as error:
            listed.append({"environment": name, "reason": error.code, "message": error.message})
            continue
        pin, goal, reason = outlook.pin, outlook.goal, outlook.reason
        listed.append(
            {
                "environment": name,
                "pinned": _statement_as_json(pin.environment) if pin else None,
                "here": _statement_as_json(goal) if goal else None,
                "is_behind": outlook.is_behind,
                "reason": reason.code if reason else "",
                "message": reason.message if reason else "",
            }
        )
    return listed


def _statement_as_json(statement: Environment) -> dict[str, object]:
    return {
        "generation": statement.generation.number,
        "revision": statement.revision,
        "at": statement.at,
        "by": statement.by._asdict(),
        "holders": [holder._asdict() for holder in statement.holders],
        "paths": list(statement.paths),
    }


def _decide(workspace: Workspace, outlook: Outlook, generation: int, fingerprint: str) -> bool:
    """Show one environment and move its pin if the user says so; whether all is well with it now."""
    from gitenv.team import trust

    for line in _lines(outlook):
        show.say(line)
    goal = outlook.goal
    if generation and (goal is None or goal.generation.number != generation):
        here = f"generation {goal.generation.number}" if goal else "nothing"
        raise Usage(
            f"this commit has {here} of {outlook.name}, not generation {generation}",
            "check out the branch that you go on with: git switch BRANCH",
        )
    if goal is None or (not outlook.moves and outlook.reason is None):
        return True
    if outlook.is_behind and not generation:
        is_older = outlook.reason is None
        show.say("  this commit is behind the pin; to go back to it:" if is_older else "  to go on with this all the same:")
        show.commands(f"gitenv trust {goal.name} --generation {goal.generation.number}")
        return is_older
    if fingerprint and goal.by.fingerprint != fingerprint:
        raise NotTrusted(f"{goal.name} is signed by {goal.by}, not by {fingerprint}", "ask your team which is right")
    question = f"Go on with {goal.name} as signed with {goal.by.fingerprint}? Compare that with {goal.by.name} first."
    if not fingerprint and not show.ask(question, yes=False, hint="say whose signature is right: --fingerprint SHA256:…"):
        show.say("nothing was changed")
        return outlook.reason is None
    problems = trust.move(workspace, outlook)
    for problem in problems:
        show.error(problem)
    show.say(f"{goal.name}: pinned at generation {goal.generation.number}, revision {goal.revision}; to open its files:")
    show.commands(f"gitenv unlock {goal.name}")
    return not problems


def _lines(outlook: Outlook) -> Iterator[str]:
    pin, goal = outlook.pin, outlook.goal
    if pin is None:
        yield f"{outlook.name}: not pinned"
    else:
        yield f"{outlook.name}: pinned at {_number(pin.environment)}"
        yield f"    signed by {pin.environment.by}"
        yield from (f"    holder {holder}" for holder in sorted(pin.holders))
    if goal is None:
        yield "  it is not in this commit"
        return
    if not outlook.moves and not outlook.reason:
        yield "  nothing has changed since"
    if outlook.moves:
        yield from _steps(outlook)
    if outlook.moves and (outlook.reason or outlook.is_behind or pin is None):
        yield f"  here: {_number(goal)}"
        yield f"    signed by {goal.by}{_known(pin, goal)}"
        yield from _differences(outlook, pin.environment if pin else None, goal)
    if outlook.reason:
        yield f"  does not follow: {outlook.reason.message}"
        if outlook.reason.hint and not outlook.reason.hint.startswith("gitenv trust"):
            yield f"    {outlook.reason.hint}"


def _known(pin: Pin | None, goal: Environment) -> str:
    """What the pin knows of a signer. A name alone says nothing: anybody can take any."""
    if pin and goal.by in pin.holders:
        return ", whom you know as a holder"
    if pin and any(holder.name == goal.by.name for holder in pin.holders | pin.seen):
        return f", which is NOT the key of the {goal.by.name} you know"
    return ", whom this clone does not know"


def _steps(outlook: Outlook) -> Iterator[str]:
    """The chain of signatures, from somebody who is trusted already."""
    before = outlook.pin.environment if outlook.pin else None
    for step in outlook.steps:
        yield f"  then {_number(step)}"
        yield f"    signed by {step.by}, a holder of the one before"
        yield from _differences(outlook, before, step)
        before = step


def _number(statement: Environment) -> str:
    return f"generation {statement.generation.number}, revision {statement.revision}, dated {statement.at[:10]} by its signer"


def _differences(outlook: Outlook, before: Environment | None, after: Environment) -> Iterator[str]:
    if before is None:
        yield from (f"    holder {holder}" for holder in after.holders)
        yield f"    files: {_patterns(after)}"
        return
    if before.id != after.id:
        yield "    another environment: values that are encrypted for the pinned one will not open with it"
    # Who was in by a grant stands in no statement until the next one.
    were = frozenset(before.holders)
    if outlook.pin and outlook.pin.environment.text == before.text:
        were |= outlook.pin.holders
    yield from (f"    - holder {holder}" for holder in sorted(were) if holder not in after.holders)
    yield from (f"    + holder {holder}" for holder in after.holders if holder not in were)
    if before.paths != after.paths:
        yield f"    files: {_patterns(after)} (before: {_patterns(before)})"


def _patterns(statement: Environment) -> str:
    # Quoted: a pattern may hold spaces, and so words that look like ours.
    return joined([shell_word(path) for path in statement.paths])
