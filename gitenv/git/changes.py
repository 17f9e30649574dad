"""How files changed, commit by commit: which blobs stood where, and which went away."""

from __future__ import annotations

import itertools
import os
from collections.abc import Collection, Iterable, Iterator, Sequence

from gitenv.git import log, program, walk
from gitenv.git.layout import EMPTY_TREES
from gitenv.git.walk import Commit, FileChange


def steps(root: str, patterns: Iterable[str]) -> Iterator[Commit]:
    """The changes of files that fit path patterns, in all that HEAD reaches, parents before children.

    A merge is compared with each of its parents. Raises `NotInOrder` where git cannot say.
    """
    yield from log.walked(root, [], [_pathspec(pattern) for pattern in patterns], "--topo-order", "--reverse")


def newest(root: str, paths: Sequence[str], head: str, limit: int, *, is_main_line: bool = False) -> Iterator[Commit]:
    """The last `limit` changes of files, by their paths, in all that the commit `head` reaches; children before parents.

    A merge is compared with each of its parents, on the main line with the first. Raises `NotInOrder` where git cannot say.
    """
    line = ("--first-parent",) if is_main_line else ()
    yield from itertools.islice(log.walked_at(root, [head], paths, "--topo-order", *line), limit)


def main_line(root: str, paths: Collection[str]) -> Iterator[Commit]:
    """The changes of files, by their paths, in all that HEAD reaches, a merge compared with its first parent only.

    Raises `NotInOrder` where git cannot say.
    """
    if log.head(root):
        yield from walk.commits_at(root, ["HEAD"], paths, merges=walk.FIRST_PARENT)


def brought(
    folder: str, revisions: Sequence[str], pathspecs: Sequence[str] = (), *, is_newest_first: bool = False
) -> Iterator[FileChange]:
    """What the commits that `revisions` name (as `git log` reads them) have and no parent of theirs has so.

    Raises `NotInOrder` where git cannot say, or stops in the middle.
    """
    words = [] if is_newest_first else ["--reverse"]
    found = walk.changes(folder, revisions, pathspecs, merges=walk.NEW, words=words)
    return (each for each in found if each.object_id)


def in_tree(folder: str, tree: str, base: str) -> Iterator[FileChange]:
    """The files of a tree that another one ("": none) has not so, as if a commit with the tree's id had brought them."""
    words = ("diff-tree", "-r", "-t", "-z", "--raw", "--no-abbrev", "--no-renames", "--diff-filter=d")
    fields = iter(os.fsdecode(program.listed(folder, *words, base or EMPTY_TREES[len(tree)], tree, "--")).split("\0"))
    for meta, path in zip(fields, fields, strict=False):
        found = walk.change(tree, meta, path)
        if found.mode != walk.FOLDER:
            yield found


def _pathspec(pattern: str) -> str:
    return f":(glob){pattern}" if "/" in pattern else f":(glob)**/{pattern}"
