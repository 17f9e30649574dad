"""What those who left know, as it lies in `.recipients/NAME/known`, and what a next statement says of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from gitenv.errors import GitenvError
from gitenv.git.layout import RECIPIENTS
from gitenv.model import known, rotation
from gitenv.model.environment import Environment
from gitenv.model.known import Known, Tracked
from gitenv.model.rotation import Member, Parent
from gitenv.repo.snapshot import Snapshot

if TYPE_CHECKING:  # `gitenv check` asks of any state, and loads no more than it needs
    from gitenv.team.workspace import Workspace

FILE = "known"


def path(name: str) -> str:
    """Where it lies."""
    return f"{RECIPIENTS}/{name}/{FILE}"


def files(name: str, tracked: Tracked) -> dict[str, bytes]:
    """The file to write. None where it would be too large: a statement then names one that is not there, for all to see."""
    text = tracked.text
    return {path(name): text} if text and len(text) <= known.MAX_BYTES else {}


def found(tree: Snapshot, statement: Environment) -> Known | None:
    """What a tree says for a statement. None where it is lost."""
    try:
        return known.read(tree.read(path(statement.name), known.MAX_BYTES), statement.known)
    except GitenvError:  # a link, or too large
        return None


def here(workspace: Workspace, statement: Environment) -> Known | None:
    """The same of this clone: a run that was cut off, or a merge, may have written another file since."""
    said = found(workspace.tree, statement)
    for spec in (":0", "HEAD"):
        if said is None:
            said = known.read(
                workspace.repository.objects.read(f"{spec}:{path(statement.name)}", known.MAX_BYTES), statement.known
            )
    return said


def now(workspace: Workspace, statement: Environment) -> Tracked | None:
    """What there is still to say of it within a generation. None where it is lost."""
    listed = here(workspace, statement)
    if listed is None:
        return None
    read = workspace.repository.objects.read
    entries = workspace.files_of([statement])[statement.name] if statement.left else []
    return known.still(Tracked(listed, statement.left), (read(entry.object_id) or b"" for entry in entries))


def after(
    parents: Sequence[Parent],
    members: Sequence[Member],
    pairs: Sequence[tuple[bytes, bytes]],
    documents: Iterable[bytes],
) -> Tracked:
    """What a next generation says: `pairs` are documents as they stand under the parents' keys, and encrypted anew.

    `documents` are all that there will be. Where what was known is lost, it is all that those who left could have read.
    """
    left = rotation.who_left(parents, members)
    if not left:
        return Tracked({}, [])
    before = known.merged(
        known.every((one for one, _ in pairs), _oldest(parent.environment)) if parent.known is None else parent.known
        for parent in parents
    )
    leaving = rotation.generations_left(parents, members)
    return known.still(Tracked(known.carried(before, pairs, leaving), left), documents)


def _oldest(environment: Environment) -> int:
    return min((each.generation for each in environment.left), default=environment.generation.number)
