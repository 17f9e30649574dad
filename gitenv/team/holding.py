"""Which environments the caller holds. In a module of its own: every merge asks, and almost none has anything to rotate."""

from __future__ import annotations

from gitenv.team.workspace import Workspace


def held(workspace: Workspace) -> list[str]:
    """The environments that the caller holds."""
    me = workspace.me().fingerprint
    pins = [pin for pin in workspace.access.pinned() if workspace.access.can_open(pin)]
    return [pin.name for pin in pins if any(holder.fingerprint == me for holder in pin.holders)]
