"""The states of a repository that a review compares: a commit, the index, or the work tree. No key is needed to read them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple, Protocol

from gitenv import files
from gitenv.errors import GitenvError, Usage, printable
from gitenv.git import program
from gitenv.git.objects import Objects
from gitenv.git.trees import CommitTree, StageTree, Tree, WorkTree
from gitenv.model import document

_MAX_BYTES = document.MAX_BYTES + 1  # one more than a document may have: who reads it says so
_LINK, _SUBMODULE = "120000", "160000"


class Entry(NamedTuple):
    """One file of a side. `object_id` is empty for what only lies in the work tree."""

    mode: str
    object_id: str

    @property
    def is_file(self) -> bool:
        """Whether it is a file, and no link and no submodule."""
        return self.mode.startswith("100")

    @property
    def is_link(self) -> bool:
        return self.mode == _LINK


class Side(Protocol):
    """One state of a repository."""

    label: str  # for people: "HEAD", "the index", …
    commit: str  # the full id, where it is a commit, else ""

    @property
    def tree(self) -> Tree:
        """Its `.recipients/`."""
        ...

    def entries(self) -> Mapping[str, Entry]:
        """All of its files by path from the top; listed once."""
        ...

    def read(self, path: str) -> bytes | None:
        """A file's bytes; None if there is none, for links, and for more than a document may have. Never raises."""
        ...


class NothingSide:
    """What there is before the first commit."""

    label, commit = "nothing", ""

    def __init__(self) -> None:
        self.tree: Tree = _NoTree()

    def entries(self) -> Mapping[str, Entry]:
        return {}

    def read(self, path: str) -> bytes | None:  # noqa: ARG002
        return None


class _NoTree:
    def read(self, path: str, limit: int) -> bytes | None:  # noqa: ARG002
        return None

    def names(self, folder: str) -> list[str]:  # noqa: ARG002
        return []


class CommitSide:
    """A commit, or any treeish. Works in bare repositories as well."""

    def __init__(self, folder: str, objects: Objects, commit: str, label: str = "") -> None:
        """`commit` is a full id, as `resolve` gives it."""
        self.label, self.commit = label or commit[:10], commit
        self._folder, self._objects = folder, objects
        self._entries: dict[str, Entry] | None = None
        self.tree: Tree = CommitTree(objects, commit)

    def entries(self) -> Mapping[str, Entry]:
        if self._entries is None:
            self._entries = {}
            # Not a line of the listing can be mistaken: each ends in NUL, and the name comes behind a tab.
            for line in program.paths(self._folder, "ls-tree", "-r", "-z", "--full-tree", self.commit):
                meta, _, path = line.partition("\t")
                mode, _, object_id = meta.split(" ")
                self._entries[path] = Entry(mode, object_id)
        return self._entries

    def read(self, path: str) -> bytes | None:
        entry = self.entries().get(path)
        return self._objects.read(entry.object_id, _MAX_BYTES) if entry and entry.is_file else None


class IndexSide:
    """What the next commit would have. A file in conflict counts as our side has it."""

    def __init__(self, folder: str, objects: Objects) -> None:
        self.label, self.commit = "the index", ""
        self._objects = objects
        self._entries: dict[str, Entry] = {}
        listed: list[tuple[int, str]] = []
        for line in program.paths(folder, "ls-files", "-z", "--stage", "--full-name", ":/"):
            meta, _, path = line.partition("\t")
            mode, object_id, stage = meta.split(" ")
            listed.append((int(stage), path))
            if stage in ("0", "2"):
                self._entries[path] = Entry(mode, object_id)
        self.tree: Tree = StageTree(objects, 2, listed)

    def entries(self) -> Mapping[str, Entry]:
        return self._entries

    def read(self, path: str) -> bytes | None:
        entry = self._entries.get(path)
        return self._objects.read(entry.object_id, _MAX_BYTES) if entry and entry.is_file else None


class WorkSide:
    """The files as they lie there, those included that git does not track and does not ignore."""

    def __init__(self, root: str, objects: Objects) -> None:
        self.label, self.commit = "the work tree", ""
        self._root = root
        self._index = IndexSide(root, objects)
        self._entries: dict[str, Entry] | None = None
        self.tree: Tree = WorkTree(root)

    def entries(self) -> Mapping[str, Entry]:
        if self._entries is None:
            untracked = program.paths(self._root, "ls-files", "-z", "--others", "--exclude-standard", "--full-name", ":/")
            known = {path: Entry(entry.mode, "") for path, entry in self._index.entries().items()}
            known.update((path, Entry("100644", "")) for path in untracked if not path.endswith("/"))
            self._entries = {path: entry for path, entry in known.items() if os.path.lexists(f"{self._root}/{path}")}
        return self._entries

    def read(self, path: str) -> bytes | None:
        try:
            return files.read_inside(self._root, path, _MAX_BYTES)
        except GitenvError:
            return None


def resolve(folder: str, revision: str) -> str:
    """The full id of the commit that a revision names. Raises `Usage` if it names none."""
    # Nothing that begins with a dash is a revision, and git would take it for an option.
    found = program.attempt(folder, "rev-parse", "--verify", "-q", "--end-of-options", f"{revision}^{{commit}}")
    commit = found.stdout.decode("ascii", "replace").strip()
    if found.returncode or not commit:
        raise Usage(f"there is no commit {printable(revision)[:80]!r}", "git log --oneline")
    return commit
