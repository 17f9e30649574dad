"""Counting the moments at which the disk is about to change, and killing the whole process group at one of them."""

from __future__ import annotations

import builtins
import os
import signal
import threading
from collections.abc import Callable, Sequence
from typing import Any

from gitenv.git import spawn

_WRITING_GIT = ("fast-import", "update-index", "add", "rm", "config", "update-ref")
_DELAYS = (0.002, 0.008)  # seconds into a git that writes


class Moments:
    """What was counted. At moment number `fatal` everything in the group dies; 0 is never."""

    def __init__(self, fatal: int) -> None:
        self.fatal = fatal
        self.noted: list[str] = []

    def arm(self) -> None:
        """From here on, for good: only in a process that was forked for it."""
        self._count(os, "replace")
        self._count(os, "rename")
        self._count(os, "link")
        self._count(os, "rmdir")
        self._count(os, "unlink", lambda path, *_, **__: os.path.lexists(path))
        self._count(os, "open", _writes)
        self._count(builtins, "open", lambda _, mode="r", *__, **___: bool(set(str(mode)) & set("wax+")))
        self._run = spawn.run
        spawn.run = self._git  # type: ignore[assignment]

    def _moment(self, what: str) -> None:
        self.noted.append(what)
        if len(self.noted) == self.fatal:
            die()

    def _count(self, owner: Any, name: str, does_write: Callable[..., bool] = lambda *_, **__: True) -> None:
        real = getattr(owner, name)

        def call(*arguments: Any, **options: Any) -> Any:
            if does_write(*arguments, **options):
                self._moment(f"{name} {' '.join(str(each) for each in arguments[:2])}")
            return real(*arguments, **options)

        setattr(owner, name, call)

    def _git(self, arguments: Sequence[str], *options: Any) -> Any:
        words = [word for word in arguments[1:] if not word.startswith("-") and "=" not in word]
        verb = words[0] if words else ""
        self._moment(f"before git {verb}")
        if verb not in _WRITING_GIT:
            return self._run(arguments, *options)
        for delay in _DELAYS:
            if len(self.noted) + 1 == self.fatal:
                threading.Timer(delay, die).start()
                self._run(arguments, *options)
                die()
            self._moment(f"{delay} s after the start of git {verb}")
        done = self._run(arguments, *options)
        self._moment(f"after git {verb}")
        return done


def die(*_: object) -> None:
    """The end of all in this process group."""
    os.killpg(0, signal.SIGKILL)


def _writes(path: object, flags: int, *_: object, **__: object) -> bool:
    return path != os.devnull and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
