"""Plain text that git itself keeps in a clone: what rerere recorded, and what textconv cached."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable

from gitenv.errors import GitenvError
from gitenv.git import program
from gitenv.git.repository import Repository
from gitenv.model import document
from gitenv.model.document import Kind
from gitenv.system import files
from gitenv.team.workspace import Workspace

CACHED = "refs/notes/textconv/gitenv"
_MOST = 10_000
_IMAGES = ("preimage", "postimage", "thisimage")
_SHOWN = (Kind.PLAIN, Kind.TOKEN, Kind.COMMENT, Kind.UNVERIFIED, Kind.SEALED)


def has_cached_text(repository: Repository) -> bool:
    """Whether git keeps what textconv made of files."""
    return bool(repository.objects.id(CACHED))


def forget_cached_text(repository: Repository) -> None:
    """Take the reference away; the objects stay until git collects them."""
    program.run(repository.root, "update-ref", "-d", CACHED)


def plain_images(workspace: Workspace) -> list[str]:
    """The folders of rerere's records that hold plain text of .env files.

    They do not say whose they are. So one counts that is a .env document with a key that stands in one of the team's.
    """
    top = os.path.join(workspace.repository.layout.common_dir, "rr-cache")
    try:
        folders = [os.path.join(top, name) for name in files.entries(top, _MOST)]
    except GitenvError:
        return []
    keys = _keys(workspace) if folders else frozenset()
    return [folder for folder in folders if any(_is_plain(path, keys) for path in _images(folder))]


def remove_images(folders: Iterable[str]) -> None:
    """Delete these records, and nothing else."""
    for folder in folders:
        for path in _images(folder):
            with contextlib.suppress(OSError):
                os.unlink(path)
        with contextlib.suppress(OSError):
            os.rmdir(folder)


def _images(folder: str) -> list[str]:
    """`preimage`, `postimage.1`, …"""
    if os.path.islink(folder) or not os.path.isdir(folder):
        return []
    return [os.path.join(folder, name) for name in sorted(os.listdir(folder))[:_MOST] if name.partition(".")[0] in _IMAGES]


def _is_plain(path: str, keys: frozenset[bytes]) -> bool:
    try:
        records = document.parse(files.read(path, document.MAX_BYTES) or b"")
    except GitenvError:
        return False
    assigned = {record.name for record in records if record.kind is Kind.ASSIGNMENT}
    return bool(assigned & keys) and all(record.kind in (*_SHOWN, Kind.ASSIGNMENT) for record in records)


def _keys(workspace: Workspace) -> frozenset[bytes]:
    """The names of all keys in the index."""
    found: set[bytes] = set()
    listed = workspace.files_of([pin.environment for pin in workspace.access.pinned()])
    for entry in (entry for entries in listed.values() for entry in entries):
        with contextlib.suppress(GitenvError):
            records = document.parse(workspace.repository.objects.read(entry.object_id) or b"")
            found.update(record.name for record in records if record.name)
    return frozenset(found)
