"""Whether a history went back: its tree has an earlier statement, and it once had a later one. No older branch has that.

Whoever writes a next statement puts the one before into `past/`. So only a history that has a file there of that name can have
had a later one, over however many steps, and after a squash too. That is quickly asked. Anybody can add such a file, though,
and could stop everybody for ever: where there is one, a good step after it must have stood in that history as well.
"""

from __future__ import annotations

from gitenv.errors import NotTrusted
from gitenv.git import log
from gitenv.git.layout import RECIPIENTS
from gitenv.model.environment import Environment
from gitenv.trust import chain, forks
from gitenv.trust.history import History
from gitenv.trust.pins import Pin
from gitenv.trust.trusted import Trusted


def went_back(history: History, earlier: Environment, head: str = "HEAD", since: str = "") -> bool:
    """Whether the history of `head` ever had a statement later than `earlier`; with `since` only in what that does not reach.

    Raises `NotInOrder` where git cannot say.
    """
    heads, past = history.since(head, since), chain.past_path(earlier.name, earlier.hash)
    return history.ever_had(earlier.name, past, earlier.text, heads) and forks.furthest(history, earlier, heads) != earlier


def error(history: History, pinned: Environment, now: Environment, head: str = "HEAD") -> NotTrusted:
    """The error for a tree that has `now` after a later statement: the pinned one, or what history has after that."""
    folder = f"{RECIPIENTS}/{now.name}"
    was = forks.furthest(history, now, [head]) if pinned.text == now.text else pinned
    last = log.last_with(history.root, chain.path(now.name), was.text, [head])
    undo = "look for the commit that did it"
    if last:
        undo = f"git revert {last.undid}" if last.undid else f"git restore --source={last.had} -- :/{folder}"
    return forks.rolled_back(was, now, f"git log -- :/{folder}; to undo it: {undo}")


def check_newest(history: History, first_sight: Trusted, pin: Pin, statement: Environment, since: str) -> None:
    """Raise why HEAD's history speaks against a tree's statement, in what the commit `since` does not reach.

    `RolledBack` if it has a later one, and `Forked` if it has one beside the pinned one that takes somebody out who is in that.
    """
    if not (head := history.head) or head == since:
        return
    if went_back(history, statement, head, since):
        raise error(history, statement, statement, head)
    if statement.text == pin.environment.text:
        forks.check_none_taken_out(history, first_sight, pin, history.since(head, since))
