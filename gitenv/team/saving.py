"""Writing documents that a command changes, and staging them: never over what an editor has saved meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from gitenv.errors import from_top
from gitenv.team import rights
from gitenv.team.workspace import Workspace


class Unstaged(NamedTuple):
    """Why a file was written and not staged, and the commands that stage it."""

    why: str
    commands: list[str]


def save(workspace: Workspace, texts: Mapping[str, bytes], before: Mapping[str, bytes | None]) -> dict[str, Unstaged]:
    """Write `texts` in the place of what was read `before`, and stage them; return those that were not staged.

    Raises `Changed` for a file that is another one by now; those before it are written and staged.
    """
    unstaged = _unstaged(workspace, list(texts))
    written: list[str] = []
    try:
        for path, text in texts.items():
            old = before[path]
            workspace.write(path, text, rights.wanted(workspace.repository) if old is None else None, instead_of=old)
            written.append(path)
    finally:
        workspace.repository.stage([path for path in written if path not in unstaged])
    return unstaged


def _unstaged(workspace: Workspace, paths: list[str]) -> dict[str, Unstaged]:
    repository = workspace.repository
    tracked = {entry.path for entry in repository.tracked()}
    unseen = repository.unseen(paths)
    found = {path: _unseen(workspace, path, flag) for path, flag in unseen.items()}
    for path in repository.edited([path for path in paths if path in tracked and path not in unseen]):
        found[path] = Unstaged("the file has other changes", [_add(path)])
    for line in repository.why_ignored([path for path in paths if path not in tracked]):
        found[line.path] = Unstaged("git ignores the file", [_add(line.path, "--force ")])
    return found


def _unseen(workspace: Workspace, path: str, flag: str) -> Unstaged:
    return Unstaged(f"git was told not to look at it ({flag})", [workspace.repository.to_see(path, flag), _add(path)])


def _add(path: str, options: str = "") -> str:
    return f"git add {options}{from_top(path)}"
