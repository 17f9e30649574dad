"""`gitenv add-recipient`: wrap an environment's DEK for somebody, in one small file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

from gitenv import files, recipients
from gitenv.access import today
from gitenv.errors import GitenvError, Locked, NotTrusted, Usage, printable
from gitenv.git.trees import RECIPIENTS
from gitenv.identity import device
from gitenv.model import grant, keys, names, statements, trust
from gitenv.model.grant import Grant
from gitenv.model.keyring import Keyring
from gitenv.model.keys import PublicKey
from gitenv.model.statements import Holder
from gitenv.pins import Pin
from gitenv.team import opening
from gitenv.team.discover import DEVELOPMENT
from gitenv.team.workspace import Workspace, now

_MAX_COMMITS = 1_000


class Newcomer(NamedTuple):
    """Who asks, with which key, and where that was read."""

    name: str
    key: PublicKey
    source: str


class LetIn(NamedTuple):
    """What was granted, what had been, and what was not."""

    granted: list[str]
    already: list[str]
    not_granted: list[str]  # environments that the caller could have given


def read_newcomer(workspace: Workspace, given: str, name: str, folder: str) -> Newcomer:
    """Find the key: a file, or somebody in `.recipients/`. Raises `Usage` for everything that is no P-256 public key."""
    is_path = "/" in given or os.sep in given or given.endswith((".pub", ".pem"))
    if not is_path and names.is_name(given):
        if found := workspace.public_keys(given):
            return Newcomer(given, _only(found, f"{RECIPIENTS}/{given}.pub"), f"{RECIPIENTS}/{given}.pub")
        raise Usage(f"there is no {RECIPIENTS}/{given}.pub", f"ask {given} to run gitenv init and push, or give a file")
    data = files.read(os.path.join(folder, given), keys.MAX_BYTES)
    if data is None:
        raise Usage(f"there is no file {printable(given)}", "give a .pub file, or a name in .recipients/")
    key = _only(keys.read_public(data, printable(given)), printable(given))
    stem = os.path.splitext(os.path.basename(given))[0]
    return Newcomer(names.check_name(name or stem.lower(), "person"), key, given)


def choose(workspace: Workspace, wanted: Sequence[str], everything: bool) -> list[str]:
    """The environments meant: those named, all that the caller holds, or development. Raises `Usage`."""
    if everything:
        return [pin.name for pin in workspace.access.pinned() if _can_open(workspace, pin)]
    if wanted:
        return list(dict.fromkeys(wanted))
    held = [pin.name for pin in workspace.access.pinned()]
    if DEVELOPMENT in held:
        return [DEVELOPMENT]
    if len(held) == 1:
        return held
    raise Usage(f"there is no environment {DEVELOPMENT} here", "say which: -e ENV, or --all")


def let_in(workspace: Workspace, newcomer: Newcomer, chosen: Sequence[str], role: str, replace: bool) -> LetIn:
    """Write and stage the grants, and the newcomer's `.pub` if it is not there. All is checked before the first is written.

    Raises `Usage` for somebody who is in with another key (unless `replace`), `Locked` for what the caller cannot open, and
    `NotTrusted` for what the caller may not give.
    """
    me, key = workspace.me(), device.need()
    existing = workspace.public_keys(newcomer.name)
    if not replace:
        _refuse_other_key(workspace, newcomer, existing, chosen)
    opening.refresh(workspace)
    pins = {name: workspace.need_pin(name) for name in chosen}
    rings = {name: _may_give(workspace, pin, me) for name, pin in pins.items()}
    already = [name for name, pin in pins.items() if _is_in(workspace, pin, newcomer, role, replace)]
    written = []
    if newcomer.key not in existing:
        written.append(workspace.write(f"{RECIPIENTS}/{newcomer.name}.pub", newcomer.key.line(newcomer.name)))
    for name in (name for name in chosen if name not in already):
        statement, signer = pins[name].environment, _as_known(pins[name], me)
        given = grant.write(statement, rings[name].dek, newcomer.name, newcomer.key, role, by=signer, at=now(), signer=key)
        written.append(workspace.write(f"{RECIPIENTS}/{name}/{newcomer.name}.grant", given.text))
    workspace.repository.stage(written)
    if replace:
        _forget_other_keys(workspace, newcomer, chosen)
    opening.refresh(workspace)
    others = [pin.name for pin in workspace.access.pinned() if pin.name not in pins and _can_open(workspace, pin)]
    return LetIn([name for name in chosen if name not in already], already, others)


def _forget_other_keys(workspace: Workspace, newcomer: Newcomer, chosen: Sequence[str]) -> None:
    """Somebody has a new key, by an explicit act: the old one is no reason to refuse it any more."""
    for name in chosen:
        pin = workspace.need_pin(name)
        workspace.access.advance(pin._replace(seen=frozenset(person for person in pin.seen if person.name != newcomer.name)))


def _only(found: list[PublicKey], where: str) -> PublicKey:
    if len(found) > 1:
        raise Usage(f"{where} holds {len(found)} keys", "one name has one key: give each its own .pub, like alice-laptop.pub")
    return found[0]


def _other_key(name: str) -> Usage:
    return Usage(
        f"{name} is in with another key already",
        "compare the fingerprints with them first; if theirs is new: add --replace. If this is somebody else: --name NAME",
    )


def _refuse_other_key(workspace: Workspace, newcomer: Newcomer, existing: Sequence[PublicKey], chosen: Sequence[str]) -> None:
    """Raise `Usage` if somebody of that name is or was in with another key.

    Not only what lies in the tree now is asked: whoever can push can swap a `.pub` and delete or break the grant that would
    contradict it. So the pins, as they were before this tree was looked at, and the history of the grant are asked, too.
    """
    if existing and newcomer.key not in existing:
        raise _other_key(newcomer.name)
    for name in chosen:
        pin = workspace.access.pin(name)
        if pin is None:
            continue
        known = {person.fingerprint for person in pin.holders | pin.seen if person.name == newcomer.name}
        before = _last_grant(workspace, pin, newcomer.name)
        if known - {newcomer.key.fingerprint()} or (before and before.key != newcomer.key):
            raise _other_key(newcomer.name)


def _last_grant(workspace: Workspace, pin: Pin, name: str) -> Grant | None:
    """The newest grant of this generation to somebody that was ever committed and that a holder signed.

    One that nobody known signed proves nothing, either way. Raises `Usage` where somebody buried the file in commits.
    """
    path = f"{RECIPIENTS}/{pin.name}/{name}.grant"
    key_of = recipients.key_finder(workspace.tree, pin.name)
    commits = workspace.repository.commits_of(path, _MAX_COMMITS)
    if len(commits) >= _MAX_COMMITS:
        raise _other_key(name)
    for commit in commits:
        data = workspace.repository.objects.read(f"{commit}:{path}", statements.MAX_BYTES)
        try:
            found = grant.read(data or b"", path)
            if (found.to, found.id, found.generation) != (name, pin.environment.id, pin.environment.generation):
                continue
            trust.check_signed(found, key_of, path)
        except NotTrusted:
            continue
        if found.by in pin.holders:
            return found
    return None


def _can_open(workspace: Workspace, pin: Pin) -> bool:
    try:
        workspace.access.ring(pin)
    except GitenvError:
        return False
    return True


def _may_give(workspace: Workspace, pin: Pin, me: Holder) -> Keyring:
    """The keyring, if the caller may let others in. Raises `Locked` for no access, `NotTrusted` for a reader."""
    ring = workspace.access.ring(pin)
    if not any(holder.fingerprint == me.fingerprint for holder in pin.holders):
        who = " or ".join(sorted(holder.name for holder in pin.holders)[:3])
        raise NotTrusted(f"you are a reader of {pin.name}, and readers let nobody in", f"ask {who}")
    return ring


def _as_known(pin: Pin, me: Holder) -> Holder:
    """The caller under the name this environment knows their key by."""
    return next((holder for holder in pin.holders if holder.fingerprint == me.fingerprint), me)


def _is_in(workspace: Workspace, pin: Pin, newcomer: Newcomer, role: str, replace: bool) -> bool:
    """Whether somebody has just that already. Raises `Usage` if they have it with another key or in another role."""
    own = recipients.grant_of(workspace.tree, pin.name, newcomer.name)
    if own is None:
        return False
    key_of = recipients.key_finder(workspace.tree, pin.name)
    all_grants = recipients.grants(workspace.tree, pin.name)
    counted = trust.standing(pin.environment, all_grants, key_of, today()).counted.get(newcomer.name)
    if counted is None:
        return False
    if counted.key != newcomer.key:
        if not replace:
            raise _other_key(newcomer.name)
        return False
    if counted.role == grant.HOLDER and role == grant.READER:
        raise Usage(
            f"{newcomer.name} is a holder of {pin.name} already",
            "a role is taken away by a new key only, not by a new grant",
        )
    if counted.role != role and not replace:
        raise Usage(f"{newcomer.name} is a reader of {pin.name} already", "to make them a holder: add --replace")
    return counted.role == role


def need_access(workspace: Workspace) -> None:
    """Raise `Locked` if this clone has no pins at all: nobody ran init here."""
    if not workspace.access.pinned():
        raise Locked("this clone is not set up", "gitenv init")
