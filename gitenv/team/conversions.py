"""Files that git converted at the clone, before gitenv was there to stop it.

A nested `.gitattributes` can give ciphertext other line ends or another encoding. Where gitenv is set up that no longer counts,
and git would take each such file for edited.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from gitenv import files, recipients
from gitenv.errors import GitenvError
from gitenv.git import program
from gitenv.model import document
from gitenv.model.environment import Environment
from gitenv.team.workspace import Workspace


def find(workspace: Workspace) -> dict[str, bytes]:
    """The files of environments that are unedited, but converted; with what git wrote. For a clone that is not set up yet."""
    found = {}
    statements = list(_statements(workspace))
    for entry in workspace.repository.tracked():
        if not entry.is_file or entry.stage or not any(statement.claims(entry.path) for statement in statements):
            continue
        stored, there = workspace.repository.objects.read(entry.object_id), _contents(workspace, entry.path)
        if there is None or there == stored:
            continue
        if there == program.attempt(workspace.root, "cat-file", "--filters", f":0:{entry.path}").stdout:
            found[entry.path] = there
    return found


def undo(workspace: Workspace, found: dict[str, bytes]) -> None:
    """Write what the commit has, where a pinned environment claims the file and nobody touched it since."""
    for path, converted in found.items():
        stored = workspace.repository.objects.read(f":0:{path}")
        if stored is not None and workspace.access.claimant(path) and _contents(workspace, path) == converted:
            files.replace(workspace.repository.path(path), stored)


def _statements(workspace: Workspace) -> Iterator[Environment]:
    """Believed or not: it is only about files to look at."""
    for name in workspace.environments():
        with contextlib.suppress(GitenvError):
            yield recipients.environment_in(workspace.tree, name)


def _contents(workspace: Workspace, path: str) -> bytes | None:
    try:
        return files.read_inside(workspace.root, path, 4 * document.MAX_BYTES)
    except GitenvError:
        return None
