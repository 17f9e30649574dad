"""Who is in after two sides were brought together, and which of them is gone on from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from gitenv.errors import NotTrusted
from gitenv.model import reuniting
from gitenv.model.environment import Environment
from gitenv.model.grant import HOLDER, READER
from gitenv.model.membership import Membership, who_is_in
from gitenv.model.rotation import Member
from gitenv.model.statements import Holder
from gitenv.team import merge_rotations
from gitenv.team.merge_rotations import Fork, Lineage
from tests.model.builders import ALICE, BOB, CAROL, EVE, TODAY, MemoryTree, Person, dek, grant_for, ring_of, rotated, statement

ALL = (ALICE, BOB, CAROL)
DAVE = EVE._replace(name="dave")
BOBS_LAPTOP = Person("bob", EVE.device)
RING_2, CHAIN_2 = rotated(ring_of(), 2)
TWIN, TWIN_CHAIN = rotated(ring_of(), 9)
ORIGIN = statement(holders=ALL, paths=(".env", "web/.env"))


def _membership(about: Environment, *given: tuple[Person, str, Person]) -> Membership:
    """Who is in by these grants: to whom, as what, by whom."""
    number = 1 if about.generation == ORIGIN.generation else 2
    return who_is_in(about, [grant_for(to, by, about, role=role, data_key=dek(number)) for to, role, by in given], TODAY)


def _all_by(by: Person, people: Sequence[Person]) -> list[tuple[Person, str, Person]]:
    return [(to, HOLDER, by) for to in people]


BEFORE = _membership(ORIGIN, *_all_by(ALICE, ALL))
WITHOUT_BOB = statement(RING_2, CHAIN_2, before=ORIGIN, holders=(ALICE, CAROL), paths=(".env", "api/.env"))
OTHER = _membership(WITHOUT_BOB, *_all_by(ALICE, (ALICE, CAROL)))
BY_BOB = statement(RING_2, CHAIN_2, before=ORIGIN, by=BOB, holders=(ALICE, BOB), paths=("web/.env", "lib/.env", "api/.env"))
BY_ALICE = statement(RING_2, CHAIN_2, before=ORIGIN, holders=(ALICE, BOB))


def _roles(members: Mapping[str, Member]) -> dict[str, str]:
    return {name: member.role for name, member in members.items()}


@pytest.mark.parametrize(
    ("side", "signers", "expected"),
    [
        # bob made a generation: nothing of what he did there stands, whoever signed it.
        (
            _membership(BY_BOB, *_all_by(BOB, (ALICE, BOB)), (CAROL, READER, BOB), (EVE, HOLDER, ALICE)),
            [BOB.holder],
            {"alice": HOLDER, "bob": HOLDER, "carol": HOLDER},
        ),
        # He let eve in, and she dave, under the key that both sides began from.
        (
            _membership(ORIGIN, *_all_by(ALICE, ALL), (EVE, HOLDER, BOB), (DAVE, HOLDER, EVE)),
            [],
            {"alice": HOLDER, "bob": HOLDER, "carol": HOLDER},
        ),
        # Whom alice let in stays, and whom those let in.
        (
            _membership(ORIGIN, *_all_by(ALICE, ALL), (EVE, HOLDER, ALICE), (DAVE, READER, EVE)),
            [],
            {"alice": HOLDER, "bob": HOLDER, "carol": HOLDER, "eve": HOLDER, "dave": READER},
        ),
        # alice changed bob's key, and he let dave in with the new one: the other side took bob out.
        (
            _membership(BY_ALICE, *_all_by(ALICE, (ALICE, CAROL, BOBS_LAPTOP)), (DAVE, HOLDER, BOBS_LAPTOP)),
            [ALICE.holder],
            {"alice": HOLDER, "bob": HOLDER, "carol": HOLDER},
        ),
    ],
    ids=["signed by who is out", "let in by who is out", "let in by who stays", "let in by a new key of who is out"],
)
def test_what_who_is_out_did(side: Membership, signers: list[Holder], expected: dict[str, str]) -> None:
    """The people of a side without what somebody did there whom the other side took out."""
    members, dropped = reuniting.by_who_stays(BEFORE, side, OTHER, signers)
    assert _roles(members) == expected
    assert {each.who for each in dropped} == set(side.counted) - set(expected)


def _member(person: Person, role: str = HOLDER, expires: str = "") -> Member:
    return Member(person.name, person.key, role, expires)


BOTH = {"alice": _member(ALICE), "bob": _member(BOB)}
READS = {**BOTH, "bob": _member(BOB, READER)}
ENDS = {**BOTH, "bob": _member(BOB, HOLDER, "2027-01-31")}
ENDS_LATER = {**BOTH, "bob": _member(BOB, READER, "2027-02-28")}
LAPTOP = {**BOTH, "bob": _member(BOBS_LAPTOP)}
PHONE = {**BOTH, "bob": _member(BOB._replace(device=CAROL.device))}
ALONE = {"alice": _member(ALICE)}
MORE = {**BOTH, "carol": _member(CAROL)}
Members = dict[str, Member]


@pytest.mark.parametrize(
    ("origin", "ours", "theirs", "expected"),
    [
        (BOTH, BOTH, BOTH, BOTH),
        (BOTH, ALONE, BOTH, ALONE),
        (BOTH, ALONE, READS, ALONE),
        (BOTH, MORE, BOTH, MORE),
        (BOTH, READS, BOTH, READS),
        (READS, BOTH, READS, BOTH),
        (BOTH, READS, ENDS, {**BOTH, "bob": _member(BOB, READER, "2027-01-31")}),
        (BOTH, ENDS, ENDS_LATER, {**BOTH, "bob": _member(BOB, READER, "2027-01-31")}),
        (BOTH, LAPTOP, BOTH, LAPTOP),
        (BOTH, LAPTOP, PHONE, ALONE),
        (BOTH, LAPTOP, READS, ALONE),
        (ALONE, READS, BOTH, READS),
        (BOTH, MORE, ALONE, {**ALONE, "carol": _member(CAROL)}),
    ],
)
def test_who_is_in_afterwards(origin: Members, ours: Members, theirs: Members, expected: Members) -> None:
    """Who was let in is, who was taken out is not, nor who has two keys; of two roles the lesser, of two days the earlier."""
    for one, two in ((ours, theirs), (theirs, ours)):
        members, dropped = reuniting.three_way(origin, one, two)
        assert {member.name: member for member in members} == expected
        assert {each.who for each in dropped} <= {*origin} - {*expected}


EMPTY = MemoryTree(None)


def _fork(base: Sequence[Environment], other: Sequence[Environment]) -> Fork:
    return Fork(ORIGIN, EMPTY, Lineage([ORIGIN, *base], EMPTY), Lineage([ORIGIN, *other], EMPTY))


AFTER_BOB = statement(RING_2, before=BY_BOB, holders=(ALICE, BOB))
WITHOUT_ALICE = statement(TWIN, TWIN_CHAIN, before=ORIGIN, by=BOB, holders=(BOB, CAROL))


def test_nobody_goes_on_from_who_was_taken_out() -> None:
    """Also where somebody else signed a step after theirs; and where each took out the other, people decide."""
    for signed in ([BY_BOB], [BY_BOB, AFTER_BOB]):
        swapped = _fork([WITHOUT_BOB], signed)
        assert merge_rotations.by_who_stays_in(_fork(signed, [WITHOUT_BOB])) == swapped
        assert merge_rotations.by_who_stays_in(swapped) == swapped
    with pytest.raises(NotTrusted, match="each of the two sides took out who signed the other"):
        merge_rotations.by_who_stays_in(_fork([WITHOUT_ALICE], [WITHOUT_BOB]))


def test_the_paths_of_both() -> None:
    """What either side added, and not what either took away; each once."""
    assert reuniting.paths(ORIGIN, WITHOUT_BOB, BY_BOB) == ["api/.env", "lib/.env"]
    assert reuniting.paths(ORIGIN, BY_BOB, WITHOUT_BOB) == ["lib/.env", "api/.env"]
