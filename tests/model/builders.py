"""People, environments and keyrings for tests. All keys are made of small numbers, so that failures repeat."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec

from gitenv.git.layout import RECIPIENTS
from gitenv.model import document, environment, grant
from gitenv.model.cipher import Dek, EnvironmentId
from gitenv.model.clean import clean
from gitenv.model.environment import Draft, Environment, Left
from gitenv.model.grant import HOLDER, Grant
from gitenv.model.keyring import Keyring, Older, first_generation
from gitenv.model.kinds import PublicKey
from gitenv.model.kinds.p256 import P256Identity, P256Key
from gitenv.model.smudge import smudge
from gitenv.model.statements import Holder, Keyholder, sign
from gitenv.repo.snapshot import Snapshot

AT = "2026-11-21T10:00:00Z"
TODAY = "2026-11-21"
IDENTITY = EnvironmentId(b"an environment's")
OTHER_IDENTITY = EnvironmentId(b"another one's id")
NOWHERE = "0" * 64
"""The hash of a statement before that nobody has."""


class Person(NamedTuple):
    """Somebody with one device key."""

    name: str
    device: P256Identity

    @property
    def key(self) -> P256Key:
        return self.device.public

    @property
    def holder(self) -> Holder:
        return self.keyholder.holder

    @property
    def keyholder(self) -> Keyholder:
        return Keyholder(self.name, self.key)


def device_of(scalar: int) -> P256Identity:
    return P256Identity(ec.derive_private_key(scalar, ec.SECP256R1()))


ALICE, BOB, CAROL, EVE = (Person(name, device_of(n)) for n, name in enumerate(("alice", "bob", "carol", "eve"), 1001))
EVERYBODY = (ALICE, BOB, CAROL, EVE)


def dek(number: int) -> Dek:
    return Dek(bytes([number]) * 32)


def ring_of(number: int = 1, identity: EnvironmentId = IDENTITY) -> Keyring:
    """A keyring with one generation."""
    return Keyring(identity, first_generation(dek(number), identity), dek(number), [])


def rotated(ring: Keyring, number: int, older: Sequence[Older] = ()) -> tuple[Keyring, list[Older]]:
    """The keyring after a rotation to `dek(number)`, and its chain."""
    generation, chain = ring.next_generation(dek(number))
    assert chain[1:] == list(older)
    return Keyring(IDENTITY, generation, dek(number), chain), chain


def statement(
    ring: Keyring | None = None,
    older: Sequence[Older] | None = None,
    *,
    before: Environment | None = None,
    revision: int = 0,
    previous: str = "",
    beside: Sequence[Environment] = (),
    name: str = "production",
    identity: EnvironmentId = IDENTITY,
    holders: Sequence[Person] = (ALICE,),
    by: Person = ALICE,
    signer: Person | None = None,
    paths: Sequence[str] = (".env.production",),
    proof: Sequence[Grant] = (),
    left: Sequence[Left] = (),
) -> Environment:
    """A signed statement, the founding or the one after `before`; `signer` is who really signs what claims to be `by`.

    What is given by itself need not fit: a `revision` without the one before goes back to one that is not there.
    """
    if before:
        revision, previous = revision or before.revision + 1, previous or before.hash
    elif revision > 1:
        previous = previous or NOWHERE
    if older is None:
        older = before.older if before else ()
    draft = Draft(
        *(ring or ring_of(identity=identity), older, [person.keyholder for person in holders], paths),
        beside=[each.hash for each in beside],
        proof=[each.text for each in proof],
        left=left,
    )
    return environment.write(
        *(name, identity, revision or 1, previous, draft), by=by.holder, at=AT, signer=(signer or by).device
    )


def grant_for(
    to: Person,
    by: Person = ALICE,
    about: Environment | None = None,
    *,
    role: str = HOLDER,
    signer: Person | None = None,
    key: PublicKey | None = None,
    data_key: Dek | None = None,
    expires: str = "",
) -> Grant:
    """A signed grant; `signer` is who really signs what claims to be `by`."""
    return grant.write(
        about or statement(),
        data_key or dek(1),
        to.name,
        key or to.key,
        role,
        by=by.holder,
        at=AT,
        signer=(signer or by).device,
        expires=expires,
    )


def resigned(text: bytes, old: bytes, new: bytes, by: Person) -> bytes:
    """A statement with `old` replaced by `new` and a right signature, as somebody with a key can write by hand."""
    assert old in text
    lines = text.replace(old, new).decode("ascii").split("\n")
    return sign(lines[:-2], by.device)


class MemoryTree(Snapshot):
    """`.recipients/` from memory."""

    def __init__(
        self,
        statement: Environment | bytes | None,
        *grants: Grant,
        past: Iterable[Environment] = (),
        name: str = "production",
        **people: bytes,
    ) -> None:
        text = statement.text if isinstance(statement, Environment) else statement
        folder = f"{RECIPIENTS}/{name}"
        self.files = {f"{RECIPIENTS}/{person}.pub": data for person, data in people.items()}
        self.files |= {f"{folder}/{each.to}.grant": each.text for each in grants}
        self.files |= {f"{folder}/past/{each.hash}": each.text for each in past}
        self.files |= {f"{folder}/environment": text} if text is not None else {}

    def read(self, path: str, limit: int) -> bytes | None:
        return self.files.get(path)

    def names(self, folder: str) -> list[str]:
        return sorted({path.removeprefix(f"{folder}/").split("/")[0] for path in self.files if path.startswith(f"{folder}/")})


def nothing_stands() -> Set[bytes]:
    return frozenset()


def committed(data: bytes, ring: Keyring) -> bytes:
    """`data` as a commit has it."""
    return clean(data, ring, nothing_stands)


def checked_out(data: bytes, ring: Keyring) -> bytes:
    """`data` from a commit as the work tree has it."""
    return smudge(data, [ring])


def cleaned_again(data: bytes, ring: Keyring, stands: bytes) -> bytes:
    """`data` cleaned where the index holds `stands`."""
    before = document.parse(stands)
    return clean(data, ring, lambda: {record.raw for record in before}, lambda: before)
