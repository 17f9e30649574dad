"""`gitenv unlock`."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from gitenv.cli import show
from gitenv.cli.words import opened_lines, trust_lines
from gitenv.errors import NotTrusted, Usage


def run(
    environments: Annotated[list[str] | None, typer.Argument(help="Default: all.", metavar="[ENV]...")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    fingerprint: Annotated[
        str, typer.Option(help="Trust a new environment only if this key signed it.", metavar="SHA256:…")
    ] = "",
) -> None:
    """Open files you have been let into; pin environments that are new here."""
    from gitenv.team import opening, pinning, setup
    from gitenv.team.workspace import Workspace

    workspace = Workspace(os.getcwd())
    workspace.need_environments()
    if not setup.is_installed(workspace.repository):
        raise Usage("git does not call gitenv in this clone yet", "gitenv init")
    wanted = environments or []
    for name in wanted:
        workspace.check_known(name)
    new = pinning.new_environments(workspace, wanted)
    problems: list[NotTrusted] = []
    for statement in new:
        for line in trust_lines(statement):
            show.say(line)
    if fingerprint:
        pinning.check_signers(new, fingerprint)
    if new and (fingerprint or show.ask("Are these the fingerprints that they told you?", yes)):
        problems += pinning.pin(workspace, new)
    problems += pinning.refresh(workspace)
    for problem in problems:
        show.error(problem)
    results = opening.open_files(workspace, wanted)
    for line in opened_lines(results):
        show.say(line)
    if problems:
        raise typer.Exit(NotTrusted.exit_code)
    if all(result.closed for result in results):
        raise opening.nothing_opened(results)
