"""What only a person decides: asked on the terminal itself, whatever `--yes` says and whatever standard input is.

In a closed work tree a program that works for the user types commands, too. It has a shell, and need not have their terminal.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from gitenv.cli import show
from gitenv.errors import Locked, NotInOrder, Usage, joined, printable
from gitenv.trust.access import Access

if TYPE_CHECKING:
    from gitenv.team.workspace import Workspace

_MOST = 1024


class Declined(Usage):
    """A person said no, or ended the question."""


def ask(question: str) -> None:
    """Ask somebody at the terminal. Raises `Locked` without one, and `Declined` for a no."""
    if not is_agreed(question):
        raise Declined("nothing was done: you did not agree")


def is_agreed(question: str) -> bool:
    """Whether somebody at the terminal says yes. Raises `Locked` without one."""
    show.say_held()
    try:
        answer = _answer(f"{printable(question)} [y/N]: ")
    except OSError:
        why = "a person has to agree to this, and there is no terminal to ask on"
        raise Locked(why, "do it in a terminal of your own") from None
    return answer.strip().lower() in (b"y", b"yes")


def where_closed(access: Access, question: str) -> None:
    """The same in a closed work tree; elsewhere nothing is asked."""
    if access.is_closed:
        ask(f"This work tree is closed. {question}")


def around(folder: str, question: str) -> None:
    """The same for what is about the user's key, wherever they are: where they have closed anything at all."""
    from gitenv.git import layout
    from gitenv.trust import closing

    try:
        is_closed = Access(layout.find(folder)).is_closed
    except NotInOrder:
        is_closed = False
    if is_closed or closing.is_any_listed():
        ask(f"You have closed work trees. {question}")


def to_open(workspace: Workspace) -> bool:
    """Ask whether files may be written open, where the clone is closed, or an environment of it is closed elsewhere.

    Whether there was nothing to ask, or a person said yes.
    """
    access = workspace.access
    listed = [] if access.is_closed else _listed(workspace)
    if not (access.is_closed or listed):
        return True
    why = f"{joined(listed)}: closed for you in another clone." if listed else "This work tree is closed."
    if is_open := is_agreed(f"{why} Open its files, so that every program of yours can read them?"):
        from gitenv.trust import closing

        access.pins.open()
        closing.open_linked(workspace.repository.layout)
        workspace.reload()
    return is_open


def need_open(workspace: Workspace, *, is_wanted: bool = True) -> None:
    """The same for what opens files. Raises `Declined` for a no."""
    if is_wanted and not to_open(workspace):
        raise Declined("nothing was done: this work tree stays closed", "gitenv init --closed")


def _listed(workspace: Workspace) -> list[str]:
    """The environments that are new here, and closed elsewhere: also beside others that this clone is open for."""
    from gitenv.trust import closing

    if not closing.is_any_listed():
        return []
    pinned = {pin.environment.id for pin in workspace.access.pinned()}
    return [each.name for each in workspace.statements().values() if each.id not in pinned and closing.is_listed(each.id)]


def _answer(question: str) -> bytes:
    """A line that is typed at the terminal. Raises `OSError` where there is none."""
    if sys.platform == "win32":
        with open("CONOUT$", "w", encoding="utf-8") as shown, open("CONIN$", "rb", buffering=0) as typed:
            shown.write(question)
            shown.flush()
            return typed.readline(_MOST)
    import termios

    with open("/dev/tty", "r+b", buffering=0) as terminal:
        termios.tcflush(terminal, termios.TCIFLUSH)  # what was typed before the question was seen is no answer
        terminal.write(question.encode("utf-8", "replace"))
        return terminal.readline(_MOST)
