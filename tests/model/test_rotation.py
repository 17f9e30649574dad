"""A rotation changes the key and nothing else: documents, the chain, and the statement after one parent or two."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitenv.errors import NotTrusted
from gitenv.model import document, grant, rotation, steps, token
from gitenv.model.cipher import Dek, Generation
from gitenv.model.clean import clean
from gitenv.model.document import Kind, Record
from gitenv.model.environment import MAX_LISTED, Environment
from gitenv.model.grant import HOLDER, READER
from gitenv.model.keyring import Keyring, Older
from gitenv.model.known import Tracked
from gitenv.model.rotation import Member, Parent
from gitenv.model.smudge import smudge
from tests.model import documents
from tests.model.builders import (
    ALICE,
    AT,
    BOB,
    CAROL,
    IDENTITY,
    OTHER_IDENTITY,
    Person,
    committed,
    dek,
    device_of,
    nothing_stands,
    ring_of,
    rotated,
    statement,
)

NOBODY = Tracked({}, [])  # left
FIRST = ring_of()
SECOND, CHAIN_2 = rotated(FIRST, 2)
THIRD, CHAIN_3 = rotated(SECOND, 3, CHAIN_2)
TWIN, TWIN_CHAIN = rotated(FIRST, 9)  # another generation 2
FOREIGN = ring_of(7, OTHER_IDENTITY)


def _tokens(data: bytes) -> list[bytes]:
    return [record.raw for record in document.parse(data) if record.kind is Kind.TOKEN]


def _member(person: Person, role: str = HOLDER) -> Member:
    return Member(person.name, person.key, role, "")


@given(documents.plain())
def test_the_same_document_under_another_key(data: bytes) -> None:
    """What was committed under one key is, after a rotation, what would have been committed under the next."""
    before = committed(data, SECOND)
    after = rotation.reencrypt(before, [SECOND], THIRD)
    assert after == committed(data, THIRD)
    assert smudge(after, [THIRD]) == smudge(before, [SECOND]) == data
    assert len(after) == len(before)


@given(
    st.lists(st.sampled_from(["now", "retired", "twin", "foreign", "sealed", "plain", "junk"]), max_size=8),
    documents.anything(),
)
def test_what_no_current_key_vouches_for(kinds: list[str], anything: bytes) -> None:
    """Retired, foreign and damaged tokens, and whatever else is pushed, stay byte for byte; only tokens of now change."""
    spelled = {
        "now": token.spell(SECOND.keys, token.head(SECOND.current), Record(Kind.ASSIGNMENT, b"A", b"A=1", b"")),
        "retired": token.spell(FIRST.keys, token.head(FIRST.current), Record(Kind.ASSIGNMENT, b"A", b"A=1", b"")),
        "twin": token.spell(TWIN.keys, token.head(TWIN.current), Record(Kind.ASSIGNMENT, b"A", b"A=1", b"")),
        "foreign": token.spell(FOREIGN.keys, token.head(SECOND.current), Record(Kind.ASSIGNMENT, b"A", b"A=1", b"")),
        "sealed": b"A=gitenv1-sealed:1.abcdef:eve:AAAA",
        "plain": b"EVIL=1",
        "junk": b"A=gitenv1:2.%b:AAAA" % token.hint(SECOND.current.commitment),
    }
    data = b"".join(spelled[kind] + b"\n" for kind in kinds) + anything
    before, after = document.parse(data), document.parse(rotation.reencrypt(data, [SECOND], THIRD))
    assert len(before) == len(after)
    for one, other in zip(before, after, strict=True):
        if one.kind is Kind.TOKEN and one.raw == spelled["now"]:
            assert other.raw.startswith(b"A=" + token.head(THIRD.current))
            found = token.read(other)
            assert found
            assert token.open_with(THIRD.keys, found) == b"A=1"
        else:
            assert other == one


def test_swapped_and_renamed_tokens() -> None:
    """A token under another name does not open, so no rotation makes a value of it."""
    a, b = _tokens(committed(b"A=1\nB=2\n", FIRST))
    moved = b"B=" + a.partition(b"=")[2] + b"\n#" + b.partition(b"=")[2] + b"\n"
    assert rotation.reencrypt(moved, [FIRST], SECOND) == moved


def test_two_parents() -> None:
    """Tokens of both sides come under the new key, where equal values are equal again; of what both began from, none."""
    one, other = committed(b"A=1\nB=2\n", SECOND), committed(b"A=1\nC=3\n", TWIN)
    old = committed(b"D=4\n", FIRST)
    ring, _ = rotation.chained([_parent(SECOND, CHAIN_2), _parent(TWIN, TWIN_CHAIN)], dek(3))
    after = rotation.reencrypt(one + other + old, [SECOND, TWIN], ring)
    assert after == committed(b"A=1\nB=2\nA=1\nC=3\n", ring) + old


def test_too_large() -> None:
    """A document that is too large is refused, and not half of it changed."""
    with pytest.raises(NotTrusted):
        rotation.reencrypt(b"\n" * (document.MAX_RECORDS + 1), [FIRST], SECOND)


# Chains.


def _parent(ring: Keyring, older: list[Older], revision: int = 5) -> Parent:
    return Parent(statement(ring, older, revision=revision, holders=(ALICE, BOB)), ring)


def _opens(ring: Keyring, older: Keyring) -> bool:
    keys = ring.find(older.current.number, token.hint(older.current.commitment))
    return keys is not None and keys.commitment() == older.current.commitment


BRANCH = rotated(TWIN, 10, TWIN_CHAIN)  # generation 3 of the other side
PARENTS = {
    "one": [_parent(SECOND, CHAIN_2)],
    "equal numbers": [_parent(SECOND, CHAIN_2), _parent(TWIN, TWIN_CHAIN)],
    "the other way": [_parent(TWIN, TWIN_CHAIN), _parent(SECOND, CHAIN_2)],
    "different numbers": [_parent(SECOND, CHAIN_2), _parent(*BRANCH)],
    "the higher first": [_parent(*BRANCH), _parent(SECOND, CHAIN_2)],
    "twice two": [_parent(THIRD, CHAIN_3), _parent(*BRANCH)],
    "with the origin": [_parent(FIRST, []), _parent(SECOND, CHAIN_2)],
}


@pytest.mark.parametrize("parents", PARENTS.values(), ids=PARENTS)
def test_every_older_key_opens(parents: list[Parent]) -> None:
    """The first side's next number, all keys of all sides once and newest first, and each of them opens from the new one."""
    ring, older = rotation.chained(parents, dek(50))
    assert ring.current.number == parents[0].ring.current.number + 1
    listed = [link.generation for link in older]
    assert listed == sorted(set(listed), key=lambda each: (-each.number, each.commitment))
    expected: set[Generation] = set()
    for parent in parents:
        expected |= {parent.ring.current, *(link.generation for link in parent.environment.older)}
        assert _opens(ring, parent.ring)
    assert set(listed) == expected
    assert len(ring.everything()) == len(expected) + 1
    assert all(not _opens(parent.ring, ring) for parent in parents)


