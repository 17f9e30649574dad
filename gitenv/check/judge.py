"""`gitenv check`: what is judged, and from which state. No key, no pin and no configuration of a clone is needed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from gitenv.check import documents, leaks, state, steps
from gitenv.errors import GitenvError
from gitenv.git import log, program
from gitenv.git.layout import RECIPIENTS
from gitenv.model import document
from gitenv.model.codes import finding
from gitenv.model.document import Kind
from gitenv.model.finding import Finding
from gitenv.repo.claims import Claims, is_about
from gitenv.repo.recipients import statements_in
from gitenv.repo.snapshot import CommitSnapshot, IndexSnapshot, Snapshot, WorkSnapshot
from gitenv.repo.where import Where
from gitenv.trust.change import Change


def find(folder: str) -> Where:
    """The repository around a folder, without what `git replace` shows of it. Raises `NotInOrder` where there is none."""
    return Where.around(folder, or_inside_git=True)


def staged(where: Where, change: Change) -> list[Finding]:
    """Judge what the next commit changes."""
    return leaks.without_allowed(where.folder, _ending(where, change))


def next_commit(where: Where) -> Change:
    """What the next commit changes: the index against HEAD."""
    end = IndexSnapshot(where.objects)
    return Change(where, end, base=head(where), heads=_heads(where))


def _ending(where: Where, change: Change) -> list[Finding]:
    """All that is wrong with the state that a change ends in, where no commits are looked at."""
    keys = () if change.is_whole and where.is_partial else leaks.private_keys(change)
    return [*state.findings(change, with_plain=True), *keys]


def everything(where: Where) -> list[Finding]:
    """Judge all of HEAD, by nothing but its own history."""
    end = CommitSnapshot(where.objects, where.commit("HEAD"))
    found = _ending(where, Change(where, end, is_whole=True))
    return leaks.without_allowed(where.folder, [*found, *shallow(where)])


def here(where: Where) -> list[Finding]:
    """Judge the index whole, and what lies in the work tree beside it."""
    if not where.has_work_tree:
        return everything(where)
    base = head(where)
    end = IndexSnapshot(where.objects)
    change = Change(where, end, base=base, heads=_heads(where), is_whole=True)
    found = _ending(where, change)
    known = {(each.code, each.path) for each in found}
    found += [each for each in _work_tree(where, change, base) if (each.code, each.path) not in known]
    return leaks.without_allowed(where.folder, [*found, *shallow(where)])


def only(where: Where, found: Sequence[Finding], environments: Collection[str]) -> list[Finding]:
    """What was found of some environments, and of none: whose a file is, HEAD says, or the index."""
    sides = [side for side in (head(where), IndexSnapshot(where.objects)) if side]
    claims = Claims(*(statements_in(side).values() for side in sides))
    return [each for each in found if is_about(each, environments, claims)]


def shallow(where: Where) -> Iterator[Finding]:
    """That a clone has not all commits, if it has not: what is wrong with a statement may only be that."""
    if where.is_shallow:
        text = "this clone is shallow: what is older than its commits was not looked at"
        yield finding("shallow", text, commands=("git fetch --unshallow",))


def _work_tree(where: Where, change: Change, base: Snapshot | None) -> Iterator[Finding]:
    """What files have as they lie there: conflict markers, and lines that programs read differently.

    And the statements of a work tree that no good steps lead to.
    """
    side = WorkSnapshot(where.folder, change.after if isinstance(change.after, IndexSnapshot) else None)
    for path, entry in change.listed(side).items():
        if not change.claims.covers(path) or not entry.is_file:
            continue
        try:
            records = document.parse(side.document(path) or b"")
        except GitenvError:
            continue  # too large to be staged; git add says so
        if any(record.kind is Kind.PLAIN and record.raw.startswith((b"<<<<<<<", b">>>>>>>")) for record in records):
            yield finding("conflict-marker", "a conflict marker, in the work tree", path)
        elif any(record.kind is Kind.ASSIGNMENT for record in records):
            yield from documents.read_differently(path, records)
    # Not by what the user likes to see: a statement that is not tracked counts as well. No .env file, so no filter and no key.
    words = ("--no-optional-locks", "status", "--porcelain", "-z", "--untracked-files=normal", "--", f":(top){RECIPIENTS}")
    unstaged = program.attempt(where.folder, *words).stdout
    if any(line[1:2] not in (b" ", b"") for line in unstaged.split(b"\0")):
        yield from steps.findings(Change(where, side, base=base or change.after))


def _heads(where: Where) -> list[str]:
    """HEAD, and what git is bringing together with it: two rotations that meet are a step from each of the two sides."""
    return ["HEAD", *log.joined(where.folder, where.objects)]


def head(where: Where) -> Snapshot | None:
    """The state that HEAD is; None before the first commit."""
    commit = where.head()
    return CommitSnapshot(where.objects, commit, "HEAD") if commit else None
