"""Who asks to be let in, with which key, and whether somebody of that name is known with another one."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from gitenv.errors import Usage, printable, shell_word
from gitenv.git.layout import RECIPIENTS
from gitenv.model import keys, names
from gitenv.model.grant import Grant
from gitenv.model.kinds import PublicKey
from gitenv.model.membership import who_is_in
from gitenv.model.reasons import SwappedKey
from gitenv.model.statements import is_fingerprint, is_signed_by
from gitenv.repo import recipients
from gitenv.repo.snapshot import CommitSnapshot, Snapshot
from gitenv.system import files
from gitenv.team import key_lines
from gitenv.team.workspace import Workspace
from gitenv.trust.pins import Pin
from gitenv.tuples import NamedTuple

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
    called = names.check_name(name or stem.lower(), "person", f"gitenv add-recipient {shell_word(given)} --name NAME")
    return Newcomer(called, key, given)


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
        workspace.access.advance(Pin.of(pin.environment, pin.grant, granted, seen, pin.earlier, pin.waiting))


def _only(found: list[PublicKey], where: str) -> PublicKey:
    if len(found) > 1:
        raise Usage(f"{where} holds {len(found)} keys", "one name has one key: give each its own .pub, like alice-laptop.pub")
    return found[0]


def other_key(name: str, environment: str = "") -> SwappedKey:
    return SwappedKey(
        f"{name} is or was in with another key{f', in {environment}' if environment else ''}",
        "compare the fingerprints with them first; if theirs is new: add --replace. "
        "Somebody else takes another name (gitenv init --name NAME), or you give it: gitenv add-recipient FILE --name NAME",
    )


def refuse_other_key(workspace: Workspace, newcomer: Newcomer, existing: Sequence[PublicKey]) -> None:
    """Raise `SwappedKey` if somebody of that name is or was in with another key, in whatever environment.

    Not only what lies in the tree now is asked: whoever can push can swap a `.pub` and delete or break the grant that would
    contradict it. So the pins, as they were before this tree was looked at, and the history of the grants are asked, too.
    A key that took over from the other one is the same person's: the old key signed for it (`gitenv key rotate`).
    """
    if existing and newcomer.key not in existing:
        raise other_key(newcomer.name)
    history = workspace.history.recipients(["HEAD"])  # for most environments, and most newcomers, there was never a grant
    for pin in workspace.access.pinned():
        known = {person.fingerprint for person in pin.holders | pin.seen if person.name == newcomer.name}
        ever = history.of(pin.name, (f"{newcomer.name}.grant",))
        committed = list(_committed(workspace, pin, newcomer.name)) if ever else []
        known.update(found.key.fingerprint() for tree, found in committed if _counts(pin, tree, found))
        others = known - {newcomer.key.fingerprint()}
        if others and not others <= _vouched_for(workspace, newcomer, pin, others, committed):
            raise other_key(newcomer.name, pin.name)


def refuse_newer_key(workspace: Workspace, newcomer: Newcomer, chosen: Sequence[str]) -> None:
    """Raise `SwappedKey` if somebody is in all that is `chosen`, and the key on top of their `.pub` is another one.

    They ask with that one, and "already" would be no answer. Who can push can put a line there: it is named, and not used.
    """
    existing = workspace.public_keys(newcomer.name)
    if not existing or existing[0] == newcomer.key:
        return
    mine = key_lines.counted(workspace, newcomer.name)
    if all(name in mine for name in chosen) and existing[0] not in [own.key for own in mine.values()]:
        raise SwappedKey(
            f"{newcomer.name} asks with another key than the one they are in with: {existing[0].fingerprint()}",
            f"compare that with them; if it is theirs: gitenv add-recipient {newcomer.name} --replace",
        )


def _vouched_for(
    workspace: Workspace, newcomer: Newcomer, pin: Pin, others: set[str], committed: Sequence[tuple[Snapshot, Grant]]
) -> set[str]:
    """Which other keys of a name speak for the newcomer's: those that signed a grant for it, under that name, step by step.

    Another holder's signature does not do: who holds one environment could get a key of theirs into another under somebody's
    name. The caller's own does where they compared the key: `--replace` forgot the other one then, and a rotation did not.
    """
    signers = key_lines.signers_for(workspace, newcomer.name, newcomer.key)
    vouched = {by.fingerprint for by in signers.values() if by.name == newcomer.name}
    took_over = [(found.by.fingerprint, found.key.fingerprint()) for found in _by_their_own(pin, newcomer.name, committed)]
    while (
        more := {
            *(old for old, new in took_over if new in vouched | {newcomer.key.fingerprint()}),
            *(new for old, new in took_over if old in vouched),
        }
        - vouched
    ):
        vouched |= more
    if pin.name in signers and signers[pin.name].fingerprint == workspace.me().fingerprint:
        vouched |= others - {person.fingerprint for person in pin.seen}
    return vouched


def _by_their_own(pin: Pin, name: str, committed: Sequence[tuple[Snapshot, Grant]]) -> Iterator[Grant]:
    """The grants with which one key of a person took over from another."""
    for _, found in committed:
        if found.by.name != name:
            continue
        before = (given.key for _, given in committed if given.to == name and given.key.fingerprint() == found.by.fingerprint)
        key = pin.environment.key_of(found.by) or next(before, None)
        if key and is_signed_by(found.text, key):
            yield found


def _committed(workspace: Workspace, pin: Pin, name: str) -> Iterator[tuple[Snapshot, Grant]]:
    """The grants of this generation to somebody that were ever committed, each with the tree of its own commit.

    They are judged in that tree: their signers' files may have been deleted since, too. Raises `SwappedKey` where somebody
    buried the file in commits.
    """
    commits = workspace.repository.commits_of(f"{RECIPIENTS}/{pin.name}/{name}.grant", _MAX_COMMITS)
    if len(commits) >= _MAX_COMMITS:
        raise other_key(name)
    for commit in commits:
        tree = CommitSnapshot(workspace.repository.objects, commit)
        found = recipients.grant_of(tree, pin.name, name)
        if found and (found.id, found.generation) == (pin.environment.id, pin.environment.generation):
            yield tree, found


def was_in(workspace: Workspace, pin: Pin, name: str) -> bool:
    """Whether some commit has a grant of this generation for somebody, and it counted there."""
    try:
        return any(keys_in(workspace, pin, name))
    except SwappedKey:
        return True  # buried in commits: better named once too often


def keys_in(workspace: Workspace, pin: Pin, name: str) -> Iterator[PublicKey]:
    """The keys of the grants of this generation that somebody has in some commit, where they counted. Raises `SwappedKey`."""
    yield from (found.key for tree, found in _committed(workspace, pin, name) if _counts(pin, tree, found))


def had_other_key(workspace: Workspace, pin: Pin, newcomer: Newcomer) -> bool:
    """Whether some commit has a grant of this generation under that name for another key, and it counted there."""
    try:
        committed = _committed(workspace, pin, newcomer.name)
        return any(found.key != newcomer.key and _counts(pin, tree, found) for tree, found in committed)
    except SwappedKey:
        return True  # buried in commits: better a new data key too many


def _counts(pin: Pin, tree: Snapshot, found: Grant) -> bool:
    """Whether it counted there. One that nobody known signed proves nothing, either way."""
    if key := pin.environment.key_of(found.by):
        return is_signed_by(found.text, key)
    everybody = who_is_in(pin.environment, recipients.grants(tree, pin.name), found.at[:10])
    return found.to in everybody.counted
