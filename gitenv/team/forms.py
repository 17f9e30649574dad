"""A file of an environment as the index has it, as it is in the work tree, and as it would be there: open, or closed."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence

from gitenv.errors import GitenvError, NotTrusted
from gitenv.git.index import IndexEntry
from gitenv.model import clean, document, inert, simple, smudge
from gitenv.model.cipher import sha256
from gitenv.model.document import Record
from gitenv.model.keyring import Keyring
from gitenv.system import files
from gitenv.team.workspace import Workspace
from gitenv.trust.pins import Pin


def closed_form(workspace: Workspace, pin: Pin, blob: str, stored: bytes) -> bytes:
    """What a committed file is in a work tree where it cannot be opened."""
    try:
        closed = smudge.smudge(stored, None)
    except NotTrusted:  # it is too large
        closed = inert.mark_file(blob, sha256(stored))
    return stored if closed != stored and workspace.founding.is_before(pin.name, "HEAD") else closed


def rings_of(workspace: Workspace, pin: Pin) -> list[Keyring]:
    """What opens an environment's files in the tree at hand, the pinned keys last; none if nothing does."""
    try:
        judged = workspace.access.judge(pin, workspace.tree)
        ring = workspace.access.ring((judged and judged.moves) or pin)
    except GitenvError:
        return []
    earlier = [ring.at(judged.environment.generation) or ring] if judged and judged.is_earlier else []
    return [*earlier, ring] if judged else []


def open_form(rings: Sequence[Keyring], stored: bytes) -> bytes | None:
    """What a committed file is in an open work tree; None if it cannot be opened, or would not go back unchanged."""
    if not rings:
        return None
    try:
        plain = smudge.smudge(stored, rings)
        return plain if clean.clean(plain, rings[-1], frozenset, lambda: _before(stored, rings)) == stored else None
    except GitenvError:
        return None


def _before(stored: bytes, rings: Sequence[Keyring]) -> list[Record]:
    """What of a committed file may count for nothing: nothing, where all is of the newest key."""
    return [] if is_all_current(stored, rings) else document.parse(stored)


def is_all_current(stored: bytes, rings: Sequence[Keyring]) -> bool:
    """Whether a committed file is nothing but tokens of the newest key, as most are; False if that is not quickly seen."""
    return bool(rings) and simple.tokens(stored, rings[-1].head) is not None


def with_stored(workspace: Workspace, entries: Sequence[IndexEntry]) -> Iterator[tuple[IndexEntry, bytes | None]]:
    """Files of the index with what it has of each."""
    simple.expect(len(entries))
    return zip(entries, workspace.repository.objects.each([entry.object_id for entry in entries]), strict=True)


def contents(workspace: Workspace, entry: IndexEntry) -> bytes | None:
    """A file of the work tree; None if it is gone (a sparse checkout), a link, or too large."""
    path = workspace.repository.path(entry.path)
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return None
        return files.read_inside(workspace.root, entry.path, document.MAX_BYTES)
    except (OSError, GitenvError):
        return None
