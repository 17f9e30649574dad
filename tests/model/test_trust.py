"""Who counts, and which change of a statement follows from the pinned one."""

from __future__ import annotations

import itertools

import pytest

from gitenv.errors import NotTrusted
from gitenv.model import environment, grant
from gitenv.model.cipher import EnvironmentId
from gitenv.model.environment import Environment
from gitenv.model.grant import READER, Grant
from gitenv.model.reasons import (
    ForeignEnvironment,
    NotAHolder,
    NotLater,
    NotSigned,
    OffChain,
    OtherKey,
    OtherText,
    Severed,
    TooFarAhead,
    UnknownKey,
)
from gitenv.model.standing import Standing, standing
from gitenv.model.statements import Holder
from gitenv.model.trust import State, Step, check_signed, step
from tests.model.builders import (
    ALICE,
    BOB,
    CAROL,
    EVE,
    EVERYBODY,
    OTHER_IDENTITY,
    TODAY,
    Person,
    dek,
    grant_for,
    key_of,
    resigned,
    ring_of,
    rotated,
    statement,
)

FIRST = ring_of()
SECOND, CHAIN_2 = rotated(FIRST, 2)
THIRD, CHAIN_3 = rotated(SECOND, 3, CHAIN_2)
TWIN, TWIN_CHAIN = rotated(FIRST, 9)  # another generation 2
PINNED = statement(SECOND, CHAIN_2, revision=5, holders=(ALICE, BOB))


def _step(new: Environment, pinned: Environment = PINNED, known: tuple[Person, ...] = EVERYBODY) -> Step:
    return step(State(pinned, frozenset(pinned.holders)), new, key_of(*known))


STEPS = {
    "the same": (PINNED, Step.SAME),
    "an earlier revision": (statement(SECOND, CHAIN_2, revision=4), Step.EARLIER),
    "an earlier generation": (statement(FIRST, revision=3), Step.BELOW),
    "an earlier generation by somebody unknown": (statement(FIRST, revision=3, by=EVE), Step.BELOW),
    "a later revision": (statement(SECOND, CHAIN_2, revision=6, holders=(ALICE,)), Step.WITHIN),
    "a revision far ahead": (statement(SECOND, CHAIN_2, revision=600, by=BOB), Step.WITHIN),
    "the next generation": (statement(THIRD, CHAIN_3, revision=6), Step.NEXT),
    "the next generation by another holder": (statement(THIRD, CHAIN_3, revision=9, by=BOB, holders=(BOB, CAROL)), Step.NEXT),
}


@pytest.mark.parametrize(("new", "how"), STEPS.values(), ids=STEPS)
def test_honest_steps(new: Environment, how: Step) -> None:
    """How a statement stands to the pinned one."""
    assert _step(new) is how


REFUSED: dict[str, tuple[Environment, type[NotTrusted]]] = {
    "another id": (statement(ring_of(2, OTHER_IDENTITY), revision=9, identity=OTHER_IDENTITY), ForeignEnvironment),
    "another id by a holder of the old": (statement(ring_of(1, OTHER_IDENTITY), identity=OTHER_IDENTITY), ForeignEnvironment),
    "another name": (statement(SECOND, CHAIN_2, revision=6, name="staging"), ForeignEnvironment),
    "another text of the same revision": (statement(SECOND, CHAIN_2, revision=5, holders=(ALICE,)), OtherText),
    "another key for the same generation": (statement(TWIN, TWIN_CHAIN, revision=6), OtherKey),
    "a stranger": (statement(SECOND, CHAIN_2, revision=6, by=EVE, holders=(EVE,)), NotAHolder),
    "a stranger's next generation": (statement(THIRD, CHAIN_3, revision=6, by=EVE, holders=(ALICE, EVE)), NotAHolder),
    "a holder's name with another key": (statement(SECOND, CHAIN_2, revision=6, by=Person("alice", EVE.device)), NotAHolder),
    "a holder's name, signed by a stranger": (statement(SECOND, CHAIN_2, revision=6, signer=EVE), NotSigned),
    "the next generation, signed by a stranger": (statement(THIRD, CHAIN_3, revision=6, signer=EVE), NotSigned),
    "the next generation with an old revision": (statement(THIRD, CHAIN_3, revision=5), NotLater),
    "the next generation without the pinned one": (statement(THIRD, CHAIN_3[1:], revision=6), Severed),
    "the next generation after a twin": (statement(*rotated(TWIN, 3, TWIN_CHAIN), revision=6), Severed),
    "two generations at once": (statement(*rotated(THIRD, 4, CHAIN_3), revision=7), TooFarAhead),
    "an earlier generation of a twin": (statement(ring_of(9), revision=3), OffChain),
}


