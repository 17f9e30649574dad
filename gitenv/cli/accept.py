"""`gitenv accept`."""

from __future__ import annotations

import functools
from typing import Annotated

from gitenv.cli import pushing
from gitenv.cli.decision import Decision, File, Names, Scope, decide
from gitenv.cli.options import Environment, Option, Yes


def run(
    names: Names = None,
    mine: Annotated[bool, Option("--mine", "All that this clone itself encrypted, before a rotation.")] = False,
    file: File = "",
    environment: Environment = "",
    values: Annotated[bool, Option("--values", "Show the values, as they are and as they would be.")] = False,
    force: Annotated[
        bool, Option("--force", "Also a sealed value with a bad signature, by a stranger, or one that came back.")
    ] = False,
    push: pushing.Push = False,
    yes: Yes = False,
) -> None:
    """Make values of lines nobody vouches for.

    Sealed ones, retired ones, and whatever else stands in a file without its key. A value
    takes the place of those that have its name already.
    """
    from gitenv.team import accept

    whose = "This clone encrypted them." if mine else "Whoever brought them need not be in your team."
    question = f"Make values of these? {whose}"
    act = functools.partial(accept.accept, force=force)
    check = functools.partial(accept.check, force=force)
    decision = Decision(
        question, act, "accepted", "--mine", True, shows_values=values, check=check, chosen=accept.mine, is_pushed=push
    )
    decide(decision, names, mine, Scope(file, environment), yes)
