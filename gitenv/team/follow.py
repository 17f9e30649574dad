"""Following: bringing pins to what the tree at hand proves, with the user's own grant and the people in it."""

from __future__ import annotations

import os
from collections.abc import Mapping

from gitenv.errors import GitenvError, NotTrusted
from gitenv.git import log, rebasing
from gitenv.git.layout import RECIPIENTS
from gitenv.identity import device
from gitenv.model import environment, statements
from gitenv.model.grant import Grant
from gitenv.model.membership import Membership
from gitenv.model.reasons import Forked, RolledBack, TwoRotations
from gitenv.model.statements import Holder
from gitenv.repo import clone
from gitenv.team import stage
from gitenv.team.workspace import Workspace
from gitenv.trust import access, chain, forks
from gitenv.trust.access import Judged
from gitenv.trust.pins import Pin

ANY_DAY = ""
"""No grant has expired then."""


def in_conflict(workspace: Workspace) -> list[str]:
    """The environments whose statement is in conflict in the index."""
    unmerged = [entry.path.split("/") for entry in workspace.repository.tracked() if entry.stage]
    return sorted({path[1] for path in unmerged if path[0] == RECIPIENTS and path[2:] == ["environment"]})


def two_met(name: str) -> TwoRotations:
    """The error for such an environment: whatever else is wrong there, one command mends it as a whole."""
    return TwoRotations(f"{name}: two statements met in a merge", f"gitenv rotate {name}")


def met_in_rebase(workspace: Workspace, pin: Pin) -> TwoRotations | None:
    """The error where a rebase stopped at a commit from before the user's own rotation, on top of somebody else's.

    What that commit set cannot be merged there: its new key comes with a commit that git takes up only later.
    """
    path, heads = chain.path(pin.name), rebasing.original_heads(workspace.repository.layout)
    here = workspace.tree.read(path, statements.MAX_BYTES) if heads else None
    if here is None or here == pin.environment.text or pin.is_past(environment.hash_of(here)):
        return None
    read = workspace.repository.objects.read
    if all(read(f"{head}:{path}", statements.MAX_BYTES) != pin.environment.text for head in heads):
        return None
    way = f"git rebase --abort, then git pull --no-rebase, then gitenv rotate {pin.name}"
    return TwoRotations(f"{pin.name}: two statements met in a rebase, which stopped before yours", way)


def kept_one_side(workspace: Workspace, pin: Pin) -> TwoRotations | None:
    """The error where a merge kept one of two sides, not the pinned one, and `gitenv rotate` would bring both together.

    It names both signers, as the refusal does: a person sees who signed what the merge kept.
    """
    from gitenv.team import merge_rotations

    try:
        workspace.access.judge(pin, workspace.tree)
    except NotTrusted as error:
        try:
            planned = merge_rotations.plan(workspace, pin.name)
        except GitenvError:
            return None
        if planned and any(parent.environment == pin.environment for parent in planned.parents):
            return TwoRotations(error.message, f"gitenv rotate {pin.name}")
    return None


def torn(workspace: Workspace) -> list[str]:
    """The environments in which two rotations met, and nobody brought them together yet."""
    met = in_conflict(workspace)
    pins = [pin for pin in workspace.access.pinned() if pin.name not in met]
    return sorted([*met, *(pin.name for pin in pins if met_in_rebase(workspace, pin) or kept_one_side(workspace, pin))])


def _explained(workspace: Workspace, pin: Pin, error: NotTrusted) -> NotTrusted:
    if pin.name in in_conflict(workspace):
        return two_met(pin.name)
    return met_in_rebase(workspace, pin) or kept_one_side(workspace, pin) or error


def refresh(workspace: Workspace) -> list[NotTrusted]:
    """Bring the pins to what the tree at hand proves: all steps, new own grants, holders by grants.

    Returns why environments could not be followed; their pins stay as they are.
    """
    problems: list[NotTrusted] = []
    layout, head = workspace.repository.layout, workspace.repository.objects.id("HEAD^{commit}")
    searched, put_back = clone.searched(layout.common_dir), set(clone.put_back(layout.common_dir))
    for old in workspace.access.pinned():
        try:
            follow_tree(workspace, old, searched)
            put_back.discard(old.name)
            if head:
                searched[old.name] = head
        except NotTrusted as error:
            if isinstance(error, RolledBack | Forked):
                put_back.add(old.name)
            problems.append(_explained(workspace, old, error))
    clone.set_put_back(layout.common_dir, put_back)
    clone.set_searched(layout.common_dir, searched)
    clone.set_looked_at(layout.git_dir, head)
    return problems


def look(workspace: Workspace) -> list[NotTrusted]:
    """The same without moving a pin: what is wrong with the tree at hand, and with the history that leads to it."""
    torn, searched = in_conflict(workspace), clone.searched(workspace.repository.layout.common_dir)
    problems: list[NotTrusted] = [two_met(name) for name in torn]
    for pin in [pin for pin in workspace.access.pinned() if pin.name not in torn]:
        try:
            judged = workspace.access.judge(pin, workspace.tree)
            if judged:
                _check(workspace, pin, judged, searched)
        except NotTrusted as error:
            problems.append(_explained(workspace, pin, error))
    return problems


def _check(workspace: Workspace, pin: Pin, judged: Judged, searched: Mapping[str, str]) -> None:
    access.check_not_rolled_back(workspace.history, pin, judged)
    if not judged.is_earlier:
        # A removal may have come together with its undoing: then the pinned one is what was put back, or kept by a merge.
        first_sight = workspace.access.first_sight(pin.name, workspace.tree)
        access.check_newest(workspace.history, first_sight, pin, judged.environment, searched.get(pin.name, ""))
    if judged.moves:
        forks.check_moved(workspace.history, pin.environment, judged.verdict, workspace.known_heads())


def follow_tree(workspace: Workspace, old: Pin, searched: Mapping[str, str]) -> None:
    """Bring one pin to what the tree at hand proves. Raises `NotTrusted`.

    `searched` are the commits up to which history was looked at, by environment.
    """
    judged = workspace.access.judge(old, workspace.tree)
    if judged is None:
        return
    _check(workspace, old, judged, searched)
    if judged.is_earlier:
        return
    pin = judged.moves or old
    believe(workspace, old, pin, judged)


def believe(workspace: Workspace, old: Pin, pin: Pin, judged: Judged) -> None:
    """Pin a statement of the tree at hand, with the people and the user's own grant that count beside it there."""
    tree = stage.without_later_grants(workspace, pin.environment)
    members = access.membership_in(tree, pin.environment)
    own = _own(workspace, members, old.grant.to if old.grant else workspace.access.name)
    own = own or _own_that_expired(workspace, old, pin, members)
    if own is not None and not own.expired(access.today()):
        environment.check_seal(pin.environment, access.open_grant(pin.environment, own, workspace.access.device()))
    counted = {Holder(grant.to, grant.key.fingerprint()) for grant in members.counted.values()}
    # Who is in with a new key is known by that one. Who is out is still known: their `.pub` may be swapped when they return.
    # And whose key another holder exchanged is known by both: who holds this environment could else get into another one.
    seen = counted.union(person for person in pin.seen if not _took_over(members.counted.get(person.name), person))
    granted = members.holders - set(pin.environment.holders)
    new = Pin.of(pin.environment, own or pin.grant, granted, seen, pin.earlier, pin.waiting)
    if new != old:
        workspace.access.advance(new, judged.verdict.way)


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
    honest = access.membership_in(workspace.tree, pin.environment, ANY_DAY).counted.get(mine[0].to)
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
