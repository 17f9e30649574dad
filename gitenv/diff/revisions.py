"""Which two states a review compares, by the words that git users know."""

from __future__ import annotations

from collections.abc import Sequence

from gitenv.errors import Usage, printable
from gitenv.git import log
from gitenv.repo.snapshot import CommitSnapshot, IndexSnapshot, Snapshot, WorkSnapshot
from gitenv.repo.where import Where
from gitenv.trust.change import Change


def chosen(where: Where, revisions: Sequence[str], *, staged: bool = False) -> Change:
    """HEAD and the work tree, one revision and the work tree (or with `staged` the index), or two revisions.

    The base is the first of two with three dots: where the change is to go. Raises `Usage` for what names no commit.
    """
    two = _two(where, revisions)
    if two and staged:
        raise Usage("--staged compares with one revision", "gitenv diff --staged HEAD")
    before: Snapshot
    after: Snapshot
    if two:
        before, after = (_commit(where, revision, label) for revision, label in two)
    else:
        if where.is_bare:
            raise Usage("a bare repository has no work tree to compare with", "gitenv diff OLD..NEW")
        before = _commit(where, revisions[0], revisions[0]) if revisions else _head(where)
        after = IndexSnapshot(where.objects) if staged else WorkSnapshot(where.folder)
    first, dots, _ = revisions[0].partition("...") if len(revisions) == 1 else ("", "", "")
    base = _commit(where, first or "HEAD", first) if dots else before
    return Change(where, after, base=base, before=before)


def _two(where: Where, revisions: Sequence[str]) -> list[tuple[str, str]]:
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
    base = log.merge_base(where.folder, where.commit(one), where.commit(other))
    if not base:
        raise Usage(f"{printable(one)} and {printable(other)} have no commit in common here", "git fetch --unshallow")
    return [(base, f"where {other} left {one}"), (other, other)]


def _commit(where: Where, revision: str, label: str) -> Snapshot:
    return CommitSnapshot(where.objects, where.commit(revision), label)


def _head(where: Where) -> Snapshot:
    return _commit(where, "HEAD", "HEAD") if where.head() else Snapshot()
