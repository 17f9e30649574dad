"""Pins: what this clone last believed, kept out of the repository, and never moved backwards."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

import pytest

from gitenv.errors import FirstEdition, Malformed, NotInOrder, NotTrusted, Usage
from gitenv.model.environment import Environment
from gitenv.trust.pins import Pin, Pins
from tests.model.builders import ALICE, BOB, CAROL, OTHER_IDENTITY, dek, grant_for, ring_of, rotated, statement

SECOND, CHAIN = rotated(ring_of(), 2)
FOUNDING = statement()
GIVEN_UP = statement(before=FOUNDING, holders=(ALICE, BOB))
STATEMENT = statement(SECOND, CHAIN, before=FOUNDING)
PIN = Pin.of(
    STATEMENT,
    grant_for(BOB, about=STATEMENT, data_key=dek(2)),
    frozenset({BOB.holder, CAROL.holder}),
    frozenset({BOB.holder}),
    [FOUNDING.hash, GIVEN_UP.hash],
)


@pytest.fixture
def pins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pins:
    """The pins of one clone of a user who has none yet."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("APPDATA", str(tmp_path))
    return Pins("0123456789abcdef")


def _file(tmp_path: Path) -> Path:
    folder = hashlib.sha256(b"0123456789abcdef").hexdigest()[:32]
    return tmp_path / "gitenv" / "clones" / folder / "production.pin"


@pytest.mark.parametrize(
    "pin", [PIN, PIN._replace(grant=None), PIN._replace(people=b""), Pin.of(STATEMENT, None, frozenset(), frozenset())]
)
def test_a_pin_comes_back(pins: Pins, pin: Pin) -> None:
    """Statement, own grant and holders, whichever there are."""
    assert pins.get("production") is None
    pins.put(pin)
    assert pins.get("production") == pin
    assert pins.all() == [pin]


def test_holders_are_those_of_the_statement_and_the_granted() -> None:
    """All who may sign the next step."""
    assert PIN.holders == {ALICE.holder, BOB.holder, CAROL.holder}


def test_pins_are_listed_by_name(pins: Pins) -> None:
    """Each environment has one, and other files beside them are none."""
    staging = Pin.of(
        statement(ring_of(1, OTHER_IDENTITY), identity=OTHER_IDENTITY, name="staging"), None, frozenset(), frozenset()
    )
    pins.put(staging)
    pins.put(PIN)
    assert [pin.name for pin in pins.all()] == ["production", "staging"]


def test_clones_do_not_share_pins(pins: Pins) -> None:
    """Another clone has pins of its own."""
    pins.put(PIN)
    assert Pins("another").all() == []


def test_the_name_of_a_folder_of_pins_is_no_id(pins: Pins, tmp_path: Path) -> None:
    """Who lists the folders, and writes such a name into a clone, has not the pins of another."""
    pins.put(PIN)
    assert Pins(_file(tmp_path).parent.name).all() == []


@pytest.mark.parametrize("behind", [FOUNDING, GIVEN_UP])
def test_a_pin_never_moves_back(pins: Pins, behind: Environment) -> None:
    """Of two processes, the one that is behind changes nothing: not to a statement before it, nor to a side given up."""
    pins.put(PIN)
    pins.put(Pin.of(behind, None, frozenset(), frozenset()))
    assert pins.get("production") == PIN


def test_a_pin_moves_forward(pins: Pins) -> None:
    """A later revision and a later generation replace it, holders and all."""
    third, chain = rotated(SECOND, 3, CHAIN)
    for new in (statement(SECOND, CHAIN, before=STATEMENT, holders=(BOB,)), statement(third, chain, before=STATEMENT)):
        pins.put_back(PIN)
        pins.put(Pin.of(new, None, frozenset(), frozenset(), [*PIN.earlier, STATEMENT.hash]))
        assert pins.get("production") == Pin.of(new, None, frozenset(), frozenset(), [*PIN.earlier, STATEMENT.hash])


def test_exactly_these_are_past(pins: Pins) -> None:
    """What it goes back to, and sides that were given up; not itself, and nothing that looks like one of them."""
    pins.put(PIN)
    found = pins.get("production")
    assert found is not None
    assert found.earlier == [FOUNDING.hash, GIVEN_UP.hash]
    assert all(map(found.is_past, found.earlier))
    assert not any(map(found.is_past, [STATEMENT.hash, FOUNDING.hash.upper(), "0" * 64]))


