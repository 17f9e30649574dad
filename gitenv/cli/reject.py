"""`gitenv reject`."""

from __future__ import annotations

from gitenv.cli.decision import Decision, Everything, File, Names, Place, Yes, decide
from gitenv.cli.options import Environment


def run(
    names: Names = None, everything: Everything = False, file: File = "", environment: Environment = "", yes: Yes = False
) -> None:
    """Remove lines nobody vouches for."""
    from gitenv.team import deciding

    decide(
        Decision("Remove these lines?", deciding.reject, False, "removed", takes_places=False),
        names,
        everything,
        Place(file, environment),
        yes,
    )
