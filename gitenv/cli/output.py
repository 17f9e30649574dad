"""Standard output that may fail: a full disk, a reader that has gone, an encoding that lacks the letters of a name.

A command that writes into a clone must not stop half way because a line cannot be shown: it goes on, and says so at its end.
One that only reads stops at once.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import TYPE_CHECKING, TextIO

from gitenv.errors import NotInOrder
from gitenv.system import locking

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_failed: list[OSError] = []


class _Descriptor(io.FileIO):
    """Standard output or standard error. After the first failure all that is written is dropped."""

    def __init__(self, number: int, *, is_needed: bool) -> None:
        super().__init__(number, "wb", closefd=False)
        self._is_needed = is_needed
        self._has_failed = False

    def write(self, data: ReadableBuffer, /) -> int:
        if not self._has_failed:
            try:
                return super().write(data)
            except OSError as error:
                self._has_failed = True
                if self._is_needed:
                    _failed.append(error)
                    if not locking.is_holding():
                        raise _problem(error) from None
        return len(memoryview(data).cast("B"))


def begin() -> None:
    """Put such streams in the place of Python's own; a stream that a test has put there stays."""
    _failed.clear()
    if sys.platform == "win32":  # key names and boxes are not in the old code pages
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
        return
    for number in range(3):  # where one is closed, the next file to be opened would become it, and git would write there
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDONLY)
    if sys.stdin is None:
        sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)), "utf-8")
    sys.stdout = _stream(sys.stdout, 1)
    sys.stderr = _stream(sys.stderr, 2)


def end(code: int) -> int:
    """The exit code of a command that would end with `code`: output that is missing is no success. Raises `NotInOrder`."""
    sys.stdout.flush()
    if not _failed:
        return code
    problem = _problem(_failed[0])
    if isinstance(problem, NotInOrder) and not code:
        raise problem
    # Whoever read our output has gone. That is no success, either: a hook that was about to refuse a push would let it through.
    return code or 1


def _problem(error: OSError) -> NotInOrder | BrokenPipeError:
    if error.errno == errno.EPIPE:
        return BrokenPipeError()
    what = "what was to be done is done" if locking.is_holding() else "make room, or write it elsewhere"
    return NotInOrder(f"standard output cannot be written: {error.strerror}", what)


def _stream(there: TextIO | None, number: int) -> TextIO:
    if there is not None and type(there) is not io.TextIOWrapper:
        return there
    if there is not None:
        there.flush()
    raw = _Descriptor(number, is_needed=number == 1)
    encoding = there.encoding if there is not None else "utf-8"
    errors = "backslashreplace"  # a name that cannot be written is no reason to say nothing
    buffered = io.BufferedWriter(raw)
    return io.TextIOWrapper(buffered, encoding, errors, newline="\n", line_buffering=raw.isatty() or number == 2)
