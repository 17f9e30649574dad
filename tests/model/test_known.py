"""Who left, and which values they could read that have not been set anew: from tokens alone, without a key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitenv.model import known, rotation
from gitenv.model.cipher import sha256
from gitenv.model.environment import Left
from gitenv.model.grant import HOLDER
from gitenv.model.keyring import Keyring
from gitenv.model.known import Known, Tracked
from gitenv.model.membership import who_is_in
from gitenv.model.rotation import Member, Parent
from gitenv.model.statements import Keyholder
from tests.model.builders import ALICE, BOB, CAROL, TODAY, Person, committed, device_of, grant_for, ring_of, rotated, statement

FIRST = ring_of()
SECOND, _ = rotated(FIRST, 2)
THIRD, CHAIN = rotated(SECOND, 3, _)
TWIN, _ = rotated(FIRST, 9)


def _names(tracked: Tracked, *documents: bytes) -> dict[str, int]:
    """What is known, by key name."""
    named = {known.hash_of(record): record.name.decode() for data in documents for record in known.tokens(data)}
    return {named[line]: since for line, since in tracked.known.items()}


def _left(person: Person, generation: int) -> Left:
    return Left(person.name, person.key, generation)


def _rotated(before: Known, data: bytes, one: Keyring, other: Keyring, *, leaves: bool) -> tuple[Known, bytes]:
    after = rotation.reencrypt(data, [one], other)
    return known.carried(before, [(data, after)], [one.current] if leaves else []), after


def test_a_value_is_listed_until_it_is_set_anew() -> None:
    """Who leaves takes along what stands there; later rotations carry it on; a value set anew goes off, and is nobody's."""
    listed, data = _rotated({}, committed(b"A=1\n# note\nB=2\n", FIRST), FIRST, SECOND, leaves=True)
    tracked = known.still(Tracked(listed, [_left(BOB, 1)]), [data])
    assert _names(tracked, data) == {"A": 1, "B": 1}
    data = data.splitlines(keepends=True)[0] + committed(b"B=new\n", SECOND)
    listed, data = _rotated(tracked.known, data, SECOND, THIRD, leaves=False)
    tracked = known.still(Tracked(listed, tracked.left), [data])
    assert _names(tracked, data) == {"A": 1}
    listed, data = _rotated(tracked.known, data, THIRD, rotated(THIRD, 4, CHAIN)[0], leaves=True)
    tracked = known.still(Tracked(listed, [_left(BOB, 1), _left(CAROL, 3)]), [data])
    assert _names(tracked, data) == {"A": 1, "B": 3}
    tracked = known.still(tracked, [committed(b"A=other\n", SECOND), data.splitlines()[1]])
    assert _names(tracked, data) == {"B": 3}
    assert tracked.left == [_left(CAROL, 3)]
    assert known.still(tracked, []) == Tracked({}, [])


def test_what_was_not_encrypted_anew() -> None:
    """A retired token keeps its place in the list; one that nobody vouches for is not taken along by who leaves."""
    retired, junk = committed(b"A=1\n", FIRST), committed(b"B=1\n", TWIN)
    before = known.every([retired], 1)
    data = retired + junk + committed(b"C=1\n", SECOND)
    listed, after = _rotated(before, data, SECOND, THIRD, leaves=True)
    assert _names(Tracked(listed, []), after) == {"A": 1, "C": 2}


def test_two_sides() -> None:
    """Of two sides counts what either says, and an equal value since the earlier generation."""
    one = known.every([committed(b"A=1\nB=2\n", SECOND)], 2)
    other = known.every([committed(b"A=1\nC=3\n", SECOND)], 1)
    both = known.merged([one, other])
    assert _names(Tracked(both, []), committed(b"A=1\nB=2\nC=3\n", SECOND)) == {"A": 1, "B": 2, "C": 1}


@given(st.dictionaries(st.binary(max_size=4).map(lambda each: sha256(each).hex()), st.integers(1, 999_999_999), max_size=5))
def test_the_file(listed: dict[str, int]) -> None:
    """What is written is read again, and by no other hash; its lines are sorted."""
    tracked = Tracked(listed, [])
    assert known.read(tracked.text, tracked.hash) == listed
    assert tracked.text.splitlines() == sorted(tracked.text.splitlines(), key=lambda line: (int(line.split()[0]), line))
    if listed:
        assert known.read(tracked.text + b"\n", tracked.hash) is None
        assert known.read(None, tracked.hash) is None


