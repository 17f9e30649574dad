"""Staging a next generation, whole or not at all: blobs, then grants, then the statement, then the index once.

Killed before the statement: the old state is whole, and the grants of a generation that nobody has are started over. Killed
after it: the next run finishes. Open files need no write: their text is the same under every key.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from gitenv import files, recipients
from gitenv.errors import GitenvError
from gitenv.git import index
from gitenv.git.index import Entry
from gitenv.git.repository import IndexEntry
from gitenv.git.trees import RECIPIENTS, Tree
from gitenv.model import document, grant, names, smudge, statements
from gitenv.model.environment import Environment
from gitenv.model.grant import Grant
from gitenv.model.keyring import Keyring
from gitenv.team.workspace import Workspace


class Rewritten(NamedTuple):
    """A document of the index, before and after."""

    entry: IndexEntry
    before: bytes
    after: bytes


def stage(workspace: Workspace, statement: Environment, grants: Sequence[Grant], documents: Sequence[Rewritten]) -> None:
    """Put a statement, all grants that are to be there, and documents where they belong. Raises `NotInOrder`."""
    folder = f"{RECIPIENTS}/{statement.name}"
    texts = {f"{folder}/{given.to}.grant": given.text for given in grants} | {f"{folder}/environment": statement.text}
    contents = [*(each.after for each in documents), *texts.values()]
    ids = index.write_blobs(workspace.root, contents)
    for path, text in texts.items():
        workspace.write(path, text)
    gone = _other_grants(workspace, folder, texts)
    for path in gone:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(workspace.repository.path(path))
    entries = [
        Entry(each.entry.path, blob, each.entry.mode, each.entry.stage) for each, blob in zip(documents, ids, strict=False)
    ]
    entries += [Entry(path, blob) for path, blob in zip(texts, ids[len(documents) :], strict=True)]
    tracked = {entry.path for entry in workspace.repository.tracked()}
    entries += [Entry(path, "") for path in gone if path in tracked]
    index.replace_entries(workspace.root, workspace.repository.layout, entries)
    workspace.repository.objects.close()  # it would go on with the index that it read first
    _close_again(workspace, documents)


def without_later_grants(workspace: Workspace, statement: Environment) -> Tree:
    """The tree at hand, without grants of a generation that no statement tells of: a run that was cut off wrote those.

    In their place stands what is staged.
    """
    folder = f"{RECIPIENTS}/{statement.name}"
    later = {
        f"{folder}/{found.to}.grant": workspace.repository.objects.read(f":0:{folder}/{found.to}.grant", statements.MAX_BYTES)
        for found in recipients.grants(workspace.tree, statement.name)
        if found.id == statement.id and found.generation.number > statement.generation.number
    }
    return _Overlaid(workspace.tree, later) if any(map(_is_grant, later.values())) else workspace.tree


class _Overlaid:
    """A tree in which some files are others."""

    def __init__(self, below: Tree, others: dict[str, bytes | None]) -> None:
        self._below, self._others = below, others

    def read(self, path: str, limit: int) -> bytes | None:
        return self._others[path] if path in self._others else self._below.read(path, limit)

    def names(self, folder: str) -> list[str]:
        return [name for name in self._below.names(folder) if self._others.get(f"{folder}/{name}", b"") is not None]


def _is_grant(text: bytes | None) -> bool:
    try:
        return bool(text) and grant.read(text or b"", "") is not None
    except GitenvError:
        return False


def _other_grants(workspace: Workspace, folder: str, kept: Collection[str]) -> list[str]:
    """The paths of all other grants there, in the work tree and in the index."""
    listed = {f"{folder}/{name}" for name in workspace.tree.names(folder)}
    listed |= {entry.path for entry in workspace.repository.tracked() if entry.path.startswith(f"{folder}/")}
    return sorted(
        path
        for path in listed
        if path not in kept and path.endswith(".grant") and names.is_name(os.path.basename(path).removesuffix(".grant"))
    )


def close(workspace: Workspace, documents: Iterable[Rewritten], ring: Keyring) -> list[str]:
    """Close files that stand open, for who cannot read them any more; return those that hold changes, and are left alone."""
    edited = []
    for each in documents:
        path = each.entry.path
        there = files.read_inside(workspace.root, path, document.MAX_BYTES)
        if there is None or there == each.after:
            continue
        if there == _opened(each.after, ring):
            files.replace(workspace.repository.path(path), each.after)
        else:
            edited.append(path)
    return edited


def _opened(data: bytes, ring: Keyring) -> bytes | None:
    try:
        return smudge.smudge(data, ring, ring.current.number)
    except (smudge.StaysClosed, GitenvError):
        return None


def _close_again(workspace: Workspace, documents: Sequence[Rewritten]) -> None:
    """A file that stands closed in the work tree is closed under the new key."""
    for each in documents:
        path = each.entry.path
        with contextlib.suppress(GitenvError):
            if each.before != each.after and files.read_inside(workspace.root, path, document.MAX_BYTES) == each.before:
                files.replace(workspace.repository.path(path), each.after)