@pytest.mark.parametrize(("new", "error"), REFUSED.values(), ids=REFUSED)
def test_anything_else_is_refused(new: Environment, error: type[NotTrusted]) -> None:
    """Each with its reason, the statement's name and nothing secret."""
    with pytest.raises(NotTrusted) as caught:
        _step(new)
    assert type(caught.value) is error
    assert caught.value.message.startswith(f"{new.name}/environment: ")
    assert caught.value.exit_code == 4


def test_a_removed_holder_signs_nothing_more() -> None:
    """The pin replaces its holders and never adds up."""
    without_bob = statement(SECOND, CHAIN_2, revision=6, holders=(ALICE,))
    with pytest.raises(NotAHolder):
        _step(statement(SECOND, CHAIN_2, revision=7, by=BOB), pinned=without_bob)


def test_a_signers_key_must_be_found() -> None:
    """A holder whose key nobody has cannot be checked, and so is not believed."""
    with pytest.raises(UnknownKey, match=r"not in \.recipients"):
        _step(statement(SECOND, CHAIN_2, revision=6, by=BOB), known=(ALICE,))


def test_the_fingerprint_binds_the_key() -> None:
    """Another key than the one that was named does not count, even if its signature is right."""
    new = statement(SECOND, CHAIN_2, revision=6, by=BOB, signer=EVE)
    with pytest.raises(NotSigned):
        step(State(PINNED, frozenset(PINNED.holders)), new, lambda _: EVE.key)
    with pytest.raises(NotSigned):
        check_signed(new, key_of(*EVERYBODY), "here")


def test_a_holder_by_grant_may_sign() -> None:
    """Who was let in after the statement was signed makes the next step."""
    new = statement(SECOND, CHAIN_2, revision=6, by=CAROL, holders=(ALICE, CAROL))
    with pytest.raises(NotAHolder):
        _step(new)
    let_in = _standing(grant_for(CAROL, by=BOB, about=PINNED), about=PINNED)
    assert step(State(PINNED, let_in.holders), new, key_of(*EVERYBODY)) is Step.WITHIN


# Grants.

ALONE = statement()


def _standing(*grants: Grant, about: Environment = ALONE, today: str = TODAY) -> Standing:
    return standing(about, grants, key_of(*EVERYBODY), today)


def _names(found: Standing) -> list[str]:
    return sorted(found.counted)


@pytest.mark.parametrize("order", [1, -1])
def test_holders_let_holders_in(order: int) -> None:
    """alice let bob in, bob let carol in: all count, in whatever order the files are read."""
    grants = [grant_for(ALICE), grant_for(BOB), grant_for(CAROL, by=BOB)]
    found = _standing(*grants[::order])
    assert _names(found) == ["alice", "bob", "carol"]
    assert found.holders == {ALICE.holder, BOB.holder, CAROL.holder}
    assert found.refused == []


def _refused(*grants: Grant, about: Environment = ALONE, today: str = TODAY) -> dict[str, str]:
    return {refused.grant.to: refused.reason for refused in _standing(*grants, about=about, today=today).refused}


def test_a_reader_lets_nobody_in() -> None:
    """bob may read; whom he lets in is out, and so is whom they let in."""
    grants = [grant_for(BOB, role=READER), grant_for(CAROL, by=BOB), grant_for(EVE, by=CAROL)]
    found = _standing(*grants)
    assert _names(found) == ["bob"]
    assert found.holders == {ALICE.holder}
    assert {refused.grant.to for refused in found.refused} == {"carol", "eve"}
    assert all("no holder" in refused.reason for refused in found.refused)


def test_nobody_lets_themselves_in() -> None:
    """Not alone, and not two strangers each other."""
    assert _names(_standing(grant_for(EVE, by=EVE))) == []
    assert _names(_standing(grant_for(EVE, by=CAROL), grant_for(CAROL, by=EVE))) == []


