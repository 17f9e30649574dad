"""`gitenv example`."""

from __future__ import annotations

import os
from typing import Annotated

from gitenv.cli import exclusive, show, target
from gitenv.cli.options import Argument, Option
from gitenv.errors import from_top, joined


def run(
    file: Annotated[str, Argument("FILE", "Default: .env.example beside the environment's files.")] = "",
    environments: Annotated[
        list[str] | None,
        Option("-e, --environment ENV", "Its keys; may be repeated. Default: as the file notes, or development."),
    ] = None,
    prune: Annotated[bool, Option("--prune", "Take out names that no environment has any more.")] = False,
) -> None:
    """Write .env.example: names, and no values.

    From the names and the ## headings of an environment's files, also of closed ones. What you wrote into the file stays.
    """
    from gitenv.team import example

    workspace = exclusive.workspace()
    workspace.need_environments()
    for name in environments or []:
        workspace.check_known(name)
    done = example.write(workspace, file, environments or (), os.getcwd(), prune=prune)
    if done.added:
        show.say(f"{done.path}: {'has' if done.is_new else 'has now'} {joined(done.added)}; {target.staged(done.unstaged)}")
    if done.gone:
        whose = f"{joined(done.environments)} {'does' if len(done.environments) == 1 else 'do'} not have"
        show.say(f"{done.path}: {'without' if prune else 'has'} {joined(done.gone)}, which {whose}")
        if not prune:
            show.commands(f"gitenv example --prune {from_top(done.path)}")
    elif done.is_same:
        show.say(f"{done.path} is up to date")
    if done.unstaged and not done.is_same:
        show.commands(*done.unstaged.commands)
