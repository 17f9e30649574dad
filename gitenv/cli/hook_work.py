"""What git's hooks do, once drivers.hook found that there is something to do. Loads no typer: every commit waits for it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gitenv.cli import show, unsaid
from gitenv.cli.words import out_lines
from gitenv.errors import GitenvError, Usage, joined, printable, shell_word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitenv.model.finding import Finding
    from gitenv.team.news import Asking

_MOST = 20
_BEFORE = ("pre-commit", "pre-push", "pre-receive")
NAMES = (*_BEFORE, "post-merge", "post-checkout")


def work(name: str, arguments: Sequence[str]) -> int:
    """Do what the hook of this name does; return its exit code. Raises `GitenvError` where git cannot say what changes."""
    if name != "pre-receive":
        unsaid.say()
    if name == "pre-commit":
        return _judge_staged()
    if name in _BEFORE:
        return _judge_updates(name, arguments)
    _look_around()
    return 0


def _judge_staged() -> int:
    from gitenv.check import before_commit
    from gitenv.model import finding

    found = before_commit.staged(os.getcwd())
    _note_told(_show(_news(found), notes=("link", "plain-copy")))
    if finding.stops(found):
        _say_other_filter()
        show.say("nothing was committed. Once you have mended it, commit again", aside=True)
        show.note("git commit --no-verify goes past this once; pre-push and the server look again")
        return 1
    return 0


def _say_other_filter() -> None:
    """Where another line wins over gitenv's, whatever is staged again is plain text again."""
    from gitenv.git.repository import Repository
    from gitenv.team import setup

    if line := setup.behind_lifted(Repository(os.getcwd())):
        show.say(f"first of all, {setup.wins_over(line)}:", aside=True)
        show.commands("gitenv doctor --fix", aside=True)


def _judge_updates(name: str, arguments: Sequence[str]) -> int:
    from gitenv.check import before_commit, gate
    from gitenv.drivers import hook
    from gitenv.model import finding
    from gitenv.model.finding import Severity
    from gitenv.repo import said

    listed = [line.split(" ") for line in hook.updates().decode("utf-8", "surrogateescape").splitlines()]
    if any(len(words) != (4 if name == "pre-push" else 3) for words in listed):
        raise Usage(f"{name} reads what git writes to it", "let git call it")
    if name == "pre-push":  # local ref, local id, remote ref, remote id
        updates = [gate.Update(words[3], words[1], words[2]) for words in listed]
    else:
        updates = [gate.Update(*words) for words in listed]
    known = [f"--remotes={_remote(arguments)}"] if name == "pre-push" else None
    found = gate.outgoing(os.getcwd(), [update for update in updates if update.new.strip("0")], known)
    if name == "pre-push":
        told = said.told(_common_dir())
        found = [each for each in _news(found) if each.severity is Severity.ERROR or _line(each) not in told]
        if not finding.stops(found) and hook.is_staged() and (staged := before_commit.staged_plain(os.getcwd())):
            _show(staged)
            show.say("nothing was pushed: some program here stages past the filter. Mend that, then push again", aside=True)
            return 1
    _show(found)
    if finding.stops(found):
        if name == "pre-push":
            show.say("nothing was pushed: what goes out cannot be taken back", aside=True)
            show.note(_how_to_mend(found))
        else:
            show.say("nothing was taken in", aside=True)
        return 1
    return 0


def _how_to_mend(found: Sequence[Finding]) -> str:
    """What is in a commit stays in it; all else is judged where the branch ends."""
    if not any(each.commit and each.severity.value == "error" for each in found):
        return "a commit on top that mends it is enough; then push again"
    mend = "mend the commits themselves; a commit on top leaves them as they are"
    if any(command.startswith("git rebase") for each in found for command in each.commands):
        mend += ". In git rebase -i write 'edit' before the commit, and end with git rebase --continue"
    return mend


def _remote(arguments: Sequence[str]) -> str:
    """The remote that is pushed to, as a pattern for its branches; an address has none here, so all remotes' count."""
    name = os.environ.get("PRE_COMMIT_REMOTE_NAME") or next(iter(arguments), "")
    return name if name and all(c.isalnum() or c in "-_." for c in name) else "*"


