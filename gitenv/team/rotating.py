"""`gitenv rotate`: a next generation of an environment. All is looked at before anything is written; `staging` writes it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from gitenv import access, recipients
from gitenv.errors import GitenvError, Malformed, NotInOrder, Usage, printable
from gitenv.git import log
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
from gitenv.team import conflicts, staging
from gitenv.team.staging import Rewritten
from gitenv.team.workspace import Workspace, now


class Dropped(NamedTuple):
    """A grant, or a person, that the next generation leaves out, and why."""

    who: str
    why: str


class CutOff(NamedTuple):
    """What a run that was stopped after it wrote its statement left as it was."""

    environment: Environment  # the statement before it
    paths: frozenset[str]  # the documents that still stand under that


class Plan(NamedTuple):
    """A rotation before it is carried out."""

    pin: Pin  # the environment as it is; in a rotation that was cut off, as it is to be
    parents: list[Parent]  # what the next generation goes on from
    members: list[Member]  # who is in it, by name
    dropped: list[Dropped]
    files: list[IndexEntry]
    cut_off: CutOff | None = None
    is_finishing: bool = False  # whether that run's statement is what is wanted, and is only to be staged
    origin: Environment | None = None  # what two parents began from

    @property
    def number(self) -> int:
        """The number of the generation that this makes."""
        if self.is_finishing:
            return self.pin.environment.generation.number
        return max(parent.environment.generation.number for parent in self.parents) + 1


class Rotated(NamedTuple):
    """What became of an environment."""

    name: str
    number: int
    members: list[Member]
    files: list[str]
    left: list[str]  # files that could not be read, and stay as they are
    conflicts: list[str]  # files in which two sides set one key to two values


def plan(workspace: Workspace, name: str, without: Collection[str] = (), roles: Mapping[str, str] | None = None) -> Plan:
    """Look at an environment, and say who and what its next generation would have.

    `without` are people to leave out, `roles` are new ones. Raises `Locked` for who is no holder, `NotTrusted`, `NotInOrder`,
    and `Usage` if nobody were left who may let others in.
    """
    pin = workspace.need_pin(name)
    ring = workspace.need_holder(pin, "rotate nothing")
    files = _files(workspace, pin.environment)
    cut_off = _cut_off(workspace, pin, files, ring)
    members, dropped = _members(pin, staging.without_later_grants(workspace, pin.environment))
    changed = [member._replace(role=(roles or {}).get(member.name, member.role)) for member in members]
    left = [member for member in changed if member.name not in without]
    if not any(member.role == HOLDER for member in left):
        raise _last_holder(name, members)
    is_finishing = cut_off is not None and left == members  # else it would take nobody out
    return Plan(pin, [Parent(pin.environment, ring)], left, [] if is_finishing else dropped, files, cut_off, is_finishing)


def carry_out(workspace: Workspace, planned: Plan) -> Rotated:
    """Make the next generation, and stage it."""
    if planned.is_finishing:
        return _finish(workspace, planned)
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
    rewritten, left = _rewritten(workspace, planned, before, ring)
    open_again: list[str] = []
    with staging.staged(workspace, statement, grants, [*rewritten, *(each for found in merged for each in found.entries)]):
        open_again += conflicts.write(workspace, merged, ring)
    own = next((found for found in grants if found.key == key.public), None)
    seen = planned.pin.seen.union(member.holder for member in planned.members)
    workspace.access.advance(Pin.of(statement, own, frozenset(), seen))
    paths = [*(each.entry.path for each in rewritten), *(found.path for found in merged if not found.is_left)]
    return Rotated(name, planned.number, planned.members, paths, left + open_again, conflicts.left(merged))


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


def _finish(workspace: Workspace, planned: Plan) -> Rotated:
    """Stage what an earlier run wrote before it was stopped: its statement is there, and so all its grants are."""
    pin, (parent,) = planned.pin, planned.parents
    found = {given.to: given for given in recipients.grants(workspace.tree, pin.name)}
    grants = [found[member.name] for member in planned.members]
    rewritten, left = _rewritten(workspace, planned, [], parent.ring)
    with staging.staged(workspace, pin.environment, grants, rewritten):
        pass
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


def _rewritten(
    workspace: Workspace, planned: Plan, before: Sequence[Keyring], ring: Keyring
) -> tuple[list[Rewritten], list[str]]:
    behind = planned.cut_off.paths if planned.cut_off else frozenset()
    files = [entry for entry in planned.files if not entry.stage]
    rewritten, left = rewrite(workspace, [entry for entry in files if entry.path not in behind], before, ring)
    earlier = [*before, *_rings_before(planned)]
    more, more_left = rewrite(workspace, [entry for entry in files if entry.path in behind], earlier, ring)
    return rewritten + more, left + more_left


def _rings_before(planned: Plan) -> list[Keyring]:
    """What opens the documents that a run which was cut off left as they were."""
    if planned.cut_off is None:
        return []
    ours = planned.cut_off.environment
    shared = {ours.generation, *(older.generation for older in ours.older)}
    beside = [older.generation for older in planned.pin.environment.older if older.generation not in shared]
    # Where it brought two rotations together, the other one's tip as well.
    found = [planned.parents[0].ring.at(generation) for generation in (ours.generation, *beside[:1])]
    return [ring for ring in found if ring]


def _cut_off(workspace: Workspace, pin: Pin, files: Sequence[IndexEntry], ring: Keyring) -> CutOff | None:
    """The statement before the one at hand, if documents in the index still stand under it: a run was stopped.

    A generation that was ever committed was not cut off: an earlier one beside it was put back, and is not to be believed.
    """
    path, objects = f"{RECIPIENTS}/{pin.name}/environment", workspace.repository.objects
    if workspace.tree.read(path, statements.MAX_BYTES) != pin.environment.text:
        return None
    staged, committed = (_earlier(pin, objects.read(f"{spec}:{path}", statements.MAX_BYTES)) for spec in (":0", "HEAD"))
    found = CutOff(staged, frozenset(entry.path for entry in files)) if staged else None
    if not found and committed and (earlier := ring.at(committed.generation)):
        # Somebody has staged the statement since. Only what is committed beside the one before is known to stand under that.
        paths = frozenset(entry.path for entry in files if _is_behind(workspace, entry, earlier))
        found = CutOff(committed, paths) if paths else None
    return found if found and not log.last_with(workspace.root, path, pin.environment.text) else None


def _earlier(pin: Pin, text: bytes | None) -> Environment | None:
    if text is None or text == pin.environment.text:
        return None
    found = environment.read(text, f"{pin.name}/environment")
    is_older = found.id == pin.environment.id and found.generation in [older.generation for older in pin.environment.older]
    return found if is_older else None


def _is_behind(workspace: Workspace, entry: IndexEntry, ring: Keyring) -> bool:
    """Whether a document of the index is the committed one, and stands under that commit's key."""
    objects = workspace.repository.objects
    is_committed = objects.id(f"HEAD:{entry.path}") == entry.object_id
    return is_committed and rotation.stands_under(objects.read(entry.object_id) or b"", ring)


