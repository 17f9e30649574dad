"""Following: bringing pins to what history and the tree at hand honestly say, and noting where that cannot be done."""

from __future__ import annotations

import os
from collections.abc import Set
from functools import lru_cache

from gitenv import access, clone, lineage, recipients
from gitenv.clone import Doubt
from gitenv.errors import NotTrusted
from gitenv.git import log
from gitenv.git.trees import RECIPIENTS
from gitenv.identity import device
from gitenv.model import environment
from gitenv.model.grant import Grant
from gitenv.model.reasons import Forked, NotAHolder, TooFarAhead, TooLong, UnknownKey
from gitenv.model.standing import Standing
from gitenv.model.statements import Holder
from gitenv.pins import Pin
from gitenv.team import staging
from gitenv.team.workspace import Workspace


def refresh(workspace: Workspace) -> list[NotTrusted]:
    """Bring the pins to what history and the tree at hand honestly say: all steps, new own grants, holders by grants.

    Returns why environments could not be followed; their pins stay at the last honest step.
    """
    root = workspace.root
    head, is_whole = log.head(root), not log.is_shallow(root)
    walked, doubts = clone.walked(workspace.repository.layout.git_dir), set(workspace.access.doubts)
    problems: list[NotTrusted] = []
    for old in workspace.access.pinned():
        try:
            _advance(workspace, old, _caught_up(workspace, old, walked.get(old.name, ""), head))
            follow_tree(workspace, workspace.access.pin(old.name) or old)
            # What was found on another branch is still so there.
            doubts -= {doubt for doubt in doubts if doubt.name == old.name and log.contains(root, doubt.commit)}
            if head and is_whole:
                walked[old.name] = head
        except NotTrusted as error:
            if isinstance(error, Forked | TooLong):
                doubts.add(Doubt(old.name, head))
            problems.append(_with_way_out(error, old.name, is_whole))
    _note(workspace, doubts, walked)
    return problems


def look(workspace: Workspace) -> list[NotTrusted]:
    """The same without moving a pin: what is wrong with the history and the tree at hand."""
    head, walked = log.head(workspace.root), clone.walked(workspace.repository.layout.git_dir)
    problems: list[NotTrusted] = []
    for pin in workspace.access.pinned():
        try:
            ahead = _caught_up(workspace, pin, walked.get(pin.name, ""), head)
            workspace.access.forget_judgements()
            judged = workspace.access.judge(ahead, workspace.tree)
            if judged:
                access.check_not_rolled_back(workspace.root, ahead, judged)
            workspace.access.check_not_doubted(workspace.root, pin.name)
        except NotTrusted as error:
            problems.append(_with_way_out(error, pin.name, not log.is_shallow(workspace.root)))
    workspace.access.forget_judgements()
    return problems


def decided(workspace: Workspace, name: str) -> list[NotTrusted]:
    """The user has decided about an environment: what history said so far is settled. Returns what is wrong with the rest."""
    root = workspace.root
    doubts = {doubt for doubt in workspace.access.doubts if doubt.name != name or not log.contains(root, doubt.commit)}
    walked = clone.walked(workspace.repository.layout.git_dir)
    if not log.is_shallow(root):
        walked[name] = log.head(root)
    _note(workspace, doubts, walked)
    try:
        if pin := workspace.access.pin(name):
            follow_tree(workspace, pin)
    except NotTrusted as error:
        return [error]
    return []


def _caught_up(workspace: Workspace, pin: Pin, since: str, head: str) -> Pin:
    if pin.name not in _changed(workspace.root, since, head):
        return pin
    return lineage.catch_up(workspace.root, workspace.repository.objects, workspace.access, workspace.tree, pin, since)


@lru_cache
def _changed(root: str, since: str, head: str) -> frozenset[str]:
    """The environments whose statement was changed by commits that `since` does not reach; asked once for all of them."""
    if not head or since == head:
        return frozenset()
    return frozenset(path.split("/")[1] for path in log.changed(root, f"{RECIPIENTS}/*/environment", since))


