"""`gitenv reject`."""

from __future__ import annotations

from typing import Annotated

from gitenv.cli.decision import Decision, File, Names, Scope, decide
from gitenv.cli.options import Environment, Option, Yes


def run(
    names: Names = None,
    everything: Annotated[bool, Option("--all", "All unverified lines.")] = False,
    file: File = "",
    environment: Environment = "",
    yes: Yes = False,
) -> None:
    """Remove lines nobody vouches for."""
    from gitenv.team import accept

    decide(
        Decision("Remove these lines?", accept.reject, "removed", "--all"),
        names,
        everything,
        Scope(file, environment),
        yes,
    )
