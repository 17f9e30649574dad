"""`gitenv add-environment`."""

from __future__ import annotations

from typing import Annotated

from gitenv.cli import exclusive, founding, show
from gitenv.cli.options import Argument
from gitenv.errors import joined


def run(
    name: Annotated[str, Argument("NAME")],
    patterns: Annotated[list[str] | None, Argument("PATTERN", "Its files; default: .env.NAME in any folder.")] = None,
) -> None:
    """Make an environment with a key of its own.

    You are its only holder.
    """
    from gitenv.identity import device
    from gitenv.team import found

    workspace = exclusive.ready_workspace()
    files, ignored = found.add_environment(workspace, name, patterns or [], device.need())
    show.say(f"environment {name}: {joined(patterns or [f'.env.{name}'])}; staged")
    if files:
        show.say(f"encrypted and staged: {joined(files)}")
    elif not ignored:
        show.say("no file of it is here yet")
    if ignored:
        founding.note_ignored(ignored)
    show.commit(workspace.repository, f"Add {name}")
    show.say("you are its only holder; let somebody in:")
    show.commands(f"gitenv add-recipient NAME -e {name}")
