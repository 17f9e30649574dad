"""`gitenv key rotate`: one's own grants go over to a new device key, signed with the old one. No data key changes.

Killed at any moment: the new key is on the disk before anything is wrapped for it, the pin's grant opens with the old one until
the exchange, and after it with the key that was kept aside. The next run finds which of it is done, and finishes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from gitenv.errors import GitenvError, Locked, NotInOrder, Usage
from gitenv.git.layout import RECIPIENTS
from gitenv.identity import device
from gitenv.identity.device import DeviceKey
from gitenv.model import grant, succession
from gitenv.model.environment import Environment
from gitenv.model.grant import Grant
from gitenv.model.keyring import Keyring
from gitenv.model.keys import MAX_BYTES
from gitenv.model.kinds import PublicKey
from gitenv.model.known import Tracked
from gitenv.model.membership import Membership
from gitenv.model.statements import Holder
from gitenv.model.succession import Bridge
from gitenv.repo import recipients
from gitenv.team import follow, key_lines, known_values, revise
from gitenv.team.workspace import Workspace, now
from gitenv.trust import access
from gitenv.trust.pins import Pin
from gitenv.tuples import NamedTuple


class Rewrap(NamedTuple):
    """One environment whose grant goes over."""

    name: str
    statement: Environment
    own: Grant  # as it counts now
    old: DeviceKey  # the key it is for
    ring: Keyring
    bridge: Bridge
    tracked: Tracked | None


class Unchanged(NamedTuple):
    """One whose grant stays as it is, and why."""

    own: Grant
    holders: list[str]  # whom a reader has to ask
    why: GitenvError | None  # None: a reader's signature on a grant does not count


class KeyPlan(NamedTuple):
    """What a run is to do."""

    now: PublicKey  # the device key as it is
    target: DeviceKey | None  # the key to wrap for; None for one that is yet to be made
    is_exchange: bool  # or the device key stays, and grants for former ones come to it
    rewraps: list[Rewrap]
    done: list[Grant]  # for the target already
    left: list[Unchanged]


class Rekeyed(NamedTuple):
    """What was done."""

    new: PublicKey
    aside: str  # where the old key is kept; "" if the device key stays
    rewrapped: list[str]


def plan(workspace: Workspace) -> KeyPlan:
    """Look at all environments of this clone. Raises `Usage`, `Locked`, and why nothing at all can be re-wrapped."""
    if os.environ.get(device.VARIABLE):
        hint = "make a new one for it, and a holder lets that in: gitenv add-recipient FILE --name NAME --replace"
        raise Usage(f"the key is in {device.VARIABLE}", hint)
    key = device.need()
    is_former = any(workspace.is_former(pin) for pin in workspace.access.pinned()) or _is_former_here(workspace, key.public)
    is_exchange = device.has_next() or not is_former
    done = {pin.name for pin in workspace.access.pinned() if pin.grant and pin.grant.key == key.public}
    follow.refresh(workspace)  # to the grants of this work tree
    target = device.need_next() if device.has_next() else None if is_exchange else key
    planned = KeyPlan(key.public, target, is_exchange, [], [], [])
    for pin in workspace.access.pinned():
        if pin.grant is not None:
            _look(workspace, pin, pin.grant, planned, is_done=pin.name in done)
    reasons = [left.why for left in planned.left if left.why]
    if reasons and not device.has_next() and not planned.rewraps and not planned.done:
        raise reasons[0]
    return planned


def carry_out(workspace: Workspace, planned: KeyPlan) -> Rekeyed:
    """Write and stage it, and make the new key the device key."""
    key = planned.target or device.need_next()
    written = _write_public_keys(workspace, planned, key.public)
    for rewrap in planned.rewraps:
        written += _write(workspace, rewrap, key.public)
    for own in (*(rewrap.own for rewrap in planned.rewraps), *planned.done):
        written += _of_this_person(workspace, own)
    written += _write_public_keys(workspace, planned, key.public)  # less of them may be needed now
    workspace.repository.stage(dict.fromkeys(written))
    aside = device.take_over() if planned.is_exchange else ""
    workspace.reload()
    follow.refresh(workspace)
    return Rekeyed(key.public, aside, [rewrap.name for rewrap in planned.rewraps] + [own.environment for own in planned.done])


def _is_former_here(workspace: Workspace, public: PublicKey) -> bool:
    """Whether this work tree has a grant for a former key of this device's: another one may have the new ones, staged."""
    granted = key_lines.counted(workspace, workspace.access.name).values()
    return any(own.key != public and device.former(own.key) for own in granted)


