"""Who is in, and which paths there are, when one of two statements of the same time is redone on top of the other."""

from __future__ import annotations

from collections.abc import Iterable

from gitenv.model.environment import Environment
from gitenv.model.grant import HOLDER, READER
from gitenv.model.membership import Membership
from gitenv.model.rotation import Dropped, Member
from gitenv.model.statements import Holder


def members_of(found: Membership) -> dict[str, Member]:
    return {name: Member.of(given) for name, given in found.counted.items()}


def by_who_stays(
    origin: Membership, side: Membership, other: Membership, signers: Iterable[Holder]
) -> tuple[dict[str, Member], list[Dropped]]:
    """The people of one side, without what was done there by somebody who is no holder on the other side.

    Nobody can say whether they did it before or after they were taken out: all else stands as it stood before. Where one of
    them signed a generation of that side, they could write anything into it, and let anybody go on from there.
    """
    before, members = members_of(origin), members_of(side)
    out = next((by for by in signers if by not in other.holders), None)
    vouched = set() if out else set(other.holders)
    left = {name for name in members if members[name] != before.get(name)}
    while found := [name for name in left if side.counted[name].by in vouched]:
        left.difference_update(found)
        gone = {*before} - {*other.counted}
        vouched.update(members[name].holder for name in found if members[name].role == HOLDER and name not in gone)
    dropped: list[Dropped] = []
    for name in sorted(left):
        if name in before:
            members[name] = before[name]
            continue
        by = (out or side.counted[name].by).name
        del members[name]
        dropped.append(Dropped(name, f"let in by {by}, who is no holder on the other side"))
    return members, dropped


def three_way(
    origin: dict[str, Member], ours: dict[str, Member], theirs: dict[str, Member]
) -> tuple[list[Member], list[Dropped]]:
    """Who is in afterwards: whoever one side let in is, and whoever one side took out is not. Of two roles, the lesser."""
    members: list[Member] = []
    dropped: list[Dropped] = []
    for name in sorted({*ours, *theirs}):
        was, one, two = origin.get(name), ours.get(name), theirs.get(name)
        if one == two or (two == was and one):
            chosen = one
        elif one == was and two:
            chosen = two
        elif was is not None and (one is None or two is None):
            dropped.append(Dropped(name, "was taken out on one of the two sides"))
            continue
        elif one and two and one.key != two.key:
            dropped.append(Dropped(name, "has two keys, one on each side"))
            continue
        else:
            chosen = _lesser(one, two)
        if chosen:
            members.append(chosen)
    return members, dropped


def _lesser(one: Member | None, two: Member | None) -> Member | None:
    if one is None or two is None:
        return one or two
    role = READER if READER in (one.role, two.role) else HOLDER
    expires = min(filter(None, (one.expires, two.expires)), default="")
    return one._replace(role=role, expires=expires)


def paths(origin: Environment, base: Environment, other: Environment) -> list[str]:
    """The paths of the base, with what the other side added, and without what it took away."""
    gone = {path for path in origin.paths if path not in other.paths}
    kept = [path for path in base.paths if path not in gone]
    return [*kept, *(path for path in other.paths if path not in origin.paths and path not in kept)]
