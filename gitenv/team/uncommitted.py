"""A next generation that no commit has: of a run that was stopped, or of one that another follows before anybody commits.

The next one takes its place and goes on from what is committed. Else a colleague would be handed a generation that goes on from
one that nobody ever saw, which is no honest step.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gitenv.git import log
from gitenv.git.repository import IndexEntry
from gitenv.git.trees import RECIPIENTS
from gitenv.model import environment, rotation, statements
from gitenv.model.environment import Environment
from gitenv.model.keyring import Keyring
from gitenv.model.rotation import Parent
from gitenv.pins import Pin
from gitenv.team.workspace import Workspace


class Uncommitted(NamedTuple):
    """What is to take its place."""

    parents: list[Parent]  # what it went on from: the statement of HEAD, and of what is being merged
    ring: Keyring  # its own keys: documents may stand under those already
    behind: frozenset[str]  # paths of documents that still stand under the ones before


def find(workspace: Workspace, pin: Pin, ring: Keyring, files: Sequence[IndexEntry]) -> Uncommitted | None:
    """Look whether the pinned statement lies in the work tree, and in no commit. None for one that somebody may have seen.

    A generation that was ever committed is never one of these: an earlier statement beside it was put back.
    """
    path = f"{RECIPIENTS}/{pin.name}/environment"
    if workspace.tree.read(path, statements.MAX_BYTES) != pin.environment.text:
        return None
    heads = [(head, _earlier(workspace, pin, f"{head}:{path}")) for head in workspace.heads()]
    tips = _tips([statement for _, statement in heads if statement])
    rings = [opened for tip in tips if (opened := ring.at(tip.generation))]
    if not rings or len(rings) < len(tips) or log.last_with(workspace.root, path, pin.environment.text):
        return None
    if _earlier(workspace, pin, f":0:{path}"):
        behind = frozenset(entry.path for entry in files)
    else:  # somebody has staged it since: only what is committed beside the one before is known to stand under that
        behind = frozenset(entry.path for entry in files if any(_is_behind(workspace, entry, each) for each in rings))
    return Uncommitted(_parents(pin, rings), ring, behind)


def _parents(pin: Pin, rings: Sequence[Keyring]) -> list[Parent]:
    """The statements before it, as far as a next one goes on from them: their generation, and the chain without each other."""
    tips = [ring.current for ring in rings]
    rest = tuple(link for link in pin.environment.older if link.generation not in tips)
    before = pin.environment._replace(revision=pin.environment.revision - 1, older=rest)
    return [Parent(before._replace(generation=ring.current), ring) for ring in rings]


def _tips(found: Sequence[Environment]) -> list[Environment]:
    """Those that no other one goes on from, each generation once."""
    behind = {older.generation for statement in found for older in statement.older}
    return list({each.generation: each for each in found if each.generation not in behind}.values())


def _earlier(workspace: Workspace, pin: Pin, spec: str) -> Environment | None:
    text = workspace.repository.objects.read(spec, statements.MAX_BYTES)
    if text is None or text == pin.environment.text:
        return None
    found = environment.read(text, f"{pin.name}/environment")
    is_older = found.id == pin.environment.id and found.generation in [older.generation for older in pin.environment.older]
    return found if is_older else None


def _is_behind(workspace: Workspace, entry: IndexEntry, ring: Keyring) -> bool:
    """Whether a document of the index is the committed one, and stands under that commit's key."""
    objects = workspace.repository.objects
    is_committed = objects.id(f"HEAD:{entry.path}") == entry.object_id
    return is_committed and rotation.stands_under(objects.read(entry.object_id) or b"", ring)
