"""Asking under another name: two people may be called the same, and whoever came second gives way."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from gitenv.errors import GitenvError
from gitenv.model import keys
from gitenv.model.kinds import PublicKey
from gitenv.team import key_lines
from gitenv.team.workspace import Workspace


def give_up(workspace: Workspace, key: PublicKey, chosen: str) -> list[str]:
    """Take a key out of the requests that it has under other names than the one chosen; return the paths that are to be staged.

    A conflict in such a file ends by that: it is the other person's. So is a file that took the place of somebody's who is in.
    """
    written = []
    for name in (name for name in workspace.people() if name != chosen and not workspace.has_grant(name, key)):
        found = list(_asking(workspace, name))
        if key not in found:
            continue
        path = key_lines.path(name)
        granted = [own.key for own in key_lines.counted(workspace, name).values()]
        if others := list(dict.fromkeys([*(each for each in found if each != key), *granted])):
            written.append(workspace.write(path, b"".join(each.line(name) for each in others)))
            continue
        workspace.remove(path)
    return written


def _asking(workspace: Workspace, name: str) -> Iterator[PublicKey]:
    """The keys in somebody's `.pub`; of one that is in conflict those of both sides."""
    path = key_lines.path(name)
    sides = [entry.object_id for entry in workspace.repository.tracked() if entry.path == path and entry.stage]
    with contextlib.suppress(GitenvError):  # somebody else's file need not be a key, nor a file
        for data in [workspace.repository.objects.read(each, keys.MAX_BYTES) for each in sides] or [
            workspace.tree.read(path, keys.MAX_BYTES)
        ]:
            yield from keys.read_public(data or b"", path)
