"""When environments came into a repository's history: what stood in plain text before is their owner's."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence
from functools import cached_property

from gitenv.errors import NotInOrder
from gitenv.git import log
from gitenv.git.layout import RECIPIENTS
from gitenv.git.objects import Objects
from gitenv.model import statements
from gitenv.repo.recipients_history import RecipientsHistory
from gitenv.repo.snapshot import WorkSnapshot
from gitenv.tuples import NamedTuple

_MOST = 16


class Walked(NamedTuple):
    """The environments in whose folders commits changed anything, and those whose statement they changed."""

    folders: frozenset[str]
    statements: frozenset[str]


class Founding:
    """What history says of some environments: git walks the same commits once, however many of them are asked about.

    So it is for one command.
    """

    def __init__(self, root: str, objects: Objects, names: Collection[str]) -> None:
        self._root, self._objects, self.names = root, objects, frozenset(names)
        self._uncommitted: dict[str, bool] = {}
        self._changed: dict[tuple[str, ...], Walked] = {}
        self._ancestors: dict[tuple[str, str], bool] = {}

    def is_uncommitted(self, name: str) -> bool:
        """Whether an environment is new in the work tree: neither HEAD's history had it, nor that of what is merged with it."""
        if name not in self._uncommitted:
            self._uncommitted[name] = not self._with(name)._is_in_heads(name)
        return self._uncommitted[name]

    def was_ever_committed(self, name: str) -> bool:
        """Whether any commit of any branch has an environment. What git cannot say is no."""
        try:
            return name in self._with(name).changed(["--all"]).statements
        except NotInOrder:
            return False

    def is_in(self, heads: Sequence[str], name: str) -> bool:
        """Whether any of these histories ever had an environment. Raises `NotInOrder` where git cannot say."""
        there = [found for head in heads if (found := self._objects.id(f"{head}^{{commit}}"))]
        return bool(there) and name in self._with(name).changed(there).statements

    def changed(self, revisions: Sequence[str]) -> Walked:
        """What the commits changed that `revisions` name, as `git log` reads them; merges hide nothing.

        Raises `NotInOrder` where git cannot say.
        """
        key = tuple(revisions)
        if key not in self._changed:
            history = RecipientsHistory(self._root, self._objects, key, self.names)
            folders = history.names & self.names
            self._changed[key] = Walked(folders, frozenset(name for name in folders if history.of(name, ("environment",))))
        return self._changed[key]

    def is_before(self, name: str, commit: str) -> bool:
        """Whether the founding goes back to a commit: nobody can add to that one any more. What git cannot say is no.

        A branch off from such a commit is none. While the founding is in no commit yet, all are.
        """
        if name not in self.names:
            return self._with(name).is_before(name, commit)
        if self._founded is None:
            return False
        if not (first := self._founded.get(name)):
            return WorkSnapshot(self._root).read(_path(name), statements.MAX_BYTES) is not None
        # All of them: anybody can push a commit that brings the same file once more, and goes back to whatever they like.
        return len(first) <= _MOST and all(self._is_ancestor(commit, each) for each in first)

    def _with(self, name: str) -> Founding:
        """One that knows this environment: of one that nobody named, an empty answer would read as "never founded"."""
        return self if name in self.names else Founding(self._root, self._objects, [name])

    @cached_property
    def _founded(self) -> dict[str, list[str]] | None:
        """The commits that brought each statement, up to one more than `_MOST`; None where git cannot say."""
        history = RecipientsHistory(self._root, self._objects, log.all_heads(self._root), self.names)
        try:
            return {name: list(itertools.islice(history.brought(name), _MOST + 1)) for name in history.names & self.names}
        except NotInOrder:
            return None

    def _is_in_heads(self, name: str) -> bool:
        if self._objects.id(f"HEAD:{_path(name)}"):
            return True
        heads = log.joined(self._root, self._objects)
        return any(self._objects.id(f"{head}:{_path(name)}") for head in heads) or self.is_in(["HEAD", *heads], name)

    def _is_ancestor(self, earlier: str, later: str) -> bool:
        if (earlier, later) not in self._ancestors:
            self._ancestors[earlier, later] = log.is_ancestor(self._root, earlier, later)
        return self._ancestors[earlier, later]


def _path(name: str) -> str:
    return f"{RECIPIENTS}/{name}/environment"
