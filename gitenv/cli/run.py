"""`gitenv run`."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

from gitenv.cli import selection
from gitenv.cli.options import Argument, Option

if TYPE_CHECKING:
    from collections.abc import Sequence


def run(
    command: Annotated[list[str], Argument("COMMAND…", "What to run, and its words.", is_behind=True)],
    environments: selection.Environments = None,
    files: selection.Files = None,
    override: Annotated[bool, Option("--override", "The values win over variables that are set.")] = False,
    only: Annotated[list[str] | None, Option("--only NAME", "Only these values; may be repeated, or A,B.")] = None,
    clean_env: Annotated[bool, Option("--clean-env", "Nothing beside the values but PATH, HOME and their kin.")] = False,
    allow: Annotated[list[str] | None, Option("--allow NAME", "Set it although it changes how programs load.")] = None,
    old: selection.Old = False,
    no_local: selection.WithoutOwn = False,
    interpolate: selection.Interpolate = False,
    verbose: selection.Verbose = False,
) -> None:
    """Run a command with the values in its environment.

    It becomes that command: signals, terminal and exit code are its own. Variables that are set already win.
    """
    from gitenv.sdk import child, execution

    found = selection.values(
        environments, files, old=old, no_local=no_local, interpolate=interpolate, verbose=verbose, override=override
    )
    rules = child.Rules(_names(only), _names(allow), override, clean_env)
    variables = child.environment(found, rules, os.environ)
    sys.stdout.flush()
    sys.stderr.flush()
    execution.execute(command, variables)


def _names(given: Sequence[str] | None) -> frozenset[str]:
    return frozenset(name for each in given or () for name in each.split(",") if name)
