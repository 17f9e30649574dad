"""Who is in an environment: which grants count. Pure functions over statements."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from gitenv.errors import GitenvError, NotTrusted
from gitenv.model.environment import Environment
from gitenv.model.grant import HOLDER, Grant
from gitenv.model.kinds import PublicKey
from gitenv.model.reasons import Elsewhere, Expired, NoPoint, NotAHolder, NotSigned, Retired
from gitenv.model.statements import Holder, Keyholder, is_signed_by
from gitenv.tuples import NamedTuple

ANY_DAY = ""
"""As `today`: then no grant has expired. Whoever could read something once may have kept it."""


class RefusedGrant(NamedTuple):
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


class Membership(NamedTuple):
    """Who is in an environment, as its statement has it: the grants that count, by name, and why others do not."""

    statement: Environment
    counted: Mapping[str, Grant]
    refused: list[RefusedGrant]
    keys: Mapping[Holder, PublicKey]  # of all holders
    malformed: Mapping[str, GitenvError] = {}  # files that are no grants, by path

    @property
    def people(self) -> frozenset[Holder]:
        """Everybody who is in, holders and readers."""
        return self.holders.union(Holder(given.to, given.key.fingerprint()) for given in self.counted.values())

    @property
    def keyholders(self) -> frozenset[Keyholder]:
        """The same with their keys. Who renewed their own key is in with the newer one alone."""
        renewed = {given.to for given in self.counted.values() if given.by.name == given.to}
        listed = {Keyholder(each.name, key) for each, key in self.keys.items() if each.name not in renewed}
        return frozenset(listed).union(Keyholder(given.to, given.key) for given in self.counted.values())

    @property
    def holders(self) -> frozenset[Holder]:
        """Who may let others in, and sign the next statement."""
        return frozenset(self.keys)


def who_is_in(
    environment: Environment,
    grants: Iterable[Grant],
    today: str,
    is_signed: Callable[[bytes, PublicKey], bool] = is_signed_by,
) -> Membership:
    """Sort out who is in: a grant counts if a holder signed it who counted before. Linear in the number of grants.

    A signer's key is the one in their `holder` line, or in the grant that let them in: never one from a `.pub`. The
    statement's own signature is not looked at: it is the pinned one, or a good step led to it. `is_signed` may know of
    signatures that were verified before.
    """
    counted: dict[str, Grant] = {}
    refused: list[RefusedGrant] = []
    waiting: dict[Holder, list[Grant]] = {}
    for grant in grants:
        if unfit := _unfit(environment, grant, today):
            refused.append(RefusedGrant(grant, unfit))
        else:
            waiting.setdefault(grant.by, []).append(grant)
    keys = {each: key for each in environment.holders if (key := environment.key_of(each))}
    ready = list(keys)
    while ready:
        signer = ready.pop()
        for grant in waiting.pop(signer, []):
            try:
                check_signed(grant, keys[signer], is_signed)
                person = _person(environment, grant)
            except NotTrusted as error:
                refused.append(RefusedGrant(grant, error))
                continue
            counted[grant.to] = grant
            if grant.role == HOLDER and person not in keys:
                keys[person] = grant.key
                ready.append(person)
    refused += [RefusedGrant(grant, _by_no_holder(environment, grant)) for left in waiting.values() for grant in left]
    return Membership(environment, counted, refused, keys)


def check_signed(grant: Grant, key: PublicKey, is_signed: Callable[[bytes, PublicKey], bool] = is_signed_by) -> None:
    """Raise `NotSigned` unless a grant carries the signature of the key that its signer has."""
    if not is_signed(grant.text, key):
        where = f"{grant.environment}/{grant.to}.grant"
        raise NotSigned(f"{where}: was changed after {grant.by.name} signed it, or never signed by them")


def other_person(people: Iterable[Holder], known: Iterable[Holder]) -> str:
    """Who is in under a name that is known by other keys only; "" if nobody is. One name has one key in a repository."""
    keys: dict[str, set[str]] = {}
    for person in known:
        keys.setdefault(person.name, set()).add(person.fingerprint)
    here: dict[str, set[str]] = {}
    for person in people:
        here.setdefault(person.name, set()).add(person.fingerprint)
    return next((name for name in sorted(here) if name in keys and keys[name].isdisjoint(here[name])), "")


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
