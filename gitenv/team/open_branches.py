"""Which open branches a rotation gets in the way of: they set values that their host cannot merge with a file encrypted anew.

That is right, since what they set was set under a key that somebody else may have. But whoever rotates should know it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gitenv.git import branches
from gitenv.model.environment import Environment


class OpenBranches(NamedTuple):
    """Fetched branches that changed files of environments and that HEAD does not have."""

    names: list[str]  # as git branch -r has them, newest first
    is_all: bool  # False: there are more branches than are looked at


def conflicting(folder: str, rotated: Sequence[Environment]) -> OpenBranches:
    """The branches that a host cannot merge once these are rotated. Raises `NotInOrder` where git cannot say."""
    unmerged = branches.unmerged(folder)
    patterns = [pattern for environment in rotated for pattern in environment.paths]
    changed = branches.changed(folder, unmerged[: branches.MOST], patterns)
    hit = [name for name, paths in changed.items() if any(each.claims(path) for path in paths for each in rotated)]
    return OpenBranches(hit, len(unmerged) <= branches.MOST)
