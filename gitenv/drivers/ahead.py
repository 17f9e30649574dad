"""What git will probably ask for next, encrypted while it stores the file before.

git hands over one file, waits, stores it, and hands over the next: one of the two always waits. This is a guess and nothing
more: it counts where git hands over the very same bytes, for which there is one way to encrypt them.
"""

from __future__ import annotations

import os
from itertools import islice, pairwise

from gitenv.errors import GitenvError
from gitenv.model import clean
from gitenv.model.clean import Cleaned
from gitenv.model.keyring import Keyring
from gitenv.system import files

_MAX_BYTES = 64 * 1024
_MAX_FOLDERS = 10_000
_MAX_GAP = 10  # folders in a row that have no such file


class Ahead:
    """Files of one name in one folder after the other, as git goes through them."""

    def __init__(self, work_tree: str) -> None:
        self._work_tree = work_tree
        self._above: str | None = None
        self._following: dict[str, str] = {}  # the folder after each, of those in the one above
        self._path, self._next, self._is_in_row = "", "", False
        self._ring: Keyring | None = None
        self._made: tuple[bytes, Keyring, Cleaned] | None = None

    def take(self, path: str, data: bytes, ring: Keyring) -> Cleaned | None:
        """What was made of a document already, if it is this one. It is noted what git asked for."""
        made, self._made = self._made, None
        self._path, self._ring, self._is_in_row = path, ring, path == self._next
        return made[2] if made and made[0] == data and made[1] is ring else None

    def look(self) -> None:
        """Encrypt what comes next, if the last one was what had been expected."""
        ring, self._ring = self._ring, None
        if ring is None:
            return
        self._next = self._after(self._path)
        if not self._next or not self._is_in_row:
            return
        try:
            data = files.read_inside(self._work_tree, self._next, _MAX_BYTES)
            if data and (found := clean.in_one_pass(data, ring)):
                self._made = data, ring, found
        except GitenvError:  # if git asks for it, it is said there
            pass

    def _after(self, path: str) -> str:
        """The file of the same name in the next folder that has one; "" if there is none."""
        folder, _, name = path.rpartition("/")
        above, _, own = folder.rpartition("/")
        if above != self._above:
            self._above, self._following = above, _following(os.path.join(self._work_tree, above))
        for _ in range(_MAX_GAP):
            if not (own := self._following.get(own, "")):
                return ""
            path = f"{above}/{own}/{name}" if above else f"{own}/{name}"
            if os.path.lexists(os.path.join(self._work_tree, path)):
                return path
        return ""


def _following(above: str) -> dict[str, str]:
    """Each folder in another with the next one, in git's order; of very many, some."""
    try:
        with os.scandir(above) as found:
            folders = [each.name for each in islice(found, _MAX_FOLDERS + 1) if each.is_dir(follow_symlinks=False)]
    except OSError:
        return {}
    return dict(pairwise(sorted(folders, key=lambda name: os.fsencode(f"{name}/"))))
