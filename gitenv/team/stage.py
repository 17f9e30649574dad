"""Staging a next generation, whole or not at all: blobs, then grants, then the statement, then the index once.

Killed before the statement: the old state is whole, and the grants of a generation that nobody has are started over. Killed
after it: the next run finishes. Open files need no write: their text is the same under every key. Files that need one are
written before the index: after it nobody could tell them from files that somebody edited.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterable, Iterator, Sequence

from gitenv.errors import GitenvError
from gitenv.git import index
from gitenv.git.index import IndexEntry
from gitenv.git.layout import RECIPIENTS
from gitenv.model import document, environment, names, smudge
from gitenv.model.environment import Environment
from gitenv.model.grant import Grant
from gitenv.model.keyring import Keyring
from gitenv.model.known import Tracked
from gitenv.system import files
from gitenv.team import known_values
from gitenv.team.workspace import Workspace
from gitenv.trust import chain
from gitenv.tuples import NamedTuple


class Rewritten(NamedTuple):
    """A document of the index, before and after."""

    entry: IndexEntry
    before: bytes
    after: bytes


@contextlib.contextmanager
def staged(
    workspace: Workspace,
    statement: Environment,
    grants: Sequence[Grant],
    documents: Sequence[Rewritten],
    before: Iterable[bytes],
    tracked: Tracked,
) -> Iterator[None]:
    """Put a statement, all grants that are to be there, and documents where they belong. Raises `NotInOrder`.

    `before` are statements that it goes back to, for `past/`, and `tracked` is for `known`, which a statement names before it
    is there. What is done inside is done before the index is written.
    """
    folder = f"{RECIPIENTS}/{statement.name}"
    texts = {chain.past_path(statement.name, environment.hash_of(text)): text for text in before}
    texts |= {f"{folder}/{given.to}.grant": given.text for given in grants}
    texts |= known_values.files(statement.name, tracked) | {chain.path(statement.name): statement.text}
    contents = [*(each.after for each in documents), *texts.values()]
    ids = index.write_blobs(workspace.root, contents)
    gone = _gone(workspace, folder, texts)
    _clear_folders(workspace, [*texts, *gone])
    for path, text in texts.items():
        workspace.write(path, text)
    for path in gone:
        files.remove_inside(workspace.root, path)
    listed = workspace.repository.tracked()
    in_index, in_conflict = {entry.path for entry in listed}, {entry.path for entry in listed if entry.stage}
    folders = tuple(f"{path}/" for path in (*texts, *gone))
    entries = [IndexEntry(path, "") for path in sorted(in_index) if path.startswith(folders)]
    entries += [
        IndexEntry(each.entry.path, blob, each.entry.mode, each.entry.stage) for each, blob in zip(documents, ids, strict=False)
    ]
    entries += [IndexEntry(path, blob) for path, blob in zip(texts, ids[len(documents) :], strict=True)]
    entries += [IndexEntry(path, "") for path in gone if path in in_index]
    _close_again(workspace, documents)
    yield
    whole = [each.entry for each in documents if each.entry.path not in in_conflict]
    seen = [IndexEntry(entry.path, entry.object_id, entry.mode) for entry in whole]
    workspace.repository.replace_entries(entries, seen)


def _clear_folders(workspace: Workspace, paths: Iterable[str]) -> None:
    """Take folders away that stand in the place of a grant: whoever can push could else hold up every rotation."""
    import shutil

    for path in paths:
        target = workspace.repository.path(path)
        if os.path.isdir(target) and not os.path.islink(target):
            files.check_inside(workspace.root, path)
            shutil.rmtree(target)


def _gone(workspace: Workspace, folder: str, kept: Collection[str]) -> list[str]:
    """The paths of all other grants there, in the work tree and in the index; and `known`, where there is nothing to know."""
    listed = {f"{folder}/{name}" for name in workspace.tree.names(folder)}
    listed |= {entry.path for entry in workspace.repository.tracked() if entry.path.startswith(f"{folder}/")}
    return sorted(
        path
        for path in listed
        if path not in kept
        and (
            (path.endswith(".grant") and names.is_name(os.path.basename(path).removesuffix(".grant")))
            or path == f"{folder}/{known_values.FILE}"
        )
    )


def close(workspace: Workspace, documents: Iterable[Rewritten], ring: Keyring) -> list[str]:
    """Close files that stand open, for who cannot read them any more; return those that hold changes, and are left alone."""
    edited = []
    for each in documents:
        path = each.entry.path
        there, closed = files.read_inside(workspace.root, path, document.MAX_BYTES), smudge.smudge(each.after, None)
        if there is None or there == closed:
            continue
        if there in (each.after, _opened(each.after, ring)):
            workspace.write(path, closed, instead_of=there, is_elsewhere=True)
        else:
            edited.append(path)
    return edited


def _opened(data: bytes, ring: Keyring) -> bytes | None:
    try:
        return smudge.smudge(data, [ring])
    except GitenvError:
        return None


def _close_again(workspace: Workspace, documents: Sequence[Rewritten]) -> None:
    """A file that stands closed in the work tree is closed under the new key."""
    for each in documents:
        path = each.entry.path
        with contextlib.suppress(GitenvError):
            there = files.read_inside(workspace.root, path, document.MAX_BYTES)
            if each.before != each.after and there in (each.before, smudge.smudge(each.before, None)):
                workspace.write(path, smudge.smudge(each.after, None), instead_of=there, is_elsewhere=True)
