"""The statements before the newest one, as they lie here: which are missing, and putting back what this clone knows.

That is what its pin keeps and what its history has: the hash that a statement is named by binds it, wherever it comes from.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from gitenv.errors import GitenvError, NotTrusted
from gitenv.model import environment, statements
from gitenv.model.environment import Environment
from gitenv.model.reasons import PastMissing
from gitenv.repo import recipients
from gitenv.team.workspace import Workspace
from gitenv.trust import chain


def problems(workspace: Workspace) -> Iterator[NotTrusted]:
    """What stops newcomers, for whoever is pinned here and can mend it."""
    for pin in workspace.access.pinned():
        if lacking := missing(workspace, pin.name):
            yield PastMissing(text(pin.name, len(lacking)), "gitenv doctor --fix")


def text(name: str, count: int) -> str:
    """What is wrong where some are missing."""
    return f"{name}/past: {count} of the statements that the newest goes back to are missing or edited"


def missing(workspace: Workspace, name: str) -> dict[str, bytes]:
    """What the newest statement goes back to and `past/` lacks, or has as another text: path → text, as far as it is known.

    Nothing where the tree at hand has another statement than the pinned one.
    """
    pin = workspace.access.pin(name)
    with contextlib.suppress(GitenvError):  # whoever looks at the statement says so
        here = recipients.environment_in(workspace.tree, name)
        if pin is None or here.text == pin.environment.text:
            return lacking(workspace, here)
    return {}


def unknown(workspace: Workspace, name: str) -> str:
    """What one that is missing, and that this clone cannot put back, is called in an error; "" if there is none."""
    try:
        chain.before(recipients.environment_in(workspace.tree, name), chain.finder(workspace.tree, name), lambda _: False)
    except PastMissing as error:
        return error.message
    except GitenvError:
        pass
    return ""


def lacking(workspace: Workspace, statement: Environment) -> dict[str, bytes]:
    """The same for any statement, by the work tree and the index. Whoever signs the next one puts it back."""
    found: dict[str, bytes] = {}
    history: dict[str, Environment] | None = None  # slow, and seldom needed
    wanted = statement.previous
    while wanted:
        path = chain.past_path(statement.name, wanted)
        here = _there(workspace, path)
        kept = here if here and environment.hash_of(here) == wanted else workspace.access.pins.text(statement.name, wanted)
        if kept is None and history is None:
            history = _in_history(workspace, statement.name)
        if kept is None and history and wanted in history:
            kept = history[wanted].text
        if kept is None:
            break  # whoever follows says so
        if here != kept or workspace.repository.objects.read(f":0:{path}", statements.MAX_BYTES) != kept:
            found[path] = kept
        wanted = environment.previous_of(kept, path)
    return found


def put_back(workspace: Workspace, lacking: dict[str, bytes]) -> list[str]:
    """Write them again, and stage them; return their paths."""
    for path, text in lacking.items():
        workspace.write(path, text)
    workspace.repository.stage(list(lacking))
    return list(lacking)


def _in_history(workspace: Workspace, name: str) -> dict[str, Environment]:
    with contextlib.suppress(GitenvError):  # more than can be followed
        return workspace.history.statements(name, workspace.history.known_heads)
    return {}


def _there(workspace: Workspace, path: str) -> bytes | None:
    try:
        return workspace.tree.read(path, statements.MAX_BYTES)
    except GitenvError:  # a link, or too large
        return None
