"""The statements before the newest one, as they lie here: which are missing, and putting back what the pin knows."""

from __future__ import annotations

from gitenv.errors import GitenvError
from gitenv.model import environment, statements
from gitenv.model.environment import Environment
from gitenv.team.workspace import Workspace
from gitenv.trust import chain
from gitenv.trust.pins import Pin


def missing(workspace: Workspace, pin: Pin) -> dict[str, bytes]:
    """What the pinned statement goes back to and `past/` lacks, or has as another text: path → text, as far as it is known.

    Nothing where the tree at hand has another statement than the pinned one.
    """
    if workspace.tree.read(chain.path(pin.name), statements.MAX_BYTES) != pin.environment.text:
        return {}
    return lacking(workspace, pin.environment)


def lacking(workspace: Workspace, statement: Environment) -> dict[str, bytes]:
    """The same for any statement, by the work tree and the index. Whoever signs the next one puts it back."""
    found: dict[str, bytes] = {}
    wanted = statement.previous
    while wanted:
        path = chain.past_path(statement.name, wanted)
        here = _there(workspace, path)
        kept = here if here and environment.hash_of(here) == wanted else workspace.access.pins.text(statement.name, wanted)
        if kept is None:
            break  # whoever follows says so
        if here != kept or workspace.repository.objects.read(f":0:{path}", statements.MAX_BYTES) != kept:
            found[path] = kept
        wanted = environment.read(kept, path).previous
    return found


def put_back(workspace: Workspace, pin: Pin) -> list[str]:
    """Write them again, and stage them; return their paths."""
    lacking = missing(workspace, pin)
    for path, text in lacking.items():
        workspace.write(path, text)
    workspace.repository.stage(list(lacking))
    return list(lacking)


def _there(workspace: Workspace, path: str) -> bytes | None:
    try:
        return workspace.tree.read(path, statements.MAX_BYTES)
    except GitenvError:  # a link, or too large
        return None
