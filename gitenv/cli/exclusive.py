"""The clone around the current folder, for a command that writes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitenv.team.workspace import Workspace


def workspace() -> Workspace:
    """Nobody else's command writes in this clone until ours ends. Who has to wait for one is told."""
    from gitenv.team.workspace import Workspace

    return Workspace(os.getcwd(), _waits)


def _waits() -> None:
    from gitenv.cli import show

    show.note("another gitenv command is at work in this clone, or waits for an answer; this one goes on when it is done")
