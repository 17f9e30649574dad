"""`gitenv check BASE..HEAD` and `--history`: what commits brought, each by itself, and where they end."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Sequence
from itertools import chain

from gitenv.check import commits, leaks, state
from gitenv.check.judge import head, shallow
from gitenv.check.tagged import Named, Tagged
from gitenv.check.texts import NOTES, Texts
from gitenv.errors import GitenvError, Usage
from gitenv.git import changes, log, program, refs
from gitenv.git.layout import RECIPIENTS
from gitenv.git.many_objects import ManyObjects
from gitenv.model import environment, statements
from gitenv.model.environment import Environment
from gitenv.model.finding import Finding
from gitenv.repo import snapshot
from gitenv.repo.claims import Claims, pathspecs
from gitenv.repo.snapshot import CommitSnapshot, Snapshot
from gitenv.repo.where import Where
from gitenv.trust.change import Change

_MOST_NOTES = 20  # refs of notes
_MOST_NOTED = 1_000  # commits whose notes are looked at, the newest


def commit_range(where: Where, text: str) -> list[Finding]:
    """Judge the commits of `A..B`, `A...B`, or `A` (that is `A..HEAD`): each for plain text, and the end from A's state."""
    first, dots, last = text.partition("...") if "..." in text else text.partition("..")
    base = _commit(where, first or "HEAD")
    snapshot.check_meaning(last, where.objects.id)
    if (named := where.objects.id(last)) and not where.objects.id(f"{last}^{{commit}}"):
        side = CommitSnapshot(where.objects, base) if base else head(where)
        return leaks.without_allowed(where.folder, _tagged(where, side, [base] if base else []).findings([Named(last, named)]))
    end = where.commit(last or "HEAD")
    if dots == "..." and base:
        base = log.merge_base(where.folder, base, end)
    return judged(where, base, end)


def judged(where: Where, base: str, end: str) -> list[Finding]:
    """Judge what `end` brings, from the state of the commit `base` ("": none)."""
    change = between(where, base, end)
    revisions = [end, *(f"^{commit}" for commit in (base,) if commit)]
    with_keys = not where.is_partial
    texts = Texts(where.objects, change.base or change.after)
    scan = commits.Scan(
        where.objects,
        change.claims,
        change.before,
        tips=(end,),
        with_keys=with_keys,
        texts=texts,
        is_others=are_others(where, (end,)),
    )
    found = scan.findings(chain(changes.brought(where.folder, revisions), commits.ended(change)))
    found += [*commits.messages(where.folder, revisions, (end,)), *_beside(where, change.base or change.after, revisions)]
    return leaks.without_allowed(where.folder, [*found, *state.findings(change, with_plain=False), *shallow(where)])


def are_others(where: Where, tips: Collection[str]) -> bool:
    """Whether commits are looked at from another one: what `git commit --amend` would make anew is none of them.

    A bare repository looks for whoever pushed.
    """
    return where.has_work_tree and where.head() not in tips


def _beside(where: Where, side: Snapshot, revisions: Sequence[str]) -> list[Finding]:
    """What this clone has beside its commits: tags of trees and blobs, and the notes on the commits that are judged."""
    listed = refs.tags_and_notes(where.folder)
    notes = [each.name for each in listed if each.name.startswith(NOTES)][:_MOST_NOTES]
    found = _tagged(where, side, [side.commit]).here(listed) if listed else []
    noted = program.lines(where.folder, "rev-list", f"--max-count={_MOST_NOTED}", *revisions, "--") if notes else []
    for name in notes:
        texts = Texts(where.objects, side, name)
        found += [each for commit in noted for each in texts.notes_on(commit, with_keys=not where.is_partial)]
    return found


def _tagged(where: Where, side: Snapshot | None, known: Sequence[str]) -> Tagged:
    texts = Texts(where.objects, side)
    return Tagged(where.folder, where.objects, side, known, texts, with_keys=not where.is_partial)


def between(where: Where, base: str, end: str) -> Change:
    """The change from one commit ("": none) to another. Where the base went on since they parted, it is still believed.

    Documents are compared with where they parted: what others did to them meanwhile is not this change's doing.
    """
    believed = CommitSnapshot(where.objects, base) if base else None
    is_next = base and where.objects.id(f"{end}^1") == base and not where.objects.id(f"{end}^2")
    parting = log.merge_base(where.folder, base, end) if base and not is_next else base
    before = believed if parting in ("", base) else CommitSnapshot(where.objects, parting)
    last = CommitSnapshot(where.objects, end)
    return Change(where, last, base=believed, before=before, heads=[end])


def history(where: Where) -> list[Finding]:
    """Look for plain text in all commits of all branches, in tags and in notes."""
    patterns = [f":(top,glob){RECIPIENTS}/*/environment"]
    brought = changes.brought(where.folder, ["--all"], patterns)
    known = [statement for each in brought for statement in _statement(where, each.object_id)]
    with contextlib.closing(ManyObjects(where.folder)) as objects:
        found = list(commits.history(where.folder, objects, Claims(known), pathspecs(known)))
    return [*leaks.without_allowed(where.folder, [*found, *_in_refs(where)]), *shallow(where)]


def _in_refs(where: Where) -> list[Finding]:
    """What all tags name that is no commit, and what all notes ever said."""
    side, listed = head(where), refs.tags_and_notes(where.folder)
    notes = [each.name for each in listed if each.name.startswith(NOTES)]
    tags = [Named(each.name, each.object_id) for each in listed if each.name not in notes]
    found = _tagged(where, side, ["--all"]).findings(tags, most_trees=len(tags))
    for name in notes:
        texts, with_keys = Texts(where.objects, side, name), not where.is_partial
        scan = commits.Scan(where.objects, Claims(), None, tips=(), with_keys=with_keys, texts=texts)
        found += scan.findings(changes.brought(where.folder, [name]))
    return found


def _statement(where: Where, object_id: str) -> Iterator[Environment]:
    data = where.objects.read(object_id, statements.MAX_BYTES)
    try:
        yield environment.read(data or b"", "environment")
    except GitenvError:
        return


def _commit(where: Where, revision: str) -> str:
    """The commit that a change begins from; "" for the zeros that git and hosts give for none."""
    if revision and not revision.strip("0"):
        return ""
    try:
        return where.commit(revision)
    except Usage as error:
        if where.is_shallow:
            raise Usage(error.message + "; this clone is shallow", "git fetch --unshallow") from None
        if not where.head() and revision == "HEAD":
            raise Usage("there is no commit yet", "gitenv check --staged") from None
        raise
