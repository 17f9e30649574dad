"""Pinning environments and opening their files; and closing them again."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from gitenv import access, clone, files, recipients
from gitenv.errors import GitenvError, Locked, NotInOrder, NotTrusted, printable
from gitenv.git.repository import IndexEntry
from gitenv.model import clean, document, environment, names, smudge, trust
from gitenv.model.environment import Environment
from gitenv.model.grant import Grant
from gitenv.model.statements import Holder
from gitenv.pins import Pin
from gitenv.team import setup
from gitenv.team.workspace import Workspace

_MAX_NEW = 100


class Opened(NamedTuple):
    """What became of an environment's files."""

    environment: str
    opened: list[str]
    edited: list[str]  # left alone: they hold changes
    open_already: int
    closed: GitenvError | None  # why this person cannot read it


def new_environments(workspace: Workspace, wanted: Iterable[str]) -> list[Environment]:
    """The environments at hand (or those `wanted`) that are not pinned, with their own signature checked.

    Whether the signer is to be trusted nobody here can know: show it. Raises `NotTrusted` for a damaged one that was asked for.
    """
    asked = list(wanted)
    found = []
    for name in asked or workspace.environments():
        if workspace.access.pin(name) is not None:
            continue
        try:
            found.append(_checked(workspace, name))
        except NotTrusted:
            if asked:
                raise
    if len(found) > _MAX_NEW and not asked:
        raise NotTrusted(f"{len(found)} environments are new here, more than a team has", "gitenv unlock NAME, one by one")
    return found


def pin(workspace: Workspace, statements: Iterable[Environment]) -> list[NotTrusted]:
    """Believe these statements from now on: an explicit act of the user, after they were shown who signed.

    Returns what is wrong with the user's own grants: such a grant is not used, and does not keep the rest from being pinned.
    """
    problems = []
    for statement in statements:
        if competitor := _competitor(workspace, statement):
            problems.append(
                NotTrusted(f"{statement.name} claims what belongs to {competitor}; it was not pinned", "gitenv status")
            )
            continue
        key_of = recipients.key_finder(workspace.tree, statement.name)
        device, own = workspace.access.device(), None
        try:
            own = access.own_grant(statement, workspace.tree, key_of, device, workspace.access.name)
            if own is not None and not own.expired(access.today()):
                environment.check_seal(statement, access.open_grant(statement, own, device))
        except NotTrusted as error:
            own = None
            problems.append(error)
        workspace.access.advance(Pin(statement, own, frozenset(), frozenset()))
    return problems


def refresh(workspace: Workspace) -> list[NotTrusted]:
    """Bring the pins to what the tree at hand honestly says: next steps, new own grants, holders by grants.

    Returns why environments could not be followed; their pins stay where they were.
    """
    problems = []
    for old in workspace.access.pinned():
        try:
            _refresh(workspace, old)
        except NotTrusted as error:
            problems.append(error)
    return problems


def open_files(workspace: Workspace, wanted: Iterable[str] = ()) -> list[Opened]:
    """Unlock environments and open their files that are closed and unedited."""
    chosen = set(wanted) or {pin.name for pin in workspace.access.pinned()}
    still_locked = workspace.access.locked - chosen
    if still_locked != workspace.access.locked:
        clone.set_locked(workspace.repository.layout.common_dir, still_locked)
        workspace.access.locked = still_locked
    pins = [pin for pin in workspace.access.pinned() if pin.name in chosen]
    entries = workspace.files_of([pin.environment for pin in pins])
    results = [_open_environment(workspace, pin, entries[pin.name]) for pin in pins]
    setup.lift_guard(workspace.repository, workspace.access.pinned())
    workspace.repository.refresh(path for result in results for path in result.opened)
    return results


def check_signers(statements: Iterable[Environment], fingerprint: str) -> None:
    """Raise `NotTrusted` for a statement that another key than the one with this fingerprint signed."""
    for statement in statements:
        if statement.by.fingerprint != fingerprint:
            raise NotTrusted(
                f"{statement.name} is signed by {statement.by}, not by {fingerprint}", "ask your team which is right"
            )


def nothing_opened(results: Sequence[Opened]) -> Locked:
    """The error for an unlock that opened nothing: the first reason, which says whom to ask."""
    reasons = [result.closed for result in results if result.closed]
    if not reasons:
        return Locked("there is nothing to open in this clone", "gitenv status")
    return Locked(f"nothing could be opened: {reasons[0].message}", reasons[0].hint)


def lock(workspace: Workspace, wanted: Iterable[str] = ()) -> list[str]:
    """Put ciphertext back into the work tree and remember it. Raises `NotInOrder` while there are uncommitted changes."""
    asked = list(wanted)
    pins = [workspace.need_pin(name) for name in asked] or workspace.access.pinned()
    listed = workspace.files_of([pin.environment for pin in pins])
    if changed := workspace.repository.changed({entry.path for entries in listed.values() for entry in entries}):
        raise NotInOrder(
            f"there are changes that are not committed: {', '.join(map(printable, changed[:5]))}",
            "commit them (git commit) or drop them (git restore --staged --worktree FILE) first",
        )
    rewritten = {path: stored for pin in pins for path, stored in _to_close(workspace, pin, listed[pin.name])}
    clone.set_locked(workspace.repository.layout.common_dir, workspace.access.locked | {pin.name for pin in pins})
    for path, stored in rewritten.items():
        files.replace(workspace.repository.path(path), stored)
    workspace.repository.refresh(rewritten)
    return [pin.name for pin in pins]


