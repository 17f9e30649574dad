"""`gitenv recipients`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gitenv.cli import show
from gitenv.cli.options import Environments, Json

if TYPE_CHECKING:
    from gitenv.model.finding import Finding
    from gitenv.model.grant import Grant
    from gitenv.team.roster import People, Role


def run(json: Json = False, environments: Environments = None) -> None:
    """Show who is in, and who signed for it.

    That is whoever let them in, or made a new key since; gitenv log says who let whom in.

    Below it, what lies in .recipients/ and does not count, and why.
    """
    from gitenv.team import roster
    from gitenv.team.workspace import Workspace

    workspace = Workspace(os.getcwd())
    workspace.need_environments()
    for name in environments or []:
        workspace.check_known(name)
    found = roster.only(roster.membership(workspace), environments or ())
    if json:
        show.as_json(_as_json(found))
    else:
        _show(found)


def _show(found: People) -> None:
    rows = []
    for person in found.people:
        cells = [_cell(person.entries.get(name)) for name in found.environments]
        rows.append([person.name, *(["asks to be let in", *cells[1:]] if person.is_waiting else cells)])
    show.table(["", *found.environments], rows)
    # A table of its own: beside the environments it would be wider than most terminals, and fingerprints are to be compared.
    show.table(["", "key"], [[person.name, person.fingerprint] for person in found.people])
    from gitenv.team import roster

    for entry in roster.grouped(found.uncounted, 20):
        show.say(f"does not count: {entry.path}: {entry.text}", "yellow")
        show.commands(*entry.commands)


def _cell(entry: Role | None) -> str:
    if entry is None:
        return "-"
    until = f" until {entry.expires} (policy, not cryptography)" if entry.expires else ""
    return f"{entry.role} by {entry.by}{until}"


def _as_json(found: People) -> dict[str, object]:
    return {
        "environments": found.environments,
        "people": [
            {
                "name": person.name,
                "fingerprint": person.fingerprint,
                "pending": person.is_waiting,
                "environments": {name: entry._asdict() for name, entry in person.entries.items()},
            }
            for person in found.people
        ],
        "uncounted": [_uncounted_as_json(entry, found.ended.get(entry.path)) for entry in found.uncounted],
    }


def _uncounted_as_json(entry: Finding, ended: Grant | None) -> dict[str, str]:
    return {
        "file": entry.path,
        "reason": entry.text,
        "code": entry.code,
        "command": "".join(entry.commands),
        "expires": ended.expires if ended else "",
        "role": ended.role if ended else "",
    }
