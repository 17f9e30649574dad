"""Opening the files of environments in the work tree, and closing them again."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence, Set

from gitenv.errors import GitenvError, Locked, NotInOrder, NotTrusted, printable
from gitenv.git.index import IndexEntry
from gitenv.identity import device
from gitenv.model import clean, document, inert, smudge, unverified
from gitenv.model.document import Kind
from gitenv.model.keyring import Keyring
from gitenv.repo import clone
from gitenv.team import conversions, discover, forms, permissions, setup, statement_conflicts
from gitenv.team.workspace import Workspace
from gitenv.trust.access import check_not_rolled_back
from gitenv.trust.pins import Pin
from gitenv.tuples import NamedTuple


class Opened(NamedTuple):
    """What became of an environment's files."""

    environment: str
    opened: list[str]
    opened_edited: list[str]  # other than in the index, and all of it encrypted: a stash that was popped
    edited: list[str]  # left alone: they hold changes
    open_already: list[str]
    closed: GitenvError | None  # why this person cannot read it
    never_granted: bool = False  # because nobody ever let them in, and they did not ask for it by name


def open_files(workspace: Workspace, wanted: Iterable[str] = ()) -> list[Opened]:
    """Unlock environments and open their files that are closed and unedited."""
    asked = set(wanted)
    chosen = asked or {pin.name for pin in workspace.access.pinned()}
    still_locked = workspace.access.locked - chosen
    if still_locked != workspace.access.locked:
        clone.set_locked(workspace.repository.layout.git_dir, still_locked)
        workspace.access.locked = still_locked
    pins = [pin for pin in workspace.access.pinned() if pin.name in chosen]
    entries = workspace.files_of([pin.environment for pin in pins])
    # `rotate` merges such files anew, but for those that somebody opened.
    for name in statement_conflicts.in_conflict(workspace):
        entries[name] = [entry for entry in entries.get(name, ()) if not entry.stage]
    results = [_open_environment(workspace, pin, entries[pin.name], is_asked=pin.name in asked) for pin in pins]
    setup.lift_guard(workspace.repository, workspace.access.pinned())
    conversions.undo_in_recipients(workspace)
    # Also what a run that was cut off opened: git takes a file of another size for an edited one, and never looks again.
    _refresh(workspace, {path for result in results for path in (*result.opened, *result.open_already)})
    return results


def catch_up(workspace: Workspace, could_open: Set[str]) -> None:
    """Write what git has written otherwise than a checkout of this commit would.

    What stands as it is in the commit gets its marks: `git merge -s resolve` and a merge of several branches run no filter.
    And in `could_open` is opened what a file got closed or marked while `.recipients/` was another, broken, or gone: git
    writes no unchanged file again.
    """
    pins, written = workspace.access.pinned(), set()
    listed = workspace.files_of([pin.environment for pin in pins])
    for pin in pins:
        rings = forms.rings_of(workspace, pin) if pin.name in could_open and _is_open(workspace, pin) else []
        for entry, stored in forms.with_stored(workspace, listed[pin.name]):
            there = forms.contents(workspace, entry)
            if stored is None or there is None:
                continue
            text = forms.closed_form(workspace, pin, entry.object_id, stored) if there == stored else there
            if rings and not entry.stage and (opened := _opened_since(workspace, pin, rings, stored, there)):
                text = opened
            if text != there:
                workspace.write(entry.path, text, instead_of=there, is_elsewhere=True)
                written.add(entry.path)
    _refresh(workspace, written)


def opened_since(workspace: Workspace, pin: Pin, stored: bytes, there: bytes) -> bytes | None:
    """A file with less closed and marked than it has, by what the tree at hand says; None where all of it stays.

    In an edited one marks are opened behind which stands what the index has, and a checkout would write.
    """
    if workspace.access.is_closed:
        return None
    return _opened_since(workspace, pin, forms.rings_of(workspace, pin), stored, there)


def _opened_since(workspace: Workspace, pin: Pin, rings: Sequence[Keyring], stored: bytes, there: bytes) -> bytes | None:
    if inert.MARK in there and _is_as_checked_out(workspace, rings, stored, there):
        return None
    is_unedited = clean.is_same(there, stored)
    text = forms.open_form(rings, stored) if is_unedited or inert.MARK in there else None
    if text is not None and not is_unedited:
        text = _vouched_since(there, stored, text, workspace.access.ring(pin))
    return text if text is not None and _shut(text) < _shut(there) else None


def _is_as_checked_out(workspace: Workspace, rings: Sequence[Keyring], stored: bytes, there: bytes) -> bool:
    """Whether a file is what a checkout would write today: then nothing more of it opens."""
    what = stored, there, *(ring.current.commitment for ring in rings)
    if what in workspace.as_checked_out:
        return True
    try:
        is_same = bool(rings) and smudge.smudge(stored, rings) == there
    except NotTrusted:  # it is too large
        return False
    workspace.as_checked_out |= {what} if is_same else set()
    return is_same


