"""Who on this machine may read the files of environments: their owner, and a group where `gitenv.fileMode` says so.

git makes files as the umask has it, and knows the owner's x bit only.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Iterable

from gitenv.errors import NotInOrder, NotTrusted
from gitenv.git.repository import Repository
from gitenv.model import document
from gitenv.system import files
from gitenv.team import discover
from gitenv.team.workspace import Workspace
from gitenv.trust.pins import Pin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitenv.git.stat_data import Chmod

SETTING = "gitenv.fileMode"
_OWNER = 0o600
_ALLOWED = (_OWNER, 0o640, 0o660)


def wanted(repository: Repository) -> int:
    """The rights that a new file gets. Raises `NotInOrder` for a setting that lets everybody read, or its owner not."""
    text = repository.config(SETTING)
    mode = int(text, 8) if re.fullmatch("[0-7]{3,6}", text) else 0
    if text and mode not in _ALLOWED:
        raise NotInOrder(f"{SETTING} is {text[:20]!a}; it may be 0600, 0640 or 0660", f"git config {SETTING} 0640")
    return mode or _OWNER


def kept(mode: int, wanted: int) -> int:
    """What becomes of a file's rights: the owner's stay, the group's are as set, all others have none."""
    return (mode & 0o700) | (wanted & 0o070)


def narrowing(wanted: int) -> str:
    """The word for `chmod` that takes what is too much."""
    return {0o600: "go=", 0o640: "g=r,o=", 0o660: "g=rw,o="}[wanted]


def apply(workspace: Workspace, pins: Iterable[Pin]) -> list[str]:
    """Bring files of environments to the rights that they are to have. Returns which had others. Raises `NotInOrder`."""
    if os.name == "nt":
        return []
    mode = wanted(workspace.repository)
    changed = {path: _apply(workspace, path, mode) for path in _paths(workspace, pins)}
    found = {path: each for path, each in changed.items() if each}
    if found:
        workspace.repository.note_rights(list(found.values()))
    return list(found)


def too_open(workspace: Workspace, pins: Iterable[Pin]) -> list[str]:
    """The files with plain text that more may read than are to. Raises `NotInOrder`."""
    if os.name == "nt":
        return []
    forbidden = 0o077 & ~wanted(workspace.repository)
    found = [path for path in _paths(workspace, pins) if _mode(workspace, path) & forbidden]
    return [path for path in found if _may_show_text(workspace, path)]


def _may_show_text(workspace: Workspace, path: str) -> bool:
    try:
        return discover.shows_text(files.read_inside(workspace.root, path, document.MAX_BYTES) or b"")
    except NotTrusted:
        return True  # too large to be looked into


def _paths(workspace: Workspace, pins: Iterable[Pin]) -> list[str]:
    listed = workspace.files_of([pin.environment for pin in pins])
    return sorted({entry.path for entries in listed.values() for entry in entries})


def _mode(workspace: Workspace, path: str) -> int:
    """The rights that a regular file gives; 0 for a link or what lies behind one, and where there is none."""
    try:
        files.check_inside(workspace.root, path)
        status = os.lstat(workspace.repository.path(path))
    except (OSError, NotTrusted):
        return 0
    return stat.S_IMODE(status.st_mode) if stat.S_ISREG(status.st_mode) else 0


def _apply(workspace: Workspace, path: str, wanted: int) -> Chmod | None:
    mode = _mode(workspace, path)
    if not mode or (new := kept(mode, wanted)) == mode:
        return None
    from gitenv.git.stat_data import Chmod

    with contextlib.suppress(OSError):
        # Through no link, should one have taken its place meanwhile.
        descriptor = os.open(workspace.repository.path(path), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            before = os.fstat(descriptor)
            if stat.S_ISREG(before.st_mode):
                os.fchmod(descriptor, new)
                return Chmod(before, os.fstat(descriptor))
        finally:
            os.close(descriptor)
    return None
