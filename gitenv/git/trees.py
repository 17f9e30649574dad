"""Where a clone's `.recipients/` is read from: a commit, or the work tree with the index and HEAD behind it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from gitenv import files
from gitenv.git.objects import Objects

RECIPIENTS = ".recipients"
_MAX_ENTRIES = 10_000 + 100


class Tree(Protocol):
    """A folder of files that somebody else wrote."""

    def read(self, path: str, limit: int) -> bytes | None:
        """A file's bytes, or None. Raises `NotTrusted` for links and for more than `limit` bytes."""
        ...

    def names(self, folder: str) -> list[str]:
        """The sorted names in a folder. Raises `NotTrusted` if there are more than anybody could need."""
        ...


class CommitTree:
    """The tree of a commit (or any treeish). Links in it are never followed: git stores their target as text."""

    def __init__(self, objects: Objects, treeish: str) -> None:
        self._objects, self._treeish = objects, treeish
        self._members: dict[str, dict[str, str]] = {}

    def read(self, path: str, limit: int) -> bytes | None:
        folder, _, name = path.rpartition("/")
        # git looks a path up by reading the whole folder: ten thousand grants would be read ten thousand times.
        listed = self._members.get(folder)
        if listed is None:
            return self._objects.read(f"{self._treeish}:{path}", limit)
        return self._objects.read(listed[name], limit) if name in listed else None

    def names(self, folder: str) -> list[str]:
        if folder not in self._members:
            self._members[folder] = self._objects.members(f"{self._treeish}:{folder}")
        return _bounded(sorted(self._members[folder]), folder)


class WorkTree:
    """The work tree.

    Its control files may have CR LF: Git for Windows sets `core.autocrlf`, and a clone has no attributes but the committed ones
    before `gitenv init`. One CR before each LF comes off, before anything is hashed.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._checked: set[str] = set()  # folders: ten thousand grants lie in one

    def read(self, path: str, limit: int) -> bytes | None:
        folder = path.rpartition("/")[0]
        if folder not in self._checked:
            files.check_inside(self._root, path)
            self._checked.add(folder)
        data = files.read(f"{self._root}/{path}", limit, path)
        return data.replace(b"\r\n", b"\n") if data else data

    def names(self, folder: str) -> list[str]:
        files.check_inside(self._root, f"{folder}/.")
        return list(files.entries(f"{self._root}/{folder}", _MAX_ENTRIES, folder))


class IndexTree:
    """The index, and HEAD for what is not in it: a sparse checkout need not have `.recipients/` in its work tree."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def read(self, path: str, limit: int) -> bytes | None:
        data = self._objects.read(f":0:{path}", limit)
        return data if data is not None else self._objects.read(f"HEAD:{path}", limit)

    def names(self, folder: str) -> list[str]:
        # The index knows no folders; HEAD's is near enough for what only looks for people's keys.
        return _bounded(self._objects.names(f"HEAD:{folder}"), folder)


class StageTree:
    """One side of a merge, as the index has it while there are conflicts: 1 is what both began from, 2 ours, 3 theirs."""

    def __init__(self, objects: Objects, stage: int, entries: Iterable[tuple[int, str]]) -> None:
        """`entries` are the stages and paths of the index."""
        self._objects, self._stage = objects, stage
        self._paths = [path for found, path in entries if found in (0, stage)]

    def read(self, path: str, limit: int) -> bytes | None:
        data = self._objects.read(f":{self._stage}:{path}", limit)
        return data if data is not None else self._objects.read(f":0:{path}", limit)

    def names(self, folder: str) -> list[str]:
        below = (path.removeprefix(f"{folder}/").partition("/")[0] for path in self._paths if path.startswith(f"{folder}/"))
        return _bounded(sorted(set(below)), folder)


def _bounded(names: list[str], folder: str) -> list[str]:
    """Not cut off: whoever adds names before others' would choose whom nobody sees."""
    files.check_entries(len(names), _MAX_ENTRIES, folder)
    return names
