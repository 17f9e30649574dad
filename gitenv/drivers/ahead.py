"""What git will probably ask for next, encrypted or opened while it stores the file before.

git hands over one file, waits, stores it, and hands over the next: one of the two always waits. This is a guess and nothing
more: it counts where git hands over the very same bytes, and what is made of those does not hang on where they stand.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Generic, TypeVar

from gitenv.errors import GitenvError
from gitenv.git import layout
from gitenv.git.objects import Objects
from gitenv.model.keyring import Keyring
from gitenv.system import files

_MAX_BYTES = 64 * 1024
_MAX_FOLDERS = 10_000
_MAX_GAP = 100  # folders in a row that have no such file
_TRIES = 3

T = TypeVar("T")
File = tuple[str, bytes | None]  # its path and what it holds


class Ahead(Generic[T]):
    """Files of one name in one folder after the other, as git goes through them."""

    def __init__(
        self, following: Callable[[str], Iterator[File]], make: Callable[[bytes, Keyring], T | None], least: int = 2
    ) -> None:
        """`following` finds the files after one, `make` is what is done with a document, `least` how many make a row."""
        self._find, self._make, self._least = following, make, least
        self._path, self._row, self._next, self._tries = "", 0, "", _TRIES
        self._ring: Keyring | None = None
        self._following: Iterator[File] = iter(())
        self._made: tuple[bytes, Keyring, T] | None = None

    def take(self, path: str, data: bytes, ring: Keyring) -> T | None:
        """What was made of a document already, if it is this one. It is noted what git asked for."""
        made, self._made = self._made, None
        is_in_row = path != self._path and _around(path) == _around(self._path)
        self._row = self._row + 1 if is_in_row else 1
        self._path, self._ring = path, ring
        return made[2] if made and made[0] == data and made[1] is ring else None

    def look(self) -> None:
        """Make something of what comes next, in a row."""
        ring, self._ring = self._ring, None
        if ring is None or self._row < self._least:
            return
        try:
            if self._path != self._next:
                self._following = self._find(self._path) if self._tries else iter(())
                self._tries = max(0, self._tries - 1)
            self._next, data = next(_with_data(self._following), ("", None))
            if data and (found := self._make(data, ring)):
                self._made = data, ring, found
        except Exception:  # whatever is wrong with it is said if git asks for it: a guess stops nothing
            self._following = iter(())


def _around(path: str) -> tuple[str, str]:
    """What files of a row have alike: the folder above theirs, and their name."""
    folder, _, name = path.rpartition("/")
    return folder.rpartition("/")[0] if folder else path, name


def _with_data(found: Iterator[File]) -> Iterator[File]:
    return ((path, data) for path, data in islice(found, _MAX_GAP) if data)


def in_work_tree(root: str, path: str) -> Iterator[File]:
    """The files of a name in the folders after one's, as they lie there."""
    folder, _, name = path.rpartition("/")
    above, _, own = folder.rpartition("/")
    try:
        with os.scandir(os.path.join(root, above)) as found:
            folders = [each.name for each in islice(found, _MAX_FOLDERS) if each.is_dir(follow_symlinks=False)]
    except OSError:
        return
    for each in sorted(f"{folder}/" for folder in folders):
        if each > f"{own}/":
            path = f"{above}/{each}{name}" if above else f"{each}{name}"
            try:
                yield path, files.read_inside(root, path, _MAX_BYTES)
            except GitenvError:
                yield path, None


def in_tree(objects: Objects, common_dir: str, treeish: str, path: str) -> Iterator[File]:
    """The same, as they are in a commit; none in a partial clone, where those that git does not ask for would be fetched."""
    if "\n" in path or path.endswith("\r"):  # git is asked line by line
        return
    if layout.is_partial(os.path.join(common_dir, "objects")):
        return
    folder, _, name = path.rpartition("/")
    above, _, own = folder.rpartition("/")
    found = objects.tree(f"{treeish}:{above}")
    folders = sorted(f"{each}/" for each, (mode, _) in found.items() if mode == "040000" and f"{each}/" > f"{own}/")
    specs = [f"{found[each[:-1]][1]}:{name}" for each in folders]
    for each, data in zip(folders, objects.each(specs, _MAX_BYTES), strict=True):
        yield f"{above}/{each}{name}" if above else f"{each}{name}", data
