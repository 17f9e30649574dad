"""`gitenv rotate`: a next generation of an environment. All is looked at before anything is written; `staging` writes it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from gitenv import access, recipients
from gitenv.errors import GitenvError, Malformed, NotInOrder, Usage, printable
from gitenv.git.repository import IndexEntry
from gitenv.git.trees import RECIPIENTS, Tree
from gitenv.identity import device
from gitenv.model import environment, grant, rotation, statements
from gitenv.model.cipher import Dek
from gitenv.model.environment import Environment
from gitenv.model.grant import HOLDER
from gitenv.model.keyring import Keyring
from gitenv.model.rotation import Member, Parent
from gitenv.pins import Pin
from gitenv.team import conflicts, key_lines, staging
from gitenv.team.staging import Rewritten
from gitenv.team.workspace import Workspace, now


class Dropped(NamedTuple):
    """A grant, or a person, that the next generation leaves out, and why."""

    who: str
    why: str


class Plan(NamedTuple):
    """A rotation before it is carried out."""

    pin: Pin  # the environment as it is; in a rotation that was cut off, as it is to be
    parents: list[Parent]  # what the next generation goes on from
    members: list[Member]  # who is in it, by name
    dropped: list[Dropped]
    files: list[IndexEntry]
    cut_off: Environment | None = None  # the statement that is staged, where an earlier run wrote the next one and was stopped
    origin: Environment | None = None  # what two parents began from

    @property
    def number(self) -> int:
        """The number of the generation that this makes."""
        if self.cut_off:
            return self.pin.environment.generation.number
        return max(parent.environment.generation.number for parent in self.parents) + 1


class Rotated(NamedTuple):
    """What became of an environment."""

    name: str
    number: int
    members: list[Member]
    files: list[str]
    left: list[str]  # files that could not be read, or hold changes of the caller's own: they stay as they are
    conflicts: list[str]  # files in which two sides set one key to two values


def plan(workspace: Workspace, name: str, without: Collection[str] = (), roles: Mapping[str, str] | None = None) -> Plan:
    """Look at an environment, and say who and what its next generation would have.

    `without` are people to leave out, `roles` are new ones. Raises `Locked` for who is no holder, `NotTrusted`, `NotInOrder`,
    and `Usage` if nobody were left who may let others in.
    """
    pin = workspace.need_pin(name)
    ring = workspace.need_holder(pin, "rotate nothing")
    files = _files(workspace, pin.environment)
    if (staged := _cut_off(workspace, pin)) is not None:
        return Plan(pin, [Parent(pin.environment, ring)], _members(pin, workspace.tree)[0], [], files, staged)
    members, dropped = _members(pin, staging.without_later_grants(workspace, pin.environment))
    dropped += _deleted(workspace, name, {member.name for member in members} | {each.who for each in dropped})
    dropped += _swapped(workspace, members)
    changed = [member._replace(role=(roles or {}).get(member.name, member.role)) for member in members]
    left = [member for member in changed if member.name not in without]
    if not any(member.role == HOLDER for member in left):
        raise _last_holder(name, members)
    return Plan(pin, [Parent(pin.environment, ring)], left, dropped, files)


def carry_out(workspace: Workspace, planned: Plan) -> Rotated:
    """Make the next generation, and stage it."""
    if planned.cut_off:
        return _finish(workspace, planned, planned.cut_off)
    name, key, me = planned.pin.name, device.need(), workspace.known_as(planned.pin)
    dek = Dek.fresh()
    statement = rotation.next_statement(planned.parents, dek, planned.members, by=me, at=now(), signer=key)
    grants = [
        grant.write(statement, dek, *member[:3], by=me, at=statement.at, signer=key, expires=member.expires)
        for member in planned.members
    ]
    before, ring = [parent.ring for parent in planned.parents], statement.keyring(dek)
    origin = before[0].at(planned.origin.generation) if planned.origin else None
    merged = conflicts.merge_again(workspace, [entry for entry in planned.files if entry.stage], before, origin, ring)
    rewritten, left = rewrite(workspace, [entry for entry in planned.files if not entry.stage], before, ring)
    staging.stage(workspace, statement, grants, [*rewritten, *(each for found in merged for each in found.entries)])
    own = next((found for found in grants if found.key == key.public), None)
    # Who took themselves out has no key any more, and git could not take their open files for what is committed.
    edited = [] if own else staging.close(workspace, rewritten, ring)
    seen = planned.pin.seen.union(member.holder for member in planned.members)
    workspace.access.advance(Pin.of(statement, own, frozenset(), seen))
    workspace.repository.stage(key_lines.tidy(workspace, [(member.name, member.key) for member in planned.members]))
    open_again = conflicts.write(workspace, merged, ring)
    paths = [*(each.entry.path for each in rewritten), *(found.path for found in merged if not found.is_left)]
    return Rotated(name, planned.number, planned.members, paths, left + open_again + edited, conflicts.left(merged))


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


def _finish(workspace: Workspace, planned: Plan, staged: Environment) -> Rotated:
    """Stage what an earlier run wrote before it was stopped: its statement is there, and so all its grants are."""
    pin, (parent,) = planned.pin, planned.parents
    ring = parent.ring.at(staged.generation)
    if ring is None:
        raise NotInOrder(
            f"{pin.name}: what is staged is no generation of it", f"git restore --staged -- :/{RECIPIENTS}/{pin.name}"
        )
    found = {given.to: given for given in recipients.grants(workspace.tree, pin.name)}
    grants = [found[member.name] for member in planned.members]
    rewritten, left = rewrite(workspace, planned.files, [ring], parent.ring)
    staging.stage(workspace, pin.environment, grants, rewritten)
    return Rotated(pin.name, planned.number, planned.members, [each.entry.path for each in rewritten], left, [])


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


def _cut_off(workspace: Workspace, pin: Pin) -> Environment | None:
    """The statement in the index, if the work tree has a next generation of it that is not staged: somebody was stopped."""
    text = workspace.repository.objects.read(f":0:{RECIPIENTS}/{pin.name}/environment", statements.MAX_BYTES)
    here = workspace.tree.read(f"{RECIPIENTS}/{pin.name}/environment", statements.MAX_BYTES)
    if text is None or text == here or here != pin.environment.text:
        return None
    staged = environment.read(text, f"{pin.name}/environment")
    is_older = staged.id == pin.environment.id and staged.generation in [older.generation for older in pin.environment.older]
    return staged if is_older else None


def _members(pin: Pin, tree: Tree) -> tuple[list[Member], list[Dropped]]:
    """Whose grants count, and everything that does not: never from a `.pub` file, which anybody can swap."""
    malformed: dict[str, GitenvError] = {}
    key_of = recipients.key_finder(tree, pin.name)
    found = access.standing_in(tree, pin.environment, key_of, malformed=malformed)
    dropped = [Dropped(f"{refused.grant.to}.grant", refused.reason) for refused in found.refused]
    dropped += [Dropped(file.rpartition("/")[2], error.message.partition(": ")[2]) for file, error in malformed.items()]
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


def _deleted(workspace: Workspace, name: str, known: Collection[str]) -> Iterator[Dropped]:
    """Whose grant is in HEAD, and not here any more: somebody deleted it, to take them out or to have them fall out."""
    for file in workspace.repository.objects.names(f"HEAD:{RECIPIENTS}/{name}"):
        person = file.removesuffix(".grant")
        if file.endswith(".grant") and person not in known and file not in known:
            yield Dropped(person, "has no grant any more; somebody deleted it")


def _swapped(workspace: Workspace, members: Iterable[Member]) -> Iterator[Dropped]:
    """The `.pub` files with another key than somebody is in with: whoever waits for a rotation to take them waits in vain."""
    for member in members:
        try:
            found = workspace.public_keys(member.name)
        except GitenvError:
            continue
        if found and member.key not in found:
            yield Dropped(f"{member.name}.pub", f"another key than the one that {member.name} is in with; it is not used")


def is_cut_off(workspace: Workspace, pin: Pin) -> bool:
    """Whether an earlier run wrote a next generation and was stopped before it was staged."""
    return _cut_off(workspace, pin) is not None


def held(workspace: Workspace) -> list[str]:
    """The environments that the caller holds."""
    me = workspace.me().fingerprint
    pins = [pin for pin in workspace.access.pinned() if workspace.access.can_open(pin)]
    return [pin.name for pin in pins if any(holder.fingerprint == me for holder in pin.holders)]
