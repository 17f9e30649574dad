"""`gitenv hook`."""

from __future__ import annotations

from typing import Annotated

from gitenv.cli import hook_work, show
from gitenv.cli.options import Argument, Option
from gitenv.errors import Usage


def run(
    name: Annotated[str, Argument("NAME", f"One of {', '.join(hook_work.NAMES)}.", of="|".join(hook_work.NAMES))],
    arguments: Annotated[list[str] | None, Argument("…", "What git gave the hook.")] = None,
    print_: Annotated[
        bool, Option("--print", "Print the hook, with the full path of gitenv: for a server, or your own hooks.")
    ] = False,
) -> int:
    """Do what a git hook does; gitenv init installs them.

    On a server: gitenv hook --print pre-receive > hooks/pre-receive, and chmod +x.
    """
    if name not in hook_work.NAMES:
        raise Usage(f"gitenv has no hook {name!a}", f"there are: {', '.join(hook_work.NAMES)}")
    if print_:
        import os

        from gitenv.team import hooks, installation

        show.write(os.fsdecode(hooks.text(name, [installation.own()])))
        return 0
    return hook_work.work(name, arguments or [])
