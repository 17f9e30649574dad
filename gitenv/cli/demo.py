"""`gitenv demo`."""

from __future__ import annotations

from typing import Annotated

from gitenv.cli import show
from gitenv.cli.options import Argument

_STYLES = {"story": "italic", "command": "bold", "output": "dim"}


def run(
    folder: Annotated[str, Argument("FOLDER", "A new folder; default: a temporary one.")] = "",
) -> None:
    """Play gitenv's story with two people.

    With real git, in a folder of its own.
    """
    from gitenv.team import demo

    demo.play(folder, _show)


def _show(style: str, line: str) -> None:
    if style == "story":
        show.say()
    show.say(line if style != "output" else f"    {line}", _STYLES[style])
