"""`gitenv run`."""

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING, Annotated

from gitenv.cli import selection, show
from gitenv.cli.options import Argument, Option
from gitenv.errors import Usage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitenv.sdk.belief import Belief


def run(
    command: Annotated[list[str], Argument("COMMAND…", "What to run, and its words.", is_behind=True)],
    chosen: selection.Chosen = selection.USUAL,
    override: Annotated[bool, Option("--override", "The values win over variables that are set.")] = False,
    only: selection.Only = None,
    clean_env: Annotated[bool, Option("--clean-env", "Nothing beside the values but PATH, HOME and their kin.")] = False,
    allow: selection.Allowed = None,
    redact: Annotated[
        bool, Option("--redact", "Marks in the place of values in what it prints; agents and CI get them unasked.")
    ] = False,
    no_redact: Annotated[bool, Option("--no-redact", "Show what it prints as it is.")] = False,
) -> None:
    """Run a command with the values in its environment.

    It becomes that command: signals, terminal and exit code are its own. Variables that are set already win.
    """
    from gitenv.git import alone
    from gitenv.sdk import child, execution

    if redact and no_redact:
        raise Usage("--redact and --no-redact contradict each other", "choose one of them")
    closed: list[str] = []

    def consent(belief: Belief, environment: str) -> None:
        belief.check_allowed(environment, command)
        closed.append(environment)

    found = selection.values(chosen, consent, override=override)
    if closed:
        _ask(allow, no_redact=no_redact)
    named = (chosen.environments or [""])[-1]
    rules = child.Rules(selection.names(only), selection.names(allow), override, clean_env, bool(closed), named)
    variables = child.environment(found, rules, child.inherited())
    sys.stdout.flush()
    sys.stderr.flush()
    if redact or (closed and not no_redact) or (not no_redact and _is_read_along()):
        _redact(found.values)
    alone.keep_key()
    execution.execute(command, variables)


def _ask(allow: Sequence[str] | None, *, no_redact: bool) -> None:
    """In a closed work tree what goes beyond the allowed command is for a person to say."""
    from gitenv.sdk import dangerous

    os.environ.pop(dangerous.VARIABLE, None)  # whoever starts us here wrote it
    if allow:
        selection.ask_to_show(f"Let {', '.join(allow)} change how the command loads its code?")
    if no_redact:
        selection.ask_to_show("Show all that this command prints, also values?")


def _is_read_along() -> bool:
    """Whether an agent or CI sees what the command prints. Who writes a file for a program there has to be told."""
    if sys.stdout.isatty():
        return False
    from gitenv.cli import automation

    variable = automation.found(os.environ)
    if variable and stat.S_ISREG(os.fstat(sys.stdout.fileno()).st_mode):
        show.note(f"marks go to the file in the place of values, because {variable} is set; --no-redact leaves them")
    return bool(variable)


def _redact(values: Mapping[str, str]) -> None:
    """From here on."""
    from gitenv.sdk import environment

    if sys.platform == "win32":
        from gitenv.system import relaying_in_threads as relaying
    else:
        from gitenv.system import relaying
    relaying.begin([(name, environment.as_bytes(value)) for name, value in values.items()])
