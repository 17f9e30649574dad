"""`gitenv check`: what is judged, and from which state. No key, no pin and no configuration of a clone is needed."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from gitenv.check import commits, leaks, state, steps
from gitenv.check.change import Change
from gitenv.check.tagged import Named, Tagged
from gitenv.check.texts import NOTES, Texts
from gitenv.errors import GitenvError, Usage
from gitenv.git import changes, log, program, refs
from gitenv.git.layout import RECIPIENTS
from gitenv.git.objects import Objects
from gitenv.model import document, environment, statements
from gitenv.model.codes import finding
from gitenv.model.document import Kind
from gitenv.model.environment import Environment
from gitenv.model.finding import Finding
from gitenv.repo.claims import Claims, is_about
from gitenv.repo.protected import Protection, pathspecs, statements_in
from gitenv.repo.snapshot import CommitSnapshot, IndexSnapshot, Snapshot, WorkSnapshot, resolve

_MOST_NOTES = 20  # refs of notes
_MOST_NOTED = 1_000  # commits whose notes are looked at, the newest


class Place(NamedTuple):
    """The repository to look at, with or without a work tree."""

    folder: str  # where git is started: the top of the work tree, or a bare repository
    objects: Objects
    has_work_tree: bool
    is_shallow: bool
    is_partial: bool  # objects are missing here, and each that is read is fetched

    def close(self) -> None:
        """End the process that reads objects."""
        self.objects.close()


def place(folder: str) -> Place:
    """The repository around a folder, without what `git replace` shows of it. Raises `NotInOrder` where there is none."""
    program.see_real_objects()
    words = (
        "--path-format=absolute",
        "--git-path",
        "objects/pack",
        "--git-dir",
        "--is-inside-work-tree",
        "--is-shallow-repository",
        "--show-cdup",
    )
    done = program.attempt(folder, "rev-parse", *words)
    if done.returncode:
        raise program.no_repository(done)
    packs, git_dir, inside, is_shallow, up = (*os.fsdecode(done.stdout).split("\n"), "")[:5]
    top = os.path.normpath(os.path.join(os.path.realpath(folder), up)) if inside == "true" else git_dir
    return Place(top, Objects(top), inside == "true", is_shallow == "true", _is_partial(packs))


def _is_partial(packs: str) -> bool:
    try:
        return any(name.endswith(".promisor") for name in os.listdir(packs))
    except OSError:
        return False


def commit_range(where: Place, text: str) -> list[Finding]:
    """Judge the commits of `A..B`, `A...B`, or `A` (that is `A..HEAD`): each for plain text, and the end from A's state."""
    first, dots, last = text.partition("...") if "..." in text else text.partition("..")
    base = _commit(where, first or "HEAD")
    if (named := where.objects.id(last)) and not where.objects.id(f"{last}^{{commit}}"):
        side = CommitSnapshot(where.objects, base) if base else _head(where)
        return leaks.without_allowed(where.folder, _tagged(where, side, [base] if base else []).findings([Named(last, named)]))
    end = _resolved(where, last or "HEAD")
    if dots == "..." and base:
        base = log.merge_base(where.folder, base, end)
    return judged(where, base, end)


def judged(where: Place, base: str, end: str) -> list[Finding]:
    """Judge what `end` brings, from the state of the commit `base` ("": none)."""
    change = between(where, base, end)
    revisions = [end, *(f"^{commit}" for commit in (base,) if commit)]
    with_keys = not where.is_partial
    texts = Texts(where.objects, change.base or change.end)
    scan = commits.Scan(
        where.objects,
        change.protection,
        change.before,
        tips=(end,),
        with_keys=with_keys,
        texts=texts,
        is_others=are_others(where, (end,)),
    )
    found = scan.findings(chain(changes.brought(where.folder, revisions), commits.ended(change)))
    found += [*commits.messages(where.folder, revisions, (end,)), *_beside(where, change.base or change.end, revisions)]
    return leaks.without_allowed(where.folder, [*found, *state.findings(change, with_plain=False), *shallow(where)])


