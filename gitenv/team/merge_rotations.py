"""Two statements at the same time, on two branches: one is redone on top of the other, and names the side that it gives up.

While git waits for conflicts to be resolved, the two sides stand in the index. If somebody committed one of them, the other one
is in the history.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

from gitenv.errors import Locked, NotInOrder, NotTrusted
from gitenv.git import log
from gitenv.git.layout import RECIPIENTS
from gitenv.model import environment, reuniting, statements
from gitenv.model.environment import Environment
from gitenv.model.grant import HOLDER
from gitenv.model.membership import ANY_DAY, Membership
from gitenv.model.rotation import Dropped, Parent
from gitenv.repo.snapshot import CommitSnapshot, IndexSnapshot, Snapshot
from gitenv.team import first_sight, known_values, statement_conflicts
from gitenv.team.rotate import Plan
from gitenv.team.workspace import Workspace
from gitenv.trust import access, chain, forks
from gitenv.trust.pins import Pin
from gitenv.trust.trusted import gives_up
from gitenv.tuples import NamedTuple

_MAX_PAIRS = 100


class Lineage(NamedTuple):
    """One side of a fork: its chain, oldest first, and the tree with the newest of it."""

    chain: Sequence[Environment]
    tree: Snapshot

    @property
    def environment(self) -> Environment:
        return self.chain[-1]


class Fork(NamedTuple):
    """Two chains from one statement, which are to be brought together."""

    origin: Environment  # the last statement that both go back to
    origin_tree: Snapshot
    base: Lineage  # what is gone on from
    other: Lineage  # what is given up

    def since(self, lineage: Lineage) -> Sequence[Environment]:
        """The statements of one side after the origin."""
        return lineage.chain[[each.hash for each in lineage.chain].index(self.origin.hash) + 1 :]


def plan(workspace: Workspace, name: str) -> Plan | None:
    """The statement on top of one of two sides; None if there are no two. Raises `NotTrusted` and `Locked`."""
    pin = workspace.access.pin(name)
    if pin is None:
        return None
    fork = _staged(workspace, pin) if name in statement_conflicts.in_conflict(workspace) else _in_history(workspace, pin)
    if fork is None:
        if error := statement_conflicts.met_in_rebase(workspace, pin):
            raise error
        return None
    origin, base, other = (
        access.membership_in(fork.origin_tree, fork.origin),
        *(access.membership_in(each.tree, each.environment) for each in (fork.base, fork.other)),
    )
    parents = [_parent(workspace, each, fork, found) for each, found in ((fork.base, base), (fork.other, other))]
    (base_members, base_strays), (other_members, other_strays) = (
        reuniting.by_who_stays(origin, base, other, [each.by for each in fork.since(fork.base)]),
        reuniting.by_who_stays(origin, other, base, [each.by for each in fork.since(fork.other)]),
    )
    members, dropped = reuniting.three_way(reuniting.members_of(origin), base_members, other_members)
    dropped += base_strays + other_strays
    if not any(member.role == HOLDER for member in members):
        raise NotInOrder(f"{name}: the two sides together leave no holder", f"git log -- :/{RECIPIENTS}/{name}")
    dropped += [Dropped(f"{refused.grant.to}.grant", refused.reason) for found in (base, other) for refused in found.refused]
    files = workspace.files_of([fork.base.environment])[name]
    given_up = [*fork.since(fork.other), *_given_up_before(workspace, fork)]
    left_out = {drop.name for drop in dropped} - {member.name for member in members}
    shown = [drop for drop in dropped if drop.name in left_out]
    return Plan(
        *(pin, parents, members, shown, files),
        origin=fork.origin,
        beside=[each.hash for each in given_up],
        paths=reuniting.paths(fork.origin, fork.base.environment, fork.other.environment),
        texts=[each.text for each in (*fork.since(fork.base), *given_up)],
    )


def _given_up_before(workspace: Workspace, fork: Fork) -> Iterator[Environment]:
    """What the side that is given up had given up itself: who has that pinned can go on as well."""
    name, (chain_of_it, tree) = fork.origin.name, fork.other
    text_of = chain.finder(tree, name)
    for wanted in dict.fromkeys(named for each in fork.since(fork.other) for named in each.beside):
        if text := workspace.access.pins.text(name, wanted) or text_of(wanted):
            found = environment.read(text, chain.past_path(name, wanted))
            if found.hash == wanted and gives_up(found, chain_of_it):
                yield found


def _staged(workspace: Workspace, pin: Pin) -> Fork:
    """Both sides as git has them in the index: in a rebase HEAD's was there first, in a merge what the caller did not sign."""
    found: list[Lineage] = []
    for stage in (2, 3):
        tree = IndexSnapshot(workspace.repository.objects, stage)
        text = tree.read(chain.path(pin.name), statements.MAX_BYTES)
        if text is None:
            raise _not_on_all_sides(workspace, pin.name)
        statement = environment.read(text, f"{pin.name}/environment")
        found.append(Lineage(first_sight.verdict_on(workspace, statement).way, tree))
    ours, theirs = found
    if ours.environment.id != theirs.environment.id and _is_new_on_both(workspace, pin.name):
        raise _not_on_all_sides(workspace, pin.name)
    is_mine = ours.environment.by.fingerprint == workspace.me().fingerprint
    is_theirs = theirs.environment.by.fingerprint == workspace.me().fingerprint
    if is_mine and not is_theirs and "MERGE_HEAD" in workspace.history.heads:
        ours, theirs = theirs, ours
    return by_who_stays_in(_parted(workspace, pin, ours, theirs))


