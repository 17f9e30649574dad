"""What is signed anew before somebody's key leaves: all that counted goes on to count, and nobody is let in by it."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from gitenv.model import environment, grant, succession
from gitenv.model.environment import Environment
from gitenv.model.grant import HOLDER, READER, Grant
from gitenv.model.kinds import PublicKey
from gitenv.model.standing import Standing, standing
from gitenv.model.statements import Holder
from gitenv.model.trust import State, Step, step
from tests.model.builders import AT, IDENTITY, TODAY, Person, device_of, ring_of

RING = ring_of()
PEOPLE = [Person(f"p{number}", device_of(2000 + number)) for number in range(6)]
NEW = device_of(3000)
KEYS = {person.holder: person.key for person in PEOPLE}


def _key_of(holder: Holder) -> PublicKey | None:
    return KEYS.get(holder)


def _given(statement: Environment, to: Person, role: str, by: Person) -> Grant:
    return grant.write(statement, RING.dek, to.name, to.key, role, by=by.holder, at=AT, signer=by.device)


def _founded() -> Environment:
    founder = PEOPLE[0]
    return environment.write(
        *("development", IDENTITY, 1, [".env"], RING, [], [founder.holder]), by=founder.holder, at=AT, signer=founder.device
    )


def _everybody(statement: Environment, parents: Sequence[int], roles: Sequence[str]) -> tuple[list[Grant], Standing]:
    grants = [_given(statement, PEOPLE[0], HOLDER, PEOPLE[0])]
    for number, (parent, role) in enumerate(zip(parents, roles, strict=True), 1):
        grants.append(_given(statement, PEOPLE[number], role, PEOPLE[parent % number]))
    return grants, standing(statement, grants, _key_of, TODAY)


_ROLES = st.lists(st.sampled_from([HOLDER, HOLDER, READER]), min_size=5, max_size=5)
_PARENTS = st.lists(st.integers(0, 5), min_size=5, max_size=5)


@given(_PARENTS, _ROLES, st.integers(0, 5), st.integers(0, 5))
def test_all_that_counted_goes_on_to_count(parents: list[int], roles: list[str], goes: int, signs: int) -> None:
    """Whoever's key leaves, and whoever of the holders signs: the others are in as what they were, under an honest step.

    After each of the writes as well, in their order: somebody may be stopped in between.
    """
    statement = _founded()
    grants, before = _everybody(statement, parents, roles)
    person, signer = PEOPLE[goes], PEOPLE[signs]
    if person.holder not in before.holders or signer.holder not in before.holders:
        return
    made = succession.bridge(
        *(statement, RING, before, person.holder), me=signer.holder, signer=signer.device, key_of=_key_of, at=AT
    )
    now = {given.to: given for given in grants}
    states = []
    for resigned in made.grants:
        now[resigned.to] = resigned
        states.append(standing(statement, now.values(), _key_of, TODAY))
    last = statement
    if made.statement:
        last = made.statement
        assert step(State(statement, before.holders), last, _key_of) is Step.WITHIN
        states.append(standing(last, now.values(), _key_of, TODAY))
    if made.own:
        now[made.own.to] = made.own
        states.append(standing(last, now.values(), _key_of, TODAY))
    now[person.name] = grant.write(
        *(statement, RING.dek, person.name, NEW.public, before.counted[person.name].role),
        by=signer.holder,
        at=AT,
        signer=signer.device,
    )
    states.append(standing(last, now.values(), _key_of, TODAY))
    for state in states:
        assert {name: given.role for name, given in state.counted.items()} == {
            name: given.role for name, given in before.counted.items()
        }
        assert {refused.grant.to for refused in state.refused} <= {refused.grant.to for refused in before.refused}
    assert states[-1].counted[person.name].key == NEW.public
    assert {holder.name for holder in states[-1].holders} == {holder.name for holder in before.holders}


def test_who_stands_in_the_statement_needs_nothing() -> None:
    """The founder's key is a holder by the statement: no grant of theirs has to say so."""
    statement = _founded()
    _, before = _everybody(statement, [0, 1, 2, 3, 4], [HOLDER] * 5)
    founder = PEOPLE[0]
    made = succession.bridge(
        *(statement, RING, before, founder.holder), me=founder.holder, signer=founder.device, key_of=_key_of, at=AT
    )
    assert made == succession.NONE
