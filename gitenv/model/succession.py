"""What must be signed anew before somebody's key leaves an environment, so that what it signed goes on to count. Pure.

A grant counts as long as whoever signed it is a holder. Somebody who came in by a grant is one by that file only: where it is
replaced, all that they signed would fall with it. Within a generation nothing else can be said than what the rules allow: a
next revision, whose `holder` lines take them in.
"""

from __future__ import annotations

from collections.abc import Sequence

from gitenv.model import environment, grant
from gitenv.model.environment import MAX_LISTED, MAX_PROOF, Draft, Environment
from gitenv.model.grant import Grant
from gitenv.model.keyring import Keyring
from gitenv.model.kinds import Signer
from gitenv.model.known import Tracked
from gitenv.model.membership import ANY_DAY, Membership, who_is_in
from gitenv.model.statements import Holder, Keyholder
from gitenv.tuples import NamedTuple


class Bridge(NamedTuple):
    """What to write first, in this order: then all that counts does so after each write."""

    grants: list[Grant]  # they count under both statements
    statement: Environment | None
    own: Grant | None  # the signer's: it counts as soon as the statement has them


NONE = Bridge([], None, None)


def bridge(
    statement: Environment,
    ring: Keyring,
    before: Membership,
    leaving: Holder,
    tracked: Tracked | None = None,
    *,
    me: Holder,
    signer: Signer,
    at: str,
) -> Bridge:
    """What `me` has to sign before the grant of `leaving` is replaced. `me` may be the same person, with the key that goes.

    `tracked` as for `revised`.
    """
    others = [given for given in before.counted.values() if given.to != leaving.name]  # who has expired is in none of it
    after = who_is_in(statement, others, ANY_DAY)
    if me in after.holders and len(after.counted) == len(others):
        return NONE
    next_one = None
    if me not in after.holders:
        also = [Keyholder(me.name, signer.public)]
        next_one = revised(statement, ring, before, tracked, statement.reissue_within, also, me=me, signer=signer, at=at)
    counted = who_is_in(next_one or statement, others, ANY_DAY).counted

    def anew(given: Grant) -> Grant:
        return grant.write(
            *(statement, ring.dek, given.to, given.key, given.role), by=me, at=at, signer=signer, expires=given.expires
        )

    lost = [given for given in others if given.to not in counted]
    own = next((anew(given) for given in lost if given.to == me.name), None)
    return Bridge([anew(given) for given in lost if given.to != me.name], next_one, own)


def revised(
    statement: Environment,
    ring: Keyring,
    found: Membership,
    tracked: Tracked | None,
    reissue_within: int,
    also: Sequence[Keyholder] = (),
    *,
    me: Holder,
    signer: Signer,
    at: str,
) -> Environment:
    """The next statement within the generation. Who holds it without an end has a `holder` line in it, and so has `also`.

    None for `tracked` leaves it as it is: it is lost.
    """
    draft = Draft(
        *(ring, statement.older, _listed(statement, found, also), statement.paths),
        known=statement.known if tracked is None else tracked.hash,
        left=statement.left if tracked is None else tracked.left,
        reissue_within=reissue_within,
        proof=proof(statement, found, me),
    )
    return environment.following(statement, draft, by=me, at=at, signer=signer)


def proof(statement: Environment, found: Membership, signer: Holder) -> list[bytes]:
    """The grants that lead from a signer to a `holder` line of a statement; none for who has such a line."""
    by_person = {Holder(given.to, given.key.fingerprint()): given for given in found.counted.values()}
    way: list[bytes] = []
    while statement.key_of(signer) is None and signer in by_person and len(way) < MAX_PROOF:
        given = by_person.pop(signer)
        way.append(given.text)
        signer = given.by
    return way


def _listed(statement: Environment, before: Membership, also: Sequence[Keyholder]) -> list[Keyholder]:
    """The `holder` lines: those that stand there, `also`, and all who came in by grants that do not end. A name has one line.

    The key that leaves has one, too. Who signs may hold it by somebody whom that key let in: signed anew by them, each of the
    two would count by the other only. Within a generation no line takes anything away, since its old grant can be put back.
    """
    came_in = (
        Keyholder(each.to, each.key) for each in before.counted.values() if each.role == grant.HOLDER and not each.expires
    )
    listed = {each.name: each for each in statement.keyholders}
    for holder in (*also, *sorted(came_in)):
        if len(listed) < MAX_LISTED:
            listed.setdefault(holder.name, holder)
    return list(listed.values())
