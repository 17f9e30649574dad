"""Which two states a review compares, by the words that git users know."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

from gitenv.diff.diff import Place
from gitenv.errors import Usage, printable
from gitenv.git import log, program
from gitenv.git.objects import Objects
from gitenv.git.repository import Repository
from gitenv.repo.snapshot import CommitSnapshot, IndexSnapshot, Snapshot, WorkSnapshot, resolve


class Chosen(NamedTuple):
    """Two states of one repository."""

    place: Place
    before: Snapshot
    after: Snapshot
    is_shallow: bool
    onto: Snapshot | None = None  # the first of two with three dots: where the change is to go


def chosen(folder: str, revisions: Sequence[str], *, staged: bool = False) -> Chosen:
    """HEAD and the work tree, one revision and the work tree (or with `staged` the index), or two revisions.

    Raises `Usage` for what names no commit, and `NotInOrder` outside a repository.
    """
    place = find(folder)
    two = _two(place.folder, revisions)
    if two and staged:
        raise Usage("--staged compares with one revision", "gitenv diff --staged HEAD")
    before: Snapshot
    after: Snapshot
    if two:
        before, after = (_commit(place, revision, label) for revision, label in two)
    else:
        if place.layout is None:
            raise Usage("a bare repository has no work tree to compare with", "gitenv diff OLD..NEW")
        before = _commit(place, revisions[0], revisions[0]) if revisions else _head(place)
        after = IndexSnapshot(place.objects) if staged else WorkSnapshot(place.folder)
    first, dots, _ = revisions[0].partition("...") if len(revisions) == 1 else ("", "", "")
    onto = _commit(place, first or "HEAD", first) if dots else None
    return Chosen(place, before, after, log.is_shallow(place.folder), onto)


def find(folder: str) -> Place:
    """The repository around a folder, also a bare one. Raises `NotInOrder`."""
    bare = program.attempt(folder, "rev-parse", "--is-bare-repository", "--absolute-git-dir").stdout
    if bare.startswith(b"true\n"):
        top = os.fsdecode(bare).split("\n")[1]
        return Place(top, None, Objects(top))
    repository = Repository(folder)
    return Place(repository.root, repository.layout, repository.objects)


def _two(folder: str, revisions: Sequence[str]) -> list[tuple[str, str]]:
    """Two revisions, each with what to call it; none where there are not two."""
    if len(revisions) > 2:
        raise Usage("there are more than two revisions", "gitenv diff OLD..NEW")
    if len(revisions) == 2:
        return [(each, each) for each in revisions]
    if not revisions or ".." not in revisions[0]:
        return []
    dots = "..." if "..." in revisions[0] else ".."
    one, _, other = revisions[0].partition(dots)
    one, other = one or "HEAD", other or "HEAD"
    if dots == "..":
        return [(one, one), (other, other)]
    base = log.merge_base(folder, resolve(folder, one), resolve(folder, other))
    if not base:
        raise Usage(f"{printable(one)} and {printable(other)} have no commit in common here", "git fetch --unshallow")
    return [(base, f"where {other} left {one}"), (other, other)]


def _commit(place: Place, revision: str, label: str) -> Snapshot:
    return CommitSnapshot(place.objects, resolve(place.folder, revision), label)


def _head(place: Place) -> Snapshot:
    return _commit(place, "HEAD", "HEAD") if log.head(place.folder) else Snapshot()
