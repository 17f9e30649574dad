"""`gitenv rotate`: a next generation of an environment. All is looked at before anything is written; `stage` writes it."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from gitenv.errors import GitenvError, Malformed, NotInOrder, Usage, printable
from gitenv.git.index import IndexEntry
from gitenv.git.layout import RECIPIENTS
from gitenv.identity import device
from gitenv.model import grant, names, rotation, succession
from gitenv.model.cipher import Dek
from gitenv.model.environment import Environment
from gitenv.model.grant import HOLDER
from gitenv.model.keyring import Keyring
from gitenv.model.membership import ANY_DAY, Membership
from gitenv.model.reasons import SwappedKey
from gitenv.model.rotation import FORMER, Dropped, Member, Parent
from gitenv.model.statements import Keyholder
from gitenv.repo.snapshot import Snapshot
from gitenv.team import (
    conflicts,
    first_sight,
    key_lines,
    known_values,
    later_grants,
    past,
    requests,
    stage,
    unfinished_rotation,
)
from gitenv.team.stage import Rewritten
from gitenv.team.unfinished_rotation import Behind
from gitenv.team.workspace import Workspace, now
from gitenv.trust import access
from gitenv.trust.pins import Pin
from gitenv.tuples import NamedTuple


class Plan(NamedTuple):
    """A rotation before it is carried out."""

    pin: Pin  # the environment as it is
    parents: list[Parent]  # what the next generation goes on from
    members: list[Member]  # who is in it, by name
    dropped: list[Dropped]
    files: list[IndexEntry]
    behind: Behind | None = None  # what a run that was cut off left under the key before
    origin: Environment | None = None  # what two parents began from
    beside: Sequence[str] = ()  # the hashes of the side that is given up
    paths: Sequence[str] = ()  # those of the next statement, if they are others
    texts: Sequence[bytes] = ()  # statements of both sides, which have to lie in `past/`

    @property
    def number(self) -> int:
        """The number of the generation that this makes."""
        return self.parents[0].environment.generation.number + 1


class Rotated(NamedTuple):
    """What became of an environment."""

    name: str
    number: int
    members: list[Member]
    files: list[str]
    left: list[str]  # files that could not be read, or hold changes of the caller's own: they stay as they are
    conflicts: list[str]  # files in which two sides set one key to two values
    statement: str  # its hash


def plan(
    workspace: Workspace,
    name: str,
    without: Collection[str] = (),
    roles: Mapping[str, str] | None = None,
    instead_of: Member | None = None,
) -> Plan:
    """Look at an environment, and say who and what its next generation would have.

    `without` are people to leave out, `roles` are new ones, and one comes `instead_of` whoever has that name: the same person
    with another key. Raises `Locked` for who is no holder, `NotTrusted`, `NotInOrder`, and `Usage` if nobody were left who may
    let others in.
    """
    pin = workspace.need_pin(name)
    ring = workspace.need_holder(pin, "rotate nothing")
    files = _files(workspace, pin.environment)
    behind = unfinished_rotation.find(workspace, pin, ring, files)
    tree = later_grants.without(workspace, pin.environment)
    members, dropped = _members(pin, tree)
    gone = list(_deleted(workspace, pin, {member.name for member in members} | {each.who for each in dropped}))
    dropped += gone
    dropped += _swapped(workspace, members)
    dropped += _exchanged(pin, [member for member in members if member.holder != workspace.me()])  # who knows it best
    changed = [member._replace(role=(roles or {}).get(member.name, member.role)) for member in members]
    if instead_of:
        changed = sorted([member for member in changed if member.name != instead_of.name] + [instead_of])
        dropped = [each for each in dropped if each.name != instead_of.name]
    left = [member for member in changed if member.name not in without]
    if not any(member.role == HOLDER for member in left):
        raise _last_holder(name, members)
    dropped += [Dropped(path, "a path that nobody here has said yes to") for path in pin.waiting]
    was = access.membership_in(tree, pin.environment, ANY_DAY).keyholders.union(_keyholders(workspace, pin, gone))
    parent = Parent(pin.environment, ring, was, known_values.here(workspace, pin.environment))
    return Plan(pin, [parent], left, dropped, files, behind, paths=pin.paths)


def carry_out(workspace: Workspace, planned: Plan) -> Rotated:
    """Make the next generation, and stage it."""
    name, key, me = planned.pin.name, device.need(), workspace.known_as(planned.pin)
    dek, parent = Dek.fresh(), planned.parents[0].environment
    ring, older = rotation.chained(planned.parents, dek)
    before = [parent.ring for parent in planned.parents]
    origin = before[0].at(planned.origin.generation) if planned.origin else None
    merged = conflicts.merge_again(workspace, [entry for entry in planned.files if entry.stage], before, origin, ring)
    rewritten, left = _rewritten(workspace, planned, before, ring)
    documents = [*rewritten, *(each for found in merged for each in found.entries)]
    pairs = [*_pairs(planned, rewritten), *(pair for found in merged for pair in found.pairs)]
    tracked = known_values.after(planned.parents, planned.members, pairs, (each.after for each in documents))
    statement = rotation.next_statement(
        *(planned.parents, (ring, older), planned.members, tracked),
        by=Keyholder(me.name, key.public),
        at=now(),
        signer=key,
        proof=succession.proof(parent, _inside(workspace, planned, parent), me),
        paths=planned.paths,
        beside=planned.beside,
    )
    grants = [
        grant.write(statement, dek, *member[:3], by=me, at=statement.at, signer=key, expires=member.expires)
        for member in planned.members
    ]
    open_again: list[str] = []
    before_it = [parent.text, *planned.texts, *past.lacking(workspace, parent).values()]
    with stage.staged(workspace, statement, grants, documents, before_it, tracked):
        open_again += conflicts.write(workspace, merged, ring)
    own = next((found for found in grants if found.key == key.public), None)
    # Who took themselves out has no key any more, and git could not take their open files for what is committed.
    edited = [] if own else stage.close(workspace, rewritten, ring)
    seen = planned.pin.seen.union(member.holder for member in planned.members)
    # It is the caller's own, also where a run that was cut off has left another one pinned.
    verdict = first_sight.verdict_on(workspace, statement)
    workspace.access.put_back(Pin.of(statement, own, frozenset(), seen, verdict.past), verdict.way)
    workspace.repository.stage(key_lines.tidy(workspace, [(member.name, member.key) for member in planned.members]))
    workspace.repository.look_again()
    paths = [*(each.entry.path for each in rewritten), *(found.path for found in merged if not found.is_left)]
    torn = conflicts.left(merged)
    return Rotated(name, planned.number, planned.members, paths, left + open_again + edited, torn, statement.hash)


def _inside(workspace: Workspace, planned: Plan, parent: Environment) -> Membership:
    """Who is in before, with the caller's own grant as it is pinned: a run that was cut off may have written the next ones."""
    found = access.membership_in(later_grants.without(workspace, parent), parent)
    own = planned.pin.grant
    if own is None or own.to in found.counted or own.generation != parent.generation:
        return found
    return found._replace(counted={**found.counted, own.to: own})


