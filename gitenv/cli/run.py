"""`gitenv run`."""

from __future__ import annotations

import sys
from typing import Annotated

from gitenv.cli import selection
from gitenv.cli.options import Argument, Option


def run(
    command: Annotated[list[str], Argument("COMMAND…", "What to run, and its words.", is_behind=True)],
    environments: selection.Environments = None,
    files: selection.Files = None,
    override: Annotated[bool, Option("--override", "The values win over variables that are set.")] = False,
    only: selection.Only = None,
    clean_env: Annotated[bool, Option("--clean-env", "Nothing beside the values but PATH, HOME and their kin.")] = False,
    allow: selection.Allowed = None,
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
    rules = child.Rules(selection.names(only), selection.names(allow), override, clean_env)
    variables = child.environment(found, rules, child.inherited())
    sys.stdout.flush()
    sys.stderr.flush()
    execution.execute(command, variables)
