"""`gitenv hook`."""

from __future__ import annotations

from typing import Annotated

import typer

from gitenv.cli import hook_work, show
from gitenv.errors import Usage


def run(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(hook_work.NAMES)}.", metavar="NAME")],
    arguments: Annotated[list[str] | None, typer.Argument(help="What git gave the hook.", metavar="…")] = None,
    print_: Annotated[
        bool, typer.Option("--print", help="Print the hook, with the full path of gitenv: for a server, or your own hooks.")
    ] = False,
) -> None:
    """Do what a git hook does; gitenv init installs them.

    On a server: gitenv hook --print pre-receive > hooks/pre-receive, and chmod +x.
    """
    if name not in hook_work.NAMES:
        raise Usage(f"gitenv has no hook {name!a}", f"there are: {', '.join(hook_work.NAMES)}")
    if print_:
        import os

        from gitenv.team import hooks, installation

        show.write(os.fsdecode(hooks.text(name, [installation.own()])))
    elif code := hook_work.work(name, arguments or []):
        raise typer.Exit(code)
