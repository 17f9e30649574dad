"""Which files of a commit are documents, and of which environment: what its statements claim, else what is called like one."""

from __future__ import annotations

from collections import OrderedDict

from gitenv.git.layout import RECIPIENTS
from gitenv.git.objects import Objects
from gitenv.git.walk import Commit
from gitenv.model import dotenv, names
from gitenv.repo.claims import Claims
from gitenv.repo.recipients import statements_in
from gitenv.repo.snapshot import CommitSnapshot

_BELOW = f"{RECIPIENTS}/"
_MAX_KEPT = 64


class AllClaims:
    """The claims of many commits. Most of them have the same `.recipients/`, which is looked up and read once."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._ids: dict[str, str] = {}  # of `.recipients/`, by commit: of those that a walk comes to next
        self._kept: OrderedDict[str, Claims] = OrderedDict()

    def of(self, commit: str) -> Claims:
        """What the statements of a commit claim. One that cannot be read claims nothing."""
        identity = self._id(commit)
        if identity not in self._kept:
            self._keep(identity, Claims(statements_in(CommitSnapshot(self._objects, commit)).values() if identity else ()))
        self._kept.move_to_end(identity)
        return self._kept[identity]

    def are_as_in(self, commit: str, parent: str) -> None:
        """Note that no statement changed between the two: letting in a thousand people changes `.recipients/` and no path."""
        self._keep(self._id(parent), self.of(commit))

    def go_on(self, commit: Commit) -> None:
        """The walk has done with a commit. If it left `.recipients/` alone, its one parent has the same."""
        identity = self._ids.pop(commit.id, None)
        if identity is not None and len(commit.parents) == 1 and not any(is_below(change.path) for change in commit.changes):
            self._ids[commit.parents[0]] = identity

    def _id(self, commit: str) -> str:
        if commit not in self._ids:
            self._ids[commit] = self._objects.id(f"{commit}:{RECIPIENTS}")
        return self._ids[commit]

    def _keep(self, identity: str, claims: Claims) -> None:
        self._kept[identity] = claims
        while len(self._kept) > _MAX_KEPT:
            self._kept.popitem(last=False)


def is_below(path: str) -> bool:
    """Whether a file is one of `.recipients/`."""
    return path.startswith(_BELOW)


def by_name(path: str) -> str | None:
    """The environment that a file's name speaks of, "" if it cannot be one; None for what is called like no document."""
    if dotenv.kind(path) != "shared":
        return None
    name = dotenv.environment_in(path)
    return name if names.is_name(name) else ""
