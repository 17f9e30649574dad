"""gitenv in a forked child of this process, which has loaded it: a third of what a start takes."""

from __future__ import annotations

import io
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from typing import NamedTuple

from tests import forkserver
from tests.cut_off.moments import Moments, die
from tests.lab import Person


class Ended(NamedTuple):
    """How it ended: the exit code, negative for a signal; what it said; and the moments that were counted."""

    code: int
    said: str
    moments: list[str]
    seconds: float


def gitenv(person: Person, words: Sequence[str], stdin: bytes = b"", fatal: int | None = None, after: float = 0) -> Ended:
    """Run a command where somebody stands. It is killed at moment `fatal`, or `after` so many seconds."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as counted:
        given.write(stdin)
        given.seek(0)
        begin = time.monotonic()
        child = os.fork()
        if not child:
            _be(person, words, (given.fileno(), said.fileno(), said.fileno()), fatal, after, counted.fileno())
        _, status = os.waitpid(child, 0)
        seconds = time.monotonic() - begin
        said.seek(0)
        counted.seek(0)
        moments = counted.read().decode().split("\0")[:-1]
        return Ended(os.waitstatus_to_exitcode(status), said.read().decode("utf-8", "replace"), moments, seconds)


def _be(person: Person, words: Sequence[str], streams: Sequence[int], fatal: int | None, after: float, counted: int) -> None:
    """The child. Never returns."""
    code = 99
    try:
        os.setsid()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for number, descriptor in enumerate(streams):
            os.dup2(descriptor, number)
        sys.stdin, sys.stdout, sys.stderr = (
            io.TextIOWrapper(os.fdopen(number, mode, closefd=False), "utf-8", errors="backslashreplace")
            for number, mode in ((0, "rb"), (1, "wb"), (2, "wb"))
        )
        os.chdir(person.cwd)
        sys.executable = forkserver.python()  # git's configuration has it
        os.environ.clear()
        os.environ.update(person.env)
        sys.argv = ["gitenv", *words]
        from gitenv.__main__ import main

        moments = Moments(fatal or 0)
        if fatal is not None:
            moments.arm()
        if after:
            threading.Timer(after, die).start()
        code = main()
        sys.stdout.flush()
        if fatal == 0:
            os.write(counted, "".join(f"{what}\0" for what in moments.noted).encode())
    finally:
        os._exit(code)
