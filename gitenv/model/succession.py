"""What must be signed anew before somebody's key leaves an environment, so that what it signed goes on to count. Pure.

A grant counts as long as whoever signed it is a holder. Somebody who came in by a grant is one by that file only: where it is
replaced, all that they signed would fall with it. Within a generation nothing else can be said than what the rules allow: a
next revision, whose `holder` lines take them in.
"""

from __future__ import annotations

from typing import NamedTuple

from gitenv.model import environment, grant
from gitenv.model.environment import Environment
from gitenv.model.grant import Grant
from gitenv.model.keyring import Keyring
from gitenv.model.kinds import PublicKey, Signer
from gitenv.model.standing import Standing, standing
from gitenv.model.statements import Holder
from gitenv.model.trust import KeyOf

_MAX_LISTED = 400  # a statement has a limit, a team has none
_ANY_DAY = ""  # who has expired counted in none of it before


class Bridge(NamedTuple):
    """What to write first, in this order: then all that counts does so after each write."""

    grants: list[Grant]  # they count under both statements
    statement: Environment | None
    own: Grant | None  # the signer's: it counts as soon as the statement has them


NONE = Bridge([], None, None)


def bridge(
    statement: Environment,
    ring: Keyring,
    before: Standing,
    leaving: Holder,
    *,
    me: Holder,
    signer: Signer,
    key_of: KeyOf,
    at: str,
) -> Bridge:
    """What `me` has to sign before the grant of `leaving` is replaced. `me` may be the same person, with the key that goes."""

    def finder(holder: Holder) -> PublicKey | None:
        return signer.public if holder == me else key_of(holder)

    others = [given for given in before.counted.values() if given.to != leaving.name]
    after = standing(statement, others, finder, _ANY_DAY)
    if me in after.holders and len(after.counted) == len(others):
        return NONE
    revised = None
    if me not in after.holders:
        holders = _listed(statement, before.holders, me)
        revised = environment.write(
            *(statement.name, statement.id, statement.revision + 1, statement.paths, ring, statement.older, holders),
            by=me,
            at=at,
            signer=signer,
        )
    counted = standing(revised or statement, others, finder, _ANY_DAY).counted

    def anew(given: Grant) -> Grant:
        return grant.write(
            *(statement, ring.dek, given.to, given.key, given.role), by=me, at=at, signer=signer, expires=given.expires
        )

    lost = [given for given in others if given.to not in counted]
    own = next((anew(given) for given in lost if given.to == me.name), None)
    return Bridge([anew(given) for given in lost if given.to != me.name], revised, own)


def _listed(statement: Environment, holders: frozenset[Holder], me: Holder) -> list[Holder]:
    """The `holder` lines: those that stand there, `me`, and all who came in by grants. A name has one line.

    The key that leaves has one, too. `me` may hold it by somebody whom that key let in: signed anew by `me`, each of the two
    would count by the other only. Within a generation no line takes anything away, since its old grant can be put back.
    """
    listed = {me.name: me}
    for holder in (*statement.holders, *sorted(holders)):
        if len(listed) < _MAX_LISTED:
            listed.setdefault(holder.name, holder)
    return list(listed.values())