def _members(pin: Pin, tree: Tree) -> tuple[list[Member], list[Dropped]]:
    """Whose grants count, and everything that does not: never from a `.pub` file, which anybody can swap."""
    malformed: dict[str, GitenvError] = {}
    key_of = recipients.key_finder(tree, pin.name)
    found = access.standing_in(tree, pin.environment, key_of, malformed=malformed)
    dropped = [Dropped(f"{refused.grant.to}.grant", refused.reason) for refused in found.refused]
    dropped += [Dropped(file.rpartition("/")[2], error.message.partition(": ")[2]) for file, error in malformed.items()]
    named = {*found.counted, *(drop.who.removesuffix(".grant") for drop in dropped)}
    dropped += [
        Dropped(holder.name, "has no grant in this commit, and held it")
        for holder in sorted(pin.holders)
        if holder.name not in named
    ]
    return [Member.of(found.counted[name]) for name in sorted(found.counted)], dropped


def is_cut_off(workspace: Workspace, pin: Pin) -> bool:
    """Whether an earlier run wrote a next generation and was stopped before it was staged."""
    ring, files = workspace.access.ring(pin), workspace.files_of([pin.environment])[pin.name]
    return _cut_off(workspace, pin, files, ring) is not None


def held(workspace: Workspace) -> list[str]:
    """The environments that the caller holds."""
    me = workspace.me().fingerprint
    pins = [pin for pin in workspace.access.pinned() if workspace.access.can_open(pin)]
    return [pin.name for pin in pins if any(holder.fingerprint == me for holder in pin.holders)]
