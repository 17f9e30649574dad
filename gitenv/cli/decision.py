"""What `gitenv accept` and `gitenv reject` have in common: which lines, one question, and what became of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

from gitenv.cli import consent, exclusive, pushing, show, target
from gitenv.cli.options import Argument, Option
from gitenv.errors import Usage, joined, printable
from gitenv.tuples import NamedTuple

if TYPE_CHECKING:
    from gitenv.model.sealed import Sealed
    from gitenv.team.accept import Decided, Question
    from gitenv.team.workspace import Workspace

Names = Annotated[list[str] | None, Argument("NAME", "Its key's name, or the number of its line.", of="waiting")]
File = Annotated[str, Option("-f, --file FILE", "Only in this file.")]


class Decision(NamedTuple):
    """One of the two."""

    question: str
    act: Callable[[Workspace, Sequence[Question]], list[Decided]]
    done: str  # how it is said
    option: str  # what may be given in the place of names
    takes_places: bool = False  # of values with the same name
    shows_values: bool = False
    check: Callable[[Workspace, Sequence[Question]], object] | None = None  # what needs no question, because it is refused
    chosen: Callable[[Workspace, Sequence[Question]], list[Question]] | None = None  # of all, those that the option means
    is_pushed: bool = False  # at once, and nothing else


class Scope(NamedTuple):
    """Where the lines stand; "" for anywhere."""

    file: str
    environment: str


def decide(decision: Decision, names: Sequence[str] | None, is_by_option: bool, place: Scope, yes: bool) -> None:
    """Show the lines that are meant, ask, act, and say what became of them."""
    from gitenv.team import accept

    if bool(names) == is_by_option:
        raise Usage(f"say which lines: their names, or {decision.option}", "gitenv status names them")
    workspace = exclusive.workspace()
    if decision.takes_places:
        consent.where_closed(workspace.access, "Make values of what nobody vouched for?")
    chosen = accept.questions(workspace, names or [], place.file, os.getcwd(), place.environment)
    if is_by_option and decision.chosen:
        chosen = decision.chosen(workspace, chosen)
    for each in chosen:
        for line in _lines(workspace, each, decision):
            show.say(line)
    if decision.check:
        decision.check(workspace, chosen)
    planned = pushing.begin(workspace, {each.path for each in chosen}) if decision.is_pushed else None
    if not show.ask(decision.question, yes):
        show.say("nothing was changed")
        return
    done = decision.act(workspace, chosen)
    for decided in done:
        target.say_done(f"{decision.done} in {decided.path}: {joined(decided.names)}", decided.unstaged)
    if listed := list(dict.fromkeys(name for decided in done for name in decided.known)):
        show.say(f"somebody who left could read {joined(listed)}: that is signed and staged; what to set anew:")
        show.commands("gitenv reissue")
    if planned:
        unstaged = [decided.unstaged for decided in done if decided.unstaged]
        names_done = [name for decided in done for name in decided.names]
        pushing.finish(workspace, planned, "Accept", names_done, [decided.path for decided in done], unstaged)


def _lines(workspace: Workspace, question: Question, decision: Decision) -> Iterator[str]:
    """One line that is to be decided about: what, by whom, and in the place of what."""
    from gitenv.team import accept

    yield f"{question.path}:{question.found.line}: {_described(question, decision.takes_places)}"
    if question.problem:
        yield f"  {question.problem.message}"
    if decision.shows_values:
        now, then = accept.shown_values(workspace, question)
        yield from (f"  now:  {printable(record)}" for record in now)
        yield f"  then: {printable(then)}"


def _described(question: Question, takes_places: bool) -> str:
    found = question.found
    shown = (found.name or "a line without a name") + (f" ({found.lines} lines)" if found.lines > 1 else "")
    if found.sealed:
        shown += f", sealed by {found.sealed.by} {_fingerprint(found.sealed)}"
    if takes_places and question.later:
        return f"{shown}, which goes: line {question.later} has the name too, and the last one counts"
    if not takes_places or not question.replaces:
        return shown
    word = "line" if len(question.replaces) == 1 else "lines"
    return f"{shown}, in the place of the value on {word} {joined([str(line) for line in question.replaces])}"


def _fingerprint(sealed: Sealed) -> str:
    try:
        return sealed.contributor.fingerprint
    except ValueError:
        return "(no key)"
