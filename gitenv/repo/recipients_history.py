"""How `.recipients/` changed, commit by commit: only what is called as an environment's files are is ever looked at.

Anybody can push a commit in which it unfolds into billions of names, and take them out again in the next one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import cached_property

from gitenv.git import walk
from gitenv.git.layout import RECIPIENTS
from gitenv.git.objects import Objects
from gitenv.git.walk import FileChange, Pair
from gitenv.tuples import NamedTuple


class Moved(NamedTuple):
    """A commit that changed `.recipients/`."""

    commit: str
    parents: int  # that it is compared with: one of nothing, too
    folders: tuple[Pair, ...]  # of those that it differs from


class RecipientsHistory:
    """The commits that some revisions name, as `git log` reads them; merges hide nothing. git walks them once.

    All of it raises `NotInOrder` where git cannot say. A merge is compared with each of its parents.
    """

    def __init__(
        self, root: str, objects: Objects, revisions: Sequence[str], names: Collection[str] = (), words: Sequence[str] = ()
    ) -> None:
        """`names` are those of what may be asked about in `.recipients/`; any without. `words` are more for `git log`."""
        self._root, self._levels, self._names = root, objects.levels, frozenset(names)
        self._revisions, self._words = revisions, words

    @cached_property
    def commits(self) -> list[Moved]:
        """Those that changed it, newest first."""
        found: dict[str, Moved] = {}
        for commit in walk.top_folder(self._root, self._revisions, RECIPIENTS, self._words) if self._revisions else ():
            folders = found[commit.id].folders if commit.id in found else ()
            folders = (*folders, *(change.folder for change in commit.changes))
            found[commit.id] = Moved(commit.id, len(commit.parents) or 1, folders)
        return list(found.values())

    @cached_property
    def _top(self) -> dict[Pair, dict[str, FileChange]]:
        pairs = [pair for moved in self.commits for pair in moved.folders]
        differing = self._levels.between(pairs, self._names)
        return {pair: {change.path: change for change in differing.get(pair, ())} for pair in pairs}

    @property
    def names(self) -> frozenset[str]:
        """What was changed directly in `.recipients/`: files, and folders in which something was."""
        return frozenset(name for listed in self._top.values() for name in listed)

    def of(self, name: str, files: Collection[str] = ()) -> list[FileChange]:
        """The changes of files (of these names, or of all) in the folder of an environment, and of folders in it as a whole.

        Newest first, each change once, with its path in the folder.
        """
        pairs = dict.fromkeys(listed[name].folder for listed in self._top.values() if name in listed)
        differing = self._levels.between(pairs, files)
        return [change for pair in pairs for change in differing.get(pair, ())]

    def statements(self, name: str) -> Iterator[tuple[str, str]]:
        """All blobs that ever stood as an environment's statement and in its `past/`, each with its path; newest first."""
        changes = self.of(name, ("environment", "past"))
        yield from _blobs(f"{RECIPIENTS}/{name}", (change for change in changes if change.path == "environment"))
        pairs = dict.fromkeys(change.folder for change in changes if change.path == "past")
        differing = self._levels.between(pairs)
        for pair in pairs:
            yield from _blobs(f"{RECIPIENTS}/{name}/past", differing.get(pair, ()))

    def appeared(self) -> list[str]:
        """The environments in the order in which these commits had statements of them first."""
        added = {pair: [name for name, each in listed.items() if each.after] for pair, listed in self._statements.items()}
        order = (name for moved in reversed(self.commits) for pair in moved.folders for name in added[pair])
        return list(dict.fromkeys(order))

    def of_statements(self) -> list[str]:
        """The commits that changed the statement of any environment, newest first."""
        return [moved.commit for moved in self.commits if any(self._statements[pair] for pair in moved.folders)]

    @cached_property
    def _statements(self) -> dict[Pair, dict[str, FileChange]]:
        """For each change of `.recipients/`, those of statements, by the names of the environments."""
        differing = self._levels.between({each.folder for top in self._top.values() for each in top.values()}, ("environment",))
        return {
            pair: {name: found[0] for name, each in top.items() if (found := differing.get(each.folder))}
            for pair, top in self._top.items()
        }

    def brought(self, name: str) -> Iterator[str]:
        """The commits that have a statement of an environment where no parent has one, newest first."""
        its = {moved: [listed[name] for pair in moved.folders if name in (listed := self._top[pair])] for moved in self.commits}
        differing = self._levels.between({each.folder for changes in its.values() for each in changes}, ("environment",))
        for moved, changes in its.items():
            there = [each for change in changes for each in differing.get(change.folder, ())]
            if sum(bool(each.after) and not any(each.before) for each in there) == moved.parents:
                yield moved.commit


def _blobs(folder: str, changes: Iterator[FileChange] | Sequence[FileChange]) -> Iterator[tuple[str, str]]:
    for change in changes:
        yield from ((f"{folder}/{change.path}", blob) for blob in (change.after, *change.before) if blob)
