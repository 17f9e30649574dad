"""`gitenv lock`."""

from __future__ import annotations

from typing import Annotated

from gitenv.cli import exclusive, show
from gitenv.cli.options import Argument, Environments
from gitenv.cli.words import joined
from gitenv.errors import Locked


def run(
    environments: Annotated[list[str] | None, Argument("ENV", "Default: all.")] = None,
    chosen: Environments = None,
) -> None:
    """Put ciphertext back into the work tree.

    gitenv unlock opens it again.
    """
    from gitenv.team import lock

    workspace = exclusive.workspace()
    workspace.need_environments()
    locked = lock.lock(workspace, [*(environments or ()), *(chosen or ())])
    if not locked:
        raise Locked("nothing is open in this clone", "gitenv status")
    show.say(f"locked: {joined(locked)}; to open again:")
    show.commands("gitenv unlock")