@pytest.mark.parametrize("text", [b"\n", b"0 " + b"a" * 64 + b"\n", b"1 " + b"A" * 64 + b"\n", b"1 " + b"a" * 64, b"1 a\n"])
def test_another_form(text: bytes) -> None:
    """Whatever a statement names, what has not the form of the file says nothing."""
    assert known.read(text, sha256(text).hex()) is None


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    """Whatever was pushed in its place stops nobody."""
    assert known.read(data, sha256(data).hex()) in (None, {})


def test_a_file_that_is_too_large() -> None:
    """100,000 lines are more than is read."""
    text = b"".join(b"1 %064x\n" % number for number in range(100_000))
    assert known.read(text, sha256(text).hex()) is None


def _members(*people: Person) -> list[Member]:
    return [Member(person.name, person.key, HOLDER, "") for person in people]


def _people(*people: Person) -> frozenset[Keyholder]:
    return frozenset(person.keyholder for person in people)


def test_who_left() -> None:
    """Who was in and is not, or with another key, as of the generation before; who comes back with the same key is not."""
    replaced = Person("bob", device_of(77))
    parent = Parent(statement(SECOND, left=[_left(CAROL, 1)]), SECOND, _people(ALICE, BOB))
    assert rotation.who_left([parent], _members(ALICE, BOB)) == [_left(CAROL, 1)]
    assert rotation.who_left([parent], _members(ALICE)) == [_left(BOB, 2), _left(CAROL, 1)]
    assert rotation.who_left([parent], _members(ALICE, replaced, CAROL)) == [_left(BOB, 2)]
    assert rotation.generations_left([parent], _members(ALICE, BOB)) == []
    assert rotation.generations_left([parent], _members(ALICE, replaced)) == [SECOND.current]


def test_who_left_either_side() -> None:
    """Somebody taken out on one side could still read the other one, to its end."""
    gone = Parent(statement(SECOND, left=[_left(CAROL, 1)]), SECOND, _people(ALICE, BOB))
    stayed = Parent(statement(THIRD), THIRD, _people(ALICE, BOB, CAROL))
    assert rotation.who_left([gone, stayed], _members(ALICE, BOB)) == [_left(CAROL, 3)]
    assert rotation.generations_left([gone, stayed], _members(ALICE, BOB)) == [THIRD.current]


def test_who_renewed_their_key() -> None:
    """Somebody's own next key is no leaving; a key that another holder let in under a name leaves the former one behind."""
    made = statement(FIRST, holders=(ALICE, BOB))
    new = Person("bob", device_of(78))
    for by, former in ((BOB, False), (ALICE, True)):
        found = who_is_in(made, [grant_for(new, by, made)], TODAY)
        assert new.keyholder in found.keyholders
        assert (BOB.keyholder in found.keyholders) == former


def test_more_than_a_statement_lists() -> None:
    """Of a thousand who left those are named who could read the most, and no value is lost by it."""
    data = committed(b"A=1\n", FIRST)
    left = [_left(Person(f"p{number}", BOB.device), number) for number in range(1, 1001)]
    tracked = known.still(Tracked(known.every([data], 1), left), [data])
    assert len(tracked.left) == 400
    assert tracked.left[0].generation == 1000
    assert len(tracked.known) == 1


def test_what_a_holder_accepts() -> None:
    """Of an earlier generation that somebody who left could open: since then, whatever the value is called now."""
    first, second, third = (known.tokens(committed(b"A=1\nB=2\n", ring))[0] for ring in (FIRST, SECOND, THIRD))
    earlier = [FIRST.current, SECOND.current]
    line = known.hash_of(third)
    assert known.accepted({}, [(first, third)], earlier, [_left(BOB, 1)]) == {line: 1}
    assert known.accepted({}, [(second, third)], earlier, [_left(BOB, 1)]) == {}
    assert known.accepted({}, [(second, third)], earlier, [_left(BOB, 1), _left(CAROL, 2)]) == {line: 2}
    assert known.accepted({known.hash_of(second): 1}, [(second, third)], earlier, [_left(BOB, 1)]) == {line: 1}
    assert known.accepted({}, [(third, third)], earlier, [_left(BOB, 9)]) == {}
    assert known.accepted({}, [(first._replace(name=b""), third._replace(name=b""))], earlier, [_left(BOB, 1)]) == {}
    assert known.accepted({}, [(first, third), (second, third)], earlier, [_left(BOB, 2)]) == {line: 1}
    waiting = first._replace(raw=first.raw.replace(b"gitenv1:", b"gitenv1-sealed:"))
    assert known.accepted({}, [(waiting, third)], earlier, [_left(BOB, 1)]) == {line: 1}