def test_a_forged_signature_does_not_count() -> None:
    """eve writes alice's name under her own grant."""
    assert _refused(grant_for(EVE, signer=EVE)) == {"eve": "was changed after alice signed it, or never signed by them"}


def test_a_holders_name_with_another_key_does_not_count() -> None:
    """eve, who calls herself alice, is no holder."""
    assert "no holder" in _refused(grant_for(EVE, by=Person("alice", EVE.device)))["eve"]


def test_an_edited_role_does_not_count() -> None:
    """bob makes a holder of himself with an editor."""
    edited = grant.read(grant_for(BOB, role=READER).text.replace(b"role reader", b"role holder"), "here")
    assert "was changed" in _refused(edited)["bob"]


def test_a_swapped_key_does_not_count() -> None:
    """eve puts her key into bob's grant."""
    from gitenv.model.statements import key_text

    text = grant_for(BOB).text.replace(key_text(BOB.key).encode(), key_text(EVE.key).encode())
    assert "was changed" in _refused(grant.read(text, "here"))["bob"]


def test_grants_count_in_their_environment_only() -> None:
    """A copy in another environment's folder, or under its name, is left out."""
    staging = statement(ring_of(1, OTHER_IDENTITY), name="staging", identity=OTHER_IDENTITY)
    namesake = statement(ring_of(1, OTHER_IDENTITY), identity=OTHER_IDENTITY)
    for other in (staging, namesake):
        assert _refused(grant_for(BOB), about=other) == {"bob": "made for another environment"}


def test_grants_count_in_their_generation_only() -> None:
    """What was granted before a rotation is over, and so is what was granted for a twin of this generation."""
    later = statement(SECOND, CHAIN_2, revision=2)
    assert _refused(grant_for(BOB), about=later) == {"bob": "made for generation 1, now is 2"}
    assert "bob" in _refused(grant_for(BOB, about=statement(ring_of(9))))


def test_an_expired_holder_lets_nobody_in() -> None:
    """bob counts on his last day; the day after, whom he let in is out with him."""
    text = resigned(grant_for(BOB).text, b"role holder", b"role holder\nexpires " + TODAY.encode(), ALICE)
    grants = [grant.read(text, "here"), grant_for(CAROL, by=BOB)]
    assert _names(_standing(*grants)) == ["bob", "carol"]
    tomorrow = _refused(*grants, today="2026-11-22")
    assert tomorrow["bob"] == f"expired on {TODAY}"
    assert "no holder" in tomorrow["carol"]


def test_a_key_that_is_no_point_does_not_count() -> None:
    """A grant for bytes that are no key is named, and stops nothing else."""
    from gitenv.model import base64url

    nonsense = b"p256 " + base64url.encode(b"\x02" + b"\xff" * 32)
    good = grant_for(CAROL).text
    bad = grant.read(resigned(good, good.splitlines()[4].removeprefix(b"key "), nonsense, ALICE), "here")
    found = _standing(bad, grant_for(BOB))
    assert _names(found) == ["bob"]
    assert [refused.reason for refused in found.refused] == ["its key is no point on the curve"]


def test_a_second_key_of_a_holder_counts_as_it_is_signed() -> None:
    """alice's new laptop: another fingerprint under her name is another holder, once a holder says so."""
    laptop = Person("alice", EVE.device)
    found = standing(ALONE, [grant_for(laptop, by=ALICE)], key_of(ALICE), TODAY)
    assert found.holders == {ALICE.holder, Holder("alice", EVE.key.fingerprint())}


def test_long_chains_count() -> None:
    """Each of many lets the next in: nothing recurses."""
    from tests.model.builders import device_of

    people = [ALICE, *(Person(f"p{n}", device_of(5000 + n)) for n in range(30))]
    grants = [grant_for(to, by=by) for by, to in itertools.pairwise(people)]
    assert len(standing(ALONE, reversed(grants), key_of(*people), TODAY).counted) == 30


def test_ids_decide_and_not_keys() -> None:
    """The same DEK under another id is another environment."""
    twin = environment.read(statement(ring_of(1, EnvironmentId(b"x" * 16)), identity=EnvironmentId(b"x" * 16)).text, "here")
    assert dek(1) == ring_of().dek
    with pytest.raises(ForeignEnvironment):
        _step(twin)
