"""`gitenv unlock`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from gitenv.cli import consent, exclusive, show
from gitenv.cli.options import Argument, Environments, Option, Strict, Yes
from gitenv.cli.words import opened_lines, out_lines, trust_lines
from gitenv.errors import Locked, NotTrusted, joined, shell_word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitenv.team.lock import Opened
    from gitenv.team.workspace import Workspace


_MOST = 20


def run(
    environments: Annotated[list[str] | None, Argument("ENV", "Default: all.")] = None,
    chosen: Environments = None,
    yes: Yes = False,
    fingerprint: Annotated[str, Option("--fingerprint SHA256:…", "Trust a new environment only if this key signed it.")] = "",
    strict: Strict = False,
) -> int:
    """Open the files you have been let into.

    Environments that are new here are believed after a question.
    """
    from gitenv.team import follow, hooks, lock, news, permissions, setup, statement_conflicts

    workspace = exclusive.workspace()
    workspace.need_environments()
    if not setup.is_installed(workspace.repository):
        raise Locked("this clone is not set up", "gitenv init")
    setup.configure(workspace.repository)
    if hooks.are_configured(workspace.repository):
        hooks.install(workspace.repository)
    stays_closed = not consent.to_open(workspace)  # then what is new is believed all the same, after its own question
    wanted = [*(environments or ()), *(chosen or ())]
    for name in wanted:
        workspace.check_known(name)
    problems = _pin_new(workspace, wanted, yes, fingerprint, strict)
    if not workspace.access.pinned() and not problems:
        return 0
    before = {pin.name: pin for pin in workspace.access.pinned()}
    problems += follow.refresh(workspace)
    said = {problem.message for problem in problems}
    met = [statement_conflicts.two_met(name) for name in statement_conflicts.in_conflict(workspace)]
    problems += [problem for problem in met if problem.message not in said]
    for line in out_lines(news.taken_out(workspace, before, workspace.access.pinned())):
        show.say(line)
    problems += _agree_to_paths(workspace, wanted, yes)
    for problem in problems:
        show.error(problem)
    results = lock.open_files(workspace, wanted)
    permissions.apply(workspace, workspace.access.pinned())
    for line in _lines(results, is_said=not problems and not stays_closed):
        show.say(line)
    is_vouched = _show_unvouched(workspace, wanted)
    if problems or not is_vouched:
        return min(problem.exit_code for problem in problems) if problems else NotTrusted.exit_code
    if all(result.closed for result in results) and not stays_closed:
        raise lock.nothing_opened(results)
    return 0


def _show_unvouched(workspace: Workspace, wanted: Sequence[str]) -> bool:
    """Show what waits for a decision in open files. Whether somebody vouches for all that stands there."""
    from gitenv.team import file_status

    pins = [pin for pin in workspace.access.pinned() if not wanted or pin.name in wanted]
    unvouched, sealed = file_status.choices(workspace, pins)
    for found in sealed[:_MOST]:
        show.say(f"pending: {found.text}")
        show.commands(*found.commands)
    for found in unvouched:
        show.error(NotTrusted(found.text))
        show.commands(*found.commands, aside=True)  # to choose from: in one line they would be pasted as one
    return not unvouched


def _agree_to_paths(workspace: Workspace, wanted: Sequence[str], yes: bool) -> list[NotTrusted]:
    """Show which paths came with a later statement, and believe them after the question. Returns what is wrong."""
    from gitenv.team import first_sight

    problems: list[NotTrusted] = []
    for pin in workspace.access.pinned():
        if not pin.waiting or (wanted and pin.name not in wanted):
            continue
        paths = joined([shell_word(path) for path in pin.waiting])
        show.say(f"{pin.name} claims {paths} as well: signed by {pin.environment.by}")
        try:
            if show.ask(f"Are those files of {pin.name}, for all who hold it to read?", yes):
                first_sight.agree_to_paths(workspace, pin)
        except NotTrusted as error:
            problems.append(error)
    return problems


def _lines(results: Sequence[Opened], *, is_said: bool) -> list[str]:
    """What became of the files; nothing, where one environment stays closed and an error says so."""
    lines = list(opened_lines(results))
    return [] if is_said and len(lines) == 1 and all(result.closed for result in results) else lines


def _pin_new(workspace: Workspace, wanted: Sequence[str], yes: bool, fingerprint: str, strict: bool) -> list[NotTrusted]:
    """Show who signed what is new here, and pin it after the question; return what was wrong with it."""
    from gitenv.team import first_sight
    from gitenv.trust import vouchers

    is_named = bool(fingerprint or vouchers.vouchers())
    new, problems = first_sight.new_environments(workspace, wanted, is_named=is_named)
    if not fingerprint and (strict or vouchers.vouchers()):
        new, unvouched = first_sight.sort_out(workspace, new, strict)
        yes, problems = True, problems + unvouched
    if workspace.access.pinned() and not (wanted or yes or is_named):  # who was not let in is asked when they name it
        new = [statement for statement in new if first_sight.has_grant(workspace, statement.name)]
    for statement in new:
        for line in trust_lines(statement, "signed by", workspace.me().fingerprint if workspace.access.device() else ""):
            show.say(line)
    if fingerprint:
        first_sight.check_signers(workspace, new, wanted, fingerprint)
    if new and (fingerprint or show.ask("Are these the fingerprints that they told you?", yes)):
        return problems + first_sight.pin(workspace, new)
    if new:
        show.say(f"not trusted: {joined([statement.name for statement in new])}")
    return problems
