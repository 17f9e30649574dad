"""Who is in: which grants count, and why others do not."""

from __future__ import annotations

import itertools

import pytest

from gitenv.model import grant
from gitenv.model.environment import Environment
from gitenv.model.grant import READER, Grant
from gitenv.model.membership import Membership, who_is_in
from gitenv.model.statements import Holder
from tests.model.builders import (
    ALICE,
    BOB,
    CAROL,
    EVE,
    OTHER_IDENTITY,
    TODAY,
    Person,
    grant_for,
    resigned,
    ring_of,
    rotated,
    statement,
)

SECOND, CHAIN_2 = rotated(ring_of(), 2)
ALONE = statement()


def _membership(*grants: Grant, about: Environment = ALONE, today: str = TODAY) -> Membership:
    return who_is_in(about, grants, today)


def _names(found: Membership) -> list[str]:
    return sorted(found.counted)


@pytest.mark.parametrize("order", [1, -1])
def test_holders_let_holders_in(order: int) -> None:
    """alice let bob in, bob let carol in: all count, in whatever order the files are read."""
    grants = [grant_for(ALICE), grant_for(BOB), grant_for(CAROL, by=BOB)]
    found = _membership(*grants[::order])
    assert _names(found) == ["alice", "bob", "carol"]
    assert found.holders == {ALICE.holder, BOB.holder, CAROL.holder}
    assert found.refused == []


def _refused(*grants: Grant, about: Environment = ALONE, today: str = TODAY) -> dict[str, str]:
    return {refused.grant.to: refused.reason for refused in _membership(*grants, about=about, today=today).refused}


def test_a_reader_lets_nobody_in() -> None:
    """bob may read; whom he lets in is out, and so is whom they let in."""
    grants = [grant_for(BOB, role=READER), grant_for(CAROL, by=BOB), grant_for(EVE, by=CAROL)]
    found = _membership(*grants)
    assert _names(found) == ["bob"]
    assert found.holders == {ALICE.holder}
    assert {refused.grant.to for refused in found.refused} == {"carol", "eve"}
    assert all("no holder" in refused.reason for refused in found.refused)


def test_nobody_lets_themselves_in() -> None:
    """Not alone, and not two strangers each other."""
    assert _names(_membership(grant_for(EVE, by=EVE))) == []
    assert _names(_membership(grant_for(EVE, by=CAROL), grant_for(CAROL, by=EVE))) == []


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
    later = statement(SECOND, CHAIN_2, before=ALONE)
    assert _refused(grant_for(BOB), about=later) == {"bob": "made for generation 1, now is 2"}
    assert "bob" in _refused(grant_for(BOB, about=statement(ring_of(9))))


def test_an_expired_holder_lets_nobody_in() -> None:
    """bob counts on his last day; the day after, whom he let in is out with him."""
    text = resigned(grant_for(BOB).text, b"role holder", b"role holder\nexpires " + TODAY.encode(), ALICE)
    grants = [grant.read(text, "here"), grant_for(CAROL, by=BOB)]
    assert _names(_membership(*grants)) == ["bob", "carol"]
    tomorrow = _refused(*grants, today="2026-11-22")
    assert tomorrow["bob"] == f"expired on {TODAY}"
    assert "no holder" in tomorrow["carol"]


def test_a_key_that_is_no_point_does_not_count() -> None:
    """A grant for bytes that are no key is named, and stops nothing else."""
    from gitenv.model import base64url

    nonsense = b"p256 " + base64url.encode(b"\x02" + b"\xff" * 32)
    good = grant_for(CAROL).text
    bad = grant.read(resigned(good, good.splitlines()[4].removeprefix(b"key "), nonsense, ALICE), "here")
    found = _membership(bad, grant_for(BOB))
    assert _names(found) == ["bob"]
    assert [refused.reason for refused in found.refused] == ["its key is no point on the curve"]


def test_a_second_key_of_a_holder_counts_as_it_is_signed() -> None:
    """alice's new laptop: another fingerprint under her name is another holder, once a holder says so."""
    laptop = Person("alice", EVE.device)
    found = who_is_in(ALONE, [grant_for(laptop, by=ALICE)], TODAY)
    assert found.holders == {ALICE.holder, Holder("alice", EVE.key.fingerprint())}


def test_long_chains_count() -> None:
    """Each of many lets the next in: nothing recurses."""
    from tests.model.builders import device_of

    people = [ALICE, *(Person(f"p{n}", device_of(5000 + n)) for n in range(30))]
    grants = [grant_for(to, by=by) for by, to in itertools.pairwise(people)]
    assert len(who_is_in(ALONE, reversed(grants), TODAY).counted) == 30
