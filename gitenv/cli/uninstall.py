"""`gitenv uninstall`."""

from __future__ import annotations

from gitenv.cli import exclusive, show
from gitenv.cli.words import joined


def run() -> None:
    """Undo gitenv init in this clone.

    Files stay readable, your device key stays where it is.
    """
    from gitenv.team import leave

    done = leave.uninstall(exclusive.workspace())
    show.say("git calls gitenv no more in this clone")
    if done.readable:
        show.say(f"readable in the work tree: {joined(done.readable)}")
    if done.closed:
        show.say(f"still encrypted, for want of a key: {joined(done.closed)}")
    if done.still_committed:
        show.say("the repository still has gitenv: git add of a .env file will stop here, so that no plain text gets in")
        show.commands("gitenv init")
    if done.undone:
        show.say("gitenv was in no commit, so .recipients/ and its lines in .gitattributes are gone, too")
