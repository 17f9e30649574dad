"""`gitenv unlock`."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from gitenv.cli import show
from gitenv.cli.words import opened_lines, trust_lines
from gitenv.errors import Locked, NotTrusted, Usage


def run(
    environments: Annotated[list[str] | None, typer.Argument(help="Default: all.", metavar="[ENV]...")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    fingerprint: Annotated[
        str, typer.Option(help="Trust a new environment only if this key signed it.", metavar="SHA256:…")
    ] = "",
) -> None:
    """Open files you have been let into; pin environments that are new here."""
    from gitenv.team import opening, setup
    from gitenv.team.workspace import Workspace

    workspace = Workspace(os.getcwd())
    workspace.need_environments()
    if not setup.is_installed(workspace.repository):
        raise Usage("git does not call gitenv in this clone yet", "gitenv init")
    wanted = environments or []
    for name in wanted:
        if workspace.access.pin(name) is None and name not in workspace.environments():
            workspace.need_pin(name)
    new = opening.new_environments(workspace, wanted)
    problems: list[NotTrusted] = []
    for statement in new:
        for line in trust_lines(statement):
            show.say(line)
        if fingerprint and statement.by.fingerprint != fingerprint:
            raise NotTrusted(
                f"{statement.name} is signed by {statement.by}, not by {fingerprint}", "ask your team which is right"
            )
    if new and (fingerprint or show.ask("Are these the fingerprints that they told you?", yes)):
        problems += opening.pin(workspace, new)
    problems += opening.refresh(workspace)
    for problem in problems:
        show.error(problem)
    results = opening.open_files(workspace, wanted)
    for line in opened_lines(results):
        show.say(line)
    if problems:
        raise typer.Exit(NotTrusted.exit_code)
    if not any(not result.why_closed for result in results):
        me = workspace.my_name() or "you"
        holders = sorted({holder.name for pin in workspace.access.pinned() for holder in pin.holders})
        raise Locked(
            f'no grant for "{me}" in {", ".join(wanted) or "any environment"}',
            f"ask {' or '.join(holders[:3]) or 'a holder'} to run: gitenv add-recipient {me}"
            + "".join(f" -e {name}" for name in wanted),
        )
