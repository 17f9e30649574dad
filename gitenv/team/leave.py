"""`gitenv uninstall`: undo what init did. The device key stays; gitenv never deletes one."""

from __future__ import annotations

import os
import shutil
from typing import NamedTuple

from gitenv import files
from gitenv.git import attributes
from gitenv.git.trees import RECIPIENTS
from gitenv.team import opening, setup
from gitenv.team.workspace import Workspace


class Left(NamedTuple):
    """What uninstalling did."""

    still_committed: bool  # the team goes on with gitenv
    readable: list[str]
    closed: list[str]


def uninstall(workspace: Workspace) -> Left:
    """Open what can be opened, take gitenv out of this clone, and out of the repository if it was never committed."""
    opening.open_files(workspace)
    readable: list[str] = []
    closed: list[str] = []
    listed = workspace.files_of([pin.environment for pin in workspace.access.pinned()])
    entries = {entry.path: entry for found in listed.values() for entry in found}
    for path, entry in entries.items():
        stored = workspace.repository.objects.read(entry.object_id)
        there = files.read_inside(workspace.root, path, 16 * 1024 * 1024)
        if there is not None:
            (closed if stored and there == stored else readable).append(path)
    committed = workspace.repository.has_commits() and bool(workspace.repository.objects.names(f"HEAD:{RECIPIENTS}"))
    workspace.access.pins.forget()
    setup.uninstall(workspace.repository, workspace.access.pinned(), guard=committed)
    if not committed:
        _undo_founding(workspace, sorted(entries))
    return Left(committed, sorted(readable), sorted(closed))


def _undo_founding(workspace: Workspace, paths: list[str]) -> None:
    """Nothing of gitenv is in any commit: take away what init wrote and staged."""
    repository = workspace.repository
    own = [entry.path for entry in repository.tracked() if entry.path.startswith(RECIPIENTS + "/")]
    repository.unstage([*own, *paths])
    shutil.rmtree(repository.path(RECIPIENTS), ignore_errors=True)
    text = files.read(repository.path(".gitattributes"), 1024 * 1024)
    if text is not None and attributes.has_block(text):
        rest = attributes.without_block(text)
        if rest.strip():
            workspace.write(".gitattributes", rest)
            repository.stage([".gitattributes"])
        else:
            repository.unstage([".gitattributes"])
            os.unlink(repository.path(".gitattributes"))
    was_tracked = [path for path in paths if repository.has_commits() and repository.objects.read(f"HEAD:{path}") is not None]
    repository.stage(was_tracked)
