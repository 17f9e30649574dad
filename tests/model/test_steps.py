"""Which statement is a good step after another: each rule that refuses has its name, and honest steps pass."""

from __future__ import annotations

import itertools

import pytest

from gitenv.errors import Malformed
from gitenv.model import environment, steps
from gitenv.model.environment import MAX_PROOF, Environment
from gitenv.model.grant import READER, Grant
from gitenv.model.keyring import Keyring, Older
from gitenv.model.reasons import (
    BadProof,
    ForeignEnvironment,
    HolderGone,
    NotAHolder,
    NotAStep,
    NotLater,
    NotSigned,
    OtherKey,
    Severed,
    Unlinked,
)
from gitenv.model.statements import key_text
from gitenv.trust import chain
from tests.model.builders import (
    ALICE,
    BOB,
    CAROL,
    EVE,
    NOWHERE,
    OTHER_IDENTITY,
    Person,
    dek,
    device_of,
    grant_for,
    resigned,
    ring_of,
    rotated,
    statement,
)

FIRST = ring_of()
SECOND, CHAIN_2 = rotated(FIRST, 2)
THIRD, CHAIN_3 = rotated(SECOND, 3, CHAIN_2)
TWIN, TWIN_CHAIN = rotated(FIRST, 9)  # another generation 2
BOTH = (ALICE, BOB)
FOUNDING = statement(holders=BOTH)
BEFORE = statement(SECOND, CHAIN_2, before=FOUNDING, holders=BOTH)
STAGING = statement(ring_of(2, OTHER_IDENTITY), name="staging", identity=OTHER_IDENTITY, holders=BOTH)


def _after(
    ring: Keyring = SECOND,
    older: list[Older] = CHAIN_2,
    *,
    by: Person = ALICE,
    signer: Person | None = None,
    holders: tuple[Person, ...] = BOTH,
    proof: tuple[Grant, ...] = (),
    paths: tuple[str, ...] = (".env.production",),
) -> Environment:
    return statement(ring, older, before=BEFORE, by=by, signer=signer, holders=holders, proof=proof, paths=paths)


def _given(to: Person, by: Person = ALICE, about: Environment = BEFORE, *, role: str = "holder", expires: str = "") -> Grant:
    return grant_for(to, by, about, role=role, expires=expires, data_key=dek(2))


# Somebody's second key, and somebody else's key under a name that has a `holder` line.
BOBS_LAPTOP = Person("bob", CAROL.device)
FALSE_BOB = Person("bob", EVE.device)
CROWD = [Person(f"p{number}", device_of(5000 + number)) for number in range(MAX_PROOF + 1)]
LONG_PROOF = tuple(_given(to, by) for by, to in itertools.pairwise([ALICE, *CROWD]))[::-1]

GOOD = {
    "nothing new": _after(),
    "by another holder": _after(by=BOB),
    "a holder more": _after(holders=(ALICE, BOB, CAROL)),
    "a path more": _after(paths=(".env.production", "web/.env.production")),
    "a path fewer, by name": _after(paths=("web/.env.production",)),
    "the next generation": _after(THIRD, CHAIN_3),
    "the next generation, with a holder fewer": _after(THIRD, CHAIN_3, holders=(ALICE,)),
    "the next generation by who goes": _after(THIRD, CHAIN_3, by=BOB, holders=(ALICE,)),
    "the next generation, with another key of a holder": _after(THIRD, CHAIN_3, holders=(ALICE, BOBS_LAPTOP)),
    "an older generation more": _after(older=[Older(TWIN.current, bytes(60)), *CHAIN_2]),
    "by who came in by a grant": _after(by=CAROL, proof=(_given(CAROL),)),
    "by who came in by a holder's grant, and is listed now": _after(by=CAROL, proof=(_given(CAROL),), holders=(*BOTH, CAROL)),
    "over two grants": _after(by=EVE, proof=(_given(EVE, CAROL), _given(CAROL))),
    "over as many grants as there may be": _after(by=CROWD[MAX_PROOF - 1], proof=LONG_PROOF[1:]),
    "the next generation by who came in by a grant": _after(THIRD, CHAIN_3, by=CAROL, proof=(_given(CAROL),)),
    "by a grant that has ended since": _after(by=CAROL, proof=(_given(CAROL, expires="2020-01-31"),)),
    "with one's own new key, by a grant signed with the old one": _after(by=BOBS_LAPTOP, proof=(_given(BOBS_LAPTOP, BOB),)),
    "by whom a holder's own new key let in": _after(by=EVE, proof=(_given(EVE, BOBS_LAPTOP), _given(BOBS_LAPTOP, BOB))),
    "by a holder, with a proof that nobody needs": _after(proof=(_given(CAROL),)),
}


@pytest.mark.parametrize("new", GOOD.values(), ids=GOOD)
def test_good_steps(new: Environment) -> None:
    """What honest people do next."""
    steps.check(BEFORE, new)
    steps.check(FOUNDING, BEFORE)


