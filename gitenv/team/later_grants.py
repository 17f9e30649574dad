"""Grants of a generation that no statement tells of: a run that was cut off wrote them, and nobody is in by them."""

from __future__ import annotations

import contextlib

from gitenv.errors import GitenvError
from gitenv.git.layout import RECIPIENTS
from gitenv.model import grant, statements
from gitenv.model.environment import Environment
from gitenv.model.grant import Grant
from gitenv.repo import recipients
from gitenv.repo.snapshot import Snapshot
from gitenv.team.workspace import Workspace


def without(workspace: Workspace, statement: Environment) -> Snapshot:
    """The tree at hand, without grants of a generation that no statement tells of: a run that was cut off wrote those.

    In their place stands what is staged; or what is committed, where somebody has staged them since.
    """
    folder = f"{RECIPIENTS}/{statement.name}"
    later = [found for found in recipients.grants(workspace.tree, statement.name) if _is_later(found, statement)]
    before = {f"{folder}/{found.to}.grant": _before(workspace, f"{folder}/{found.to}.grant", statement) for found in later}
    return _Overlaid(workspace.tree, before) if any(before.values()) else workspace.tree


class _Overlaid(Snapshot):
    """A snapshot in which some files are others."""

    def __init__(self, below: Snapshot, others: dict[str, bytes | None]) -> None:
        self._below, self._others = below, others

    def read(self, path: str, limit: int) -> bytes | None:
        return self._others[path] if path in self._others else self._below.read(path, limit)

    def names(self, folder: str) -> list[str]:
        return [name for name in self._below.names(folder) if self._others.get(f"{folder}/{name}", b"") is not None]


def _is_later(given: Grant, statement: Environment) -> bool:
    return given.id == statement.id and given.generation.number > statement.generation.number


def _before(workspace: Workspace, path: str, statement: Environment) -> bytes | None:
    """The grant that stood at a path before a run that was cut off wrote another."""
    for spec in (f":0:{path}", f"HEAD:{path}"):
        text = workspace.repository.objects.read(spec, statements.MAX_BYTES)
        with contextlib.suppress(GitenvError):
            if text and not _is_later(grant.read(text, path), statement):
                return text
    return None
