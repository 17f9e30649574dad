"""A rebase, or `git am`, that git has not ended yet."""

from __future__ import annotations

import os

from gitenv.git.layout import Layout
from gitenv.system import files

_FOLDERS = ("rebase-merge", "rebase-apply")
_MAX_ID = 100


def is_going_on(layout: Layout) -> bool:
    """Whether git goes on with the index as it knows it: a file whose rights changed since would count as edited there."""
    return any(os.path.isdir(os.path.join(layout.git_dir, name)) for name in _FOLDERS)


def way_on(layout: Layout) -> str:
    """The command that commits what is staged and goes on; "" where none is going on."""
    if os.path.exists(os.path.join(layout.git_dir, "rebase-apply", "applying")):
        return "git am --continue"
    return "git rebase --continue" if is_going_on(layout) else ""


def original_heads(layout: Layout) -> list[str]:
    """The commit that the rebase began from."""
    found = (files.read(os.path.join(layout.git_dir, name, "orig-head"), _MAX_ID) for name in _FOLDERS)
    return [head.decode("ascii", "replace").strip() for head in found if head]
