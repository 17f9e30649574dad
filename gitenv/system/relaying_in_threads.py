"""`relaying` for Windows, which cannot divide a process: its own streams, and the command's, are pipes into this one."""

from __future__ import annotations

import atexit
import copy
import os
import sys
import threading
from collections.abc import Iterable

from gitenv.model.redaction import Redactor

_STREAMS = 1, 2
_CHUNK = 65536
_LINGERING = 2  # seconds for what a command left running


def begin(values: Iterable[tuple[str, bytes]]) -> None:
    """From here on, whatever this process or one that it starts writes is redacted."""
    redactor = Redactor(values)
    for stream in _STREAMS:
        source, end = os.pipe()
        target = os.dup(stream)
        os.dup2(end, stream)
        os.close(end)
        reader = threading.Thread(target=_copy, args=(source, target, copy.copy(redactor)), daemon=True)
        reader.start()
        atexit.register(_finish, stream, target, reader)


def _finish(stream: int, target: int, reader: threading.Thread) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os.dup2(target, stream)
    reader.join(_LINGERING)


def _copy(source: int, target: int, redactor: Redactor) -> None:
    while chunk := os.read(source, _CHUNK):
        _write(target, redactor.feed(chunk))
    _write(target, redactor.flush())


def _write(target: int, data: bytes) -> None:
    while data:
        data = data[os.write(target, data) :]
