"""`gitenv uninstall`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from gitenv.cli import consent, exclusive, show
from gitenv.cli.options import Option, Yes
from gitenv.errors import joined, printable, shell_word

if TYPE_CHECKING:
    from gitenv.git.repository import Repository
    from gitenv.team.leave import Uninstalled
    from gitenv.team.withdraw import Withdrawal


def run(
    repository: Annotated[
        bool,
        Option("--repository", "For the whole team: take gitenv out of the repository, its files out of git."),
    ] = False,
    plain_text: Annotated[bool, Option("--plain-text", "With --repository: the files stay in git, in plain text.")] = False,
    yes: Yes = False,
) -> None:
    """Undo gitenv init here, or for the whole team.

    Files stay readable, your device key stays where it is.
    """
    from gitenv.errors import Usage
    from gitenv.git.layout import RECIPIENTS
    from gitenv.team import leave, withdraw

    workspace = exclusive.workspace()
    consent.need_open(workspace)
    if plain_text and not repository:
        raise Usage(
            "--plain-text says what becomes of the files in the repository", "gitenv uninstall --repository --plain-text"
        )
    withdrawal = None
    if repository and workspace.repository.was_ever_committed(RECIPIENTS):
        withdrawal = withdraw.look(workspace, is_plain=plain_text)
        if not show.agree(_question(withdrawal, plain_text), yes):
            show.say("nothing was changed")
            return
        withdraw.carry_out(workspace, withdrawal)
    _show(leave.uninstall(workspace))
    if withdrawal is not None:
        _show_withdrawn(workspace.repository, withdrawal, plain_text)


def _question(withdrawal: Withdrawal, plain_text: bool) -> str:
    paths = joined([entry.path for entry in withdrawal.files if entry.path not in withdrawal.closed], 3)
    parts = [f"{paths}: {'in plain text in the next commit' if plain_text else 'out of git, and in your work tree as before'}"]
    if withdrawal.closed:
        parts.append(f"{joined(withdrawal.closed, 3)}: out of git and of your work tree, for want of a key")
    return f"Take gitenv out of this repository ({'; '.join(parts if paths else parts[1:]) or 'no file'})?"


def _show(done: Uninstalled) -> None:
    show.say("git calls gitenv no more in this clone")
    if done.departure and done.departure.commit:
        commit = done.departure.commit[:10]
        show.note(f"{done.departure.by} took gitenv out of this repository (commit {commit}), so no guard stays in this clone")
    if done.put_back.paths:
        show.say(f"put back in plain text: {joined(sorted(done.put_back.paths))}")
    if done.put_back.ignored_here:
        show.note(f"no .gitignore names {joined(sorted(done.put_back.ignored_here))}, so git ignores that in this clone only")
    if readable := [path for path in done.readable if path not in done.put_back.paths]:
        show.say(f"readable in the work tree: {joined(readable)}")
    if done.closed:
        show.say(f"still encrypted, for want of a key: {joined(done.closed)}")
    for root in done.left_behind:
        show.note(
            f"the work tree {printable(root)} has gitenv as before, and git add of a .env file stops there. To go on in it:"
        )
        show.commands(f"cd {shell_word(root)} && gitenv init", aside=True)
    if done.still_committed:
        show.say("the repository still has gitenv: git add of a .env file will stop here, so that no plain text gets in")
        show.commands("gitenv init")
    if done.undone:
        show.say("gitenv was in no commit, so .recipients/ and its lines in .gitattributes are gone, too")


def _show_withdrawn(repository: Repository, withdrawal: Withdrawal, plain_text: bool) -> None:
    paths = joined([entry.path for entry in withdrawal.files if entry.path not in withdrawal.closed])
    if withdrawal.closed:
        show.say(f"out of git and of your work tree, for want of a key; older commits have it: {joined(withdrawal.closed)}")
    if paths and plain_text:
        show.say(f"staged in plain text, for everybody who can read the repository: {paths}")
    elif paths:
        show.say(f"out of git, ignored, and in your work tree as before: {paths}")
    show.commit(repository, "Without gitenv", ".recipients/ and gitenv's attributes are gone; ")
    show.say("whoever pulls that runs this, which puts their files back:")
    show.commands("gitenv uninstall")
    show.note("older commits and other branches stay as they are: whoever has a key of that time can read the values in them")