def _marked_still(there: bytes, stored: bytes) -> bytes:
    """An edited file that was never opened, with a mark for each line that stands there as in the index: it may be opened."""
    try:
        records, known = document.parse(there), {each.raw for each in document.parse(stored) if each.kind is not Kind.PLAIN}
    except NotTrusted:
        return there
    if not any(record.kind is Kind.TOKEN and record.raw in known for record in records):
        return there
    marked = (each._replace(raw=inert.mark(each.raw)) if each.raw in known else each for each in records)
    return document.join(marked)


def _vouched_since(there: bytes, stored: bytes, plain: bytes, ring: Keyring) -> bytes | None:
    """An edited file with values for marked tokens that stand in the index and open; not beside another of that name."""
    try:
        records = document.parse(there)
        names = Counter(record.name.decode("ascii") for record in records)
        marked = unverified.find(records)
        names.update(found.name for found in marked)
        tokens = {record.raw for record in document.parse(stored) if record.kind is Kind.TOKEN}
        tokens -= {found.record.raw for found in unverified.find(document.parse(plain))}
        chosen = [found for found in marked if found.record.raw in tokens and (not found.name or names[found.name] < 2)]
        return unverified.accept(there, chosen, ring)
    except NotTrusted:
        return None


def _shut(data: bytes) -> int:
    """How many lines of a file are closed or marked."""
    return sum(record.kind in (Kind.TOKEN, Kind.UNVERIFIED) for record in document.parse(data))


def _refresh(workspace: Workspace, paths: Set[str]) -> None:
    """Let git see that files which were opened or closed are what the index has."""
    if paths and (touched := workspace.repository.touched(sorted(paths))):
        workspace.repository.refresh(touched - workspace.repository.unseen(sorted(touched)).keys())


def nothing_opened(results: Sequence[Opened]) -> Locked:
    """The error for an unlock that opened nothing: the first reason, which says whom to ask."""
    reasons = [result.closed for result in sorted(results, key=lambda each: each.never_granted) if result.closed]
    if not reasons:
        return Locked("nothing was opened", "gitenv status")
    return Locked(f"nothing could be opened: {reasons[0].message}", reasons[0].hint)


def lock(workspace: Workspace, wanted: Iterable[str] = ()) -> list[str]:
    """Put ciphertext back into the work tree and remember it; return what was closed.

    Raises `NotInOrder` while there are uncommitted changes, `Locked` for an environment that was asked for and is not open,
    and without a key.
    """
    access, noted = workspace.access, workspace.access.locked
    if access.device() is None:
        raise device.missing()
    pins, closed = _close(workspace, list(wanted), is_committed=True)
    access.locked = noted | {pin.name for pin in pins}
    clone.set_locked(workspace.repository.layout.git_dir, access.locked)  # last: else it would be said of what is still open
    return [pin.name for pin in pins if pin.name in closed or pin.name not in noted]


def close_files(workspace: Workspace) -> None:
    """Close what stands open in a work tree that is to be closed for good. What is staged need not be committed."""
    noted = workspace.access.locked
    _close(workspace, [], is_committed=False)
    workspace.access.locked = noted


def _close(workspace: Workspace, asked: Sequence[str], *, is_committed: bool) -> tuple[list[Pin], set[str]]:
    """Close files; return the environments that were looked at, and the names of those that had any open.

    Raises `NotInOrder` for changes that would be lost. `is_committed`: also for those that are staged.
    """
    access = workspace.access
    # A run that was cut off, or anybody since, may have left a file open in what is noted as locked.
    access.locked = frozenset()
    pins = [workspace.need_pin(name) for name in asked] or [pin for pin in access.pinned() if access.can_open(pin)]
    for pin in pins:
        access.ring(pin)  # raises for what was never open
    listed = workspace.files_of([pin.environment for pin in pins])
    files_of = {pin.name: _look(workspace, pin, listed[pin.name]) for pin in pins}
    looked_at = [file for found in files_of.values() for file in found]
    unedited = {file.path for file in looked_at if file.there is not None and file.is_unedited}
    if rest := {file.path for file in looked_at if file.there is not None} - unedited:
        unedited |= rest - workspace.repository.may_be_edited(sorted(rest))  # open in part: somebody added a line and staged it
    _refresh(workspace, unedited)
    _check_unedited(workspace, looked_at, unedited, is_committed=is_committed)
    open_here = {name: [file for file in found if file.is_open] for name, found in files_of.items()}
    for file in (file for found in open_here.values() for file in found):
        workspace.write(file.path, file.closed, instead_of=file.there, is_elsewhere=True)
    _refresh(workspace, unedited)
    return pins, {name for name, found in open_here.items() if found}


