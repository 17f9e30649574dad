"""What a command that writes has for itself until it ends: the clone around the current folder, or its user's key."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gitenv.errors import Locked

if TYPE_CHECKING:
    from gitenv.team.workspace import Workspace


def workspace() -> Workspace:
    """Nobody else's command writes in this clone until ours ends. Who has to wait for one is told."""
    from gitenv.team.workspace import Workspace

    return Workspace(os.getcwd(), _waits)


def ready_workspace() -> Workspace:
    """The same of a clone that is set up. Raises `NotInOrder` where there are no environments, and `Locked`."""
    found = workspace()
    found.need_environments()
    check_ready(found)
    return found


def check_ready(workspace: Workspace) -> None:
    """Raise `Locked` if this clone has no pins at all: nobody ran init here."""
    if not workspace.access.pinned():
        raise Locked("this clone is not set up", "gitenv init")


def device_key() -> None:
    """Nobody else's command exchanges this user's device key until ours ends, in whatever clone. Before `workspace`."""
    from gitenv.identity import home
    from gitenv.system import locking

    if os.path.isdir(home.folder()):  # else there is no key to exchange
        locking.hold(home.lock_path(), _waits_for_key)


def _waits_for_key() -> None:
    from gitenv.cli import show

    show.note("another gitenv command exchanges your device key, or waits for an answer; this one goes on when it is done")


def _waits() -> None:
    from gitenv.cli import show

    show.note("another gitenv command is at work in this clone, or waits for an answer; this one goes on when it is done")
