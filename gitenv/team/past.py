"""The statements before the newest one, as they lie here: which are missing, and putting back what the pin knows."""

from __future__ import annotations

from gitenv.errors import GitenvError
from gitenv.model import environment, statements
from gitenv.team.workspace import Workspace
from gitenv.trust import chain
from gitenv.trust.pins import Pin


def missing(workspace: Workspace, pin: Pin) -> dict[str, bytes]:
    """What the pinned statement goes back to and `past/` lacks, or has as another text: path → text, as far as it is known.

    Nothing where the tree at hand has another statement than the pinned one.
    """
    if workspace.tree.read(chain.path(pin.name), statements.MAX_BYTES) != pin.environment.text:
        return {}
    found: dict[str, bytes] = {}
    wanted = pin.environment.previous
    while wanted and (text := workspace.access.pins.text(pin.name, wanted)):
        path = chain.past_path(pin.name, wanted)
        if _there(workspace, path) != text:
            found[path] = text
        wanted = environment.read(text, path).previous
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
