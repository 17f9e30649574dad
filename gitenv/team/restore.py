"""Putting back what a team's departure took from a work tree, when somebody runs `gitenv uninstall` there.

git deletes a file that a commit took out of git from everybody's work tree. And where the files went into git in plain text, a
clone that still has its pins marked all of it: nobody vouched for it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence

from gitenv.errors import GitenvError, NotTrusted
from gitenv.git import program
from gitenv.model import clean, document, smudge
from gitenv.model.keyring import Keyring
from gitenv.repo.snapshot import CommitSnapshot
from gitenv.system import files
from gitenv.team import gitignore, permissions, setup
from gitenv.team.departures import Departure
from gitenv.team.workspace import Workspace
from gitenv.trust.pins import Pin
from gitenv.tuples import NamedTuple


class PutBack(NamedTuple):
    """What was put back, and what of it only this clone ignores."""

    paths: list[str]
    ignored_here: list[str]


def put_back(workspace: Workspace, pins: Sequence[Pin], departure: Departure) -> PutBack:
    """Write files as they were before the team left, where the pull deleted them, and without marks where it brought them in
    plain text. What was edited is left alone."""
    tracked = {entry.path: entry.object_id for entry in workspace.repository.tracked() if entry.is_file}
    mode = permissions.wanted(workspace.repository)
    before = _before(workspace, pins, departure)
    gone = {path: data for path, data in before if path not in tracked and "\n" not in path and _is_free(workspace, path)}
    ignored_here = _ignore(workspace, list(gone))
    written = [workspace.write(path, data, mode) for path, data in gone.items()]
    claimed = [path for path in tracked if any(pin.environment.claims(path) for pin in pins)]
    unseen = workspace.repository.unseen(claimed) if claimed else {}
    for path in claimed:
        now = workspace.repository.objects.read(tracked[path], document.MAX_BYTES)
        there = files.read_inside(workspace.root, path, document.MAX_BYTES)
        if path not in unseen and now is not None and there not in (None, now) and clean.is_same(there, now):
            kept = permissions.kept(os.lstat(workspace.repository.path(path)).st_mode, mode)
            written.append(workspace.write(path, now, kept))
    return PutBack(written, ignored_here)


def _ignore(workspace: Workspace, paths: Sequence[str]) -> list[str]:
    """Have git ignore files before they are there, where no `.gitignore` does; return these.

    Whoever can push can make a team leave, and add no line to `.gitignore`. No guard stays, and the next `git add -A` would
    store everything in plain text.
    """
    known = {line.path for line in workspace.repository.why_ignored(paths)}
    if open_ := [path for path in paths if path not in known]:
        setup.exclude(workspace.repository, os.fsencode("".join(f"{gitignore.line_for(path)}\n" for path in open_)))
    return open_


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
        tree = CommitSnapshot(objects, departure.before)
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
        with contextlib.suppress(GitenvError):
            if stored is not None:
                yield path, smudge.smudge(stored, [ring])
