"""Commits one by one, with the files that each changed, by libgit2: ten thousand of them in a second or two."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Protocol

import pygit2
from pygit2.enums import FileMode, ObjectType, SortMode

from gitenv.errors import NotInOrder
from gitenv.git import commits
from gitenv.git.commits import Author, FileChange, GitCommits, Visit
from gitenv.git.layout import RECIPIENTS
from gitenv.git.objects import Objects

_BROKEN = (pygit2.GitError, KeyError, ValueError, OSError)
_FILES = (FileMode.BLOB, FileMode.BLOB_EXECUTABLE)


class Commits(Protocol):
    """The commits of a repository."""

    def walk(self, heads: Sequence[str], hidden: Sequence[str]) -> Iterator[Visit]:
        """All that `heads` reach and `hidden` do not, newest first, children before parents. Raises `NotInOrder`."""
        ...

    def author(self, commit: str) -> Author:
        """Who made a commit, and when."""
        ...

    def recipients(self, commit: str) -> str:
        """The id of a commit's `.recipients/`, or ""."""
        ...

    def blob(self, object_id: str, limit: int) -> bytes | None:
        """The contents of a blob; None if it cannot be read, or is larger than `limit` bytes."""
        ...


def commits_in(folder: str, objects: Objects) -> Commits:
    """The commits of the repository around a folder: by libgit2, or by git where that cannot read it. Raises `NotInOrder`."""
    git_dir = commits.git_dir(folder)
    try:
        return _LibgitCommits(pygit2.Repository(git_dir))
    except _BROKEN:
        return GitCommits(folder, objects)


class _LibgitCommits:
    """Commits by libgit2."""

    def __init__(self, repository: pygit2.Repository) -> None:
        self._repository = repository

    def walk(self, heads: Sequence[str], hidden: Sequence[str]) -> Iterator[Visit]:
        last = ""
        try:
            walker = self._repository.walk(None, SortMode.TOPOLOGICAL | SortMode.TIME)
            for commit in heads:
                walker.push(pygit2.Oid(hex=commit))
            for commit in hidden:
                walker.hide(pygit2.Oid(hex=commit))
            for each in walker:
                last = str(each.id)
                yield Visit(last, tuple(map(str, each.parent_ids)), _changes(each))
        except _BROKEN:
            where = f"at {last[:10]}, or in what it was made from" if last else "at its newest commit"
            raise NotInOrder(f"the history is damaged {where}", "git fsck") from None

    def author(self, commit: str) -> Author:
        return commits.author(self._repository[commit].read_raw())

    def recipients(self, commit: str) -> str:
        found = self._repository[commit]
        assert isinstance(found, pygit2.Commit)
        return str(found.tree[RECIPIENTS].id) if RECIPIENTS in found.tree else ""

    def blob(self, object_id: str, limit: int) -> bytes | None:
        try:
            oid = pygit2.Oid(hex=object_id)
            kind, size = self._repository.odb.read_header(oid)
            return self._repository.odb.read(oid)[1] if kind == ObjectType.BLOB and size <= limit else None
        except _BROKEN:
            return None


def _changes(commit: pygit2.Commit) -> list[FileChange]:
    """What differs from all parents."""
    sides = [_differences(commit.tree, parent.tree) for parent in commit.parents] or [_differences(commit.tree, None)]
    shared = [path for path in sides[0] if all(path in side for side in sides[1:])]
    return [FileChange(path, tuple(side[path][0] for side in sides), sides[0][path][1]) for path in shared]


def _differences(tree: pygit2.Tree, parent: pygit2.Tree | None) -> dict[str, tuple[str, str]]:
    """By path: the blobs in the parent and in the tree, "" where there is none. What became a link comes in two parts."""
    diff = parent.diff_to_tree(tree) if parent is not None else tree.diff_to_tree(swap=True)
    found: dict[str, tuple[str, str]] = {}
    for delta in diff.deltas:
        path = os.fsdecode(delta.new_file.raw_path)
        before, after = found.get(path, ("", ""))
        found[path] = (before or _blob(delta.old_file), after or _blob(delta.new_file))
    return found


def _blob(file: pygit2.DiffFile) -> str:
    text = str(file.id)
    return text if file.mode in _FILES and text.strip("0") else ""