def by_who_stays_in(fork: Fork) -> Fork:
    """Nobody goes on from what somebody signed whom the other side took out. Raises `NotTrusted` where both did that."""
    base, other = fork.base, fork.other
    if not _is_by_who_is_out(fork, base, other):
        return fork
    if _is_by_who_is_out(fork, other, base):
        name = fork.origin.name
        hint = f"decide with your team whose side stays: git log -p --all -- :/{RECIPIENTS}/{name}/environment"
        raise NotTrusted(f"{name}: each of the two sides took out who signed the other", hint)
    return fork._replace(base=other, other=base)


def _is_by_who_is_out(fork: Fork, lineage: Lineage, other: Lineage) -> bool:
    """Whoever is new on this side was taken out by nobody."""
    return forks.is_by(forks.taken_out(other.chain), [fork.origin, *fork.since(lineage)])


def _in_history(workspace: Workspace, pin: Pin) -> Fork | None:
    """A commit that went on with one of two sides, and has the other one in its history."""
    text = workspace.tree.read(chain.path(pin.name), statements.MAX_BYTES)
    here = environment.read(text, f"{pin.name}/environment") if text else None
    if here is None or here.id != pin.environment.id:
        return None
    base = Lineage(first_sight.verdict_on(workspace, here).way, workspace.tree)
    found = forks.asides(workspace.history, base.chain, ["HEAD"])
    for statements_of_it in sorted(found, key=lambda each: -each[-1].revision):
        other = statements_of_it[-1]
        last = log.last_with(workspace.root, chain.path(pin.name), other.text)
        tree = CommitSnapshot(workspace.repository.objects, last.had) if last else None
        if tree is None or not (_is_by_holders(here, statements_of_it) or _holds(workspace, other, tree)):
            continue
        common = [each.hash for each in base.chain].index(statements_of_it[0].previous)
        return by_who_stays_in(_parted(workspace, pin, base, Lineage([*base.chain[: common + 1], *statements_of_it], tree)))
    return None


def _is_by_holders(here: Environment, side: Iterable[Environment]) -> bool:
    """Whether nobody goes on before a side is given up. One by who was taken out stops nobody, and no rotation either."""
    return all(each.by in here.holders for each in side)


def _holds(workspace: Workspace, statement: Environment, tree: Snapshot) -> bool:
    me = workspace.me()
    given = access.membership_in(tree, statement).counted.get(me.name)
    return me in statement.holders and given is not None and (given.key.fingerprint(), given.role) == (me.fingerprint, HOLDER)


