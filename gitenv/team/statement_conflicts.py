"""Where two statements of an environment met: in the index, or in a rebase that stopped before the user's own."""

from __future__ import annotations

from gitenv.git import rebasing
from gitenv.git.layout import RECIPIENTS
from gitenv.model import environment, statements
from gitenv.model.reasons import TwoRotations
from gitenv.team.workspace import Workspace
from gitenv.trust import chain
from gitenv.trust.pins import Pin


def in_conflict(workspace: Workspace) -> list[str]:
    """The environments whose statement is in conflict in the index."""
    unmerged = [entry.path.split("/") for entry in workspace.repository.listing.unmerged()]
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