def _with_way_out(error: NotTrusted, name: str, is_whole: bool) -> NotTrusted:
    if not isinstance(error, TooFarAhead | NotAHolder | UnknownKey):
        return error
    shallow = "" if is_whole else "this clone has only the newest history: git fetch --unshallow; or "
    return type(error)(error.message, f"{shallow}gitenv trust {name}")


def _note(workspace: Workspace, doubts: Set[Doubt], walked: dict[str, str]) -> None:
    workspace.access.set_doubts(doubts)
    clone.set_walked(workspace.repository.layout.git_dir, walked)


def follow_tree(workspace: Workspace, old: Pin) -> None:
    """Bring one pin to what the tree at hand says. Raises `NotTrusted`."""
    try:
        judged = workspace.access.judge(old, workspace.tree)
    except TooFarAhead:
        if len(heads := workspace.heads()) == 1:
            raise
        # Several steps came with a merge that waits for conflicts to be resolved, and HEAD does not reach them yet.
        old = lineage.through(workspace.root, workspace.repository.objects, workspace.access, workspace.tree, old, heads)
        workspace.access.advance(old)
        judged = workspace.access.judge(old, workspace.tree)
    if judged is None:
        return
    if judged.is_earlier:
        access.check_not_rolled_back(workspace.root, old, judged)
        return
    pin = judged.moves or old
    tree = staging.without_later_grants(workspace, pin.environment)
    standing = access.standing_in(tree, pin.environment, recipients.key_finder(tree, pin.name))
    own = _own(workspace, standing, old.grant.to if old.grant else workspace.access.name)
    own = own or _own_that_expired(workspace, old, pin, standing)
    if own is not None and not own.expired(access.today()):
        environment.check_seal(pin.environment, access.open_grant(pin.environment, own, workspace.access.device()))
    counted = {Holder(grant.to, grant.key.fingerprint()) for grant in standing.counted.values()}
    # Who is in with a new key is known by that one. Who is out is still known: their `.pub` may be swapped when they return.
    # And whose key another holder exchanged is known by both: who holds this environment could else get into another one.
    seen = counted.union(person for person in pin.seen if not _took_over(standing.counted.get(person.name), person))
    new = Pin.of(pin.environment, own or pin.grant, standing.holders - set(pin.environment.holders), seen)
    _advance(workspace, old, new)


def _took_over(given: Grant | None, person: Holder) -> bool:
    """Whether somebody's key went over to the one that they are in with, by their own signature."""
    return given is not None and given.by == person


def _advance(workspace: Workspace, old: Pin, new: Pin) -> None:
    if new != old:
        workspace.access.advance(new)


def _own_that_expired(workspace: Workspace, old: Pin, pin: Pin, standing: Standing) -> Grant | None:
    """The user's own grant that is over, where it took the place of the pinned one: somebody may have shortened it.

    In an older commit it did not: there the pinned one, which is newer, never stood.
    """
    key, given = workspace.access.device(), old.grant
    mine = [refused.grant for refused in standing.refused if key and refused.grant.key == key.public and refused.has_expired]
    if not mine or given is None or given.text == mine[0].text:
        return None
    key_of = recipients.key_finder(workspace.tree, pin.name)
    honest = access.standing_in(workspace.tree, pin.environment, key_of, lineage.ANY_DAY).counted.get(mine[0].to)
    was_here = log.last_with(workspace.root, f"{RECIPIENTS}/{pin.name}/{given.to}.grant", given.text)
    return honest if honest == mine[0] and was_here else None


def _own(workspace: Workspace, standing: Standing, name: str) -> Grant | None:
    key = workspace.access.device()
    if key is None:
        return None
    mine = [grant for grant in standing.counted.values() if grant.key == key.public]
    owner = workspace.access.name
    # A key in the environment is a guest in somebody else's clone: what is pinned there stays theirs.
    is_guest = bool(os.environ.get(device.VARIABLE)) and owner in standing.counted
    if mine and (mine[0].to == owner or not is_guest):
        return mine[0]
    named = standing.counted.get(name)
    return named if named and device.former(named.key) else None
