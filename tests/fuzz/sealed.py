"""What must hold for sealed values and for documents under a next generation, whatever their bytes are."""

from __future__ import annotations

from random import Random

from gitenv.errors import NotTrusted
from gitenv.model import base64url, document, rotation, sealed, token
from gitenv.model.cipher import Dek, Unopened
from gitenv.model.clean import clean
from gitenv.model.document import Kind, Record
from gitenv.model.keyring import Keyring
from gitenv.model.sealed import Sealed
from gitenv.model.smudge import smudge
from tests.fuzz import seeds
from tests.fuzz.outcome import said

_MOST = 100  # of one document: the rest would only take longer
_PEOPLE = {"alice": seeds.ALICE, "bob": seeds.BOB, "eve": seeds.EVE}


def _next() -> Keyring:
    dek = Dek(b"n" * 32)
    generation, chain = seeds.RING.next_generation(dek)
    return Keyring(seeds.RING.id, generation, dek, chain)


NEXT = _next()


def check_sealed(data: bytes) -> str:
    """A sealed value has one spelling, is alice's or bob's only if they sealed these very bytes, and opens to one record."""
    try:
        records = document.parse(data)
    except NotTrusted as error:
        return said(error)
    outcome = "none"
    for record in [record for record in records if record.kind is Kind.SEALED][:_MOST]:
        found = sealed.read(record)
        if found is None:
            assert not sealed.opens(record, seeds.RING)
            outcome = "not canonical"
            continue
        assert _spelled(found) == record.raw
        outcome = f"{_signed(found, record)}; {_opened(found, record)}"
    return outcome


def _spelled(found: Sealed) -> bytes:
    head = f"{found.name}=gitenv1-sealed:{found.number}.{found.hint.decode()}:{found.by}:"
    return head.encode() + base64url.encode(found.key + found.message + found.signature)


def _signed(found: Sealed, record: Record) -> str:
    known = seeds.RING.generation(found.number, found.hint)
    if known is None:
        return "of a generation that is not ours"
    try:
        sealed.check_signed(found, seeds.RING.id, known[0], "sealed")
    except NotTrusted as error:
        return said(error)
    assert record.raw in seeds.GENUINELY_SEALED or found.key == seeds.EVE.public
    return f"signed by {next(name for name, key in _PEOPLE.items() if key.public == found.key)}"


def _opened(found: Sealed, record: Record) -> str:
    try:
        raw = sealed.open_with(found, seeds.RING, "sealed")
    except NotTrusted as error:
        return said(error)
    assert sealed.opens(record, seeds.RING)
    assert document.parse(raw) == [Record(Kind.ASSIGNMENT, found.name.encode(), raw, b"")]
    return "opened"


def check_rotated(data: bytes) -> str:
    """What the key of before vouched for, the next one does, and nothing else: all the rest stays byte for byte."""
    try:
        rotated = rotation.reencrypt(data, [seeds.RING], NEXT)
        before, after = document.parse(data), document.parse(rotated)
    except NotTrusted as error:
        return said(error)
    assert len(before) == len(after)
    changed = 0
    for old, new in zip(before, after, strict=True):
        assert old[:2] + old[3:] == new[:2] + new[3:]
        if old.raw == new.raw:
            assert old.kind is not Kind.TOKEN or _raw(old, seeds.RING, current=True) is None
            continue
        changed += 1
        assert _raw(old, seeds.RING, current=True) == _raw(new, NEXT, current=True) is not None
    assert rotation.reencrypt(rotated, [seeds.RING], NEXT) == rotated
    _same_text(data, rotated)
    return f"{min(changed, 3)} of them changed"


def _raw(record: Record, ring: Keyring, *, current: bool) -> bytes | None:
    found = token.read(record) if record.kind is Kind.TOKEN else None
    if found is None or (current and (found.number, found.hint) != (ring.current.number, token.hint(ring.current.commitment))):
        return None
    try:
        return token.open_with(ring.keys, found)
    except Unopened:
        return None


def _same_text(data: bytes, rotated: bytes) -> None:
    """Values are what they were: a rotation brings nothing to life, and the document is committed again as it is."""
    try:
        was = smudge(data, [seeds.RING])
        now = smudge(rotated, [NEXT])
    except NotTrusted:
        return
    values = [
        [record.raw for record in document.parse(text) if record.kind not in (Kind.UNVERIFIED, Kind.TOKEN, Kind.SEALED)]
        for text in (was, now)
    ]
    if seeds.is_without_marks(was) and seeds.is_without_marks(now):
        assert values[0] == values[1]
        assert clean(now, NEXT, frozenset) == rotated


def resealed(random: Random, data: bytes) -> bytes:
    """Now and then what somebody really sealed: any record, under any name, by anybody."""
    if random.randrange(4):
        return data
    raw = random.choice([*seeds.LINES, data[:300]])
    name = random.choice(["A", "EVIL", *(record.name.decode() for record in document.parse(raw)[:1] if record.name)])
    return sealed.seal(seeds.PINNED, raw, name, random.choice(["alice", "eve"]), seeds.EVE)