class _File(NamedTuple):
    """A file of the work tree, beside what is committed: as it is, and as it would be closed. `there` is None without one."""

    path: str
    closed: bytes
    there: bytes | None
    is_unedited: bool

    @property
    def is_open(self) -> bool:
        return self.there is not None and self.there != self.closed


def _look(workspace: Workspace, pin: Pin, entries: Sequence[IndexEntry]) -> list[_File]:
    found, rings = [], forms.rings_of(workspace, pin)
    for entry, stored in forms.with_stored(workspace, entries):
        there = forms.contents(workspace, entry)
        if stored is None or there is None:
            found.append(_File(entry.path, b"", None, True))
            continue
        closed = stored if forms.is_all_current(stored, rings) else forms.closed_form(workspace, pin, entry.object_id, stored)
        is_unedited = clean.is_same(there, stored) or there in (closed, forms.open_form(rings, stored) or closed)
        found.append(_File(entry.path, closed, there, is_unedited))
    return found


def _check_unedited(workspace: Workspace, looked_at: Iterable[_File], unedited: Set[str], *, is_committed: bool) -> None:
    """Raise `NotInOrder` for changes that would be lost; also for those that git does not see (`--assume-unchanged`)."""
    paths = {file.path for file in looked_at}
    if changed := workspace.repository.changed(paths) if is_committed else workspace.repository.edited(sorted(paths)):
        raise NotInOrder(
            f"there are changes that are not committed: {', '.join(map(printable, changed[:5]))}",
            "commit them (git commit) or drop them (git restore --staged --worktree FILE) first",
        )
    if unseen := [file.path for file in looked_at if file.there is not None and file.path not in unedited]:
        flag = workspace.repository.unseen(unseen).get(unseen[0])
        way = f"{workspace.repository.to_see(unseen[0], flag)}, then " if flag else ""
        hint = f"{way}commit them (git commit), or drop them (git restore FILE)"
        raise NotInOrder(f"{printable(unseen[0])} has changes that git was told not to see", hint)


def _open_environment(workspace: Workspace, pin: Pin, entries: Sequence[IndexEntry], *, is_asked: bool) -> Opened:
    result = Opened(pin.name, [], [], [], [], None)
    try:
        _check_opens(workspace, pin)
    except GitenvError as error:
        return result._replace(closed=error, never_granted=not (workspace.was_let_in(pin) or is_asked))
    # Before the first commit with gitenv, plain text is its owner's and stays as it is.
    is_committed = workspace.is_committed(pin.name)
    wanted, rings = permissions.wanted(workspace.repository), forms.rings_of(workspace, pin)
    for entry, stored in forms.with_stored(workspace, entries):
        there = forms.contents(workspace, entry)
        # In a conflict git may have written what it could not open before it had the newer statement.
        if not stored or there is None or (entry.stage and not smudge.is_closed(there)):
            continue
        is_unedited = not entry.stage and clean.is_same(there, stored) and (is_committed or not discover.is_plain(stored))
        text = there
        if is_unedited:
            text = forms.open_form(rings, stored) or forms.closed_form(workspace, pin, entry.object_id, stored)
        elif smudge.is_closed(there):
            text = forms.open_form(rings, clean.unmarked(there)) or there
        elif not entry.stage:
            text = _opened_since(workspace, pin, rings, stored, _marked_still(there, stored)) or there
        if text != there:
            # Not for the others on this machine; the owner's x bit is in the index.
            mode = permissions.kept(os.lstat(workspace.repository.path(entry.path)).st_mode, wanted)
            workspace.write(entry.path, text, mode, instead_of=there, is_elsewhere=is_unedited)
            (result.opened if is_unedited else result.opened_edited).append(entry.path)
        elif is_unedited or there == forms.open_form(rings, stored):
            result.open_already.append(entry.path)
        else:
            result.edited.append(entry.path)
    return result


def _check_opens(workspace: Workspace, pin: Pin) -> None:
    """Raise why nothing of an environment opens in the tree at hand."""
    workspace.access.check_may_be_written()
    workspace.access.ring(pin)
    judged = workspace.access.judge(pin, workspace.tree)
    if judged is None:
        raise Locked("it is not in the commit you are on")
    check_not_rolled_back(workspace.history, pin, judged)


def _is_open(workspace: Workspace, pin: Pin) -> bool:
    try:
        _check_opens(workspace, pin)
    except GitenvError:
        return False
    return True


def retiring(workspace: Workspace, pin: Pin) -> Keyring | None:
    """The keys that say which tokens of an open file count for nothing; None where an earlier commit opens by its own key."""
    judged = workspace.access.judge(pin, workspace.tree)
    return workspace.access.ring(pin) if judged and not judged.is_earlier else None