def rewrite(
    workspace: Workspace, entries: Iterable[IndexEntry], before: Sequence[Keyring], ring: Keyring
) -> tuple[list[Rewritten], list[str]]:
    """Documents of the index under another generation; and those that are too large to be documents, which stay."""
    rewritten: list[Rewritten] = []
    left: list[str] = []
    for entry in entries:
        stored = workspace.repository.objects.read(entry.object_id)
        try:
            if stored is None:
                raise Malformed(f"{printable(entry.path)} cannot be read")
            rewritten.append(Rewritten(entry, stored, rotation.reencrypt(stored, before, ring)))
        except GitenvError:
            left.append(entry.path)
    return rewritten, left


def _last_holder(name: str, members: Iterable[Member]) -> Usage:
    who = " and ".join(member.name for member in members if member.role == HOLDER) or "whoever held it"
    return Usage(
        f"{who} would be the last holder of {name}: nobody could let anybody in any more",
        f"let somebody else in first: gitenv add-recipient NAME -e {name}",
    )


def _files(workspace: Workspace, statement: Environment) -> list[IndexEntry]:
    entries = workspace.files_of([statement])[statement.name]
    if in_conflict := [entry.path for entry in entries if entry.stage]:
        raise NotInOrder(f"{printable(in_conflict[0])} is in conflict", "resolve it and git add it, then run this again")
    return entries


