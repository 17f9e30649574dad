"""Moving one pin to what the tree at hand proves, with the user's own grant and the people in it."""

from __future__ import annotations

import os
from collections.abc import Mapping

from gitenv.git import log
from gitenv.git.layout import RECIPIENTS
from gitenv.identity import device
from gitenv.model import environment
from gitenv.model.grant import Grant
from gitenv.model.membership import ANY_DAY, Membership
from gitenv.model.statements import Holder
from gitenv.team import later_grants
from gitenv.team.workspace import Workspace
from gitenv.trust import access, forks, rollback
from gitenv.trust.access import Judged
from gitenv.trust.pins import Pin


def check(workspace: Workspace, pin: Pin, judged: Judged, searched: Mapping[str, str]) -> None:
    """Raise why history speaks against what the tree at hand proves."""
    access.check_not_rolled_back(workspace.history, pin, judged)
    if not judged.is_earlier:
        # A removal may have come together with its undoing: then the pinned one is what was put back, or kept by a merge.
        first_sight = workspace.access.first_sight(pin.name, workspace.tree)
        rollback.check_newest(workspace.history, first_sight, pin, judged.environment, searched.get(pin.name, ""))
    if judged.moves:
        forks.check_moved(workspace.history, pin.environment, judged.verdict, workspace.history.known_heads)


def follow_tree(workspace: Workspace, old: Pin, searched: Mapping[str, str]) -> None:
    """Bring one pin to what the tree at hand proves. Raises `NotTrusted`.

    `searched` are the commits up to which history was looked at, by environment.
    """
    judged, new = _followed(workspace, old, searched)
    if judged and new != old:
        workspace.access.advance(new, judged.verdict.way)


def followed(workspace: Workspace, old: Pin, searched: Mapping[str, str]) -> Pin:
    """What that would make of a pin; nothing is written."""
    return _followed(workspace, old, searched)[1]


def _followed(workspace: Workspace, old: Pin, searched: Mapping[str, str]) -> tuple[Judged | None, Pin]:
    judged = workspace.access.judge(old, workspace.tree)
    if judged is None:
        return None, old
    check(workspace, old, judged, searched)
    return judged, old if judged.is_earlier else _with_people(workspace, old, judged.moves or old)


def _with_people(workspace: Workspace, old: Pin, pin: Pin) -> Pin:
    """A pin of a statement of the tree at hand, with the people and the user's own grant that count beside it there."""
    tree = later_grants.without(workspace, pin.environment)
    members = workspace.access.membership(tree, pin.environment)
    own = _own(workspace, members, old.grant.to if old.grant else workspace.access.name)
    own = own or _own_that_expired(workspace, old, pin, members)
    if own is not None and not own.expired(access.today()):
        environment.check_seal(pin.environment, access.open_grant(pin.environment, own, workspace.access.device()))
    counted = {Holder(grant.to, grant.key.fingerprint()) for grant in members.counted.values()}
    # Who is in with a new key is known by that one. Who is out is still known: their `.pub` may be swapped when they return.
    # And whose key another holder exchanged is known by both: who holds this environment could else get into another one.
    seen = counted.union(person for person in pin.seen if not _took_over(members.counted.get(person.name), person))
    granted = members.holders - set(pin.environment.holders)
    return Pin.of(pin.environment, own or pin.grant, granted, seen, pin.earlier, pin.waiting)


def _took_over(given: Grant | None, person: Holder) -> bool:
    """Whether somebody's key went over to the one that they are in with, by their own signature: of whichever key they had."""
    return given is not None and given.by.name == person.name


def _own_that_expired(workspace: Workspace, old: Pin, pin: Pin, members: Membership) -> Grant | None:
    """The user's own grant that is over, where it took the place of the pinned one: somebody may have shortened it.

    In an older commit it did not: there the pinned one, which is newer, never stood.
    """
    key, given = workspace.access.device(), old.grant
    mine = [refused.grant for refused in members.refused if key and refused.grant.key == key.public and refused.has_expired]
    if not mine or given is None or given.text == mine[0].text:
        return None
    honest = workspace.access.membership(workspace.tree, pin.environment, ANY_DAY).counted.get(mine[0].to)
    was_here = log.last_with(workspace.root, f"{RECIPIENTS}/{pin.name}/{given.to}.grant", given.text)
    return honest if honest == mine[0] and was_here else None


def _own(workspace: Workspace, members: Membership, name: str) -> Grant | None:
    key = workspace.access.device()
    if key is None:
        return None
    mine = [grant for grant in members.counted.values() if grant.key == key.public]
    owner = workspace.access.name
    # A key in the environment is a guest in somebody else's clone: what is pinned there stays theirs.
    is_guest = bool(os.environ.get(device.VARIABLE)) and owner in members.counted
    if mine and (mine[0].to == owner or not is_guest):
        return mine[0]
    named = members.counted.get(name)
    return named if named and device.former(named.key) else None
