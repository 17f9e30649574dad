"""People, environments and keyrings for tests. All keys are made of small numbers, so that failures repeat."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec

from gitenv.git.trees import RECIPIENTS
from gitenv.identity.device import DeviceKey
from gitenv.model import document, environment, grant
from gitenv.model.cipher import Dek, EnvironmentId
from gitenv.model.clean import clean
from gitenv.model.environment import Environment
from gitenv.model.grant import HOLDER, Grant
from gitenv.model.keyring import Keyring, Older, first_generation
from gitenv.model.kinds import PublicKey
from gitenv.model.kinds.p256 import P256Key
from gitenv.model.smudge import smudge
from gitenv.model.statements import Holder, sign

AT = "2026-11-21T10:00:00Z"
TODAY = "2026-11-21"
IDENTITY = EnvironmentId(b"an environment's")
OTHER_IDENTITY = EnvironmentId(b"another one's id")


class Person(NamedTuple):
    """Somebody with one device key."""

    name: str
    device: DeviceKey

    @property
    def key(self) -> P256Key:
        return self.device.public

    @property
    def holder(self) -> Holder:
        return Holder(self.name, self.key.fingerprint())


def device_of(scalar: int) -> DeviceKey:
    return DeviceKey(ec.derive_private_key(scalar, ec.SECP256R1()))


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
    older: Sequence[Older] = (),
    *,
    revision: int = 1,
    name: str = "production",
    identity: EnvironmentId = IDENTITY,
    holders: Sequence[Person] = (ALICE,),
    by: Person = ALICE,
    signer: Person | None = None,
    paths: Sequence[str] = (".env.production",),
) -> Environment:
    """A signed statement; `signer` is who really signs what claims to be `by`."""
    return environment.write(
        name,
        identity,
        revision,
        paths,
        ring or ring_of(identity=identity),
        older,
        [person.holder for person in holders],
        by=by.holder,
        at=AT,
        signer=(signer or by).device,
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
    )


def resigned(text: bytes, old: bytes, new: bytes, by: Person) -> bytes:
    """A statement with `old` replaced by `new` and a right signature, as somebody with a key can write by hand."""
    assert old in text
    lines = text.replace(old, new).decode("ascii").split("\n")
    return sign(lines[:-2], by.device)


class MemoryTree:
    """`.recipients/` from memory."""

    def __init__(self, statement: Environment | bytes | None, *grants: Grant, **people: bytes) -> None:
        text = statement.text if isinstance(statement, Environment) else statement
        self.files = {f"{RECIPIENTS}/{name}.pub": data for name, data in people.items()}
        self.files |= {f"{RECIPIENTS}/production/{each.to}.grant": each.text for each in grants}
        self.files |= {f"{RECIPIENTS}/production/environment": text} if text is not None else {}

    def read(self, path: str, limit: int) -> bytes | None:
        return self.files.get(path)

    def names(self, folder: str) -> list[str]:
        return sorted({path.removeprefix(f"{folder}/").split("/")[0] for path in self.files if path.startswith(f"{folder}/")})


def key_of(*people: Person) -> Callable[[Holder], PublicKey | None]:
    """Finds the keys of these people."""
    known = {person.holder: person.key for person in people}
    return known.get


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