def _look(workspace: Workspace, pin: Pin, own: Grant, planned: KeyPlan, *, is_done: bool) -> None:
    """`is_done`: this clone has seen a grant for the device key, in whatever work tree."""
    try:
        pin = workspace.need_pin(pin.name)
        own = pin.grant or own
        judged = workspace.access.judge(pin, workspace.tree)
        ring = workspace.access.ring(pin)
        found = access.membership_in(workspace.tree, pin.environment)
        counted = found.counted.get(own.to)
        if counted is None:
            raise Locked(f"{pin.name}: your grant does not count in this commit", "gitenv recipients")
        if planned.target and counted.key == planned.target.public:
            planned.done.append(counted)
            return
        if (judged and judged.is_earlier) or (is_done and counted.key != planned.now):
            # What is signed here would count by a statement that this work tree does not have, or be there twice.
            text = f"{pin.name}: your new grant is in another work tree, or on another branch"
            raise NotInOrder(text, "commit it where it was written, and merge it here first")
        old = _private(workspace, counted.key)
        if old is None:
            raise Locked(f"{pin.name}: your grant is for a key that is not here", "gitenv status")
        signer = _signer(workspace, pin, own.to, old)
        me = Holder(own.to, signer.public.fingerprint())
        if me not in found.holders:
            planned.left.append(Unchanged(counted, _to_ask(found, own.to), None))
            return
        tracked = known_values.now(workspace, pin.environment)
        made = succession.bridge(pin.environment, ring, found, me, tracked, me=me, signer=signer, at=now())
        is_exchanged = counted.by.name == own.to and counted.by.fingerprint != counted.key.fingerprint()
        if (made.statement or is_exchanged) and not _is_committed(workspace, counted):
            raise NotInOrder(f"{pin.name}: your last key is in no commit yet, and nobody could follow", "commit it first")
    except GitenvError as error:
        planned.left.append(Unchanged(own, [], error))
        return
    planned.rewraps.append(Rewrap(pin.name, pin.environment, counted, signer, ring, made, tracked))


def _signer(workspace: Workspace, pin: Pin, name: str, now_mine: DeviceKey) -> DeviceKey:
    """The key that signs for the new one: of a `holder` line, which stays for a generation, whichever key took over since."""
    listed = next((each.key for each in pin.environment.keyholders if each.name == name), None)
    return (_private(workspace, listed) if listed else None) or now_mine


def _write(workspace: Workspace, rewrap: Rewrap, new: PublicKey) -> list[str]:
    folder, own = f"{RECIPIENTS}/{rewrap.name}", rewrap.own
    written = _write_bridge(workspace, rewrap)
    me = Holder(own.to, rewrap.old.public.fingerprint())
    given = grant.write(
        *(rewrap.statement, rewrap.ring.dek, own.to, new, own.role),
        by=me,
        at=now(),
        signer=rewrap.old,
        expires=own.expires,
    )
    return [*written, workspace.write(f"{folder}/{own.to}.grant", given.text)]


def _write_bridge(workspace: Workspace, rewrap: Rewrap) -> list[str]:
    """Write what must be there before a grant is replaced, in the order in which all that counts goes on to count."""
    folder, made = f"{RECIPIENTS}/{rewrap.name}", rewrap.bridge
    written = [workspace.write(f"{folder}/{given.to}.grant", given.text) for given in made.grants]
    if made.statement:
        written += revise.write(workspace, rewrap.statement, made.statement, rewrap.tracked)
    if made.own:
        written.append(workspace.write(f"{folder}/{made.own.to}.grant", made.own.text))
    return written


def _write_public_keys(workspace: Workspace, planned: KeyPlan, new: PublicKey) -> list[str]:
    """The new key first. The old ones stay below it: without them nobody could verify what they signed."""
    keep: dict[str, list[PublicKey]] = {}
    for rewrap in planned.rewraps:
        keep.setdefault(rewrap.own.to, []).append(rewrap.old.public)
    for left in planned.left:
        keep.setdefault(left.own.to, []).append(left.own.key)
    for own in planned.done:
        keep.setdefault(own.to, [])
    if not keep and workspace.access.name:  # let in nowhere yet: another request
        keep[workspace.access.name] = []
    written = []
    for name, keys in keep.items():
        text = key_lines.renewed(workspace, name, new, keys)
        path = key_lines.path(name)
        written.append(path if workspace.tree.read(path, MAX_BYTES) == text else workspace.write(path, text))
    return written


def _of_this_person(workspace: Workspace, own: Grant) -> Iterable[str]:
    """What an earlier run may have written and not staged."""
    folder = f"{RECIPIENTS}/{own.environment}"
    theirs = [given.to for given in recipients.grants(workspace.tree, own.environment) if given.by.name == own.to]
    past = [f"{folder}/past/{name}" for name in workspace.tree.names(f"{folder}/past")]
    return [f"{folder}/environment", *past, *(f"{folder}/{name}.grant" for name in dict.fromkeys([own.to, *theirs]))]


def _private(workspace: Workspace, public: PublicKey) -> DeviceKey | None:
    key = workspace.access.device()
    return key if key and key.public == public else device.former(public)


def _to_ask(found: Membership, name: str) -> list[str]:
    return sorted({holder.name for holder in found.holders if holder.name != name})[:3]


def _is_committed(workspace: Workspace, own: Grant) -> bool:
    """Whether others can see the grant that makes its owner a holder: they follow what a holder signed."""
    return workspace.repository.objects.read(f"HEAD:{RECIPIENTS}/{own.environment}/{own.to}.grant") == own.text
