"""What is signed anew before somebody's key leaves: all that counted goes on to count, and nobody is let in by it."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from gitenv.model import grant, steps, succession
from gitenv.model.environment import Environment
from gitenv.model.grant import HOLDER, READER, Grant
from gitenv.model.membership import Membership, who_is_in
from tests.model.builders import AT, TODAY, Person, device_of, ring_of, statement

RING = ring_of()
PEOPLE = [Person(f"p{number}", device_of(2000 + number)) for number in range(6)]
NEW = device_of(3000)


def _given(statement: Environment, to: Person, role: str, by: Person) -> Grant:
    return grant.write(statement, RING.dek, to.name, to.key, role, by=by.holder, at=AT, signer=by.device)


def _founded() -> Environment:
    return statement(RING, holders=[PEOPLE[0]], by=PEOPLE[0])


def _everybody(statement: Environment, parents: Sequence[int], roles: Sequence[str]) -> tuple[list[Grant], Membership]:
    grants = [_given(statement, PEOPLE[0], HOLDER, PEOPLE[0])]
    for number, (parent, role) in enumerate(zip(parents, roles, strict=True), 1):
        grants.append(_given(statement, PEOPLE[number], role, PEOPLE[parent % number]))
    return grants, who_is_in(statement, grants, TODAY)


_ROLES = st.lists(st.sampled_from([HOLDER, HOLDER, READER]), min_size=5, max_size=5)
_PARENTS = st.lists(st.integers(0, 5), min_size=5, max_size=5)


@given(_PARENTS, _ROLES, st.integers(0, 5), st.integers(0, 5))
def test_all_that_counted_goes_on_to_count(parents: list[int], roles: list[str], goes: int, signs: int) -> None:
    """Whoever's key leaves, and whoever of the holders signs: the others are in as what they were, under an honest step.

    After each of the writes as well, in their order: somebody may be stopped in between.
    """
    founded = _founded()
    grants, before = _everybody(founded, parents, roles)
    person, signer = PEOPLE[goes], PEOPLE[signs]
    if person.holder not in before.holders or signer.holder not in before.holders:
        return
    made = succession.bridge(*(founded, RING, before, person.holder), me=signer.holder, signer=signer.device, at=AT)
    now = {given.to: given for given in grants}
    states = []
    for resigned in made.grants:
        now[resigned.to] = resigned
        states.append(who_is_in(founded, now.values(), TODAY))
    last = founded
    if made.statement:
        last = made.statement
        steps.check(founded, last)
        states.append(who_is_in(last, now.values(), TODAY))
    if made.own:
        now[made.own.to] = made.own
        states.append(who_is_in(last, now.values(), TODAY))
    now[person.name] = grant.write(
        *(founded, RING.dek, person.name, NEW.public, before.counted[person.name].role),
        by=signer.holder,
        at=AT,
        signer=signer.device,
    )
    states.append(who_is_in(last, now.values(), TODAY))
    for state in states:
        assert {name: given.role for name, given in state.counted.items()} == {
            name: given.role for name, given in before.counted.items()
        }
        assert {refused.grant.to for refused in state.refused} <= {refused.grant.to for refused in before.refused}
    assert states[-1].counted[person.name].key == NEW.public
    assert {holder.name for holder in states[-1].holders} == {holder.name for holder in before.holders}


def test_who_stands_in_the_statement_needs_nothing() -> None:
    """The founder's key is a holder by the statement: no grant of theirs has to say so."""
    founded = _founded()
    _, before = _everybody(founded, [0, 1, 2, 3, 4], [HOLDER] * 5)
    founder = PEOPLE[0]
    made = succession.bridge(*(founded, RING, before, founder.holder), me=founder.holder, signer=founder.device, at=AT)
    assert made == succession.NONE