def _look_around() -> None:
    """After a merge or a checkout, which must not fail for anything that is found."""
    from gitenv.team import arrivals, departures, setup
    from gitenv.team.workspace import Workspace

    try:
        workspace = Workspace(os.getcwd())
        if not setup.is_known(workspace.repository):
            return
        departure = departures.find(workspace.repository)
        departures.check_not_deleted(departure, workspace.repository.objects, workspace.pinned_files())
        if departure and departure.commit:
            show.say(
                f"{departure.by} took gitenv out of this repository. To clean up here, and to get your files back:", aside=True
            )
            show.commands("gitenv uninstall", aside=True)
            return
        found, is_closed = arrivals.arrived(workspace), workspace.access.is_closed
    except GitenvError as error:
        show.error(error)
        return
    for problem in found.problems[:_MOST]:
        show.error(problem)
    for given in found.let_in[:_MOST]:
        show.say(f"{given.by} gave you {given.environment}{'' if is_closed else ':'}", aside=True)
        show.commands(*([] if is_closed else [f"gitenv unlock {given.environment}"]), aside=True)
    for line in out_lines(found.out[:_MOST]):
        show.say(line, aside=True)
    _show_asking([each for each in found.asking if not each.is_known], "to be let in")
    _show_asking([each for each in found.asking if each.is_known], "again, with another key; compare it with them")
    if found.new:
        show.say(f"new here, with a grant for you: {joined(found.new)}", aside=True)
        show.commands(f"gitenv unlock {' '.join(map(shell_word, found.new[:_MOST]))}", aside=True)
    for pending in found.pending[:_MOST]:
        show.say(f"pending: {pending.text}", aside=True)
        show.commands(*pending.commands, aside=True)


def _show_asking(found: Sequence[Asking], for_what: str) -> None:
    if found:
        ask = "asks" if len(found) == 1 else "ask"
        show.say(f"{joined([each.name for each in found], 3)} {ask} {for_what}:", aside=True)
        show.commands(*(each.command for each in found[:3]), aside=True)


def _news(found: Sequence[Finding]) -> list[Finding]:
    """Findings without what the user did: what they signed with their own key, and which file they copied a value from."""
    from gitenv.identity import device

    found = [each for each in found if each.code != "value-of-another-file"]
    try:
        return [each for each in found if not (each.by and device.is_mine(each.by))]
    except GitenvError:  # no key that can be read
        return list(found)


def _note_told(warnings: Sequence[Finding]) -> None:
    """What was said at the commit is not said at the push."""
    from gitenv.repo import clone, said

    if clone.identity(common := _common_dir()):
        said.add_told(common, [_line(each) for each in warnings])


def _line(warning: Finding) -> str:
    return printable(f"{warning.code} {warning.path} {warning.text}")


def _common_dir() -> str:
    from gitenv.git import layout

    return layout.find(os.getcwd()).common_dir


def _show(found: Sequence[Finding], notes: Sequence[str] = ()) -> list[Finding]:
    """Errors and warnings, a line each and what mends it: the errors first, where there are too many for both.

    `notes` are codes of notes that are shown, too. Returns the warnings.
    """
    from gitenv.check import formats

    grave = sorted(formats.ordered(found), key=lambda each: each.severity.value)
    grave = [each for each in grave if each.severity.value != "note" or each.code in notes]
    for each, following in zip(grave[:_MOST], [*grave[1:_MOST], None], strict=False):
        place = f"{each.path}:{each.line}" if each.line else each.path
        commit = f"({each.commit[:10]})" if each.commit else ""
        where = " ".join(filter(None, (place, commit)))
        show.say(f"{each.severity.value}: {f'{where}: ' if where else ''}{each.text} ({each.code})", aside=True)
        if following is None or following.commands != each.commands:  # what mends several is said once, below the last
            show.commands(*each.commands, aside=True)
    if len(grave) > _MOST:
        show.say(f"and {len(grave) - _MOST:,} more:", aside=True)
        show.commands("gitenv check", aside=True)
    return [each for each in grave if each.severity.value == "warning"]
