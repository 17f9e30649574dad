"""`gitenv lock`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from gitenv.cli import exclusive, show
from gitenv.cli.options import Argument, Environments, Option
from gitenv.errors import Locked, Usage, joined

if TYPE_CHECKING:
    from gitenv.team.workspace import Workspace


def run(
    environments: Annotated[list[str] | None, Argument("ENV", "Default: all.")] = None,
    chosen: Environments = None,
    new_worktrees: Annotated[
        bool, Option("--new-worktrees", "Have linked work trees closed that are made from now on.")
    ] = False,
) -> None:
    """Put ciphertext back into the work tree.

    gitenv unlock opens it again.
    """
    from gitenv.team import lock

    if new_worktrees and (environments or chosen):
        raise Usage("--new-worktrees is about all environments", "gitenv lock --new-worktrees")
    workspace = exclusive.workspace()
    workspace.need_environments()
    if new_worktrees:
        _close_new(workspace)
        return
    locked = lock.lock(workspace, [*(environments or ()), *(chosen or ())])
    if not locked:
        raise Locked("nothing is open in this clone", "gitenv status")
    show.say(f"locked: {joined(locked)}; to open again:")
    show.commands("gitenv unlock")


def _close_new(workspace: Workspace) -> None:
    from gitenv.team import linked

    still_open = linked.close_new(workspace)
    show.say("work trees that git worktree add makes here are closed from now on; this one stays as it is")
    if still_open:
        show.say(f"made before, and open: {joined(still_open)}")
    show.say("a closed one gives values to commands that you allow there:")
    show.commands("gitenv allow -- COMMAND")
