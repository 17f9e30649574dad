"""Following an environment through all that ever stood there: which honest steps lead where, and why others lead nowhere."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitenv.errors import NotTrusted
from gitenv.model.environment import Environment
from gitenv.model.keyring import Keyring, Older
from gitenv.model.reasons import (
    ForeignEnvironment,
    Forked,
    NotAHolder,
    NotSigned,
    OtherKey,
    OtherText,
    Severed,
    TooFarAhead,
    UnknownKey,
)
from gitenv.model.statements import Holder
from gitenv.model.trust import HoldersOf, Lineage, lineage
from tests.model.builders import (
    ALICE,
    BOB,
    CAROL,
    EVE,
    EVERYBODY,
    IDENTITY,
    OTHER_IDENTITY,
    Person,
    dek,
    key_of,
    ring_of,
    rotated,
    statement,
)

RING_1 = ring_of()
RING_2, CHAIN_2 = rotated(RING_1, 2)
RING_3, CHAIN_3 = rotated(RING_2, 3, CHAIN_2)
RING_4, CHAIN_4 = rotated(RING_3, 4, CHAIN_3)
TWIN, TWIN_CHAIN = rotated(RING_1, 9)  # another generation 2

# alice founds, lets bob in, rotates; bob rotates, and alice once more.
FOUNDING = statement()
TOGETHER = statement(revision=2, holders=(ALICE, BOB))
SECOND = statement(RING_2, CHAIN_2, revision=3, holders=(ALICE, BOB))
THIRD = statement(RING_3, CHAIN_3, revision=4, holders=(ALICE, BOB), by=BOB)
FOURTH = statement(RING_4, CHAIN_4, revision=5, holders=(ALICE, BOB))
STORY = [FOUNDING, TOGETHER, SECOND, THIRD, FOURTH]


def _by_grants(granted: Mapping[Environment, Iterable[Person]]) -> HoldersOf:
    def holders_of(version: Environment) -> frozenset[Holder]:
        return frozenset(version.holders).union(person.holder for person in granted.get(version, ()))

    return holders_of


def _lineage(
    start: Environment,
    versions: Iterable[Environment],
    granted: Mapping[Environment, Iterable[Person]] | None = None,
    known: Iterable[Person] = EVERYBODY,
) -> Lineage:
    return lineage(start, versions, _by_grants(granted or {}), key_of(*known))


@given(st.permutations(STORY))
def test_several_generations(versions: list[Environment]) -> None:
    """Every step is found, in whatever order the versions are met, and the way is the one that was gone."""
    found = _lineage(FOUNDING, versions)
    assert found.way_to(FOURTH) == STORY[1:]
    assert found.way_to(SECOND) == [TOGETHER, SECOND]
    assert found.way_to(FOUNDING) == []
    assert found.furthest(versions) == FOURTH
    assert found.refused == {}
    assert all(map(found.reaches, STORY))


@pytest.mark.parametrize("start", range(len(STORY)))
def test_from_the_middle(start: int) -> None:
    """What was before is no way, and no offence; what comes after is."""
    found = _lineage(STORY[start], STORY)
    assert found.way_to(FOURTH) == STORY[start + 1 :]
    assert found.refused == {}
    assert [found.reaches(version) for version in STORY] == [n >= start for n in range(len(STORY))]


def test_nothing_to_follow() -> None:
    """Without versions, or with older ones only, the start is the furthest."""
    for versions in ([], [THIRD], [FOUNDING, SECOND]):
        found = _lineage(THIRD, versions)
        assert found.furthest(versions) == THIRD
        assert found.reaches(THIRD)
        assert not found.reaches(FOURTH)


def test_a_missing_generation() -> None:
    """Without the step between them, what comes after is too far ahead, and what comes before is still found."""
    found = _lineage(FOUNDING, [TOGETHER, SECOND, FOURTH])
    assert found.furthest([FOURTH, TOGETHER, SECOND]) == SECOND
    assert not found.reaches(FOURTH)
    with pytest.raises(TooFarAhead, match="rotated 2 times since"):
        found.way_to(FOURTH)


def test_furthest_is_among_those_asked_for() -> None:
    """Of what was found, only the versions in question count; the start does without being asked for."""
    found = _lineage(FOUNDING, STORY)
    assert found.furthest([SECOND, TOGETHER]) == SECOND
    assert found.furthest([]) == FOUNDING


def test_revisions_may_be_left_out() -> None:
    """Within a generation, and into the next one, a holder of what is known is enough: revisions in between may be lost."""
    assert _lineage(TOGETHER, [THIRD, SECOND]).way_to(THIRD) == [SECOND, THIRD]
    late = statement(RING_2, CHAIN_2, revision=9, holders=(ALICE, BOB), by=BOB)
    assert _lineage(TOGETHER, [late]).way_to(late) == [late]


# Two ways.


def test_forks() -> None:
    """Two next revisions, or two next generations, are both found, each with its own way."""
    bobs = statement(revision=3, holders=(ALICE, BOB), by=BOB)
    alices = statement(revision=3, holders=(ALICE, BOB, CAROL))
    twin = statement(TWIN, TWIN_CHAIN, revision=4, holders=(ALICE, BOB), by=BOB)
    after_twin = statement(*rotated(TWIN, 10, TWIN_CHAIN), revision=5, holders=(ALICE, BOB))
    found = _lineage(TOGETHER, [after_twin, twin, bobs, SECOND, alices])
    for fork in (bobs, alices, SECOND):
        assert found.way_to(fork) == [fork]
    assert found.way_to(after_twin)[-2:] == [twin, after_twin]
    assert found.furthest([SECOND, after_twin]) == after_twin
    assert found.refused == {}


def test_a_fork_is_no_step_for_who_took_the_other() -> None:
    """From one way none leads to the other, with the reason of whoever is nearest."""
    twin = statement(TWIN, TWIN_CHAIN, revision=3, holders=(ALICE, BOB), by=BOB)
    after_twin = statement(*rotated(TWIN, 10, TWIN_CHAIN), revision=4, holders=(ALICE, BOB))
    found = _lineage(SECOND, [twin, after_twin])
    assert found.furthest([twin, after_twin]) == SECOND
    with pytest.raises(OtherKey):
        found.way_to(twin)
    with pytest.raises(Severed):
        found.way_to(after_twin)
    with pytest.raises(OtherText):
        _lineage(TOGETHER, [statement(revision=2, holders=(ALICE, CAROL))]).way_to(
            statement(revision=2, holders=(ALICE, CAROL))
        )


def test_a_merge_of_two_rotations() -> None:
    """A statement that lists both generations as older follows from either, so that both ways lead on."""
    twin = statement(TWIN, TWIN_CHAIN, revision=3, holders=(ALICE, BOB), by=BOB)
    both = statement(*_merged(RING_2, TWIN, 3), revision=4, holders=(ALICE, BOB))
    one_only = statement(RING_3, CHAIN_3, revision=4, holders=(ALICE, BOB))
    for start in (SECOND, twin):
        assert _lineage(start, [both, SECOND, twin]).way_to(both) == [both]
    assert _lineage(TOGETHER, [both, SECOND, twin]).way_to(both)[1:] == [both]
    assert not _lineage(twin, [one_only, SECOND]).reaches(one_only)


def test_one_line() -> None:
    """Where honest steps lead to one story only, whatever was pushed beside it, nobody has to be asked."""
    hostile = [
        statement(*rotated(TWIN, 10, TWIN_CHAIN), revision=9, holders=(EVE,), by=EVE),
        statement(TWIN, TWIN_CHAIN, by=EVE),
    ]
    for start, goal in itertools.combinations_with_replacement(STORY, 2):
        _lineage(start, [*STORY, *hostile]).check_one_line(goal, [*STORY, *hostile])


def test_two_lines() -> None:
    """Two next generations of one, neither of which goes back to the other, are no choice: whoever goes to either is asked."""
    removed = statement(RING_2, CHAIN_2, revision=3)  # without bob
    bobs = statement(TWIN, TWIN_CHAIN, revision=9, holders=(ALICE, BOB), by=BOB)
    after_bobs = statement(*rotated(TWIN, 10, TWIN_CHAIN), revision=10, holders=(BOB,), by=BOB)
    versions = [TOGETHER, removed, bobs, after_bobs]
    for start in (FOUNDING, TOGETHER):
        found = _lineage(start, versions)
        for goal in (removed, bobs, after_bobs):
            with pytest.raises(Forked, match="do not go back to each other"):
                found.check_one_line(goal, versions)
    for start, goal in ((removed, removed), (bobs, after_bobs)):
        _lineage(start, versions).check_one_line(goal, versions)


def test_two_lines_that_came_together() -> None:
    """A generation that a holder of both signed and that lists both is one story; what bob alone lists is not."""
    twin = statement(TWIN, TWIN_CHAIN, revision=3, holders=(ALICE, BOB), by=BOB)
    both = statement(*_merged(RING_2, TWIN, 3), revision=4, holders=(ALICE, BOB))
    versions = [TOGETHER, SECOND, twin, both]
    for start in (FOUNDING, TOGETHER, SECOND, twin):
        _lineage(start, versions).check_one_line(both, versions)
    removed = statement(RING_2, CHAIN_2, revision=3)
    claims = statement(*_merged(RING_2, TWIN, 3), revision=4, holders=(BOB,), by=BOB)
    with pytest.raises(Forked):
        _lineage(TOGETHER, [removed, twin, claims]).check_one_line(claims, [removed, twin, claims])


def test_revisions_that_came_together() -> None:
    """Two next revisions of one generation are one story once a later one follows both; what a rotation did not know is not."""
    bobs = statement(revision=3, holders=(ALICE, BOB), by=BOB)
    alices = statement(revision=3, holders=(ALICE, BOB, CAROL))
    both = statement(revision=4, holders=(ALICE, BOB, CAROL))
    versions = [TOGETHER, bobs, alices, both]
    _lineage(TOGETHER, versions).check_one_line(both, versions)
    late = statement(revision=4, holders=(ALICE, BOB), by=BOB)  # after alice's rotation, and without it
    after = statement(RING_2, CHAIN_2, revision=5)
    versions = [statement(RING_2, CHAIN_2, revision=3), late, after]
    with pytest.raises(Forked):
        _lineage(TOGETHER, versions).check_one_line(after, versions)


def _merged(one: Keyring, other: Keyring, number: int) -> tuple[Keyring, list[Older]]:
    generation, chain = one.next_generation(dek(number))
    _, others = other.next_generation(dek(number))
    older = sorted({link.generation: link for link in (*others, *chain)}.values(), key=lambda link: -link.generation.number)
    return Keyring(IDENTITY, generation, dek(number), older), older


# Who signed.


def test_holders_by_grants_in_between() -> None:
    """carol came in by a grant while a statement was the newest: she signs the next one, and nobody else who is not in."""
    by_carol = statement(RING_2, CHAIN_2, revision=3, holders=(ALICE, BOB, CAROL), by=CAROL)
    versions = [by_carol, THIRD]
    assert _lineage(TOGETHER, versions, {TOGETHER: [CAROL]}).way_to(THIRD) == [by_carol, THIRD]
    assert _lineage(FOUNDING, [TOGETHER, *versions], {TOGETHER: [CAROL]}).way_to(by_carol) == [TOGETHER, by_carol]
    nobody: dict[Environment, list[Person]] = {}
    for granted in (nobody, {by_carol: [CAROL]}, {THIRD: [CAROL]}):
        with pytest.raises(NotAHolder, match="carol"):
            _lineage(FOUNDING, [TOGETHER, *versions], granted).way_to(by_carol)


def test_grants_are_asked_only_where_they_matter() -> None:
    """Reading everybody's grants is slow: a signer whom the statement itself lists needs none."""
    asked: list[Environment] = []

    def holders_of(version: Environment) -> frozenset[Holder]:
        asked.append(version)
        return frozenset(version.holders)

    lineage(FOUNDING, STORY, holders_of, key_of(*EVERYBODY))
    assert asked == []
    lineage(FOUNDING, [statement(revision=2, by=CAROL)], holders_of, key_of(*EVERYBODY))
    assert asked == [FOUNDING]


