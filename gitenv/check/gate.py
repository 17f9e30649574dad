"""What hooks ask of commits: may this go out, may this come in. The same rules as `gitenv check`, and no key."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from contextlib import closing

from gitenv.check import commits, judge, leaks, ranges, state
from gitenv.check.tagged import Named, Tagged
from gitenv.check.texts import NOTES, Texts
from gitenv.git import changes, log, program, refs
from gitenv.model.finding import Finding
from gitenv.repo import environments
from gitenv.repo.claims import Claims
from gitenv.repo.recipients import statements_in
from gitenv.repo.snapshot import CommitSnapshot
from gitenv.repo.where import Where
from gitenv.trust.change import Change
from gitenv.tuples import NamedTuple

_BRANCHES = "refs/heads/"


class Update(NamedTuple):
    """One ref that is to move, as git tells hooks: full ids, zeros for none."""

    old: str
    new: str
    ref: str


def outgoing(folder: str, updates: Iterable[Update], known: Sequence[str] | None = None) -> list[Finding]:
    """What pre-push and pre-receive stop for: each new commit for plain text, and each branch's end from where it was.

    `known` says as revisions which commits the other side has: `--remotes=origin` before a push there. Without it all refs
    in pre-receive, where git has not moved them yet, and else those of all remotes. What the updates move away from is known
    anyway. Works in a bare repository and in its quarantine.
    """
    if known is None:
        known = ("--all",) if "GIT_QUARANTINE_PATH" in os.environ else ("--remotes",)
    with closing(judge.find(folder)) as where:
        moved = [_Moved(update, *_commits(where, update)) for update in updates]
        commits_moved = [each for each in moved if each.new]
        found = [*_judged(where, commits_moved, known), *_tagged(where, moved, known)]
        return leaks.without_allowed(where.folder, found)


class _Moved(NamedTuple):
    update: Update
    old: str  # the commit, "" where there is none, or it is not here
    new: str  # the commit, "" for a ref that is deleted or names none


def _judged(where: Where, moved: Sequence[_Moved], known: Sequence[str]) -> list[Finding]:
    branches = [each for each in moved if each.update.ref.startswith(_BRANCHES)]
    bases = {each: each.old or _parting(where, each.new, known) for each in branches or moved[:1]}
    found = _plain(where, moved, list(bases.values()), known) if moved else []
    for base, new in dict.fromkeys((bases[each], each.new) for each in branches):
        if base != new:
            change = ranges.between(where, base, new)
            found += _slipped_in(where, change, found) if "--all" in known else []
            found += state.findings(change, with_plain=False)
    return list(dict.fromkeys(found))


def _tagged(where: Where, moved: Sequence[_Moved], known: Sequence[str]) -> list[Finding]:
    """What refs are to name that is no commit. Most pushes move branches only, and have nothing of it."""
    named = [Named(each.update.ref, each.update.new) for each in moved if each.update.new.strip("0") != each.new.strip("0")]
    if not named:
        return []
    side = _known_state(where, moved)
    texts = Texts(where.objects, side)
    looking = Tagged(where.folder, where.objects, side, known, texts, with_keys=not where.is_partial)
    return looking.findings(named)


def _known_state(where: Where, moved: Sequence[_Moved]) -> CommitSnapshot | None:
    """Whose protected files texts are compared with: HEAD's, or where that is no commit, another branch's, or what comes."""
    commit = where.head() or refs.newest_branch(where.folder) or next((each.new for each in moved if each.new), "")
    return CommitSnapshot(where.objects, commit) if commit else None


def _slipped_in(where: Where, change: Change, found: Sequence[Finding]) -> list[Finding]:
    """Plain text that a branch ends with and that no new commit brought; what the server's HEAD has is no news elsewhere."""
    head = where.head()
    also = [CommitSnapshot(where.objects, head)] if head else []
    tips = (change.after.commit,)
    is_others = ranges.are_others(where, tips)
    scan = commits.Scan(where.objects, change.claims, change.before, *also, tips=tips, with_keys=False, is_others=is_others)
    known = {(each.code, each.path, each.severity) for each in found}
    return [each for each in scan.findings(commits.ended(change)) if (each.code, each.path, each.severity) not in known]


def _commits(where: Where, update: Update) -> tuple[str, str]:
    old, new = (where.objects.id(f"{each}^{{commit}}") if each.strip("0") else "" for each in (update.old, update.new))
    return old, new


def _plain(where: Where, moved: Sequence[_Moved], bases: Sequence[str], known: Sequence[str]) -> list[Finding]:
    """Plain text in all that is new, by one walk through it. `bases` are what it is compared with, none where one is empty."""
    olds = [each.old for each in moved if each.old]
    # What was protected stays so, also on a new branch that takes its environment away.
    sides = dict.fromkeys([*(each.new for each in moved), *olds, *filter(None, bases)])
    first = next((CommitSnapshot(where.objects, commit) for commit in [*olds, *bases] if commit), None)
    there = environments.known(where.folder, first)
    states = [statements_in(CommitSnapshot(where.objects, commit), there) for commit in sides]
    revisions = [*(each.new for each in moved), *(f"^{old}" for old in dict.fromkeys(olds)), "--not", *known]
    before = (olds or bases)[0]
    side = CommitSnapshot(where.objects, before) if before else None
    filtered = ranges.between(where, before, moved[0].new).filtered
    claims, tips = Claims(*(state.values() for state in states), filtered=filtered), [each.new for each in moved]
    notes = next((each.update.ref for each in moved if each.update.ref.startswith(NOTES)), f"{NOTES}commits")
    texts = Texts(where.objects, _known_state(where, moved), notes)
    is_others, with_keys = ranges.are_others(where, tips), not where.is_partial
    scan = commits.Scan(where.objects, claims, side, tips=tips, with_keys=with_keys, texts=texts, is_others=is_others)
    return [*scan.findings(changes.brought(where.folder, revisions)), *commits.messages(where.folder, revisions, tips)]


def _parting(where: Where, new: str, known: Sequence[str]) -> str:
    """What a new branch is compared with: where it left what the other side has; its HEAD, or the last commit known there."""
    if "--all" in known and (head := where.head()):
        return log.merge_base(where.folder, head, new)
    listed = program.lines(where.folder, "rev-list", "--boundary", "--topo-order", new, "--not", *known)
    if not listed:
        return new  # the other side has it
    return next((line[1:] for line in listed if line.startswith("-")), "")
