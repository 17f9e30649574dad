"""The chain of generations: the newest key opens all that came before, and nothing leads forward."""

from __future__ import annotations

import pytest

from gitenv.errors import NotTrusted
from gitenv.model import token
from gitenv.model.cipher import Commitment, Dek, Generation, Keys
from gitenv.model.keyring import Keyring, Older, first_generation
from tests.model.builders import IDENTITY, OTHER_IDENTITY, dek, ring_of, rotated


def _rings(count: int) -> list[Keyring]:
    """The keyrings of one environment after 0, 1, … rotations."""
    rings, chain = [ring_of()], list[Older]()
    for number in range(2, count + 1):
        ring, chain = rotated(rings[-1], number, chain)
        rings.append(ring)
    return rings


RINGS = _rings(4)
NEWEST = RINGS[-1]


def _find(ring: Keyring, generation: Generation) -> Keys | None:
    return ring.find(generation.number, token.hint(generation.commitment))


def _with(older: list[Older]) -> Keyring:
    return Keyring(IDENTITY, NEWEST.current, dek(4), older)


def _chain() -> list[Older]:
    """The chain of the newest statement, newest first."""
    third, chain = ring_of(), list[Older]()
    for number in (2, 3):
        third, chain = rotated(third, number, chain)
    return third.next_generation(dek(4))[1]


def test_numbers_grow_by_one() -> None:
    """Each rotation is the next generation, and commits to its key."""
    assert [ring.current.number for ring in RINGS] == [1, 2, 3, 4]
    assert [ring.keys.commitment() for ring in RINGS] == [ring.current.commitment for ring in RINGS]


def test_the_newest_opens_all() -> None:
    """History stays readable with one key."""
    for older in RINGS:
        keys = _find(NEWEST, older.current)
        assert keys
        assert keys.commitment() == older.current.commitment
    assert [keys.commitment() for keys in NEWEST.everything()] == [ring.current.commitment for ring in reversed(RINGS)]


def test_nothing_leads_forward() -> None:
    """Who left with a key finds none that came later."""
    for position, ring in enumerate(RINGS):
        assert len(ring.everything()) == position + 1
        assert all(_find(ring, later.current) is None for later in RINGS[position + 1 :])


def test_an_older_key_opens_no_later_link() -> None:
    """Even with the newest statement at hand, an old DEK opens what is before it and nothing after."""
    second = Keyring(IDENTITY, RINGS[1].current, dek(2), _chain())
    assert {keys.commitment() for keys in second.everything()} == {ring.current.commitment for ring in RINGS[:2]}


def test_another_key_is_refused() -> None:
    """The commitment decides, not who handed the key over."""
    for key, identity in [(dek(2), IDENTITY), (dek(1), OTHER_IDENTITY)]:
        with pytest.raises(NotTrusted, match="generation 1 is not the one"):
            Keyring(identity, RINGS[0].current, key, [])


@pytest.mark.parametrize("byte", [0, 11, 12, 43, 44, 59])
def test_a_broken_link_closes_what_hangs_on_it(byte: int) -> None:
    """Generation 2's link is damaged: 3 opens, 2 and 1 do not."""
    chain = _chain()
    wrapped = bytearray(chain[1].wrapped)
    wrapped[byte] ^= 1
    ring = _with([chain[0], chain[1]._replace(wrapped=bytes(wrapped)), chain[2]])
    assert [_find(ring, r.current) is not None for r in RINGS] == [False, False, True, True]


def test_a_link_that_is_left_out_closes_what_hangs_on_it() -> None:
    """A statement that lists 3 and 1 does not give 1."""
    ring = _with([_chain()[0], _chain()[2]])
    assert [_find(ring, r.current) is not None for r in RINGS] == [False, False, True, True]


def test_a_link_under_another_number_is_refused() -> None:
    """A wrapped key is bound to the line it stands in."""
    first, *rest = _chain()
    for generation in [Generation(2, first.generation.commitment), Generation(3, rest[0].generation.commitment)]:
        assert len(_with([first._replace(generation=generation), *rest]).everything()) == 1


def test_a_link_to_another_key_is_refused() -> None:
    """A holder cannot slip a key under a commitment that it does not have."""
    pinned = RINGS[2].current
    about = Older(pinned, b"").line()[:-1]
    wrapped = NEWEST.keys.wrap_older(Dek.fresh(), about)
    assert _find(_with([Older(pinned, wrapped)]), pinned) is None
    assert _find(_with([Older(pinned, NEWEST.keys.wrap_older(dek(3), about))]), pinned) is not None


def test_two_generations_of_one_number_both_open() -> None:
    """Two people rotated on two branches: both keys are history after the merge, told apart by their commitment."""
    ours, ours_chain = rotated(ring_of(), 2)
    theirs, _ = rotated(ring_of(), 3)
    generation, chain = ours.next_generation(dek(4))
    after = Keys(dek(4), IDENTITY)
    other = Older(theirs.current, after.wrap_older(theirs.dek, Older(theirs.current, b"").line()[:-1]))
    ring = Keyring(IDENTITY, generation, dek(4), [chain[0], other, *ours_chain])
    assert ours.current.number == theirs.current.number
    for one in (ours, theirs, ring_of()):
        keys = _find(ring, one.current)
        assert keys
        assert keys.commitment() == one.current.commitment


def test_at_is_the_keyring_of_then() -> None:
    """At an earlier generation, that one is current and only what was before it opens."""
    for position, earlier in enumerate(RINGS):
        then = NEWEST.at(earlier.current)
        assert then
        assert (then.current, then.dek) == (earlier.current, earlier.dek)
        assert {keys.commitment() for keys in then.everything()} == {r.current.commitment for r in RINGS[: position + 1]}


@pytest.mark.parametrize(
    "generation",
    [
        Generation(3, RINGS[0].current.commitment),
        Generation(5, RINGS[3].current.commitment),
        Generation(1, Commitment(RINGS[0].current.commitment[:5] + bytes(27))),
        first_generation(dek(9), IDENTITY),
    ],
)
def test_at_knows_that_very_generation_only(generation: Generation) -> None:
    """Neither the number nor the hint is enough."""
    assert NEWEST.at(generation) is None


def test_hints_prove_nothing() -> None:
    """Another number or hint finds no key."""
    hint = token.hint(RINGS[0].current.commitment)
    assert NEWEST.find(1, hint)
    assert NEWEST.find(2, hint) is None
    assert NEWEST.find(1, b"AAAAAA") is None
