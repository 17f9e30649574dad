"""One at a time: a file that is held by whoever works, and that the operating system lets go of when they die.

The file is taken away as soon as the work is done. So one that is there, and that nobody holds, was left by a run that was cut
off.
"""

from __future__ import annotations

import os
import stat
import sys
import time

from gitenv.errors import NotInOrder, printable, shell_word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_PATIENCE = 1.0  # seconds, before somebody who waits is told
_PAUSE = 0.02
_held: dict[str, int] = {}


def hold(path: str, waits: Callable[[], None]) -> bool:
    """Hold the lock file `path` until `release`, or the end of this process. `waits` is called where that takes a while.

    Returns whether the last one who held it was cut off. On a file system without locks nothing is held. Raises `NotInOrder`
    where there is something else than a file, and where none can be written: what else is to be written there could not be,
    either, and that is better known before anything is.
    """
    told_at = time.monotonic() + _PATIENCE
    while path not in _held:
        was_there = os.path.lexists(path)
        if was_there and not _is_regular(path):
            hint = f"remove it: rm -r {shell_word(path)}"
            raise NotInOrder(f"{printable(path)} is not a regular file, and gitenv's lock belongs there", hint)
        try:
            descriptor = _open(path)
        except OSError as error:
            from gitenv.system import refusal

            raise refusal.refused(error, "written", path) from None
        try:
            if not _take(descriptor):
                os.close(descriptor)
            elif not _is(path, descriptor):  # it was taken away while we waited
                os.close(descriptor)
                continue
            else:
                _held[path] = descriptor
                return was_there
        except OSError:
            os.close(descriptor)
            return False
        if time.monotonic() > told_at:
            waits()
            told_at = float("inf")
        time.sleep(_PAUSE)
    return False


def was_cut_off(path: str) -> bool:
    """Whether a lock file was left by somebody who died. Holds it, if so."""
    if path in _held or not _is_regular(path):
        return False
    try:
        descriptor = os.open(path, os.O_RDONLY | _AS_IT_IS)
    except OSError:
        return False
    try:
        if _take(descriptor) and _is(path, descriptor):
            _held[path] = descriptor
            return True
    except OSError:
        pass
    os.close(descriptor)
    return False


def is_holding() -> bool:
    """Whether this process holds any: it is a command that writes."""
    return bool(_held)


def release() -> None:
    """Let go of all that this process holds."""
    while _held:
        path, descriptor = _held.popitem()
        if sys.platform == "win32":  # what is open cannot be removed there
            os.close(descriptor)
        for remove, what in ((os.unlink, path), (os.rmdir, os.path.dirname(path))):
            try:
                remove(what)
            except OSError:  # the folder has more in it, as a rule
                pass
        if sys.platform != "win32":
            os.close(descriptor)


class Briefly:
    """Holds a folder for the moment in which a file of it is read and replaced. Never for longer: nobody is told."""

    def __init__(self, folder: str) -> None:
        self._folder, self._descriptor = folder, -1

    def __enter__(self) -> None:
        if sys.platform != "win32":
            import fcntl

            try:
                self._descriptor = os.open(self._folder, os.O_RDONLY)
                fcntl.flock(self._descriptor, fcntl.LOCK_EX)
            except OSError:
                pass  # no such folder yet, or no locks there

    def __exit__(self, *_: object) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)


def _open(path: str) -> int:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    return os.open(path, os.O_RDONLY | os.O_CREAT | _AS_IT_IS, 0o666)


def _take(descriptor: int) -> bool:
    """Take it if nobody has it. Raises `OSError` where there are no locks."""
    if sys.platform == "win32":
        import msvcrt

        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_regular(path: str) -> bool:
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False


def _is(path: str, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.stat(path, follow_symlinks=False), os.fstat(descriptor))
    except FileNotFoundError:
        return False


_AS_IT_IS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)  # through no link, and never waiting for a pipe
