"""Who asks to be let in, with which key, and whether somebody of that name is known with another one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

from gitenv import files, recipients
from gitenv.errors import NotTrusted, Usage, printable
from gitenv.git import log
from gitenv.git.trees import RECIPIENTS, CommitTree, Tree
from gitenv.model import keys, names, trust
from gitenv.model.grant import Grant
from gitenv.model.keys import PublicKey
from gitenv.model.reasons import SwappedKey
from gitenv.model.standing import standing
from gitenv.model.statements import is_fingerprint
from gitenv.pins import Pin
from gitenv.team import key_lines
from gitenv.team.workspace import Workspace

_MAX_COMMITS = 100


class Newcomer(NamedTuple):
    """Who asks, with which key, and where that was read."""

    name: str
    key: PublicKey
    source: str


def read(workspace: Workspace, given: str, name: str, folder: str, replace: bool = False) -> Newcomer:
    """Find the key: a file, or somebody in `.recipients/`. Raises `Usage` for everything that is no P-256 public key.

    `replace` is for who has a new one: their `.pub` may hold the old one as well.
    """
    is_path = "/" in given or os.sep in given or given.endswith((".pub", ".pem"))
    if not is_path and names.is_name(given):
        if name not in ("", given):
            raise Usage(f"{given} is in {RECIPIENTS}/ under that name", "--name goes with a file")
        if found := workspace.public_keys(given):
            return Newcomer(given, key_lines.meant(workspace, given, found, replace), key_lines.path(given))
        raise Usage(f"there is no {RECIPIENTS}/{given}.pub", f"ask {given} to run gitenv init and push, or give a file")
    data = files.read(os.path.join(folder, given), keys.MAX_BYTES)
    if data is None:
        raise Usage(f"there is no file {printable(given)}", "give a .pub file, or a name in .recipients/")
    key = _only(keys.read_public(_without_fingerprint(data), printable(given)), printable(given))
    if (said := _fingerprint_in(data)) and said != key.fingerprint():
        raise Usage(f"{printable(given)} holds a fingerprint that is not its key's", "gitenv key show prints both")
    stem = os.path.splitext(os.path.basename(given))[0]
    return Newcomer(names.check_name(name or stem.lower(), "person"), key, given)


def _fingerprint_in(data: bytes) -> str:
    """The fingerprint on the first line, where a file is what `gitenv key show` printed; or ""."""
    first = data.lstrip().partition(b"\n")[0].strip().decode("ascii", "replace")
    return first if is_fingerprint(first) else ""


def _without_fingerprint(data: bytes) -> bytes:
    return data.lstrip().partition(b"\n")[2] if _fingerprint_in(data) else data


def forget_other_keys(workspace: Workspace, newcomer: Newcomer, chosen: Sequence[str]) -> None:
    """Somebody has a new key, by an explicit act: the old one is no reason to refuse it any more."""
    for name in chosen:
        pin = workspace.need_pin(name)
        seen = frozenset(person for person in pin.seen if person.name != newcomer.name)
        granted = pin.holders - set(pin.environment.holders)
        workspace.access.advance(Pin.of(pin.environment, pin.grant, granted, seen))


def _only(found: list[PublicKey], where: str) -> PublicKey:
    if len(found) > 1:
        raise Usage(f"{where} holds {len(found)} keys", "one name has one key: give each its own .pub, like alice-laptop.pub")
    return found[0]


def other_key(name: str, environment: str = "") -> SwappedKey:
    return SwappedKey(
        f"{name} is or was in with another key{f', in {environment}' if environment else ''}",
        "compare the fingerprints with them first; if theirs is new: add --replace. "
        "Somebody else needs another name: gitenv add-recipient FILE --name NAME",
    )


def refuse_other_key(workspace: Workspace, newcomer: Newcomer, existing: Sequence[PublicKey]) -> None:
    """Raise `SwappedKey` if somebody of that name is or was in with another key, in whatever environment.

    Not only what lies in the tree now is asked: whoever can push can swap a `.pub` and delete or break the grant that would
    contradict it. So the pins, as they were before this tree was looked at, and the history of the grants are asked, too.
    A key that took over from the other one is the same person's: the old key signed for it (`gitenv key rotate`).
    """
    if existing and newcomer.key not in existing:
        raise other_key(newcomer.name)
    # One question for all environments: for most of them, and most newcomers, there was never a grant.
    ever = set(log.changed(workspace.root, f"{RECIPIENTS}/*/{newcomer.name}.grant", ""))
    for pin in workspace.access.pinned():
        known = {person.fingerprint for person in pin.holders | pin.seen if person.name == newcomer.name}
        has_any = f"{RECIPIENTS}/{pin.name}/{newcomer.name}.grant" in ever
        before = _last_grant(workspace, pin, newcomer.name) if has_any else None
        if before and before.key != newcomer.key:
            known.add(before.key.fingerprint())
        others = known - {newcomer.key.fingerprint()}
        if others and not others <= _vouched_for(workspace, newcomer, pin, others):
            raise other_key(newcomer.name, pin.name)


def _vouched_for(workspace: Workspace, newcomer: Newcomer, pin: Pin, others: set[str]) -> set[str]:
    """Which other keys of a name speak for the newcomer's: those that signed a grant for it, under that name.

    Another holder's signature does not do: who holds one environment could get a key of theirs into another under somebody's
    name. The caller's own does, where they gave it: they compared the key then.
    """
    signers = key_lines.signers_for(workspace, newcomer.name, newcomer.key)
    mine = workspace.me().fingerprint
    if pin.name in signers and signers[pin.name].fingerprint == mine:
        return others
    return {by.fingerprint for by in signers.values() if by.name == newcomer.name}


def _last_grant(workspace: Workspace, pin: Pin, name: str) -> Grant | None:
    """The newest grant of this generation to somebody that was ever committed and that counted there.

    Each is judged in the tree of its own commit: its signer's files may have been deleted since, too. One that nobody known
    signed proves nothing, either way. Raises `SwappedKey` where somebody buried the file in commits.
    """
    commits = workspace.repository.commits_of(f"{RECIPIENTS}/{pin.name}/{name}.grant", _MAX_COMMITS)
    if len(commits) >= _MAX_COMMITS:
        raise other_key(name)
    for commit in commits:
        tree = CommitTree(workspace.repository.objects, commit)
        found = recipients.grant_of(tree, pin.name, name)
        if (
            found
            and (found.id, found.generation) == (pin.environment.id, pin.environment.generation)
            and _counts(pin, tree, found)
        ):
            return found
    return None


def _counts(pin: Pin, tree: Tree, found: Grant) -> bool:
    key_of = recipients.key_finder(tree, pin.name)
    if found.by not in pin.holders:
        everybody = standing(pin.environment, recipients.grants(tree, pin.name), key_of, found.at[:10])
        return found.to in everybody.counted
    try:
        trust.check_signed(found, key_of, found.to)
    except NotTrusted:
        return False
    return True
