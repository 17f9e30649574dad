"""One way out of a command: a pipe, or a terminal like ours, whose other end writes marks in the place of values."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import select
import termios

from gitenv.model.redaction import Redactor

_CHUNK = 65536


class Closed(Exception):
    """Nobody reads any more."""


class Channel:
    """One way out: of standard output, of standard error, or of both where they are one."""

    def __init__(self, streams: tuple[int, ...]) -> None:
        self._streams = streams
        self._target = streams[0]
        self.is_terminal = os.isatty(self._target)
        self.source, self._end = _terminal_like(self._target) if self.is_terminal else os.pipe()
        self.redactor = Redactor([])
        self.problem: OSError | None = None  # what could not be written is missing, and not because nobody reads any more

    def take(self) -> None:
        """In the command: write here."""
        for stream in self._streams:
            os.dup2(self._end, stream)
        os.close(self._end)

    def attend(self, redactor: Redactor) -> None:
        """In the relay: read here."""
        os.close(self._end)
        self.redactor = redactor

    def resize(self) -> None:
        """The command's terminal is as large as ours."""
        if self.is_terminal:
            _copy_size(self._target, self.source)

    def pass_on(self) -> None:
        """Read, and write what may be written. Raises `Closed` at the end of either side."""
        try:
            chunk = os.read(self.source, _CHUNK)
        except OSError:  # Linux says EIO where the last one has closed its side of a terminal
            chunk = b""
        self._write(self.redactor.feed(chunk) if chunk else self.redactor.flush())
        if not chunk:
            raise Closed

    def show_held(self) -> None:
        """After a silence."""
        self._write(self.redactor.after_silence())

    def close(self) -> None:
        """The command's next write fails, as if it had written to whoever does not read any more."""
        os.close(self.source)

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[os.write(self._target, rest) :]
            except BlockingIOError:  # somebody before us has set it so
                select.select([], [self._target], [])
            except OSError as error:
                self.problem = None if self.is_terminal or error.errno == errno.EPIPE else error
                raise Closed from None


def _terminal_like(model: int) -> tuple[int, int]:
    """A new terminal with the settings and the size of another; line ends are left to that one."""
    ours, theirs = os.openpty()
    settings = termios.tcgetattr(model)
    settings[1] &= ~termios.OPOST
    termios.tcsetattr(theirs, termios.TCSANOW, settings)
    _copy_size(model, theirs)
    return ours, theirs


def _copy_size(model: int, terminal: int) -> None:
    with contextlib.suppress(OSError):
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, fcntl.ioctl(model, termios.TIOCGWINSZ, bytes(8)))
