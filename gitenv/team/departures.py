"""A team that left gitenv: seeing it in a clone that still has gitenv, and putting back what the pull took from the work tree.

git deletes a file that a commit took out of git from everybody's work tree. And where the files went into git in plain text, a
clone that still has its pins marked all of it: nobody vouched for it. Both are undone when somebody runs `gitenv uninstall`.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from gitenv import files
from gitenv.errors import GitenvError, NotInOrder
from gitenv.git import log, program
from gitenv.git.trees import RECIPIENTS, CommitTree
from gitenv.model import document, smudge
from gitenv.model.keyring import Keyring
from gitenv.pins import Pin
from gitenv.team import setup
from gitenv.team.workspace import Workspace


class Departure(NamedTuple):
    """The commit that took gitenv out of the repository, or "" where that is only staged."""

    commit: str
    by: str


def find(workspace: Workspace) -> Departure | None:
    """Whether the team left: the history at hand had environments, and the index has none."""
    root = workspace.root
    if program.paths(root, "ls-files", "-z", "--", f":(top,glob){RECIPIENTS}/*/environment"):
        return None
    if not workspace.repository.has_commits() or not (commits := log.commits_of(root, RECIPIENTS, 1)):
        return None
    if workspace.repository.objects.names(f"HEAD:{RECIPIENTS}"):
        return Departure("", "")
    by = program.lines(root, "log", "-1", "--format=%an", commits[0].id, "--")
    return Departure(commits[0].id, by[0] if by else "")


def check_cleared(workspace: Workspace) -> None:
    """Raise `NotInOrder` in a clone that still has gitenv from before the team left: founding there would be a mistake."""
    repository = workspace.repository
    if (setup.is_known(repository) or setup.is_lifted(repository)) and find(workspace):
        hint = "gitenv uninstall; to found it anew after that: gitenv init"
        raise NotInOrder("your team took gitenv out of this repository, and this clone still has it", hint)


def put_back(workspace: Workspace, pins: Sequence[Pin], departure: Departure) -> list[str]:
    """Write files as they were before the team left, where the pull deleted them, and without marks where it brought them in
    plain text; return their paths. What was edited is left alone."""
    tracked = {entry.path: entry.object_id for entry in workspace.repository.tracked() if entry.is_file}
    written = [
        _write(workspace, path, before)
        for path, before in _before(workspace, pins, departure)
        if path not in tracked and not os.path.lexists(workspace.repository.path(path))
    ]
    claimed = [path for path in tracked if any(pin.environment.claims(path) for pin in pins)]
    edited = set(workspace.repository.edited(claimed)) if claimed else set()  # asked while git still calls gitenv
    for path in claimed:
        now = workspace.repository.objects.read(tracked[path], document.MAX_BYTES)
        there = files.read_inside(workspace.root, path, document.MAX_BYTES)
        if path not in edited and now is not None and there not in (None, now):
            written.append(_write(workspace, path, now))
    return written


def _write(workspace: Workspace, path: str, data: bytes) -> str:
    files.check_inside(workspace.root, path)
    files.make_folder(os.path.dirname(workspace.repository.path(path)))
    files.replace(workspace.repository.path(path), data, 0o600)
    return path


def _before(workspace: Workspace, pins: Sequence[Pin], departure: Departure) -> Iterator[tuple[str, bytes]]:
    """The files of environments in the last commit that had gitenv, opened; none that this clone cannot open."""
    objects = workspace.repository.objects
    workspace.access.locked = frozenset()  # as uninstall opens what `gitenv lock` closed
    parents = log.commits_of(workspace.root, RECIPIENTS, 1)[0].parents if departure.commit else ()
    for commit in [parent for parent in parents if objects.names(f"{parent}:{RECIPIENTS}")][:1]:
        tree = CommitTree(objects, commit)
        listed = program.paths(workspace.root, "ls-tree", "-r", "-z", "--full-tree", commit)
        blobs = {path: meta.split(" ")[2] for meta, _, path in (line.partition("\t") for line in listed) if meta[:3] == "100"}
        for pin in pins:
            with contextlib.suppress(GitenvError):
                judged = workspace.access.judge(pin, tree)
                if judged is not None:
                    ring = workspace.access.ring(judged.moves or pin)
                    yield from _opened(workspace, {path: blobs[path] for path in blobs if pin.environment.claims(path)}, ring)


def _opened(workspace: Workspace, blobs: Mapping[str, str], ring: Keyring) -> Iterator[tuple[str, bytes]]:
    for path, blob in blobs.items():
        stored = workspace.repository.objects.read(blob)  # none in a partial clone whose host does not answer
        with contextlib.suppress(smudge.StaysClosed, GitenvError):
            if stored is not None:
                yield path, smudge.smudge(stored, ring, ring.current.number)