def test_a_severed_chain() -> None:
    """A next generation that does not list the one before follows from nobody, and what follows it does not, either."""
    severed = statement(RING_2, [], revision=3, holders=(ALICE, BOB))
    after = statement(RING_3, CHAIN_3[:1], revision=4, holders=(ALICE, BOB))
    found = _lineage(TOGETHER, [after, severed])
    assert found.furthest([after, severed]) == TOGETHER
    with pytest.raises(Severed):
        found.way_to(severed)
    with pytest.raises(TooFarAhead):
        found.way_to(after)


def test_a_removed_holders_fork() -> None:
    """bob is out: what he signs afterwards follows from no statement without him, and from no one that came after that."""
    without_bob = statement(RING_2, CHAIN_2, revision=3)
    later = statement(RING_3, CHAIN_3, revision=4)
    within = statement(RING_2, CHAIN_2, revision=4, holders=(ALICE, BOB), by=BOB)
    following = statement(RING_3, CHAIN_3, revision=5, holders=(BOB,), by=BOB)
    much_later = statement(*rotated(RING_3, 9, CHAIN_3), revision=99, holders=(BOB,), by=BOB)
    versions = [much_later, following, within, later, without_bob]
    for start in (without_bob, later):
        found = _lineage(start, versions)
        assert found.furthest(versions) == later
        assert not any(map(found.reaches, (within, following, much_later)))
    with pytest.raises(NotAHolder, match="bob"):
        _lineage(without_bob, versions).way_to(following)


