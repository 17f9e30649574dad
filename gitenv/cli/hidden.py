"""A value that is typed: one line, which is not shown."""

from __future__ import annotations

import os
import sys

from gitenv.cli import show
from gitenv.errors import printable

_PATIENCE = 0.1  # seconds, for what was pasted to be there
LONGEST = 4095  # bytes: Linux drops, without a word, what of a line is beyond


def line(question: str) -> tuple[bytes, bool]:
    """What somebody types, and whether more lines came with it: a key that was pasted has several."""
    show.say_held()
    if sys.platform == "win32":
        import typer

        typed: str = typer.prompt(printable(question), default="", show_default=False, hide_input=True, err=True)
        return typed.encode("utf-8", "surrogateescape"), False
    sys.stderr.write(f"{printable(question)}: ")
    sys.stderr.flush()
    try:
        return _read(sys.stdin.fileno())
    except (KeyboardInterrupt, EOFError):
        import typer

        raise typer.Abort from None


def _read(terminal: int) -> tuple[bytes, bool]:
    import select
    import termios

    before = termios.tcgetattr(terminal)
    hidden = [*before[:3], before[3] & ~termios.ECHO, *before[4:]]
    try:
        termios.tcsetattr(terminal, termios.TCSAFLUSH, hidden)  # what was typed before the question was seen is no answer
        typed = b""
        while not typed.endswith(b"\n"):
            if not (read := os.read(terminal, LONGEST + 1)):
                raise EOFError
            typed += read
        return typed[:-1], bool(select.select([terminal], [], [], _PATIENCE)[0])
    finally:
        termios.tcsetattr(terminal, termios.TCSAFLUSH, before)
        sys.stderr.write("\n")
        sys.stderr.flush()
