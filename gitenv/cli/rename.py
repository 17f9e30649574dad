"""`gitenv rename`."""

from __future__ import annotations

from typing import Annotated

from gitenv.cli import exclusive, target
from gitenv.cli.options import Argument
from gitenv.errors import shell_word


def run(
    old: Annotated[str, Argument("OLD", "The key's name.", of="key")],
    new: Annotated[str, Argument("NEW", "What it is to be called.")],
    file: target.File = "",
    environment: target.Environment = "",
) -> None:
    """Give a key another name; its value stays."""
    from gitenv.team import set_names

    workspace = exclusive.ready_workspace()
    path, pin = target.found(workspace, file, environment, f"gitenv rename {shell_word(old)} {shell_word(new)}")
    unstaged = set_names.rename(workspace, old, new, path, pin.name)
    target.say_done(f"{old} is {new} in {path}", unstaged)
