"""Commands with a terminal of their own, at which somebody answers. Their streams are no terminal, as for a program's shell."""

from __future__ import annotations

import os
import select
import subprocess
import tempfile
import time
from collections.abc import Sequence

from tests import forkserver
from tests.lab import Done, Person, gitenv

_PATIENCE = 120  # seconds, for a busy machine
_QUESTION = b"[y/N]: "


def answered(person: Person, argv: Sequence[str], answer: bytes, stdin: bytes = b"") -> tuple[Done, bytes]:
    """Run a command, and type `answer` at its terminal at each question; how it ended, and what the terminal showed."""
    import fcntl
    import pty
    import termios

    ours, theirs = pty.openpty()
    command = [*gitenv(), *argv[1:]] if argv[0] == "gitenv" else list(argv)
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(stdin)
        given.seek(0)
        process = subprocess.Popen(
            command,
            cwd=person.cwd,
            env=person.env | forkserver.REAL,
            stdin=given,
            stdout=out,
            stderr=err,
            start_new_session=True,
            pass_fds=[theirs],
            preexec_fn=lambda: fcntl.ioctl(theirs, termios.TIOCSCTTY, 0),
        )
        shown, questions, deadline = b"", 0, time.monotonic() + _PATIENCE
        while process.poll() is None or select.select([ours], [], [], 0)[0]:
            if select.select([ours], [], [], 0.02)[0]:
                shown += os.read(ours, 4096)
            if shown.count(_QUESTION) > questions:
                questions += 1
                os.write(ours, answer)
            if time.monotonic() > deadline:
                process.kill()
                raise AssertionError(f"nothing more in {_PATIENCE} s after: {shown!r}")
        os.close(ours)
        os.close(theirs)
        out.seek(0)
        err.seek(0)
        return Done(process.returncode, out.read(), err.read()), shown