def test_statements_before_it_are_kept(pins: Pins, tmp_path: Path) -> None:
    """By hash: what somebody took out of `past/` can be put back. A damaged copy is none, and neither is another's."""
    pins.put(PIN, [FOUNDING.text])
    assert pins.text("production", FOUNDING.hash) == FOUNDING.text
    assert pins.text("production", GIVEN_UP.hash) is None
    assert pins.text("staging", FOUNDING.hash) is None
    (path,) = tmp_path.rglob(FOUNDING.hash)
    path.write_bytes(STATEMENT.text)
    assert pins.text("production", FOUNDING.hash) is None
    pins.forget_one("production")
    assert not path.exists()


def test_a_pin_of_the_first_edition_is_named(pins: Pins, tmp_path: Path) -> None:
    """There is no way over: it is named as one, with what to do, and never taken for a damaged one or for none."""
    pins.put(PIN)
    _file(tmp_path).write_bytes(_file(tmp_path).read_bytes().replace(b"gitenv-pin 2 ", b"gitenv-pin 1 ", 1))
    with pytest.raises(FirstEdition) as caught:
        pins.get("production")
    assert caught.value.exit_code == 5
    assert "gitenv init" in caught.value.hint


def test_another_id_replaces_a_pin(pins: Pins) -> None:
    """Only `gitenv trust` puts one there, and then its age says nothing."""
    other = Pin.of(statement(ring_of(1, OTHER_IDENTITY), identity=OTHER_IDENTITY), None, frozenset(), frozenset())
    pins.put(PIN)
    pins.put(other)
    assert pins.get("production") == other


def test_every_bit_of_a_pin_counts(pins: Pins, tmp_path: Path) -> None:
    """A damaged pin is an error and never looks like none, or like another one."""
    pins.put(PIN)
    whole = _file(tmp_path).read_bytes()
    for position in range(len(whole)):
        damaged = bytearray(whole)
        damaged[position] ^= 1 << position % 8
        _file(tmp_path).write_bytes(damaged)
        with pytest.raises(Malformed):
            pins.get("production")
    with pytest.raises(Malformed):
        pins.all()


@pytest.mark.parametrize("size", [0, 1, 20, 100, -1])
def test_half_a_pin_is_an_error(pins: Pins, tmp_path: Path, size: int) -> None:
    """An empty file, and one that is cut off."""
    pins.put(PIN)
    _file(tmp_path).write_bytes(_file(tmp_path).read_bytes()[:size])
    with pytest.raises(Malformed, match="damaged"):
        pins.get("production")


def test_a_pin_under_another_name_is_an_error(pins: Pins, tmp_path: Path) -> None:
    """A file that was renamed does not pin something else."""
    pins.put(PIN)
    _file(tmp_path).rename(_file(tmp_path).with_name("staging.pin"))
    with pytest.raises(Malformed, match="another environment's"):
        pins.get("staging")


@pytest.mark.parametrize("name", ["../production", "a/b", "", ".", "con", "A"])
def test_no_path_is_built_from_a_hostile_name(pins: Pins, name: str) -> None:
    """Names are checked before the file system is asked."""
    with pytest.raises(Usage):
        pins.get(name)


def test_a_linked_pin_is_refused(pins: Pins, tmp_path: Path) -> None:
    """Pins are files."""
    pins.put(PIN)
    target = _file(tmp_path).rename(tmp_path / "moved")
    try:
        _file(tmp_path).symlink_to(target)
    except OSError:
        if os.name != "nt":
            raise
        pytest.skip("this user may not make links")
    with pytest.raises(NotTrusted):
        pins.get("production")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")
def test_nobody_else_reads_pins(pins: Pins, tmp_path: Path) -> None:
    """They say which repositories somebody works in."""
    pins.put(PIN)
    assert stat.S_IMODE(_file(tmp_path).stat().st_mode) == 0o600
    assert stat.S_IMODE(_file(tmp_path).parent.stat().st_mode) == 0o700


def test_a_clone_without_an_id_has_no_pins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It reads none and cannot be given any."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    nobody = Pins("")
    assert nobody.all() == []
    assert nobody.get("production") is None
    with pytest.raises(NotInOrder):
        nobody.put(PIN)


def test_pins_are_forgotten(pins: Pins) -> None:
    """After `uninstall`, nothing is left; twice is no error."""
    pins.put(PIN)
    pins.forget()
    pins.forget()
    assert pins.all() == []
