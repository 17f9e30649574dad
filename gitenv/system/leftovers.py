"""What runs of gitenv left that were killed."""

from __future__ import annotations

import contextlib
import os
import re
import stat

from gitenv.errors import NotTrusted
from gitenv.system import files

_BESIDE = files.TEMPORARY.partition("*")[0]


def clear(folder: str, begins: str = "") -> None:
    """Remove what killed runs of gitenv left in a folder of gitenv's own: files, copies of the index, places to merge.

    In another folder what `begins` so, and with the number of a process, as all of them have it in their name; there anybody
    may have put something, so only what is the user's own. On Windows nothing is removed: asking there whether it runs would
    end it.
    """
    if os.name == "nt":
        return
    beginning = re.escape(begins) or r"(?:\.env\.gitenv-|index-|merge-)"
    with contextlib.suppress(OSError):
        for name in os.listdir(folder):
            found = re.fullmatch(rf"{beginning}([0-9]{{1,9}})(?:(?:-[0-9]{{1,9}})?\.tmp|\.lock|-\w+)?", name)
            if found and not _is_running(int(found[1])):
                _remove(os.path.join(folder, name), by_anybody=not begins)


def clear_temporary(folder: str, *, is_alone: bool) -> None:
    """Remove what `files.replace` left in any folder where it was killed. `is_alone` if nobody else can be writing there."""
    with contextlib.suppress(OSError):
        for name in os.listdir(folder):
            words = name.removeprefix(_BESIDE).removesuffix(".tmp")
            number, _, count = words.partition("-")
            if name == f"{_BESIDE}{words}.tmp" and number.isdecimal() and len(number) < 10 and (count or "0").isdecimal():
                path = os.path.join(folder, name)
                is_dead = is_alone or (os.name != "nt" and not _is_running(int(number)))
                if is_dead and stat.S_ISREG(os.lstat(path).st_mode):
                    os.unlink(path)


class Below:
    """The folders below a top, each of which is cleared of such files once, however many are written there."""

    def __init__(self, root: str, *, is_alone: bool) -> None:
        self.is_alone, self._root = is_alone, root
        self._cleared: set[str] = set()

    def clear(self, folder: str) -> None:
        """Clear one, unless the way there leads over a link."""
        if folder not in self._cleared:
            self._cleared.add(folder)
            with contextlib.suppress(NotTrusted):
                files.check_inside(self._root, os.path.join(folder, "."))
                clear_temporary(os.path.join(self._root, folder), is_alone=self.is_alone)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # somebody else's
    return True


def _remove(path: str, *, by_anybody: bool) -> None:
    with contextlib.suppress(OSError):
        status = os.lstat(path)
        if not by_anybody and status.st_uid != os.geteuid():
            return
        if stat.S_ISDIR(status.st_mode):
            import shutil

            shutil.rmtree(path, ignore_errors=True)
        elif status.st_nlink == 1 or not _is_index_lock(path, status):
            os.unlink(path)


def _is_index_lock(path: str, status: os.stat_result) -> bool:
    """Whether a copy of the index is git's `index.lock` as well, and by it known to be ours: see git.index."""
    try:
        return os.path.samestat(status, os.lstat(os.path.join(os.path.dirname(os.path.dirname(path)), "index.lock")))
    except OSError:
        return False
