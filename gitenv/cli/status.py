"""`gitenv status`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gitenv.cli import show
from gitenv.cli.options import Environments, Json
from gitenv.errors import joined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitenv.team.file_status import FileStatus
    from gitenv.team.status import Status

_MOST = 20


def run(json: Json = False, environments: Environments = None) -> None:
    """Show where you stand, and what to do.

    Environments, your access, files, and what is wrong, with the command that mends it.
    """
    from gitenv.team import status
    from gitenv.team.workspace import Workspace

    workspace = Workspace(os.getcwd())
    workspace.need_environments()
    for name in environments or []:
        workspace.check_known(name)
    found = status.status(workspace, environments or ())
    if json:
        show.as_json(_as_json(found))
    else:
        show_status(found)


def show_status(found: Status) -> None:
    """As people read it."""
    from gitenv.model.grant import HOLDER

    who = found.name or "nobody gitenv knows"
    show.say(f"you are {who}, key {found.fingerprint}" if found.fingerprint else "there is no device key here")
    rows = []
    for environment in found.environments:
        access = f"{environment.access} ({environment.role})" if environment.role else environment.access
        first = [environment.name, access, joined(environment.holders, 4)]
        cells = [[file.path, str(file.keys), file.state] for file in environment.files]
        for cell in cells or [["", "", ""]]:
            rows.append([*first, *cell])
            first = ["", "", ""]
    show.table(["environment", "access", "holders", "file", "keys", "state"], rows, folding=2)
    if any(environment.access == "closed" for environment in found.environments):
        show.say("this work tree is closed; the commands that get values in it:")
        show.commands("gitenv allow")
    # The command is for who can let somebody in.
    waiting = found.waiting if any(environment.role == HOLDER for environment in found.environments) else []
    for name in waiting[:_MOST]:
        show.say(f"pending: {name} asks to be let in")
        show.commands(f"gitenv add-recipient {name}")
    _show_rest("people who ask to be let in", waiting)
    for problem in found.problems[:_MOST]:
        show.say(problem.text, "yellow")
        show.commands(*problem.commands)
    _show_rest("problems", found.problems)


def _show_rest(what: str, listed: Sequence[object]) -> None:
    """What is too much to read: anybody who can push can make ten thousand of it."""
    if len(listed) > _MOST:
        show.say(f"and {len(listed) - _MOST:,} more {what}:")
        show.commands("gitenv status --json")


def _as_json(found: Status) -> dict[str, object]:
    return {
        "name": found.name,
        "fingerprint": found.fingerprint,
        "environments": [
            {**environment._asdict(), "files": [_file_as_json(file) for file in environment.files]}
            for environment in found.environments
        ],
        "pending": found.waiting,
        "problems": [{"code": each.code, "text": each.text, "commands": each.commands} for each in found.problems],
    }


def _file_as_json(file: FileStatus) -> dict[str, object]:
    return {**file._asdict(), "sealed": [pending._asdict() for pending in file.sealed]}
