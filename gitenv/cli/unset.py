"""`gitenv unset`."""

from __future__ import annotations

from typing import Annotated

from gitenv.cli import exclusive, target
from gitenv.cli.options import Argument
from gitenv.errors import joined, shell_word


def run(
    names: Annotated[list[str], Argument("NAME", "The key's name; several are taken out at once.", of="key")],
    file: target.File = "",
    environment: target.Environment = "",
) -> None:
    """Take keys out of a file, with their values."""
    from gitenv.team import set_names

    names = list(dict.fromkeys(names))
    workspace = exclusive.ready_workspace()
    path, pin = target.found(workspace, file, environment, f"gitenv unset {' '.join(map(shell_word, names))}")
    unstaged = set_names.unset(workspace, names, path, pin.name)
    target.say_done(f"{joined(names)} taken out of {path}", unstaged)
