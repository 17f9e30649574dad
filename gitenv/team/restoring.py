"""Putting back what a team's departure took from a work tree, when somebody runs `gitenv uninstall` there.

git deletes a file that a commit took out of git from everybody's work tree. And where the files went into git in plain text, a
clone that still has its pins marked all of it: nobody vouched for it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence

from gitenv import files
from gitenv.errors import GitenvError, NotTrusted
from gitenv.git import program
from gitenv.git.trees import CommitTree
from gitenv.model import document, smudge
from gitenv.model.keyring import Keyring
from gitenv.pins import Pin
from gitenv.team import rights
from gitenv.team.departures import Departure
from gitenv.team.workspace import Workspace


def put_back(workspace: Workspace, pins: Sequence[Pin], departure: Departure) -> list[str]:
    """Write files as they were before the team left, where the pull deleted them, and without marks where it brought them in
    plain text; return their paths. What was edited is left alone."""
    tracked = {entry.path: entry.object_id for entry in workspace.repository.tracked() if entry.is_file}
    mode = rights.wanted(workspace.repository)
    written = [
        workspace.write(path, before, mode)
        for path, before in _before(workspace, pins, departure)
        if path not in tracked and _is_free(workspace, path)
    ]
    claimed = [path for path in tracked if any(pin.environment.claims(path) for pin in pins)]
    edited = workspace.repository.may_be_edited(claimed) if claimed else set()  # asked while git still calls gitenv
    for path in claimed:
        now = workspace.repository.objects.read(tracked[path], document.MAX_BYTES)
        there = files.read_inside(workspace.root, path, document.MAX_BYTES)
        if path not in edited and now is not None and there not in (None, now):
            kept = rights.kept(os.lstat(workspace.repository.path(path)).st_mode, mode)
            written.append(workspace.write(path, now, kept))
    return written


def _is_free(workspace: Workspace, path: str) -> bool:
    """Whether nothing stands at a path, and a folder can be where it needs one.

    The commit that took gitenv out may have put a link or a file there. Nobody is to be kept from leaving by that.
    """
    try:
        files.check_inside(workspace.root, path)
    except NotTrusted:
        return False
    way = workspace.repository.path(path)
    if os.path.lexists(way):
        return False
    while not os.path.lexists(way):
        way = os.path.dirname(way)
    return os.path.isdir(way)


def _before(workspace: Workspace, pins: Sequence[Pin], departure: Departure) -> Iterator[tuple[str, bytes]]:
    """The files of environments in the last commit that had gitenv, opened; none that this clone cannot open."""
    objects = workspace.repository.objects
    workspace.access.locked = frozenset()  # as uninstall opens what `gitenv lock` closed
    if departure.before:
        tree = CommitTree(objects, departure.before)
        listed = program.paths(workspace.root, "ls-tree", "-r", "-z", "--full-tree", departure.before)
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
