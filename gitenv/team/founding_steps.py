"""Founding in two steps, where others have a `.env` of their own that git ignored until now.

git overwrites an ignored file without a word. So the lines in `.gitignore` go first; once everybody has pulled that, git sees
their files, and refuses a pull that would overwrite one. Only then do the founder's files follow.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Sequence

from gitenv.errors import NotInOrder
from gitenv.git import program
from gitenv.git.layout import RECIPIENTS
from gitenv.git.repository import Repository
from gitenv.repo import clone
from gitenv.team.workspace import Workspace

_MAX_BYTES = 1024 * 1024


def has_others(repository: Repository) -> bool:
    """Whether others may have a clone: a remote has commits, or somebody else made one, or there are more than are here."""
    if program.lines(repository.root, "for-each-ref", "--count=1", "refs/remotes"):
        return True
    if program.lines(repository.root, "rev-parse", "--is-shallow-repository") == ["true"]:
        return True
    authors = set(program.lines(repository.root, "log", "--all", "--format=%aE")) if repository.has_commits() else set()
    return bool(authors - {_own_address(repository)})


def held_back(workspace: Workspace, paths: Iterable[str], ignored: Collection[str]) -> list[str]:
    """Those of `paths` that wait for the second step. `ignored` are the ones that a line of today ignores."""
    repository = workspace.repository
    tracked = {entry.path for entry in repository.tracked()}
    new = [path for path in paths if path not in tracked]
    if not new or not has_others(repository):
        return []
    from gitenv.git import scratch

    before = {*ignored, *clone.waiting(repository.layout.common_dir)}
    for treeish in ("HEAD", "@{upstream}"):
        before |= scratch.ignored(repository.root, _rules(repository, treeish, new), new)
    return [path for path in new if path in before]


def hold_back(workspace: Workspace, paths: Iterable[str]) -> None:
    """Note which files wait, and no others."""
    clone.set_waiting(workspace.repository.layout.common_dir, sorted(paths))


def waiting(workspace: Workspace) -> list[str]:
    """The files of this clone that wait: there, and in no commit of this branch."""
    repository = workspace.repository
    noted = [path for path in clone.waiting(repository.layout.common_dir) if os.path.isfile(repository.path(path))]
    committed = repository.committed(noted)
    return [path for path in noted if path not in committed]


def not_shared(repository: Repository) -> NotInOrder | None:
    """Why nobody can have pulled the first step yet; None where they may have."""
    own = (RECIPIENTS, ":(glob)**/.gitattributes", ":(glob)**/.gitignore")
    if program.attempt(repository.root, "diff", "--cached", "--quiet", "--no-ext-diff", "--", *own).returncode:
        return NotInOrder("the first step is staged, and in no commit yet", "git commit -m 'Set gitenv up' && git push")
    if not repository.has_remote():
        return None
    if program.lines(repository.root, "log", "-1", "--format=%H", "HEAD", "--not", "--remotes", "--", *own):
        return NotInOrder("the first step is on no remote, so nobody can have pulled it", "git push")
    return None


def share(workspace: Workspace, paths: Sequence[str]) -> Sequence[str]:
    """The second step: stage the files that wait, and return them."""
    from gitenv.team import found, permissions

    found.stage_files(workspace, paths)
    hold_back(workspace, [])
    permissions.apply(workspace, workspace.access.pinned())
    return paths


def _own_address(repository: Repository) -> str:
    said = program.attempt(repository.root, "var", "GIT_AUTHOR_IDENT").stdout.decode("utf-8", "replace")
    return said.rpartition(" <")[2].partition("> ")[0]


def _rules(repository: Repository, treeish: str, paths: Iterable[str]) -> dict[str, bytes]:
    """The `.gitignore` files of a commit that say something about `paths`."""
    folders = {""}
    for path in paths:
        while path := os.path.dirname(path):
            folders.add(f"{path}/")
    read = ((f"{folder}.gitignore", repository.objects.read(f"{treeish}:{folder}.gitignore", _MAX_BYTES)) for folder in folders)
    return {path: data for path, data in read if data}
