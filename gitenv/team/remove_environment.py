"""`gitenv remove-environment`: take an environment out of the repository; elsewhere, forget one that somebody took out."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence

from gitenv.errors import Usage, joined, printable
from gitenv.git import attributes
from gitenv.git.layout import RECIPIENTS
from gitenv.repo import clone
from gitenv.system import files
from gitenv.team import competing, follow, setup, shared_attributes
from gitenv.team.workspace import Workspace
from gitenv.trust.pins import Pin
from gitenv.tuples import NamedTuple

_SHOWN = 5


class EnvironmentRemoval(NamedTuple):
    """An environment that can go."""

    pin: Pin
    is_here: bool  # else somebody took it out, and this clone is to forget it
    people: Sequence[str]  # who may let others in
    unprotected: Sequence[str]  # files that would be nobody's, and that git would take as they are


def look(workspace: Workspace, name: str) -> EnvironmentRemoval:
    """What removing would do. Raises `Locked` for who does not hold it, and `Usage` while it has tracked files."""
    workspace.check_known(name)
    follow.refresh(workspace)
    pin = workspace.access.pin(name)
    is_here = name in workspace.environments()
    if is_here or pin is None:
        pin = workspace.need_pin(name)  # or it says what is wrong
        workspace.need_holder(pin, "remove nothing")
        workspace.check_recipients_lie_here()
    else:
        _check_was_removed(workspace, name)
    _check_no_files(workspace, pin)
    return EnvironmentRemoval(pin, is_here, sorted(holder.name for holder in pin.holders), _unprotected(workspace, pin))


def carry_out(workspace: Workspace, removal: EnvironmentRemoval) -> None:
    """Take it out and stage that, and forget its pin. Killed in between, a second run does the rest."""
    name = removal.pin.name
    if removal.is_here:
        workspace.repository.stage(_without_patterns(workspace, removal.pin))
        _remove_folder(workspace, name)
    git_dir = workspace.repository.layout.git_dir
    if name in workspace.access.locked:
        clone.set_locked(git_dir, workspace.access.locked - {name})
    workspace.access.forget(name)
    setup.lift_guard(workspace.repository, workspace.access.pinned())


def was_removed(workspace: Workspace, pin: Pin) -> bool:
    """Whether the history at hand once had a pinned environment, which is not there now."""
    return workspace.founding.is_in(["HEAD"], pin.name)


def _check_was_removed(workspace: Workspace, name: str) -> None:
    """Raise `Usage` on a branch that has never had it: there is nothing to forget."""
    if workspace.founding.was_ever_committed(name) and not workspace.founding.is_in(["HEAD"], name):
        raise Usage(f"{name} was not removed: it is on another branch", "check that branch out, or merge it")


def _check_no_files(workspace: Workspace, pin: Pin) -> None:
    paths = list(dict.fromkeys(entry.path for entry in workspace.files_of([pin.environment])[pin.name]))
    if paths:
        shown = joined([*map(printable, paths)], _SHOWN)
        raise Usage(f"{pin.name} still has files: {shown}", "git rm FILE, or git rm --cached FILE to keep it, then this again")


def _unprotected(workspace: Workspace, pin: Pin) -> list[str]:
    """Files in the work tree that only this environment kept git from taking in plain text."""
    there = workspace.repository.untracked()
    return [path for path in there if pin.environment.claims(path) and not attributes.covered(path)]


def _without_patterns(workspace: Workspace, pin: Pin) -> list[str]:
    """Take its patterns out of `.gitattributes`, but for those that others have; the path, if it changed."""
    text = shared_attributes.text(workspace)
    if not attributes.has_block(text):
        return []
    others = [paths for name, paths in competing.patterns_here(workspace).items() if name != pin.name]
    gone = set(pin.environment.paths).difference(*others)
    return shared_attributes.write(workspace, [], attributes.has_guard(text), gone)


def _remove_folder(workspace: Workspace, name: str) -> None:
    """Take `.recipients/NAME/` away, the statement last: while it is there, a second run goes on. `.pub` files stay."""
    folder = f"{RECIPIENTS}/{name}"
    tracked = [entry.path for entry in workspace.repository.tracked() if entry.path.startswith(f"{folder}/")]
    there = [f"{folder}/{file}" for file in workspace.tree.names(folder) if file.endswith(".grant")]
    workspace.repository.unstage(tracked)
    for path in [*sorted({*tracked, *there} - {f"{folder}/environment"}), f"{folder}/environment"]:
        files.remove_inside(workspace.root, path)
    with contextlib.suppress(OSError):  # somebody's own files may be in it
        os.rmdir(workspace.repository.path(folder))
