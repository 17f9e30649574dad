"""Refs that are no branches: tags, each with the kind of what it leads to, and notes."""

from __future__ import annotations

import os

from gitenv.git import program
from gitenv.tuples import NamedTuple

_FORMAT = "--format=%(objectname) %(objecttype) %(*objecttype) %(refname)"


class Ref(NamedTuple):
    """A ref, and what it leads to."""

    name: str  # refs/tags/v1
    object_id: str
    kind: str  # commit, tree, blob, or tag for a tag of a tag


def tags_and_notes(folder: str) -> list[Ref]:
    """All of them here. Raises `NotInOrder`."""
    fields = (line.split(" ", 3) for line in program.lines(folder, "for-each-ref", _FORMAT, "refs/tags", "refs/notes"))
    return [Ref(name, object_id, peeled or kind) for object_id, kind, peeled, name in fields]


def newest_branch(folder: str) -> str:
    """The commit of the branch that was worked on last, or ""."""
    words = ("for-each-ref", "--sort=-committerdate", "--count=1", "--format=%(objectname)", "refs/heads")
    return os.fsdecode(program.attempt(folder, *words).stdout).strip()