def are_others(where: Place, tips: Collection[str]) -> bool:
    """Whether commits are looked at from another one: what `git commit --amend` would make anew is none of them.

    A bare repository looks for whoever pushed.
    """
    return where.has_work_tree and log.head(where.folder) not in tips


def _beside(where: Place, side: Snapshot, revisions: Sequence[str]) -> list[Finding]:
    """What this clone has beside its commits: tags of trees and blobs, and the notes on the commits that are judged."""
    listed = refs.tags_and_notes(where.folder)
    notes = [each.name for each in listed if each.name.startswith(NOTES)][:_MOST_NOTES]
    found = _tagged(where, side, [side.commit]).here(listed) if listed else []
    noted = program.lines(where.folder, "rev-list", f"--max-count={_MOST_NOTED}", *revisions, "--") if notes else []
    for name in notes:
        texts = Texts(where.objects, side, name)
        found += [each for commit in noted for each in texts.notes_on(commit, with_keys=not where.is_partial)]
    return found


def _tagged(where: Place, side: Snapshot | None, known: Sequence[str]) -> Tagged:
    texts = Texts(where.objects, side)
    return Tagged(where.folder, where.objects, side, known, texts, with_keys=not where.is_partial)


def between(where: Place, base: str, end: str) -> Change:
    """The change from one commit ("": none) to another. Where the base went on since they parted, it is still believed.

    Documents are compared with where they parted: what others did to them meanwhile is not this change's doing.
    """
    believed = CommitSnapshot(where.objects, base) if base else None
    is_next = base and where.objects.id(f"{end}^1") == base and not where.objects.id(f"{end}^2")
    parting = log.merge_base(where.folder, base, end) if base and not is_next else base
    before = believed if parting in ("", base) else CommitSnapshot(where.objects, parting)
    last = CommitSnapshot(where.objects, end)
    return Change(where.folder, where.objects, last, base=believed, before=before, heads=[end])


def staged(where: Place, change: Change) -> list[Finding]:
    """Judge what the next commit changes."""
    return leaks.without_allowed(where.folder, _ending(where, change))


def next_commit(where: Place) -> Change:
    """What the next commit changes: the index against HEAD."""
    end = IndexSnapshot(where.objects)
    return Change(where.folder, where.objects, end, base=_head(where), heads=_heads(where))


def _ending(where: Place, change: Change) -> list[Finding]:
    """All that is wrong with the state that a change ends in, where no commits are looked at."""
    keys = () if change.is_whole and where.is_partial else leaks.private_keys(change)
    return [*state.findings(change, with_plain=True), *keys]


def everything(where: Place) -> list[Finding]:
    """Judge all of HEAD, by nothing but its own history."""
    head = resolve(where.folder, "HEAD")
    end = CommitSnapshot(where.objects, head)
    found = _ending(where, Change(where.folder, where.objects, end, is_whole=True))
    return leaks.without_allowed(where.folder, [*found, *shallow(where)])


def here(where: Place) -> list[Finding]:
    """Judge the index whole, and what lies in the work tree beside it."""
    if not where.has_work_tree:
        return everything(where)
    base = _head(where)
    end = IndexSnapshot(where.objects)
    change = Change(where.folder, where.objects, end, base=base, heads=_heads(where), is_whole=True)
    found = _ending(where, change)
    known = {(each.code, each.path) for each in found}
    found += [each for each in _work_tree(where, change, base) if (each.code, each.path) not in known]
    return leaks.without_allowed(where.folder, [*found, *shallow(where)])


def history(where: Place) -> list[Finding]:
    """Look for plain text in all commits of all branches, in tags and in notes."""
    known: dict[str, Environment] = {}
    patterns = [f":(top,glob){RECIPIENTS}/*/environment"]
    for number, each in enumerate(changes.brought(where.folder, ["--all"], patterns)):
        for statement in _statement(where, each.object_id):
            known[f"{number}"] = statement
    found = list(commits.history(where.folder, where.objects, Protection(known), pathspecs(known.values())))
    return [*leaks.without_allowed(where.folder, [*found, *_in_refs(where)]), *shallow(where)]


