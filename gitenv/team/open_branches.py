"""Which open branches a rotation gets in the way of: they set values that their host cannot merge with a file encrypted anew.

That is right, since what they set was set under a key that somebody else may have. But whoever rotates should know it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from gitenv.errors import GitenvError
from gitenv.git import branches, log
from gitenv.model.environment import Environment
from gitenv.repo.snapshot import CommitSnapshot
from gitenv.team.workspace import Workspace
from gitenv.tuples import NamedTuple

_MOST_FILES = 100  # of one branch: all are words of one command


class OpenBranches(NamedTuple):
    """Fetched branches that changed files of environments and that HEAD does not have."""

    names: list[str]  # as git branch -r has them, newest first
    is_all: bool  # False: there are more branches than are looked at


def conflicting(folder: str, rotated: Sequence[Environment]) -> OpenBranches:
    """The branches that a host cannot merge once these are rotated. Raises `NotInOrder` where git cannot say."""
    unmerged = branches.unmerged(folder)
    patterns = [pattern for environment in rotated for pattern in environment.paths]
    changed = branches.changed(folder, unmerged[: branches.MOST], patterns)
    commits = {branch.name: branch.commit for branch in unmerged}
    claimed = {name: [path for path in paths if any(each.claims(path) for each in rotated)] for name, paths in changed.items()}
    hit = [name for name, paths in claimed.items() if paths and not _is_here(folder, commits[name], paths)]
    return OpenBranches(hit, len(unmerged) <= branches.MOST)


def ahead(workspace: Workspace, names: Sequence[str]) -> list[str]:
    """What the upstream or the main branch has newer of environments, as it was fetched: a rotation here would meet that."""
    found = []
    for branch in dict.fromkeys((*branches.upstream(workspace.root), *branches.main(workspace.root))):
        tree = CommitSnapshot(workspace.repository.objects, f"refs/remotes/{branch}")
        for name in names:
            with contextlib.suppress(GitenvError):
                pin = workspace.access.pin(name)
                judged = workspace.access.judge(pin, tree) if pin else None
                if judged and judged.moves:
                    new = judged.environment
                    found.append(f"{branch} has revision {new.revision} of {name}, by {new.by.name}, which is not merged here")
    return found


def _is_here(folder: str, commit: str, paths: Sequence[str]) -> bool:
    """Whether HEAD has had each of these files as a branch has it, since that left it: a squash merge took it."""
    if len(paths) > _MOST_FILES or any("\n" in path or path.endswith("\r") for path in paths):
        return False
    had = set(log.blobs(folder, paths, ["HEAD", f"^{commit}"]))
    return had.issuperset(log.ids(folder, [f"{commit}:{path}" for path in paths]))
