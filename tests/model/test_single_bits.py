"""Every single bit of a token, a grant, an environment and a pin, turned over one after the other: none is without effect."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from gitenv.errors import Malformed, NotTrusted
from gitenv.model import document, environment, grant, known, steps
from gitenv.model.cipher import sha256
from gitenv.model.document import Kind
from gitenv.model.environment import Environment
from gitenv.model.grant import Grant
from gitenv.model.known import Tracked
from gitenv.model.membership import who_is_in
from gitenv.model.reasons import PastMissing
from gitenv.model.statements import is_signed_by
from gitenv.trust.pins import Pin, Pins
from gitenv.trust.trusted import Answer, Trusted
from tests.conftest import ALL, some
from tests.model.builders import (
    ALICE,
    BOB,
    CAROL,
    TODAY,
    MemoryTree,
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
BESIDE = statement(RING, CHAIN, before=BEFORE, holders=(ALICE, BOB), paths=PATHS, by=BOB)
ENVIRONMENT = statement(RING, CHAIN, before=BEFORE, beside=[BESIDE], holders=(ALICE, BOB, CAROL), paths=PATHS)
LET_IN = grant_for(CAROL, about=BEFORE, data_key=dek(2))
BY_PROOF = statement(RING, CHAIN, before=BEFORE, holders=(ALICE, BOB, CAROL), paths=PATHS, by=CAROL, proof=[LET_IN])
GRANT = grant_for(BOB, about=ENVIRONMENT, data_key=dek(2))
DATED = grant_for(BOB, about=ENVIRONMENT, data_key=dek(2), expires="2027-01-31")
PIN = Pin.of(statement(), grant_for(BOB), frozenset({CAROL.holder}), frozenset({CAROL.holder}), [BEFORE.hash])
S = TypeVar("S", Environment, Grant)


def _flipped(data: bytes) -> Iterator[bytes]:
    """`data` with one of its bits turned over: each in turn once a week, else each third, so two or three of a byte."""
    for bit in range(0, 8 * len(data), 1 if ALL else 3):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        yield bytes(changed)


# Statements.


def _still_read(statement: S) -> Iterator[S]:
    """What still has the form of an environment or a grant after one bit was turned over."""
    read: Callable[[bytes, str], S] = environment.read if isinstance(statement, Environment) else grant.read
    for changed in _flipped(statement.text):
        try:
            yield read(changed, "here")
        except Malformed:
            continue


@pytest.mark.parametrize("signed", [ENVIRONMENT, GRANT, DATED], ids=["environment", "grant", "with a date"])
def test_a_signature_covers_every_bit(signed: S) -> None:
    """It has no form any more, or its signer never signed it; some still have it, or the signature would go untested."""
    assert is_signed_by(signed.text, ALICE.key)
    left = list(_still_read(signed))
    assert len(left) > some(1000)
    for changed in left:
        assert not is_signed_by(changed.text, ALICE.key)


@pytest.mark.parametrize("new", [ENVIRONMENT, BY_PROOF], ids=["by a holder", "by proof"])
def test_no_bit_is_a_step(new: Environment) -> None:
    """Neither after the statement before nor after itself."""
    steps.check(BEFORE, new)
    for changed in _still_read(new):
        for believed in (BEFORE, new):
            with pytest.raises(NotTrusted):
                steps.check(believed, changed)


def test_no_bit_of_a_proof_counts() -> None:
    """Even signed again by who carries it: a grant with one bit changed lets nobody sign."""
    for changed in _still_read(LET_IN):
        forged = statement(RING, CHAIN, before=BEFORE, holders=(ALICE, BOB, CAROL), paths=PATHS, by=CAROL, proof=[changed])
        with pytest.raises(NotTrusted):
            steps.check(BEFORE, forged)


def test_a_bit_of_the_past_is_missed() -> None:
    """A statement in `past/` whose text was changed is as good as gone: its name is its hash."""
    founding = statement(holders=(ALICE, BOB))
    newest = statement(before=statement(before=founding, holders=(ALICE, BOB)), holders=(ALICE, BOB))
    middle = statement(before=founding, holders=(ALICE, BOB))
    for changed in _flipped(middle.text):
        tree = MemoryTree(newest, past=[founding])
        tree.files[f".recipients/production/past/{middle.hash}"] = changed
        with pytest.raises(PastMissing):
            Trusted("production", Pin.of(founding, None, frozenset(), frozenset()), tree).judge()


def test_a_bit_of_the_past_that_the_pin_keeps() -> None:
    """It changes nothing for a clone whose pin goes back to that statement: its own copy is the one that counts."""
    founding = statement(holders=(ALICE, BOB))
    middle = statement(before=founding, holders=(ALICE, BOB))
    beside = statement(before=founding, holders=(ALICE, BOB), by=BOB)
    newest = statement(before=middle, beside=[beside], holders=(ALICE, BOB))
    pin = Pin.of(beside, None, frozenset(), frozenset(), [founding.hash])
    for changed in _flipped(founding.text):
        tree = MemoryTree(newest, past=[middle, beside])
        tree.files[f".recipients/production/past/{founding.hash}"] = changed
        verdict = Trusted("production", pin, tree, {founding.hash: founding.text}.get).judge()
        assert verdict
        assert (verdict.answer, verdict.way) == (Answer.NEXT, [middle, newest])
        with pytest.raises(PastMissing):
            Trusted("production", pin, tree).judge()


def test_a_bit_of_what_is_known() -> None:
    """Tracking is lost, and said to be: no list is believed that is another one than the statement names."""
    tracked = Tracked({sha256(b"A=1").hex(): 1, sha256(b"B=2").hex(): 2}, [])
    assert known.read(tracked.text, tracked.hash) == tracked.known
    for changed in _flipped(tracked.text):
        assert known.read(changed, tracked.hash) is None


def test_no_bit_lets_anybody_in() -> None:
    """A changed grant counts for nobody, and makes nobody a holder."""
    assert who_is_in(ENVIRONMENT, [GRANT], TODAY).counted
    for changed in _still_read(GRANT):
        found = who_is_in(ENVIRONMENT, [changed], TODAY)
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
    assert refused > some(500)


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
    assert refused > some(150)


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