def _rewritten(
    workspace: Workspace, planned: Plan, before: Sequence[Keyring], ring: Keyring
) -> tuple[list[Rewritten], list[str]]:
    files = [entry for entry in planned.files if not entry.stage]
    behind = planned.behind.paths if planned.behind else frozenset()
    rewritten, left = rewrite(workspace, [entry for entry in files if entry.path not in behind], before, ring)
    rings = [*before, *planned.behind.rings] if planned.behind else before
    more, more_left = rewrite(workspace, [entry for entry in files if entry.path in behind], rings, ring)
    return rewritten + more, left + more_left


def _pairs(planned: Plan, rewritten: Iterable[Rewritten]) -> Iterator[tuple[bytes, bytes]]:
    """Documents as they stand under the key before, and under the new one: what was left behind as it would stand there."""
    ring, behind = planned.parents[0].ring, planned.behind
    for each in rewritten:
        is_behind = behind and each.entry.path in behind.paths
        yield rotation.reencrypt(each.before, behind.rings, ring) if behind and is_behind else each.before, each.after


def _members(pin: Pin, tree: Snapshot) -> tuple[list[Member], list[Dropped]]:
    """Whose grants count, and everything that does not: never from a `.pub` file, which anybody can swap."""
    found = access.membership_in(tree, pin.environment)
    dropped = [Dropped(f"{refused.grant.to}.grant", refused.reason) for refused in found.refused]
    for file, error in found.malformed.items():
        dropped.append(Dropped(file.rpartition("/")[2], error.message.partition(": ")[2] or error.message))
    counted = dict(found.counted)
    if pin.grant and pin.grant.generation == pin.environment.generation:
        # Whoever can push can delete or break the file; who rotated themselves out by that would sign for nobody.
        counted.setdefault(pin.grant.to, pin.grant)
    named = {*counted, *(drop.who.removesuffix(".grant") for drop in dropped)}
    dropped += [
        Dropped(holder.name, "has no grant in this commit, and held it")
        for holder in sorted(pin.holders)
        if holder.name not in named
    ]
    return [Member.of(counted[name]) for name in sorted(counted)], dropped


def _deleted(workspace: Workspace, pin: Pin, known: Collection[str]) -> Iterator[Dropped]:
    """Whose grant of this generation is in a commit, and not here any more: somebody deleted it, so that they fall out."""
    folder = f"{RECIPIENTS}/{pin.name}"
    here = workspace.repository.objects.names(f"HEAD:{folder}")
    since = sorted({change.path for change in workspace.history.recipients(["HEAD"]).of(pin.name)})
    for file in dict.fromkeys([*here, *since]):
        person = file.removesuffix(".grant")
        if not file.endswith(".grant") or not names.is_name(person) or person in known or file in known:
            continue
        if requests.was_in(workspace, pin, person):
            yield Dropped(person, "was in, and has no grant any more")


def _keyholders(workspace: Workspace, pin: Pin, gone: Iterable[Dropped]) -> Iterator[Keyholder]:
    """People whose grants were deleted, with their keys: they could read all the same."""
    for each in gone:
        with contextlib.suppress(SwappedKey):
            yield from (Keyholder(each.name, key) for key in requests.keys_in(workspace, pin, each.name))


def _swapped(workspace: Workspace, members: Iterable[Member]) -> Iterator[Dropped]:
    """The `.pub` files with another key than somebody is in with: whoever waits for a rotation to take them waits in vain."""
    for member in members:
        try:
            found = workspace.public_keys(member.name)
        except GitenvError:
            continue
        if found and member.key not in found:
            yield Dropped(f"{member.name}.pub", f"another key than the one that {member.name} is in with; it is not used")


def _exchanged(pin: Pin, members: Iterable[Member]) -> Iterator[Dropped]:
    """The keys that somebody was known by before a holder exchanged theirs: it need not have been for them."""
    for member in members:
        if any(other.name == member.name and other != member.holder for other in pin.seen):
            yield Dropped(member.name + FORMER, "was exchanged, and not by themselves: compare the new one with them")


def is_cut_off(workspace: Workspace, pin: Pin) -> bool:
    """Whether an earlier run wrote a next generation and was stopped before all of it was staged."""
    files = workspace.files_of([pin.environment])[pin.name]
    found = unfinished_rotation.find(workspace, pin, workspace.access.ring(pin), files)
    return found is not None and bool(found.paths)