def test_further_rotations_after_two_parents() -> None:
    """Rotated on and on, and met again: the first key still opens."""
    ring, older = rotation.chained(PARENTS["different numbers"], dek(50))
    for number in range(51, 56):
        ring, older = rotation.chained([_parent(ring, older)], dek(number))
    other, others = rotation.chained([_parent(*BRANCH)], dek(70))
    ring, older = rotation.chained([_parent(ring, older), _parent(other, others)], dek(80))
    for known in (FIRST, SECOND, TWIN, BRANCH[0], other):
        assert _opens(ring, known)
    made = statement(ring, older, revision=99)
    assert len(made.keyring(Dek(dek(80))).everything()) == len(older) + 1


def _next(parents: list[Parent], members: list[Member], by: Person = ALICE) -> Environment:
    return rotation.next_statement(
        parents, rotation.chained(parents, dek(60)), members, NOBODY, by=by.keyholder, at=AT, signer=by.device
    )


@pytest.mark.parametrize("parents", PARENTS.values(), ids=PARENTS)
def test_the_statement(parents: list[Parent]) -> None:
    """It is a good step after the first parent, of the same paths, and names those who hold."""
    new = _next(parents, [_member(ALICE), _member(CAROL, READER), _member(BOB)])
    assert (new.name, new.id, new.paths) == ("production", IDENTITY, parents[0].environment.paths)
    steps.check(parents[0].environment, new)
    assert new.holders == (ALICE.holder, BOB.holder)
    assert new.by == ALICE.holder
    assert new.keyring(dek(60)).current == new.generation


def test_more_holders_than_a_statement_lists() -> None:
    """Of ten thousand holders the signer is listed, and a limited number of others: the statement stays within its limit."""
    key = device_of(9000).public
    crowd = [Member(f"a{number}", key, HOLDER, "") for number in range(1000)]
    new = _next(PARENTS["one"], [*crowd, _member(ALICE)])
    assert len(new.holders) == MAX_LISTED == 400
    assert ALICE.holder in new.holders
    assert len(new.text) < 64 * 1024


def test_who_is_listed_counts_for_the_rest() -> None:
    """Whoever is not listed comes in by the grant that the signer wrote."""
    from gitenv.model.membership import who_is_in

    people = [Person(f"p{number}", device_of(6000 + number)) for number in range(20)]
    new = _next(PARENTS["one"], [_member(ALICE)])
    grants = [
        grant.write(new, dek(60), each.name, each.key, HOLDER, by=ALICE.holder, at=AT, signer=ALICE.device) for each in people
    ]
    assert len(who_is_in(new, grants, "2026-11-21").counted) == 20


@settings(max_examples=20)
@given(documents.plain())
def test_a_rotation_is_undone_by_no_clean(data: bytes) -> None:
    """An open file needs no write: it is what the rotated document opens to, and cleans to it."""
    after = rotation.reencrypt(committed(data, SECOND), [SECOND], THIRD)
    assert clean(data, THIRD, nothing_stands) == after
