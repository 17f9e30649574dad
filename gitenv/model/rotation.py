"""A next generation: documents, the statement and the chain after a new DEK. Nothing is vouched for by it that was not.

A rotation changes the key and nothing else: what a key of the generation before vouches for, the new one vouches for; all else
stays as it stands, unverified lines and retired values too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gitenv.model import document, environment, token
from gitenv.model.cipher import Dek, Generation
from gitenv.model.document import Kind, Record
from gitenv.model.environment import MAX_LISTED, Draft, Environment, Left
from gitenv.model.grant import HOLDER, Grant
from gitenv.model.keyring import Keyring, Older, after
from gitenv.model.kinds import PublicKey, Signer
from gitenv.model.known import Known, Tracked
from gitenv.model.statements import Holder, Keyholder
from gitenv.tuples import NamedTuple

FORMER = "'s former key"
"""What stands behind a person's name where it is their key that is left out."""


class Member(NamedTuple):
    """Somebody who is in, as their grant says it."""

    name: str
    key: PublicKey
    role: str
    expires: str  # a date, or empty

    @classmethod
    def of(cls, grant: Grant) -> Member:
        return cls(grant.to, grant.key, grant.role, grant.expires)

    @property
    def holder(self) -> Holder:
        return self.keyholder.holder

    @property
    def keyholder(self) -> Keyholder:
        return Keyholder(self.name, self.key)


class Dropped(NamedTuple):
    """A grant, or a person, that the next generation leaves out, and why."""

    who: str
    why: str

    @property
    def name(self) -> str:
        """Whose it is."""
        return self.who.removesuffix(".grant").removesuffix(".pub").removesuffix(FORMER)


class Parent(NamedTuple):
    """A statement that a next generation goes on from, and what the caller opens of it."""

    environment: Environment
    ring: Keyring
    people: frozenset[Keyholder] = frozenset()  # who was in, whatever day it was
    known: Known | None = None  # what those who left before could read; None where that is lost


def next_statement(
    parents: Sequence[Parent],
    keys: tuple[Keyring, Sequence[Older]],
    members: Iterable[Member],
    tracked: Tracked,
    *,
    by: Keyholder,
    at: str,
    signer: Signer,
    proof: Sequence[bytes] = (),
    paths: Sequence[str] = (),
    beside: Sequence[str] = (),
) -> Environment:
    """The statement after the first parent, with the `keys` that are `chained` to its own and to those of a side given up.

    Without `paths` they stay as they are.
    """
    before = parents[0].environment
    ring, older = keys
    # The signer holds it as of signing, also who takes themselves out: else the grants that they write would not count.
    # Who holds it until a day does so by their grant, which ends: a line would not.
    holders = {by, *(member.keyholder for member in members if member.role == HOLDER and not member.expires)}
    # A statement has a limit, a team has none: who does not fit comes in by the grant that the signer writes.
    listed = sorted(holders, key=lambda holder: (holder != by, holder))[:MAX_LISTED]
    draft = Draft(
        *(ring, older, listed, paths or before.paths, beside, tracked.hash, tracked.left, before.reissue_within, proof)
    )
    return environment.following(before, draft, by=by.holder, at=at, signer=signer)


def chained(parents: Sequence[Parent], dek: Dek) -> tuple[Keyring, list[Older]]:
    """The keyring of the generation that `dek` opens, one after the first parent's, and its chain, newest first."""
    links = {link.generation: link for parent in reversed(parents) for link in parent.environment.older}
    identity, known = parents[0].environment.id, [link.generation for link in parents[0].environment.older]
    new = [parent for parent in parents if parent is parents[0] or parent.ring.current not in (parents[0].ring.current, *known)]
    generation, wrapped = after(identity, dek, [(parent.ring.current, parent.ring.dek) for parent in new])
    links |= {link.generation: link for link in wrapped}
    older = sorted(links.values(), key=lambda link: (-link.generation.number, link.generation.commitment))
    return Keyring(identity, generation, dek, older), older


def who_left(parents: Sequence[Parent], members: Sequence[Member]) -> list[Left]:
    """Everybody who was in, before any of the parents or under it, and is not any more with that key."""
    inside = {member.key for member in members}
    last: dict[Keyholder, int] = {}
    for parent in parents:
        now = parent.environment.generation.number
        listed = [(Keyholder(each.name, each.key), each.generation) for each in parent.environment.left]
        for person, number in (*listed, *((person, now) for person in parent.people)):
            if person.key not in inside:
                last[person] = max(number, last.get(person, 0))
    return [Left(*person, number) for person, number in sorted(last.items())]


def generations_left(parents: Sequence[Parent], members: Sequence[Member]) -> list[Generation]:
    """The generations of those parents that somebody leaves who could open them."""
    inside = {member.key for member in members}
    return [each.environment.generation for each in parents if any(person.key not in inside for person in each.people)]


def reencrypt(data: bytes, before: Sequence[Keyring], ring: Keyring) -> bytes:
    """A committed document under the next generation. Raises `NotTrusted` for one that is too large.

    Record by record, and only tokens of the current generation of one of `before` that open with it: a retired value, or one
    that nobody vouches for, must not become one of today by a rotation.
    """
    head = token.head(ring.current)
    return document.join([_respelled(record, before, ring, head) for record in document.parse(data)])


def stands_under(data: bytes, ring: Keyring) -> bool:
    """Whether a document has tokens of a keyring's current generation. Raises `NotTrusted` for one that is too large."""
    found = (token.read(record) for record in document.parse(data) if record.kind is Kind.TOKEN)
    return any(each is not None and ring.is_current(each) for each in found)


def _respelled(record: Record, before: Iterable[Keyring], ring: Keyring, head: bytes) -> Record:
    found = token.read(record) if record.kind is Kind.TOKEN else None
    if found is None:
        return record
    for earlier in before:
        raw = earlier.text_of(found) if earlier.is_current(found) else None
        if raw is None:
            continue
        kind = Kind.ASSIGNMENT if found.name else Kind.UNKNOWN
        return record._replace(raw=token.spell(ring.keys, head, Record(kind, found.name, raw, b"")))
    return record
