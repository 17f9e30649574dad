"""Two statements at the same time that both keep the data key: one more brings them together, and no document changes.

Nobody can have been taken out on either side, and so nobody is locked out or kept in by it. All else is for a next generation.
"""

from __future__ import annotations

from gitenv.git.layout import RECIPIENTS
from gitenv.identity import device
from gitenv.model import environment, known
from gitenv.model.environment import Draft, Environment, Left
from gitenv.model.known import Tracked
from gitenv.model.rotation import Member
from gitenv.model.statements import Keyholder
from gitenv.team import first_sight, follow, known_values, revise
from gitenv.team.rotate import Plan
from gitenv.team.workspace import Workspace, now
from gitenv.trust import access, chain
from gitenv.trust.pins import Pin
from gitenv.tuples import NamedTuple


class Rejoined(NamedTuple):
    """The statement after both sides, and what it says of those who left."""

    planned: Plan
    statement: Environment
    tracked: Tracked

    def __str__(self) -> str:
        base, other = (parent.environment for parent in self.planned.parents)
        sides = f"revision {base.revision} by {base.by.name} and revision {other.revision} by {other.by.name}"
        return f"{base.name}: {sides} become revision {self.statement.revision}; the key stays"


def look(workspace: Workspace, planned: Plan) -> Rejoined | None:
    """What would bring the sides of a plan together under their key. None where that needs another one, or is no such plan."""
    if planned.origin is None or planned.dropped or _other_in_conflict(workspace, planned.pin.name):
        return None
    base, other = (parent.environment for parent in planned.parents)
    listed = dict[str, Keyholder]()
    for each in (*base.keyholders, *other.keyholders):
        if listed.setdefault(each.name, each) != each:
            return None
    both = [parent.known for parent in planned.parents if parent.known is not None]
    if not base.generation == other.generation == planned.origin.generation or len(both) != len(planned.parents):
        return None
    tracked = Tracked(known.merged(both), _left(base, other))
    within = other.reissue_within if base.reissue_within == planned.origin.reissue_within else base.reissue_within
    draft = Draft(
        *(planned.parents[0].ring, base.older, list(listed.values()), planned.paths, planned.beside),
        *(tracked.hash, tracked.left, within),
    )
    statement = environment.following(base, draft, by=workspace.known_as(planned.pin), at=now(), signer=device.need())
    counted = access.membership_in(workspace.tree, statement).counted.values()
    return Rejoined(planned, statement, tracked) if {Member.of(given) for given in counted} == {*planned.members} else None


def carry_out(workspace: Workspace, rejoined: Rejoined) -> None:
    """Write it, and stage it."""
    name, base = rejoined.statement.name, rejoined.planned.parents[0].environment
    past = {chain.past_path(name, environment.hash_of(text)): text for text in rejoined.planned.texts}
    written = [workspace.write(path, text) for path, text in past.items()]
    workspace.repository.stage([*written, *revise.write(workspace, base, rejoined.statement, rejoined.tracked)])
    # It is the caller's own, also where a run that was cut off has left another one pinned.
    verdict, pin = first_sight.verdict_on(workspace, rejoined.statement), rejoined.planned.pin
    new = Pin.of(rejoined.statement, pin.grant, frozenset(), pin.seen, verdict.past, pin.waiting)
    workspace.access.put_back(new, verdict.way)
    follow.refresh(workspace)


def _other_in_conflict(workspace: Workspace, name: str) -> bool:
    """Whether git has more to decide about it than the two statements."""
    own = (chain.path(name), known_values.path(name))
    unmerged = (entry.path for entry in workspace.repository.tracked() if entry.stage)
    return any(path.startswith(f"{RECIPIENTS}/{name}/") and path not in own for path in unmerged)


def _left(base: Environment, other: Environment) -> list[Left]:
    last: dict[Keyholder, int] = {}
    for each in (*base.left, *other.left):
        person = Keyholder(each.name, each.key)
        last[person] = max(each.generation, last.get(person, 0))
    return [Left(*person, number) for person, number in sorted(last.items())]