def _parted(workspace: Workspace, pin: Pin, base: Lineage, other: Lineage) -> Fork:
    """Where two sides part. Raises `NotTrusted` if they are two environments, or not the pinned one."""
    if len({base.environment.id, other.environment.id, pin.environment.id}) > 1:
        # The pin is right as it is: `gitenv trust` would find nothing to decide, and git's conflict would stay.
        hint = f"{_way_back(workspace)}, and ask who made the other one: git log --all -- :/{RECIPIENTS}/{pin.name}"
        raise NotTrusted(f"{pin.name}: two environments of one name were merged", hint)
    theirs = {each.hash for each in other.chain}
    origin = next((each for each in reversed(base.chain) if each.hash in theirs), None)
    if origin is None:
        raise NotTrusted(f"{pin.name}: two environments of one name were merged", _way_back(workspace))
    return Fork(origin, _parting(workspace, origin, base, other), base, other)


def _parting(workspace: Workspace, origin: Environment, base: Lineage, other: Lineage) -> Snapshot:
    """The tree in which two sides part: it says who was in before either of them took somebody out.

    A merge that kept one of them has the other one behind it, so where they part is asked of the commits that brought them.
    Raises `NotInOrder` if none can be found.
    """
    path, heads = chain.path(origin.name), workspace.history.heads
    brought = [log.brought(workspace.root, path, each.environment.text, heads) for each in (base, other)]
    for one, two in itertools.islice(itertools.product(*map(reversed, brought)), _MAX_PAIRS):
        parting = log.merge_base(workspace.root, one, two)
        tree = CommitSnapshot(workspace.repository.objects, parting)
        if parting and tree.read(path, statements.MAX_BYTES) == origin.text:
            return tree
    raise NotInOrder(f"{origin.name}: nobody can see where the two sides part", f"git log -- :/{RECIPIENTS}/{origin.name}")


def _parent(workspace: Workspace, lineage: Lineage, fork: Fork, found: Membership) -> Parent:
    """What the caller opens of one side. Raises `Locked` for who is no holder of both: their word would not count."""
    statement = lineage.environment
    if statement.name in workspace.access.locked:
        raise Locked(f"{statement.name} is locked in this clone", f"gitenv unlock {statement.name}")
    me = workspace.me().fingerprint
    mine = [given for given in found.counted.values() if given.key.fingerprint() == me and given.role == HOLDER]
    listed = any(holder.fingerprint == me for holder in statement.holders)
    if not mine or not listed:
        who = f"generation {statement.generation.number} by {statement.by.name}"
        both = sorted({*fork.base.environment.holders} & {*fork.other.environment.holders})[:3]
        ask = " or ".join(holder.name for holder in both) or "a holder of both"
        raise Locked(f"you are no holder of {statement.name} in {who}", f"ask {ask} to merge, and to run gitenv rotate")
    was = access.membership_in(lineage.tree, statement, ANY_DAY).keyholders
    ring = access.open_grant(statement, mine[0], workspace.access.device())
    return Parent(statement, ring, was, known_values.found(lineage.tree, statement))


def _is_new_on_both(workspace: Workspace, name: str) -> bool:
    return {entry.stage for entry in workspace.repository.tracked() if entry.path == chain.path(name)} == {2, 3}


def _not_on_all_sides(workspace: Workspace, name: str) -> NotInOrder:
    """Why a statement in conflict does not stand in all three stages."""
    where = f"{RECIPIENTS}/{name}"
    if _is_new_on_both(workspace, name):
        hint = f"{_way_back(workspace)}; then take away yours, and begin again: gitenv remove-environment {name}"
        return NotInOrder(f"{name}: two environments of this name were made, one on each side", hint)
    hint = f"to keep it: git add :/{where}; or to remove it: git rm -r :/{where}"
    return NotInOrder(f"{name}: removed on one side, and changed on the other", hint)


def _way_back(workspace: Workspace) -> str:
    """The command that gives up what git is bringing together. A rebase may have a `CHERRY_PICK_HEAD` as well."""
    heads = workspace.history.heads
    commands = {
        "MERGE_HEAD": "git merge --abort",
        "REBASE_HEAD": "git rebase --abort",
        "CHERRY_PICK_HEAD": "git cherry-pick --abort",
    }
    return next((command for head, command in commands.items() if head in heads), "git reset --merge")
