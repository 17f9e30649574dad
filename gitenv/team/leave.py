"""`gitenv uninstall`: undo what init did. The device key stays; gitenv never deletes one.

Killed at any moment: the guard stands before the filter goes, and the clone's note goes last, so that the next run goes on.
"""

from __future__ import annotations

import contextlib
import os

from gitenv.errors import Usage
from gitenv.git import attributes, program
from gitenv.git.layout import RECIPIENTS
from gitenv.model import clean, smudge
from gitenv.repo import clone
from gitenv.system import files
from gitenv.team import departures, gitignore, hooks, lock, restore, setup
from gitenv.team.departures import Departure
from gitenv.team.restore import PutBack
from gitenv.team.workspace import Workspace
from gitenv.trust.pins import Pin
from gitenv.tuples import NamedTuple

_MAX_BYTES = 16 * 1024 * 1024


class Uninstalled(NamedTuple):
    """What uninstalling did."""

    still_committed: bool  # the team goes on with gitenv
    undone: bool  # gitenv was in no commit, and is gone
    departure: Departure | None  # the team has left gitenv
    readable: list[str]
    closed: list[str]
    put_back: PutBack  # as they were before the team left
    left_behind: list[str]  # other work trees that still have gitenv


def uninstall(workspace: Workspace) -> Uninstalled:
    """Open what can be opened, take gitenv out of this clone, and out of the repository if it was never committed."""
    departure = departures.find(workspace.repository)
    if not setup.is_known(workspace.repository) and not (departure and setup.is_lifted(workspace.repository)):
        raise Usage("gitenv is not set up in this clone; nothing was changed")
    if departure and not departures.is_encrypted_still(workspace.repository.objects, workspace.pinned_files()):
        return _after_departure(workspace, departure)
    if setup.is_configured(workspace.repository):  # else an earlier run was cut off, and its guard must not be lifted
        lock.open_files(workspace)
    readable: list[str] = []
    closed: list[str] = []
    pins = workspace.access.pinned()
    listed = workspace.files_of([pin.environment for pin in pins])
    entries = {entry.path: entry for found in listed.values() for entry in found}
    for path, entry in entries.items():
        stored = workspace.repository.objects.read(entry.object_id)
        there = files.read_inside(workspace.root, path, _MAX_BYTES)
        if there is not None:
            (closed if stored and there == stored else readable).append(path)
    committed = workspace.repository.was_ever_committed(RECIPIENTS)
    if not committed:
        _take_marks_out(workspace, readable)
    if committed:
        setup.put_guard_back(workspace.repository, pins)
    elif pins:
        _undo_founding(workspace, pins, sorted(entries))
    hooks.remove(workspace.repository)
    setup.uninstall(workspace.repository)
    if committed:
        setup.put_guard_back(workspace.repository, pins)  # a hook that ran meanwhile may have lifted it
    else:
        workspace.repository.stage(_committed_paths(workspace, pins))  # in plain text, as they were
    workspace.access.pins.forget()
    clone.forget(workspace.repository.layout.common_dir)
    return Uninstalled(committed, bool(pins) and not committed, None, sorted(readable), sorted(closed), PutBack([], []), [])


def _after_departure(workspace: Workspace, departure: Departure) -> Uninstalled:
    """The team has left: no guard stays, and what the pull took from the work tree is there again."""
    repository, pins = workspace.repository, workspace.access.pinned()
    put_back = restore.put_back(workspace, pins, departure)
    left_behind = departures.left_behind(repository)
    hooks.remove(repository)
    setup.uninstall(repository, stays_closed=bool(left_behind))
    setup.take_guard_away(repository)
    # git asks no filter any more. It takes another size for a change without a look, so it is told to look at these.
    repository.refresh(entry.path for entry in repository.tracked() if entry.path in put_back.paths)
    workspace.access.pins.forget()
    clone.forget(repository.layout.common_dir)
    claimed = {entry.path for found in workspace.files_of([pin.environment for pin in pins]).values() for entry in found}
    there = {path: files.read_inside(workspace.root, path, _MAX_BYTES) for path in claimed}
    closed = sorted(path for path, data in there.items() if data and smudge.is_encrypted(data))
    readable = sorted(path for path, data in there.items() if data is not None and path not in closed)
    return Uninstalled(False, False, departure, readable, closed, put_back, left_behind)


def _take_marks_out(workspace: Workspace, paths: list[str]) -> None:
    """Put plain text where git has put marks: `git reset` has taken the founding back, and nobody has anything to vouch for."""
    for path in paths:
        there = files.read_inside(workspace.root, path, _MAX_BYTES) or b""
        if (stored := workspace.repository.objects.read(f":{path}")) not in (None, there) and clean.is_same(there, stored):
            workspace.write(path, stored, instead_of=there)


def _undo_founding(workspace: Workspace, pins: list[Pin], paths: list[str]) -> None:
    """Nothing of gitenv is in any commit: take away what init wrote and staged, and nothing else."""
    repository = workspace.repository
    own = [f"{RECIPIENTS}/{pin.name}/environment" for pin in pins]
    for grant in [pin.grant for pin in pins if pin.grant]:
        own += [f"{RECIPIENTS}/{grant.environment}/{grant.to}.grant", f"{RECIPIENTS}/{grant.to}.pub"]
    _ignore_again(workspace)  # before git sees the files without a filter
    repository.unstage([*own, *paths])
    for path in own:
        with contextlib.suppress(OSError):
            os.unlink(repository.path(path))
    for folder in sorted({os.path.dirname(path) for path in own}, reverse=True):
        with contextlib.suppress(OSError):  # somebody's own files may be in it
            os.rmdir(repository.path(folder))
    text = files.read(repository.path(".gitattributes"), _MAX_BYTES)
    if text is not None and attributes.has_block(text):
        rest = attributes.without_block(text)
        if rest.strip():
            workspace.write(".gitattributes", rest)
            repository.stage([".gitattributes"])
        else:
            repository.unstage([".gitattributes"])
            os.unlink(repository.path(".gitattributes"))


def _ignore_again(workspace: Workspace) -> None:
    repository = workspace.repository
    changed = gitignore.put_back(repository)
    committed = repository.committed(changed)
    repository.stage(sorted(committed))
    repository.unstage(path for path in changed if path not in committed)


def _committed_paths(workspace: Workspace, pins: list[Pin]) -> list[str]:
    """The files of environments in HEAD and the work tree: a run that was cut off has taken them out of the index."""
    if not pins or not workspace.repository.has_commits():
        return []
    paths = program.paths(workspace.root, "ls-tree", "-r", "-z", "--name-only", "--full-tree", "HEAD")
    claimed = [path for path in paths if any(pin.environment.claims(path) for pin in pins)]
    return [path for path in claimed if os.path.lexists(workspace.repository.path(path))]