def _to_close(workspace: Workspace, pin: Pin, entries: Iterable[IndexEntry]) -> Iterator[tuple[str, bytes]]:
    """The files that are open, with what is to stand there.

    Raises `NotInOrder` for one with changes that git does not see (`update-index --assume-unchanged`): they would be lost.
    """
    for entry in entries:
        stored = workspace.repository.objects.read(entry.object_id)
        there = _contents(workspace, entry)
        if stored is None or there is None or there == stored:
            continue
        if _plain(workspace, pin, stored) != there:
            raise NotInOrder(
                f"{printable(entry.path)} has changes that git was told not to see", "commit them, or move them away"
            )
        yield entry.path, stored


def _plain(workspace: Workspace, pin: Pin, stored: bytes) -> bytes:
    """What a committed file is in an open work tree; itself, if it cannot be opened, or would not go back unchanged."""
    judged = workspace.access.judge(pin, workspace.tree)
    if judged is None:
        return stored
    try:
        ring = workspace.access.ring(pin)
        plain = smudge.smudge(stored, ring, judged.environment.generation.number)
        return plain if clean.clean(plain, ring, frozenset) == stored else stored
    except (smudge.StaysClosed, GitenvError):
        return stored


def _checked(workspace: Workspace, name: str) -> Environment:
    names.check_name(name, "environment")
    statement = recipients.environment_in(workspace.tree, name)
    where = f"{name}/environment"
    if statement.by not in statement.holders:
        raise NotTrusted(f"{where}: signed by {statement.by}, who is none of its holders")
    trust.check_signed(statement, recipients.key_finder(workspace.tree, name), where)
    return statement


def _competitor(workspace: Workspace, new: Environment) -> str:
    """The pinned environment that a new one has the id, a pattern or a file of, or ""."""
    paths = [*(entry.path for entry in workspace.repository.tracked()), *workspace.repository.untracked()]
    claimed = [path for path in paths if new.claims(path)]
    for pinned in workspace.access.pinned():
        old = pinned.environment
        if old.id == new.id or set(old.paths) & set(new.paths) or any(old.claims(path) for path in claimed):
            return pinned.name
    return ""


def _refresh(workspace: Workspace, old: Pin) -> None:
    judged = workspace.access.judge(old, workspace.tree)
    if judged is None or judged.is_below:
        return
    pin = judged.moves or old
    if judged.environment.text != pin.environment.text:
        return  # an earlier revision of the same generation
    key_of = recipients.key_finder(workspace.tree, pin.name)
    standing = trust.standing(pin.environment, recipients.grants(workspace.tree, pin.name), key_of, access.today())
    own = _own(workspace, standing)
    if own is not None:
        environment.check_seal(pin.environment, access.open_grant(pin.environment, own, workspace.access.device()))
    seen = pin.seen.union(Holder(grant.to, grant.key.fingerprint()) for grant in standing.counted.values())
    new = Pin(pin.environment, own or pin.grant, standing.holders - set(pin.environment.holders), seen)
    if new != old:
        workspace.access.advance(new)


def _own(workspace: Workspace, standing: trust.Standing) -> Grant | None:
    key = workspace.access.device()
    if key is None:
        return None
    mine = [grant for grant in standing.counted.values() if grant.key == key.public]
    return mine[0] if mine else None


def _open_environment(workspace: Workspace, pin: Pin, entries: Iterable[IndexEntry]) -> Opened:
    result = Opened(pin.name, [], [], 0, None)
    try:
        workspace.access.ring(pin)
        if workspace.access.judge(pin, workspace.tree) is None:
            raise Locked("it is not in the commit you are on")
    except GitenvError as error:
        return result._replace(closed=error)
    open_already = 0
    for entry in entries:
        stored = workspace.repository.objects.read(entry.object_id)
        there = _contents(workspace, entry)
        if not stored or there is None or entry.stage:
            continue
        plain = _plain(workspace, pin, stored)
        if there == plain:
            open_already += 1
        elif there == stored:
            files.replace(workspace.repository.path(entry.path), plain)
            result.opened.append(entry.path)
        else:
            result.edited.append(entry.path)
    return result._replace(open_already=open_already)


def _contents(workspace: Workspace, entry: IndexEntry) -> bytes | None:
    """A file of the work tree; None if it is gone (a sparse checkout), a link, or too large."""
    path = workspace.repository.path(entry.path)
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return None
        return files.read_inside(workspace.root, entry.path, document.MAX_BYTES)
    except (OSError, GitenvError):
        return None
