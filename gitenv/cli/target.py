"""Which file a command changes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

from gitenv.cli import show
from gitenv.cli.options import Option
from gitenv.errors import Usage, from_top, printable

if TYPE_CHECKING:
    from gitenv.team.save import Unstaged
    from gitenv.team.workspace import Workspace
    from gitenv.trust.pins import Pin

File = Annotated[str, Option("-f, --file FILE", "Default: .env, here or above.")]
Environment = Annotated[str, Option("-e, --environment ENV", "In the file of this one.")]


def found(workspace: Workspace, file: str, environment: str, words: str) -> tuple[str, Pin]:
    """The file, from the top, and its environment. `words` are the command, without them. Raises `Usage`."""
    from gitenv.team import seal

    environment = meant(file, environment)
    if environment and not file:
        file = f":/{seal.only_file(workspace, environment, os.getcwd())}"
    path, pin = seal.find(workspace, file or nearest(workspace), os.getcwd())
    if environment not in ("", pin.name):
        raise Usage(f"{printable(path)} is a file of {pin.name}, not of {environment}", f"{words} -f {from_top(path)}")
    return path, pin


def meant(file: str, environment: str) -> str:
    """The environment that is named, or that `GITENV_ENVIRONMENT` names as for `get`; "" for the one of the file."""
    from gitenv.sdk import places

    return environment or ("" if file or places.default() == places.DEFAULT else places.default())


def nearest(workspace: Workspace) -> str:
    """The `.env` that programs here get: in the current folder, else in the nearest one above that has one."""
    top = os.path.realpath(workspace.root)
    folder = os.path.realpath(os.getcwd())
    while not os.path.lexists(os.path.join(folder, ".env")):
        if folder in (top, os.path.dirname(folder)):
            return ".env"
        folder = os.path.dirname(folder)
    return os.path.relpath(os.path.join(folder, ".env"))


def staged(unstaged: Unstaged | None) -> str:
    """Whether what was written is staged."""
    return f"not staged, because {unstaged.why}" if unstaged else "staged"


def say_done(what: str, unstaged: Unstaged | None) -> None:
    """What was done to a file, and whether it is staged."""
    show.say(f"{what}; {staged(unstaged)}")
    if unstaged:
        show.commands(*unstaged.commands)
