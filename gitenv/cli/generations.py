"""What people are shown of next generations: before they are asked, and when they are made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from gitenv.cli import show
from gitenv.errors import joined

if TYPE_CHECKING:
    from gitenv.model.environment import Environment
    from gitenv.team.rotate import Plan, Rotated


def show_plans(folder: str, plans: Sequence[Plan]) -> None:
    """Who and what would be in each, and which open branches that gets in the way of."""
    for planned in plans:
        for line in _planned(planned):
            show.say(line)
    for line in _branches(folder, [planned.pin.environment for planned in plans]):
        show.say(line)


def show_made(made: Iterable[Rotated]) -> None:
    """What each rotation did, as soon as it is done."""
    for done in made:
        for line in _rotated(done):
            show.say(line)


def _planned(planned: Plan) -> Iterator[str]:
    parents = [parent.environment for parent in planned.parents]
    how = ""
    if len(parents) > 1:
        base, other = (f"generation {each.generation.number} by {each.by.name}" for each in parents)
        how = f", on top of {base}, in the place of {other}"
    yield f"{planned.pin.name}: generation {parents[0].generation.number} to {planned.number}{how}"
    for member in planned.members:
        until = f" until {member.expires} (policy, not cryptography)" if member.expires else ""
        yield f"  for {member.name}, {member.role}{until}, {member.key.fingerprint()}"
    for dropped in planned.dropped:
        yield f"  dropped: {dropped.who}: {dropped.why}"
    yield f"  files: {joined(list(dict.fromkeys(entry.path for entry in planned.files))) or 'none'}"


def _branches(folder: str, rotated: Sequence[Environment]) -> Iterator[str]:
    from gitenv.git.branches import MOST
    from gitenv.team import open_branches

    found = open_branches.conflicting(folder, rotated) if rotated else None
    if found and found.names:
        which = "open branches that" if found.is_all else f"of the {MOST} newest open branches those that"
        yield f"{which} will conflict at the host, unless you merge this into them in a clone: {joined(found.names)}"


def _rotated(done: Rotated) -> Iterator[str]:
    count = len(done.files)
    files = f"{count:,} file{'' if count == 1 else 's'} encrypted anew, " if count else ""
    members = joined([member.name for member in done.members])
    yield f"{done.name}: generation {done.number}; {files}wrapped for {members}; staged"
    yield f"{done.name}: for CI, as GITENV_TRUST: {done.statement}"
    if done.conflicts:
        yield f"{done.name}: set to two values, to be decided by hand and added: {joined(done.conflicts)}"
    if done.left:
        yield f"{done.name}: left as it is: {joined(done.left)}"