def _edited(new: Environment, old: bytes, text: bytes, by: Person = ALICE) -> Environment:
    return environment.read(resigned(new.text, old, text, by), "here")


def _seal(ring: Keyring) -> bytes:
    return key_text(statement(ring, CHAIN_2).seal).encode()


TO_ANOTHER_GENERATION = _given(CAROL, about=FOUNDING)
TO_A_TWIN = _given(CAROL, about=statement(TWIN, TWIN_CHAIN, before=FOUNDING))
IN_A_CIRCLE = (_given(CAROL, EVE), _given(EVE, CAROL), _given(CAROL))

REFUSED: dict[str, tuple[Environment, type[NotAStep]]] = {
    "another id": (
        statement(ring_of(2, OTHER_IDENTITY), identity=OTHER_IDENTITY, before=BEFORE, older=[], holders=BOTH),
        ForeignEnvironment,
    ),
    "another founding": (statement(ring_of(1, OTHER_IDENTITY), identity=OTHER_IDENTITY), ForeignEnvironment),
    "another name": (statement(SECOND, CHAIN_2, before=BEFORE, name="staging", holders=BOTH), ForeignEnvironment),
    "itself": (BEFORE, Unlinked),
    "the one before": (FOUNDING, Unlinked),
    "linked to nothing": (statement(SECOND, CHAIN_2, revision=3, previous=NOWHERE, holders=BOTH), Unlinked),
    "linked to the one before that": (statement(SECOND, CHAIN_2, revision=3, previous=FOUNDING.hash, holders=BOTH), Unlinked),
    "the same revision": (statement(SECOND, CHAIN_2, before=BEFORE, revision=2, holders=BOTH), NotLater),
    "a revision left out": (statement(SECOND, CHAIN_2, before=BEFORE, revision=4, holders=BOTH), NotLater),
    "a stranger": (_after(by=EVE), NotAHolder),
    "a stranger's next generation": (_after(THIRD, CHAIN_3, by=EVE, holders=(EVE,)), NotAHolder),
    "a stranger who lists herself": (_after(by=EVE, holders=(*BOTH, EVE)), NotAHolder),
    "a holder's name with another key": (_after(by=FALSE_BOB), NotAHolder),
    "a holder's key with another name": (_after(by=Person("mallory", BOB.device)), NotAHolder),
    "a holder's name, signed by a stranger": (_after(signer=EVE), NotSigned),
    "the next generation, signed by a stranger": (_after(THIRD, CHAIN_3, signer=EVE), NotSigned),
    "a holder's name, signed by another holder": (_after(signer=BOB), NotSigned),
    "a proof, and signed by another": (_after(by=CAROL, signer=EVE, proof=(_given(CAROL),)), NotSigned),
    "a proof by a reader's grant": (_after(by=CAROL, proof=(_given(CAROL, role=READER),)), BadProof),
    "a proof over a reader's grant": (_after(by=EVE, proof=(_given(EVE, CAROL), _given(CAROL, role=READER))), BadProof),
    "a proof of another generation": (_after(by=CAROL, proof=(TO_ANOTHER_GENERATION,)), BadProof),
    "a proof of another generation of that number": (_after(by=CAROL, proof=(TO_A_TWIN,)), BadProof),
    "a proof of another environment": (_after(by=CAROL, proof=(_given(CAROL, about=STAGING),)), BadProof),
    "a proof for the generation that it makes": (
        _after(THIRD, CHAIN_3, by=CAROL, proof=(grant_for(CAROL, about=_after(THIRD, CHAIN_3), data_key=dek(3)),)),
        BadProof,
    ),
    "a proof in a circle": (_after(by=CAROL, proof=IN_A_CIRCLE), BadProof),
    "a proof by oneself": (_after(by=EVE, proof=(_given(EVE, EVE),)), BadProof),
    "a proof of two strangers by each other": (_after(by=EVE, proof=(_given(EVE, CAROL), _given(CAROL, EVE))), BadProof),
    "a proof that does not reach a holder": (_after(by=EVE, proof=(_given(EVE, CAROL),)), BadProof),
    "a proof that leads to somebody else": (_after(by=EVE, proof=(_given(CAROL),)), BadProof),
    "a proof in the wrong order": (_after(by=EVE, proof=(_given(CAROL), _given(EVE, CAROL))), BadProof),
    "a proof with a grant left out": (_after(by=CROWD[2], proof=(LONG_PROOF[-3], LONG_PROOF[-1])), BadProof),
    "a proof with a grant more at its end": (_after(by=CAROL, proof=(_given(CAROL), _given(EVE))), BadProof),
    "a proof by a holder's name with another key": (_after(by=EVE, proof=(_given(EVE, FALSE_BOB),)), BadProof),
    "a proof that another holder signed for a holder's name": (_after(by=FALSE_BOB, proof=(_given(FALSE_BOB),)), BadProof),
    "a proof over a holder's name that another signed for": (
        _after(by=CAROL, proof=(_given(CAROL, FALSE_BOB), _given(FALSE_BOB))),
        BadProof,
    ),
    "a proof by a holder who is listed only now": (
        _after(by=EVE, proof=(_given(EVE, CAROL),), holders=(*BOTH, CAROL)),
        BadProof,
    ),
    "a proof with a broken signature": (
        _after(by=CAROL, proof=(grant_for(CAROL, about=BEFORE, signer=EVE, data_key=dek(2)),)),
        BadProof,
    ),
    "a proof with a broken signature in its middle": (
        _after(by=EVE, proof=(grant_for(EVE, CAROL, BEFORE, signer=EVE, data_key=dek(2)), _given(CAROL))),
        BadProof,
    ),
    "a proof that is no grant": (_edited(_after(by=CAROL), b"\nat ", b"\nproof AAAA\nat ", CAROL), BadProof),
    "another key for the same generation": (_after(TWIN, TWIN_CHAIN), OtherKey),
    "another seal": (_edited(_after(), _seal(SECOND), _seal(TWIN)), OtherKey),
    "an older line dropped": (_after(older=[]), OtherKey),
    "an older line that is wrapped otherwise": (_after(older=[CHAIN_2[0]._replace(wrapped=bytes(60))]), OtherKey),
    "a holder line gone": (_after(holders=(ALICE,)), HolderGone),
    "one's own holder line gone": (_after(by=BOB, holders=(ALICE,)), HolderGone),
    "a holder line with another key": (_after(holders=(ALICE, BOBS_LAPTOP)), HolderGone),
    "a generation left out": (_after(*rotated(THIRD, 4, CHAIN_3)), NotLater),
    "the generation before": (_after(FIRST, []), NotLater),
    "the next generation without the former": (_after(THIRD, CHAIN_3[1:]), Severed),
    "the next generation with another for the former": (_after(*rotated(TWIN, 3, TWIN_CHAIN)), Severed),
    "the next generation without a former older one": (_after(THIRD, CHAIN_3[:1]), Severed),
}


