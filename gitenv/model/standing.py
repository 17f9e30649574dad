"""Who is in an environment: which grants count. Pure functions over statements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from gitenv.errors import NotTrusted
from gitenv.model.environment import Environment
from gitenv.model.grant import HOLDER, Grant
from gitenv.model.reasons import Elsewhere, Expired, NoPoint, NotAHolder, Retired
from gitenv.model.statements import Holder
from gitenv.model.trust import KeyOf, check_signed


class Refused(NamedTuple):
    """A grant that does not count, and why."""

    grant: Grant
    why: NotTrusted

    @property
    def has_expired(self) -> bool:
        """Whether its last day is over, and nothing else was found; its signature was not looked at."""
        return isinstance(self.why, Expired)

    @property
    def reason(self) -> str:
        """What is wrong, without the file that it is wrong with."""
        return self.why.message.partition(": ")[2]


class Standing(NamedTuple):
    """Who is in an environment: the grants that count, by name, those that do not, and all holders."""

    counted: Mapping[str, Grant]
    refused: list[Refused]
    holders: frozenset[Holder]


def standing(environment: Environment, grants: Iterable[Grant], key_of: KeyOf, today: str) -> Standing:
    """Sort out who is in: a grant counts if a holder signed it who counted before. Linear in the number of grants.

    The statement's signature is not looked at: it is the pinned one, or was checked by `step`.
    """
    counted: dict[str, Grant] = {}
    refused: list[Refused] = []
    waiting: dict[Holder, list[Grant]] = {}
    for grant in grants:
        if unfit := _unfit(environment, grant, today):
            refused.append(Refused(grant, unfit))
        else:
            waiting.setdefault(grant.by, []).append(grant)
    holders = set(environment.holders)
    ready = list(environment.holders)
    while ready:
        for grant in waiting.pop(ready.pop(), []):
            try:
                check_signed(grant, key_of, _where(environment, grant))
                person = _person(environment, grant)
            except NotTrusted as error:
                refused.append(Refused(grant, error))
                continue
            counted[grant.to] = grant
            if grant.role == HOLDER and person not in holders:
                holders.add(person)
                ready.append(person)
    refused += [Refused(grant, _by_no_holder(environment, grant)) for left in waiting.values() for grant in left]
    return Standing(counted, refused, frozenset(holders))


def _unfit(environment: Environment, grant: Grant, today: str) -> NotTrusted | None:
    where = _where(environment, grant)
    if (grant.environment, grant.id) != (environment.name, environment.id):
        return Elsewhere(f"{where}: made for another environment")
    if grant.generation != environment.generation:
        return Retired(f"{where}: made for generation {grant.generation.number}, now is {environment.generation.number}")
    if grant.expired(today):
        return Expired(f"{where}: expired on {grant.expires}")
    return None


def _person(environment: Environment, grant: Grant) -> Holder:
    try:
        return Holder(grant.to, grant.key.fingerprint())
    except ValueError:
        raise NoPoint(f"{_where(environment, grant)}: its key is no point on the curve") from None


def _by_no_holder(environment: Environment, grant: Grant) -> NotAHolder:
    return NotAHolder(f"{_where(environment, grant)}: signed by {grant.by}, who is no holder")


def _where(environment: Environment, grant: Grant) -> str:
    return f"{environment.name}/{grant.to}.grant"
