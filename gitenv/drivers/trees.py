"""Which tree a file is of that git hands to the filter, and so which statement counts (docs/internals.md has the table)."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable, Iterator

from gitenv.errors import GitenvError, NotTrusted
from gitenv.git.layout import Layout
from gitenv.git.objects import Objects
from gitenv.model.keyring import Keyring
from gitenv.repo.snapshot import CommitSnapshot, Snapshot, SparseSnapshot, WorkSnapshot
from gitenv.trust import chain
from gitenv.trust.access import Access, Judged
from gitenv.trust.pins import Pin

# Nanoseconds. The coarsest clock of a file system takes steps of two seconds; one that shows less than 10 ms has the system's.
_SETTLED, _SETTLED_SOON, _FINE = 3_000_000_000, 100_000_000, 10_000_000
_MOST = 64

Stamp = tuple[int, ...]


class Trees:
    """The statements of the trees that one git command is about, looked up once, and what the clone's pins make of them."""

    def __init__(self, here: Layout, objects: Objects) -> None:
        self._here, self._objects = here, objects
        self._access: Access | None = None
        self._of_commits: dict[tuple[str, str], Judged | None] = {}
        self._of_work_tree: dict[str, tuple[Stamp, Judged]] = {}

    @property
    def access(self) -> Access:
        if self._access is None:
            self._access = Access(self._here)
        return self._access

    def checked_out(self) -> None:
        """The work tree has the new `.recipients/` now."""
        self._of_work_tree.clear()
        self._of_commits.clear()
        self.access.forget_judgements()

    def judge(self, pin: Pin, treeish: str) -> tuple[Judged | None, bool]:
        """The statement that a file is filtered under, and whether it was found where the file is.

        A treeish is final. Else it is the work tree's, and behind it the index's or HEAD's: a sparse checkout need not have
        `.recipients/`. Those may be behind what is just being checked out, so they are good for less.
        """
        if treeish:
            return self._committed(pin, treeish), True
        if judged := self._here_now(pin):
            return judged, True
        return self.access.judge(pin, SparseSnapshot(self._objects)), False

    def is_behind(self, pin: Pin, judged: Judged) -> bool:
        """Whether a treeish's statement is of an earlier generation than what clean goes by here (without one: the pinned one).

        A checkout leaves the statement here as it is, or makes it the treeish's. So what is not behind can be opened at once.
        """
        try:
            here, _ = self.judge(pin, "")
        except GitenvError:  # then nothing new is encrypted, either
            here = None
        return judged.environment.generation.number < (here or pin).environment.generation.number

    def ring_at(self, pin: Pin, judged: Judged) -> Keyring:
        """The keyring as it was in an older commit: a token that is newer than its tree's statement was put there later."""
        if (ring := self.access.ring(pin).at(judged.environment.generation)) is None:
            raise NotTrusted(f"the key of generation {judged.environment.generation.number} cannot be opened", "gitenv status")
        return ring

    def pins_nearby(self, pin: Pin, commits: Iterable[str]) -> Iterator[Pin]:
        """Where good steps lead from a pin: to the statement at hand, and to those of `commits`. No pin is moved."""
        trees: list[Snapshot] = [
            WorkSnapshot(self._here.work_tree),
            *(CommitSnapshot(self._objects, commit) for commit in commits),
        ]
        for tree in trees:
            with contextlib.suppress(GitenvError):
                if (judged := self.access.judge(pin, tree)) and judged.moves:
                    yield judged.moves

    def _committed(self, pin: Pin, treeish: str) -> Judged | None:
        is_fixed = len(treeish) in (40, 64)  # git names trees by their ids; a name may come to mean another one
        if not is_fixed or (pin.name, treeish) not in self._of_commits:
            if len(self._of_commits) >= _MOST:
                self._of_commits.clear()
            self._of_commits[pin.name, treeish] = self.access.judge(pin, CommitSnapshot(self._objects, treeish))
        return self._of_commits[pin.name, treeish]

    def _here_now(self, pin: Pin) -> Judged | None:
        """The work tree's statement, read anew once it may be another: a checkout may bring it along between two files."""
        stamp, is_settled = _stamp(f"{self._here.work_tree}/{chain.path(pin.name)}")
        known = self._of_work_tree.get(pin.name)
        if known and stamp and known[0] == stamp:
            return known[1]
        judged = self.access.judge(pin, WorkSnapshot(self._here.work_tree))
        if judged and is_settled:
            self._of_work_tree[pin.name] = stamp, judged
        return judged


def _stamp(path: str) -> tuple[Stamp, bool]:
    """What is another one for other contents, and whether that is sure: right after a change there could be one more (git's
    "racy" entries are the same).
    """
    try:
        found = os.lstat(path)
    except OSError:
        return (), False
    newest = max(found.st_mtime_ns, found.st_ctime_ns)
    stamp = found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
    return stamp, time.time_ns() - newest > (_SETTLED_SOON if newest % _FINE else _SETTLED)