def _in_refs(where: Place) -> list[Finding]:
    """What all tags name that is no commit, and what all notes ever said."""
    side, listed = _head(where), refs.tags_and_notes(where.folder)
    notes = [each.name for each in listed if each.name.startswith(NOTES)]
    tags = [Named(each.name, each.object_id) for each in listed if each.name not in notes]
    found = _tagged(where, side, ["--all"]).findings(tags, most_trees=len(tags))
    for name in notes:
        texts, with_keys = Texts(where.objects, side, name), not where.is_partial
        scan = commits.Scan(where.objects, Protection({}), None, tips=(), with_keys=with_keys, texts=texts)
        found += scan.findings(changes.brought(where.folder, [name]))
    return found


def only(where: Place, found: Sequence[Finding], environments: Collection[str]) -> list[Finding]:
    """What was found of some environments, and of none: whose a file is, HEAD says, or the index."""
    sides = [side for side in (_head(where), IndexSnapshot(where.objects)) if side]
    stated = [statement for side in sides for statement in statements_in(side).values()]
    claims = Claims(stated)
    return [each for each in found if is_about(each, environments, claims)]


def shallow(where: Place) -> Iterator[Finding]:
    """That a clone has not all commits, if it has not: what is wrong with a statement may only be that."""
    if where.is_shallow:
        text = "this clone is shallow: what is older than its commits was not looked at"
        yield finding("shallow", text, commands=("git fetch --unshallow",))


def _work_tree(where: Place, change: Change, base: Snapshot | None) -> Iterator[Finding]:
    """Conflict markers in files as they lie there, and statements of a work tree that no good steps lead to."""
    side = WorkSnapshot(where.folder)
    for path, entry in side.entries().items():
        if not change.protection.covers(path) or not entry.is_file:
            continue
        try:
            records = document.parse(side.document(path) or b"")
        except GitenvError:
            continue  # too large to be staged; git add says so
        if any(record.kind is Kind.PLAIN and record.raw.startswith((b"<<<<<<<", b">>>>>>>")) for record in records):
            yield finding("conflict-marker", "a conflict marker, in the work tree", path)
    # Not by what the user likes to see: a statement that is not tracked counts as well. No .env file, so no filter and no key.
    words = ("--no-optional-locks", "status", "--porcelain", "-z", "--untracked-files=normal", "--", f":(top){RECIPIENTS}")
    unstaged = program.attempt(where.folder, *words).stdout
    if any(line[1:2] not in (b" ", b"") for line in unstaged.split(b"\0")):
        yield from steps.findings(Change(where.folder, where.objects, side, base=base or change.end))


def _statement(where: Place, object_id: str) -> Iterator[Environment]:
    data = where.objects.read(object_id, statements.MAX_BYTES)
    try:
        yield environment.read(data or b"", "environment")
    except GitenvError:
        return


def _heads(where: Place) -> list[str]:
    """HEAD, and what git is bringing together with it: two rotations that meet are a step from each of the two sides."""
    return ["HEAD", *(head for head in ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REBASE_HEAD") if where.objects.id(head))]


def _head(where: Place) -> Snapshot | None:
    head = log.head(where.folder)
    return CommitSnapshot(where.objects, head, "HEAD") if head else None


def _commit(where: Place, revision: str) -> str:
    """The commit that a change begins from; "" for the zeros that git and hosts give for none."""
    if revision and not revision.strip("0"):
        return ""
    try:
        return _resolved(where, revision)
    except Usage as error:
        if where.is_shallow:
            raise Usage(error.message + "; this clone is shallow", "git fetch --unshallow") from None
        if not log.head(where.folder) and revision == "HEAD":
            raise Usage("there is no commit yet", "gitenv check --staged") from None
        raise


def _resolved(where: Place, revision: str) -> str:
    """`resolve` by the process that reads objects, where it can: starting another one is what takes time."""
    return where.objects.id(f"{revision}^{{commit}}") or resolve(where.folder, revision)
