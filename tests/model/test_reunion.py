"""Two rotations that met: a clone of either side follows the generation that brought them together, and no forged one."""

from __future__ import annotations

import itertools

import pytest

from gitenv.errors import NotTrusted
from gitenv.model import rotation
from gitenv.model.environment import Environment
from gitenv.model.keyring import Keyring
from gitenv.model.reasons import Forked, NotAHolder, TooFarAhead
from gitenv.model.rotation import Member, Parent
from gitenv.model.trust import lineage
from tests.model.builders import ALICE, AT, BOB, CAROL, EVE, EVERYBODY, Person, dek, key_of, ring_of, statement

ALL = (ALICE, BOB, CAROL)


def _next(*before: Parent, by: Person, number: int, holders: tuple[Person, ...] = ALL) -> Parent:
    """The generation that gitenv rotate makes of one or two parents."""
    members = [Member(person.name, person.key, "holder", "") for person in holders]
    made = rotation.next_statement(before, dek(number), members, by=by.holder, at=AT, signer=by.device)
    return Parent(made, made.keyring(dek(number)))


def _row(start: Parent, by: Person, first: int, count: int) -> list[Parent]:
    """Several rotations, one after the other."""
    made = [start]
    for number in range(first, first + count):
        made.append(_next(made[-1], by=by, number=number))
    return made[1:]


def _start() -> Parent:
    ring: Keyring = ring_of()
    return Parent(statement(ring, holders=ALL), ring)


ORIGIN = _start()


def _environments(parents: list[Parent]) -> list[Environment]:
    return [parent.environment for parent in parents]


def _follow(start: Parent, *parents: Parent) -> Environment:
    """Where a clone that is pinned at `start` ends up; all is one line, or it raises."""
    versions = _environments([ORIGIN, *parents])
    found = lineage(start.environment, versions, lambda each: frozenset(each.holders), key_of(*EVERYBODY))
    goal = found.furthest(versions)
    found.check_one_line(goal, versions)
    return goal


@pytest.mark.parametrize(("ours", "theirs"), [*itertools.product((1, 2, 3), (1, 2, 4))])
def test_several_rotations_a_side(ours: int, theirs: int) -> None:
    """From the origin, from every generation of either side, and from the reunion, the way leads to the newest."""
    alices, bobs = _row(ORIGIN, ALICE, 10, ours), _row(ORIGIN, BOB, 30, theirs)
    both = _next(alices[-1], bobs[-1], by=ALICE, number=50)
    after = _next(both, by=BOB, number=51)
    assert both.ring.current.number == max(ours, theirs) + 2
    known = [*alices, *bobs, both, after]
    for start in (ORIGIN, *known):
        assert _follow(start, *known[::-1]) == after.environment


def test_the_reunion_by_who_knew_the_lower_side() -> None:
    """Whoever makes it, and in whatever order its parents stand, both sides follow."""
    alices, bobs = _row(ORIGIN, ALICE, 10, 1), _row(ORIGIN, BOB, 30, 3)
    for by, parents in itertools.product(ALL, ((alices[-1], bobs[-1]), (bobs[-1], alices[-1]))):
        both = _next(*parents, by=by, number=50)
        for start in (ORIGIN, *alices, *bobs):
            assert _follow(start, *alices, *bobs, both) == both.environment


def test_three_branches_one_after_the_other() -> None:
    """A reunion meets a third rotation of the same origin: everybody follows, from wherever they were."""
    alices, bobs, carols = _row(ORIGIN, ALICE, 10, 1), _row(ORIGIN, BOB, 30, 2), _row(ORIGIN, CAROL, 70, 1)
    two = _next(alices[-1], bobs[-1], by=ALICE, number=50)
    three = _next(two, carols[-1], by=CAROL, number=51)
    known = [*alices, *bobs, *carols, two, three]
    for start in (ORIGIN, *known):
        assert _follow(start, *known) == three.environment
    assert three.ring.find(1, _hint(ORIGIN)) is not None


def _hint(parent: Parent) -> bytes:
    from gitenv.model import token

    return token.hint(parent.ring.current.commitment)


@pytest.mark.parametrize("more", [1, 5, 500])
def test_an_ex_holder_reunites_nothing(more: int) -> None:
    """bob was taken out on one side and rotates on another: what he signs about both is forked, or by no holder."""
    removed = _next(ORIGIN, by=ALICE, number=10, holders=(ALICE, CAROL))
    bobs = _row(ORIGIN, BOB, 30, 1)
    high = _row(bobs[-1], BOB, 90, 1)
    both = _next(removed, bobs[-1], by=BOB, number=50)
    jumped = _next(removed, high[-1], by=BOB, number=51)
    text = jumped.environment
    further = text._replace(revision=text.revision + more)  # the signature does not fit any more
    for forged in (both.environment, jumped.environment, further):
        versions = [ORIGIN.environment, removed.environment, *_environments(bobs), *_environments(high), forged]
        found = lineage(removed.environment, versions, lambda each: frozenset(each.holders), key_of(*EVERYBODY))
        assert not found.reaches(forged)
        assert found.furthest(versions) == removed.environment
        with pytest.raises((NotAHolder, TooFarAhead)):
            found.way_to(forged)
        new = lineage(ORIGIN.environment, versions, lambda each: frozenset(each.holders), key_of(*EVERYBODY))
        with pytest.raises((Forked, NotTrusted)):
            new.check_one_line(new.furthest(versions), versions)


def test_a_stranger_reunites_nothing() -> None:
    """eve, who has neither key, lists both as older all the same."""
    alices, bobs = _row(ORIGIN, ALICE, 10, 1), _row(ORIGIN, BOB, 30, 2)
    both = _next(alices[-1], bobs[-1], by=EVE, number=50, holders=(*ALL, EVE))
    for start in (*alices, *bobs):
        versions = _environments([ORIGIN, *alices, *bobs, both])
        found = lineage(start.environment, versions, lambda each: frozenset(each.holders), key_of(*EVERYBODY))
        assert not found.reaches(both.environment)


def test_a_holder_of_one_side_only_reunites_nothing() -> None:
    """Whoever holds the lower side only leads nobody of the higher side away from it."""
    alices = _row(ORIGIN, ALICE, 10, 2)
    higher = _next(alices[-1], by=ALICE, number=12, holders=(ALICE, CAROL))
    bobs = _row(ORIGIN, BOB, 30, 1)
    both = _next(higher, bobs[-1], by=BOB, number=50)
    versions = _environments([ORIGIN, *alices, higher, *bobs, both])
    for start in (*alices, higher):
        found = lineage(start.environment, versions, lambda each: frozenset(each.holders), key_of(*EVERYBODY))
        assert not found.reaches(both.environment)


def test_what_was_rotated_without_the_reunion() -> None:
    """A rotation of one side that the reunion does not know is a third line, and is asked about."""
    alices, bobs = _row(ORIGIN, ALICE, 10, 1), _row(ORIGIN, BOB, 30, 1)
    both = _next(alices[-1], bobs[-1], by=ALICE, number=50)
    late = _next(bobs[-1], by=BOB, number=60)
    with pytest.raises(Forked):
        _follow(ORIGIN, *alices, *bobs, both, late)
    settled = _next(both, late, by=CAROL, number=61)
    assert _follow(ORIGIN, *alices, *bobs, both, late, settled) == settled.environment
