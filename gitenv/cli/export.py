"""`gitenv export`."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

from gitenv.cli import selection
from gitenv.cli.options import Option
from gitenv.errors import Usage, printable, shell_word

if TYPE_CHECKING:
    from collections.abc import Mapping

_FORMATS = "dotenv, shell, fish, powershell, json, docker, k8s-secret, github-actions"
_FILE = "GITHUB_ENV"


def run(
    form: Annotated[
        str, Option("--format FORMAT", f"Default: dotenv. Else {_FORMATS[8:]}.", of=_FORMATS.replace(", ", "|"))
    ] = "dotenv",
    chosen: selection.Chosen = selection.USUAL,
    only: selection.Only = None,
    name: Annotated[str, Option("--name NAME", "What the Kubernetes Secret is called; default: the environment.")] = "",
    allow: selection.Allowed = None,
) -> None:
    """Print the values for another program.

    They are quoted by its rules, and what these cannot carry is an error. With github-actions they go
    to the file that GITHUB_ENV names, and what hides them in the log is printed.
    """
    from gitenv.model import exporting
    from gitenv.sdk import child

    if form not in exporting.FORMATS:
        raise Usage(f"there is no format {printable(form)}", f"one of {_FORMATS}")
    if name and form != "k8s-secret":
        raise Usage(f"--name is for k8s-secret, and {form} has no name", "leave out --name")
    found = selection.values(chosen, selection.shown("Print all of its values?"))
    values, allowed = child.chosen(found, selection.names(only)), selection.names(allow)
    for each in values if exporting.FORMATS[form].sets else ():
        child.check_meant(found, each, allowed, f"gitenv export --allow {shell_word(each)} --format {form}")
    if form == "github-actions":
        _to_github(values)
        return
    if form == "k8s-secret":
        name = name or next((source.environment for source in found.sources if source.environment), "")
        text = exporting.kubernetes(values, name)
    else:
        text = exporting.lines(form, values)
    sys.stdout.buffer.write(text)


def _to_github(values: Mapping[str, str]) -> None:
    """Hide the values in the log first, then set them for the steps that come."""
    import secrets

    from gitenv.model import exporting

    path = os.environ.get(_FILE)
    if not path:
        raise Usage(f"{_FILE} is not set: this is no step of GitHub Actions", f"choose another format: {_FORMATS}")
    text, hidden = exporting.github(values, secrets.token_hex(16))
    sys.stdout.buffer.write(hidden)
    sys.stdout.flush()
    with open(path, "ab") as file:
        file.write(text)
