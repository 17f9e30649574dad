"""Every single bit of a token, a grant, an environment and a pin, turned over one after the other: none is without effect."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from gitenv.errors import Malformed, NotTrusted
from gitenv.model import document, environment, grant
from gitenv.model.document import Kind
from gitenv.model.environment import Environment
from gitenv.model.grant import Grant
from gitenv.model.kinds import PublicKey
from gitenv.model.standing import standing
from gitenv.model.statements import Holder
from gitenv.model.trust import State, Step, check_signed, step
from gitenv.pins import Pin, Pins
from tests.model.builders import (
    ALICE,
    BOB,
    CAROL,
    EVERYBODY,
    TODAY,
    checked_out,
    cleaned_again,
    committed,
    dek,
    grant_for,
    ring_of,
    rotated,
    statement,
)

FIRST = ring_of()
RING, CHAIN = rotated(FIRST, 2)
PATHS = (".env.production", "apps/*/.env.production")
BEFORE = statement(RING, CHAIN, revision=6, holders=(ALICE, BOB), paths=PATHS)
ENVIRONMENT = statement(RING, CHAIN, revision=7, holders=(ALICE, BOB, CAROL), paths=PATHS)
GRANT = grant_for(BOB, about=ENVIRONMENT, data_key=dek(2))
DATED = grant.read(
    (Path(__file__).parent.parent / "vectors" / "valid" / "grant-that-expires.txt").read_bytes().partition(b"\n\n")[2], "dated"
)
PIN = Pin.of(statement(), grant_for(BOB), frozenset({CAROL.holder}), frozenset({CAROL.holder}))
S = TypeVar("S", Environment, Grant)
KEYS = {person.key.fingerprint(): person.key for person in EVERYBODY}


def _flipped(data: bytes) -> Iterator[bytes]:
    """`data` with each of its bits turned over, one at a time."""
    for position in range(len(data)):
        for bit in range(8):
            changed = bytearray(data)
            changed[position] ^= 1 << bit
            yield bytes(changed)


def _key_of(holder: Holder) -> PublicKey | None:
    """Finds a key by its fingerprint alone: a changed name must not be what saves us."""
    return KEYS.get(holder.fingerprint)


# Statements.


def _still_read(statement: S) -> Iterator[S]:
    """What still has the form of an environment or a grant after one bit was turned over."""
    read: Callable[[bytes, str], S] = environment.read if isinstance(statement, Environment) else grant.read
    for changed in _flipped(statement.text):
        try:
            yield read(changed, "here")
        except Malformed:
            continue


def test_an_environment() -> None:
    """It has no form any more, or nobody signed it; and some still have the form, or the signature would go untested."""
    check_signed(ENVIRONMENT, _key_of, "here")
    left = list(_still_read(ENVIRONMENT))
    assert len(left) > 1000
    for changed in left:
        with pytest.raises(NotTrusted):
            check_signed(changed, _key_of, "here")


def test_no_bit_is_a_step() -> None:
    """Neither after the statement before nor after itself: only as an earlier one, for reading, is a changed one good."""
    holders = frozenset(person.holder for person in EVERYBODY)
    assert step(State(BEFORE, holders), ENVIRONMENT, _key_of) is Step.WITHIN
    for changed in _still_read(ENVIRONMENT):
        for believed in (BEFORE, ENVIRONMENT):
            try:
                way = step(State(believed, holders), changed, _key_of)
            except NotTrusted:
                continue
            assert way in (Step.EARLIER, Step.BELOW)
            assert changed.generation in (believed.generation, *(older.generation for older in believed.older))


@pytest.mark.parametrize("given", [GRANT, DATED], ids=["without a date", "with a date"])
def test_a_grant(given: Grant) -> None:
    """It has no form any more, or nobody signed it."""
    left = list(_still_read(given))
    assert len(left) > 1000
    for changed in left:
        with pytest.raises(NotTrusted):
            check_signed(changed, _key_of, "here")


def test_no_bit_lets_anybody_in() -> None:
    """A changed grant counts for nobody, and makes nobody a holder."""
    assert standing(ENVIRONMENT, [GRANT], _key_of, TODAY).counted
    for changed in _still_read(GRANT):
        found = standing(ENVIRONMENT, [changed], _key_of, TODAY)
        assert (found.counted, found.holders) == ({}, frozenset(ENVIRONMENT.holders))


def test_a_wrap_is_bound_to_every_bit_above_it() -> None:
    """Even if a holder signs the change: the key does not come out, or was not to begin with, under other words."""
    above = GRANT.text.index(b"\nwrap ")
    assert grant.unwrap(GRANT, BOB.device, "here") == dek(2)
    for changed in _still_read(GRANT):
        if changed.text[above:] == GRANT.text[above:] or changed.wrap != GRANT.wrap:
            with pytest.raises(Malformed):
                grant.unwrap(changed, BOB.device, "here")


# Tokens.


VALUES = {
    "a value": b"HELLO=development",
    "a value over lines": b"HELLO='develop\nment'",
    "a comment": b"# HELLO=development",
    "a line that is nothing known": b"hello development",
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
@pytest.mark.parametrize("number", [2, 1], ids=["of this generation", "retired"])
def test_a_token_gives_no_value(value: bytes, number: int) -> None:
    """Turned over anywhere, its end included, it becomes marks; the same bytes are committed again."""
    token = committed(value + b"\n", RING if number == 2 else FIRST)
    assert (checked_out(token, RING) == value + b"\n") is (number == 2)
    for changed in _flipped(token):
        opened = checked_out(changed, RING)
        assert {record.kind for record in document.parse(opened)} <= {Kind.UNVERIFIED}
        assert b"development" not in opened
        assert cleaned_again(opened, RING, stands=b"") == changed


def test_clean_takes_no_changed_token() -> None:
    """Pasted into a work tree it is refused, or is no token any more and is encrypted as the text that it is."""
    token = committed(b"HELLO=development\n", RING)
    refused = 0
    for changed in _flipped(token):
        try:
            cleaned = committed(changed, RING)
        except NotTrusted:
            refused += 1
            continue
        assert all(record.kind is not Kind.TOKEN for record in document.parse(changed))
        assert cleaned != changed
        assert checked_out(cleaned, RING) == changed
    assert refused > 500


def test_a_changed_bit_stays_where_it_is() -> None:
    """Its neighbours open as before, if they are still lines of their own, and are never another one's value."""
    tokens = committed(b"A=1\nHELLO=development\nB='2\n3'\n", RING)
    begin, end = tokens.index(b"HELLO"), tokens.index(b"\nB=") + 1
    honest = {b"A=1", b"B='2\n3'"}
    for changed in _flipped(tokens[begin:end]):
        opened = checked_out(tokens[:begin] + changed + tokens[end:], RING)
        alive = {record.raw for record in document.parse(opened) if record.kind is not Kind.UNVERIFIED}
        assert alive <= honest
        assert b"A=1" in alive
        assert (alive == honest) or not changed.endswith(b"\n")


def test_a_mark() -> None:
    """A mark with one bit changed is refused, or no mark any more: it never becomes another plain line in a commit."""
    mark = checked_out(b"EVIL=1\n", RING)
    assert committed(mark, RING) == b"EVIL=1\n"
    refused = 0
    for changed in _flipped(mark):
        try:
            cleaned = committed(changed, RING)
        except NotTrusted:
            refused += 1
            continue
        assert {record.kind for record in document.parse(cleaned)} <= {Kind.TOKEN, Kind.PLAIN}
        assert checked_out(cleaned, RING) == changed
    assert refused > 150


# Pins.


def test_a_pin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its head line, its statement, the user's grant and the people: one bit, and it is damaged, and never looks like none."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("APPDATA", str(tmp_path))
    pins = Pins("0123456789abcdef")
    pins.put(PIN)
    (path,) = tmp_path.rglob("*.pin")
    whole = path.read_bytes()
    assert pins.get(PIN.name) == PIN
    for changed in _flipped(whole):
        path.write_bytes(changed)
        with pytest.raises(Malformed):
            pins.get(PIN.name)