@pytest.mark.parametrize("order", [1, -1])
def test_hostile_versions_in_between(order: int) -> None:
    """Whatever was pushed between honest steps is refused by its reason, leads nowhere, and hides nothing."""
    ring, chain = rotated(RING_2, 9, CHAIN_2)
    hostile: dict[Environment, type[NotTrusted]] = {
        statement(RING_2, CHAIN_2, revision=4, holders=(ALICE, BOB, EVE), by=EVE): NotAHolder,
        statement(RING_2, CHAIN_2, revision=5, holders=(ALICE, BOB, EVE), signer=EVE): NotSigned,
        statement(RING_2, CHAIN_2, revision=6, holders=(ALICE, EVE), by=Person("bob", EVE.device)): NotAHolder,
        statement(RING_3, CHAIN_3, revision=5, holders=(ALICE, EVE), by=EVE): NotAHolder,
        statement(RING_3, CHAIN_3, revision=6, holders=(EVE,), signer=EVE): NotSigned,
        statement(ring, chain, revision=7, holders=(EVE,), by=EVE): NotAHolder,
        statement(ring_of(1, OTHER_IDENTITY), revision=8, identity=OTHER_IDENTITY): ForeignEnvironment,
        statement(RING_2, CHAIN_2, revision=8, name="staging"): ForeignEnvironment,
        statement(ring_of(9), revision=9): OtherKey,
        statement(*rotated(TWIN, 8, TWIN_CHAIN), revision=9, holders=(ALICE, BOB)): Severed,
    }
    by_eve = statement(*rotated(ring, 10, chain), revision=9, holders=(EVE,), by=EVE)  # on top of her own
    versions = [*STORY, *hostile, by_eve][::order]
    found = _lineage(TOGETHER, versions)
    assert found.way_to(FOURTH) == [SECOND, THIRD, FOURTH]
    assert found.furthest(versions) == FOURTH
    for version in (*hostile, by_eve):
        assert not found.reaches(version)
    alone = {version: _lineage(TOGETHER, [SECOND, version]) for version in hostile}
    for version, reason in hostile.items():
        with pytest.raises(NotTrusted) as caught:
            alone[version].way_to(version)
        assert type(caught.value) is reason


def test_a_key_that_nobody_has() -> None:
    """Without bob's key his step cannot be checked, and nothing that follows it is believed."""
    found = _lineage(FOUNDING, STORY, known=[ALICE])
    assert found.furthest(STORY) == SECOND
    with pytest.raises(UnknownKey):
        found.way_to(THIRD)
    with pytest.raises(TooFarAhead):
        found.way_to(FOURTH)


def test_long_stories() -> None:
    """Hundreds of honest steps between hostile ones: nothing recurses, and every one is found."""
    steps = [statement(revision=n) for n in range(2, 300)]
    noise = [statement(revision=n, by=EVE) for n in range(2, 300, 50)]
    found = _lineage(FOUNDING, itertools.chain(reversed(steps), noise))
    assert found.way_to(steps[-1]) == steps
    assert len(found.refused) == len(noise)