@pytest.mark.parametrize(("new", "reason"), REFUSED.values(), ids=REFUSED)
def test_anything_else_is_refused(new: Environment, reason: type[NotAStep]) -> None:
    """Each with the name of its reason, the statement's name, and exit code 4."""
    with pytest.raises(NotAStep) as caught:
        steps.check(BEFORE, new)
    assert type(caught.value) is reason
    assert caught.value.message.startswith(f"{new.name}/environment: ")
    assert caught.value.exit_code == 4


def test_more_grants_than_a_proof_has() -> None:
    """Seventeen are not even read: a signature costs time, and whoever pushes pays nothing."""
    with pytest.raises(Malformed, match="more than 16 grants"):
        _after(by=CROWD[-1], proof=LONG_PROOF)


def test_a_proof_is_good_for_one_statement() -> None:
    """carol, let in at generation 2, is taken out by a rotation: her old grant is no proof any more."""
    grant = _given(CAROL)
    rotation = _after(THIRD, CHAIN_3, holders=(ALICE,))
    again = statement(THIRD, CHAIN_3, before=rotation, by=CAROL, holders=(ALICE, CAROL), proof=(grant,))
    with pytest.raises(BadProof):
        steps.check(rotation, again)


def test_the_first_bad_step_of_many() -> None:
    """A chain is checked step by step from its oldest one: what stands on a forged one is forged."""
    forged = _after(by=EVE, holders=(*BOTH, EVE))
    on_top = statement(SECOND, CHAIN_2, before=forged, by=EVE, holders=(*BOTH, EVE))
    steps.check(forged, on_top)
    with pytest.raises(NotAHolder):
        chain.follow(FOUNDING.name, [each.text for each in (FOUNDING, BEFORE, forged, on_top)], None)


FOUNDINGS: dict[str, tuple[Environment, type[NotAStep]]] = {
    "a later one": (BEFORE, Unlinked),
    "by none of its holders": (statement(by=EVE), NotAHolder),
    "by a holder's name with another key": (statement(by=Person("alice", EVE.device)), NotAHolder),
    "signed by another": (statement(signer=EVE), NotSigned),
    "with a proof": (statement(by=EVE, proof=(grant_for(EVE),)), NotAHolder),
}


@pytest.mark.parametrize(("first", "reason"), FOUNDINGS.values(), ids=FOUNDINGS)
def test_no_founding(first: Environment, reason: type[NotAStep]) -> None:
    """Revision 1 is signed by one of its own holders, and by nobody else: there is nothing before it that could prove more."""
    with pytest.raises(NotAStep) as caught:
        steps.check_first(first)
    assert type(caught.value) is reason


def test_a_founding() -> None:
    """Any of its holders may have signed it; whose word that is, is for people to compare."""
    steps.check_first(FOUNDING)
    steps.check_first(statement(holders=BOTH, by=BOB))
