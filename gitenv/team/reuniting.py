"""Two rotations at the same time, on two branches, brought together: both keys are chained to the one after them.

While git waits for conflicts to be resolved, the two sides stand in the index. If somebody committed one of them, the other one
is in the history.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import NamedTuple

from gitenv import access, recipients
from gitenv.errors import Locked, NotInOrder, NotTrusted
from gitenv.git import log
from gitenv.git.trees import RECIPIENTS, CommitTree, StageTree, Tree
from gitenv.lineage import Past
from gitenv.model import environment, statements
from gitenv.model.environment import Environment
from gitenv.model.grant import HOLDER, READER
from gitenv.model.reasons import Forked
from gitenv.model.rotation import Member, Parent
from gitenv.model.standing import Standing
from gitenv.model.statements import Holder
from gitenv.model.trust import Lineage
from gitenv.pins import Pin
from gitenv.team.rotating import Dropped, Plan
from gitenv.team.workspace import Workspace

_MAX_PAIRS = 100


class Side(NamedTuple):
    """One of two rotations, or what both began from."""

    environment: Environment
    tree: Tree


class Sides(NamedTuple):
    """What is to be brought together."""

    origin: Side
    ours: Side
    theirs: Side


def in_conflict(workspace: Workspace) -> list[str]:
    """The environments whose statement is in conflict in the index."""
    unmerged = [entry.path.split("/") for entry in workspace.repository.tracked() if entry.stage]
    return sorted({path[1] for path in unmerged if path[0] == RECIPIENTS and path[2:] == ["environment"]})


def plan(workspace: Workspace, name: str) -> Plan | None:
    """The generation after two; None if there are no two to bring together. Raises `NotTrusted` and `Locked`."""
    pin = workspace.access.pin(name)
    if pin is None:
        return None
    past = Past(workspace.root, workspace.repository.objects, workspace.tree, name, heads=workspace.heads())
    sides = _staged(workspace, name) if name in in_conflict(workspace) else _in_history(workspace, past, pin)
    if sides is None:
        return None
    _check_honest(workspace, past, pin, sides)
    standings = [_standing(side) for side in sides]
    parents = [_parent(workspace, pin, side, found) for side, found in zip(sides[1:], standings[1:], strict=True)]
    origin, ours, theirs = standings
    (our_members, our_strays), (their_members, their_strays) = (
        _by_who_stays(origin, ours, theirs, _signers(past, sides.origin, sides.ours)),
        _by_who_stays(origin, theirs, ours, _signers(past, sides.origin, sides.theirs)),
    )
    members, dropped = _three_way(_members(origin), our_members, their_members)
    dropped += our_strays + their_strays
    if not any(member.role == HOLDER for member in members):
        raise NotInOrder(f"{name}: the two sides together leave no holder", f"git log -- :/{RECIPIENTS}/{name}")
    dropped += [Dropped(f"{refused.grant.to}.grant", refused.reason) for found in standings[1:] for refused in found.refused]
    files = workspace.files_of([sides.ours.environment])[name]
    left_out = {drop.who.removesuffix(".grant") for drop in dropped} - {member.name for member in members}
    shown = [drop for drop in dropped if drop.who.removesuffix(".grant") in left_out]
    return Plan(pin, parents, members, shown, files, origin=sides.origin.environment)


def _staged(workspace: Workspace, name: str) -> Sides:
    sides = []
    for stage in (1, 2, 3):
        entries = [(entry.stage, entry.path) for entry in workspace.repository.tracked()]
        tree = StageTree(workspace.repository.objects, stage, entries)
        text = tree.read(f"{RECIPIENTS}/{name}/environment", statements.MAX_BYTES)
        if text is None:
            raise _not_on_all_sides(workspace, name)
        sides.append(Side(environment.read(text, f"{name}/environment"), tree))
    return Sides(*sides)


def _not_on_all_sides(workspace: Workspace, name: str) -> NotInOrder:
    """Why a statement in conflict does not stand in all three stages."""
    where = f"{RECIPIENTS}/{name}"
    if {entry.stage for entry in workspace.repository.tracked() if entry.path == f"{where}/environment"} == {2, 3}:
        hint = f"{_way_back(workspace)}; then take away yours, and begin again: gitenv remove-environment {name}"
        return NotInOrder(f"{name}: two environments of this name were made, one on each side", hint)
    hint = f"to keep it: git add :/{where}; or to remove it: git rm -r :/{where}"
    return NotInOrder(f"{name}: removed on one side, and changed on the other", hint)


def _way_back(workspace: Workspace) -> str:
    """The command that gives up what git is bringing together. A rebase may have a `CHERRY_PICK_HEAD` as well."""
    heads = workspace.heads()
    commands = {
        "MERGE_HEAD": "git merge --abort",
        "REBASE_HEAD": "git rebase --abort",
        "CHERRY_PICK_HEAD": "git cherry-pick --abort",
    }
    return next((command for head, command in commands.items() if head in heads), "git reset --merge")


def _in_history(workspace: Workspace, past: Past, pin: Pin) -> Sides | None:
    """The two lines that a commit at hand has in its history, where it went on with one of them only."""
    text = workspace.tree.read(past.path, statements.MAX_BYTES)
    here = next((version for version in past.versions if version.text == text), None)
    if here is None or here.id != pin.environment.id:
        return None
    chain = [older.generation for older in here.older]
    for origin in sorted(
        (version for version in past.versions if version.generation in chain), key=lambda each: -each.revision
    ):
        found = past.steps_after(origin)
        if not found.reaches(here):
            continue
        try:
            found.check_one_line(here, past.versions)
        except Forked:
            other = _other_line(found, here, past.versions)
            theirs = past.tree_of(other)
            assert theirs is not None
            tree = _parting(workspace, past, origin, here, other)
            return Sides(Side(origin, tree), Side(here, workspace.tree), Side(other, theirs))
    return None


def _parting(workspace: Workspace, past: Past, origin: Environment, here: Environment, other: Environment) -> Tree:
    """The tree in which two lines part: it says who was in before either of them took somebody out.

    A merge that kept one of them has the other one behind it, so where they part is asked of the commits that brought them.
    Raises `NotInOrder` if none can be found.
    """
    pairs = itertools.product(reversed(past.commits_of(here) or ["HEAD"]), reversed(past.commits_of(other)))
    for base in dict.fromkeys(log.merge_base(workspace.root, one, two) for one, two in itertools.islice(pairs, _MAX_PAIRS)):
        tree = CommitTree(workspace.repository.objects, base)
        text = tree.read(past.path, statements.MAX_BYTES) if base else None
        if text and environment.read(text, f"{origin.name}/environment").generation == origin.generation:
            return tree
    raise NotInOrder(f"{origin.name}: nobody can see where the two rotations part", f"git log -- :/{RECIPIENTS}/{origin.name}")


def _other_line(found: Lineage, here: Environment, versions: Iterable[Environment]) -> Environment:
    """The furthest statement that honest steps lead to beside the way to `here`."""
    way = {statement.text for statement in found.way_to(here)}
    beside = [version for version in versions if version.text in found.before and version.text not in way]
    apart = [version for version in beside if here.text not in {each.text for each in found.way_to(version)}]
    return max(apart, key=lambda version: (version.generation.number, version.revision))


def _check_honest(workspace: Workspace, past: Past, pin: Pin, sides: Sides) -> None:
    """Raise unless both sides follow from their origin, and what is pinned does, too."""
    origin, ours, theirs = (side.environment for side in sides)
    if len({ours.id, theirs.id, origin.id, pin.environment.id}) > 1:
        # The pin is right as it is: `gitenv trust` would find nothing to decide, and git's conflict would stay.
        hint = f"{_way_back(workspace)}, and ask who made the other one: git log --all -- :/{RECIPIENTS}/{pin.name}"
        raise NotTrusted(f"{pin.name}: two environments of one name were merged", hint)
    for side in sides:
        past.add(side.tree)
    found = past.steps_after(origin)
    for statement in (ours, theirs, pin.environment):
        if statement.text != origin.text:
            found.way_to(statement)


def _signers(past: Past, origin: Side, side: Side) -> list[Holder]:
    """Who signed the steps that lead from the origin to one side."""
    return [step.by for step in past.steps_after(origin.environment).way_to(side.environment)]


def _standing(side: Side) -> Standing:
    return access.standing_in(side.tree, side.environment, recipients.key_finder(side.tree, side.environment.name))


def _parent(workspace: Workspace, pin: Pin, side: Side, found: Standing) -> Parent:
    """What the caller opens of one side. Raises `Locked` for who is no holder of both."""
    if pin.name in workspace.access.locked:
        raise Locked(f"{pin.name} is locked in this clone", f"gitenv unlock {pin.name}")
    me = workspace.me().fingerprint
    mine = [given for given in found.counted.values() if given.key.fingerprint() == me and given.role == HOLDER]
    if not mine:
        who = f"generation {side.environment.generation.number} by {side.environment.by.name}"
        both = sorted(holder.name for holder in found.holders)[:3]
        raise Locked(f"you are no holder of {pin.name} in {who}", f"ask {' or '.join(both)} to merge, and to run gitenv rotate")
    return Parent(side.environment, access.open_grant(side.environment, mine[0], workspace.access.device()))


def _members(found: Standing) -> dict[str, Member]:
    return {name: Member.of(given) for name, given in found.counted.items()}


def _by_who_stays(
    origin: Standing, side: Standing, other: Standing, signers: Iterable[Holder]
) -> tuple[dict[str, Member], list[Dropped]]:
    """The people of one side, without what was done there by somebody who is no holder on the other side.

    Nobody can say whether they did it before or after they were taken out: all else stands as it stood before. Where one of
    them signed a generation of that side, they could write anything into it, and let anybody go on from there.
    """
    before, members = _members(origin), _members(side)
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


def _three_way(
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
