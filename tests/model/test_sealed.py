"""Sealed values: what one person sealed is opened by the holders for its name, environment and generation, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitenv.errors import NotTrusted
from gitenv.model import base64url, document, sealed
from gitenv.model.cipher import padded_size
from gitenv.model.document import Kind, Record
from gitenv.model.environment import Environment
from gitenv.model.keyring import Keyring
from gitenv.model.reasons import CannotStand, ForgedSeal, SealedElsewhere
from gitenv.model.sealed import Sealed
from tests.model.builders import ALICE, EVE, OTHER_IDENTITY, Person, ring_of, rotated, statement

RING = ring_of()
ABOUT = statement(RING)
NEXT, CHAIN = rotated(RING, 2)
LATER = statement(NEXT, CHAIN, revision=2)


def _seal(raw: bytes = b"KEY=hunter2", name: str = "KEY", about: Environment = ABOUT, by: Person = EVE) -> bytes:
    return sealed.seal(about, raw, name, by.name, by.device)


def _read(line: bytes) -> Sealed:
    (record,) = document.parse(line)
    assert record.kind is Kind.SEALED
    found = sealed.read(record)
    assert found
    return found


def _checked(line: bytes, about: Environment = ABOUT, ring: Keyring = RING) -> bytes:
    """What a line opens to, once its signature was looked at. Raises `NotTrusted`."""
    found = _read(line)
    sealed.check_signed(found, about.id, about.generation, "here")
    return sealed.open_with(found, ring, "here")


LINE = _seal()


@settings(max_examples=40)
@given(st.binary(max_size=700).filter(lambda value: not set(value) & set(b"\0\n'")))
def test_round_trip(value: bytes) -> None:
    """Whatever stands between quotes comes back byte for byte, with whoever sealed it."""
    raw = b"KEY='" + value + b"'"
    line = _seal(raw)
    assert _checked(line) == raw
    assert _read(line).contributor == EVE.holder
    assert sealed.opens(document.parse(line)[0], RING)
    body = line.rpartition(b":")[2]  # what stands before it is no secret, and may be the value by chance; so may a short one
    assert len(value) < 8 or (value not in body and value not in base64url.decode(body))


def test_after_rotations() -> None:
    """Who has the newest key opens what was sealed for an earlier one; who has only the earlier one opens nothing newer."""
    assert _checked(LINE, ring=NEXT) == b"KEY=hunter2"
    later = _seal(about=LATER)
    assert _checked(later, LATER, NEXT) == b"KEY=hunter2"
    with pytest.raises(SealedElsewhere, match="generation that this environment never had"):
        sealed.open_with(_read(later), RING, "here")


def test_nobody_reads_it_back() -> None:
    """The same value twice is two texts, and the contributor's own key opens neither."""
    assert _seal() != LINE
    with pytest.raises(SealedElsewhere):
        sealed.open_with(_read(LINE), ring_of(9), "here")


@pytest.mark.parametrize("part", ["key", "message", "signature"])
def test_every_bit(part: str) -> None:
    """One bit turned over anywhere, and either its signature or its seal does not hold: never another value."""
    body = base64url.decode(LINE.rpartition(b":")[2])
    head = LINE[: LINE.rindex(b":") + 1]
    start, end = {"key": (0, 33), "message": (33, len(body) - 64), "signature": (len(body) - 64, len(body))}[part]
    for position in range(start, end):
        for bit in range(8):
            changed = bytearray(body)
            changed[position] ^= 1 << bit
            line = head + base64url.encode(bytes(changed))
            with pytest.raises(ForgedSeal):
                _checked(line)
    if part == "signature":
        return  # it is not part of what is encrypted
    changed = bytearray(body)
    changed[start + 1] ^= 1
    with pytest.raises(SealedElsewhere):
        sealed.open_with(_read(head + base64url.encode(bytes(changed))), RING, "here")


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"KEY=", b"KEYS="), (b":eve:", b":bob:"), (b":eve:", b":eve2:"), (b"KEY=", b"key=")],
)
def test_words_around_it(old: bytes, new: bytes) -> None:
    """Name and contributor are signed, and bound into what is encrypted."""
    line = LINE.replace(old, new, 1)
    with pytest.raises(ForgedSeal):
        _checked(line)
    with pytest.raises(SealedElsewhere):
        sealed.open_with(_read(line), RING, "here")


def test_another_environment() -> None:
    """In an environment with the very same data key it is nothing."""
    twin = statement(ring_of(1, OTHER_IDENTITY), identity=OTHER_IDENTITY)
    found = _read(LINE)
    with pytest.raises(ForgedSeal):
        sealed.check_signed(found, twin.id, ABOUT.generation, "here")
    renamed = found._replace(hint=_read(_seal(about=twin)).hint)
    with pytest.raises(SealedElsewhere):
        sealed.open_with(renamed, ring_of(1, OTHER_IDENTITY), "here")


