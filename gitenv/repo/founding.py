"""When an environment came into a repository's history: what stood in plain text before is its owner's."""

from __future__ import annotations

from gitenv.git import log
from gitenv.git.layout import RECIPIENTS
from gitenv.git.objects import Objects
from gitenv.model import statements
from gitenv.repo.snapshot import WorkSnapshot

_HEADS = ("HEAD", "MERGE_HEAD", "CHERRY_PICK_HEAD", "REBASE_HEAD")
_MOST = 16


def is_before(root: str, name: str, commit: str) -> bool:
    """Whether an environment's founding goes back to a commit: nobody can add to that one any more. What git cannot say is no.

    A branch off from such a commit is none. While the founding is in no commit yet, all are.
    """
    first = log.added(root, _path(name))
    if not first:
        return first is not None and WorkSnapshot(root).read(_path(name), statements.MAX_BYTES) is not None
    # All of them: anybody can push a commit that brings the same file once more, and goes back to whatever they like.
    return len(first) <= _MOST and all(log.is_ancestor(root, commit, each) for each in first)


def is_uncommitted(root: str, objects: Objects, name: str) -> bool:
    """Whether an environment is new in the work tree: neither HEAD's history had it, nor that of what is merged with it."""
    if any(objects.id(f"{head}:{_path(name)}") for head in _HEADS):
        return False
    heads = [head for head in _HEADS if objects.commit(head)]
    return not heads or not log.commits_of(root, _path(name), 1, heads=heads)


def _path(name: str) -> str:
    return f"{RECIPIENTS}/{name}/environment"
