"""Linked work trees that start closed: agents make those, and the main one stays as it is."""

from __future__ import annotations

import os

from gitenv.repo import clone
from gitenv.team.workspace import Workspace
from gitenv.trust import closing


def close_new(workspace: Workspace) -> list[str]:
    """Have linked work trees closed that are made from now on; return the names of those that stay open, as they were."""
    folder = os.path.join(workspace.repository.layout.common_dir, "worktrees")
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    for name in names:
        git_dir = os.path.join(folder, name)
        if not closing.is_closed_by_git(workspace.repository.layout._replace(git_dir=git_dir)):
            clone.set_work_tree(git_dir, closing.OPEN)
    workspace.repository.set_config(closing.SETTING, closing.CLOSED)
    return [name for name in names if clone.work_tree(os.path.join(folder, name)) == closing.OPEN]