def test_another_generation() -> None:
    """Under another number, or another generation's hint, nothing fits."""
    with pytest.raises(ForgedSeal):
        sealed.check_signed(_read(LINE), ABOUT.id, LATER.generation, "here")
    later = _read(_seal(about=LATER))
    for found in (_read(LINE)._replace(number=2), _read(LINE)._replace(number=later.number, hint=later.hint)):
        with pytest.raises(SealedElsewhere):
            sealed.open_with(found, NEXT, "here")


def test_sealed_to_another_key() -> None:
    """A message to a key that the contributor was talked into does not open, signed as it may be."""
    line = _seal(about=ABOUT._replace(seal=EVE.key), by=ALICE)
    sealed.check_signed(_read(line), ABOUT.id, ABOUT.generation, "here")
    with pytest.raises(SealedElsewhere):
        sealed.open_with(_read(line), RING, "here")


@pytest.mark.parametrize(
    "raw",
    [
        b"OTHER=1",
        b"KEY=1\nOTHER=2",
        b"KEY=1\n",
        b"# KEY=1",
        b"## KEY",
        b"KEY",
        b"",
        b"   ",
        b"KEY=gitenv1:1.abcdef:AAAA",
        b"KEY=gitenv1-sealed:1.abcdef:eve:AAAA",
        b"#gitenv-unverified:AAAA KEY=1",
        b"<<<<<<< ours",
        b"key=1",
        b"KEY='1\n2'\nOTHER=3",
    ],
)
def test_another_record(raw: bytes) -> None:
    """What opens and is not the one record that its name says is refused by name."""
    with pytest.raises(CannotStand, match="holds another line than its name says"):
        _checked(_seal(raw))


@given(st.integers(0, 32), st.sampled_from([0, 256, 4096]))
@settings(max_examples=20)
def test_lengths_are_rounded(more: int, size: int) -> None:
    """What is sealed shows a rounded length, as a token does, and nothing else of it."""
    value = size + more
    length = len(base64url.decode(_seal(b"KEY=" + b"x" * value).rpartition(b":")[2]))
    assert length == 33 + 65 + 16 + 64 + padded_size(value + 4)
    assert length % 32 == (33 + 65 + 16 + 64) % 32


@pytest.mark.parametrize("body", [base64url.encode(b"\x02" * 193), LINE.rpartition(b":")[2][:200], b"A" * 5])
def test_no_body(body: bytes) -> None:
    """A body that `seal` would not have written has no form, and opens for nobody."""
    record = Record(Kind.SEALED, b"KEY", LINE[: LINE.rindex(b":") + 1] + body, b"")
    found = sealed.read(record)
    assert found is None
    assert not sealed.opens(record, RING)


@pytest.mark.parametrize(
    "line",
    [
        LINE.replace(b":eve:", b":Eve:"),
        LINE.replace(b":eve:", b"::"),
        LINE.replace(b":eve:", b":"),
        LINE.replace(b"sealed:1.", b"sealed:0."),
        LINE.replace(b"sealed:1.", b"sealed:01."),
        LINE.replace(b"sealed:1.", b"sealed:9999999999."),
        LINE.replace(b"gitenv1", b"gitenv2"),
        LINE.replace(b"KEY=", b"KEY ="),
        LINE.replace(b"KEY=", b"#"),
        LINE + b"=",
        LINE + b" ",
        b" " + LINE,
        b"export " + LINE,
    ],
)
def test_no_line(line: bytes) -> None:
    """Another spelling of the line is no sealed value."""
    assert all(record.kind is not Kind.SEALED for record in document.parse(line))


@pytest.mark.parametrize("name", ["con", "x.pub", "x.grant", "x."])
def test_names_that_nobody_can_have(name: str) -> None:
    """A contributor with such a name is none."""
    assert sealed.read(document.parse(LINE.replace(b":eve:", f":{name}:".encode()))[0]) is None


def test_a_key_that_is_no_point() -> None:
    """Bytes that are no key verify nothing, and have no fingerprint."""
    body = base64url.decode(LINE.rpartition(b":")[2])
    line = LINE[: LINE.rindex(b":") + 1] + base64url.encode(b"\x05" + b"\xff" * 32 + body[33:])
    with pytest.raises(ForgedSeal):
        _checked(line)
    with pytest.raises(ValueError, match=r".*"):
        _ = _read(line).contributor
    with pytest.raises(NotTrusted):
        sealed.open_with(_read(line), RING, "here")
