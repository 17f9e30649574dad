"""What a rotation that was cut off left behind: its statement lies here, and documents stand under the key before."""

from __future__ import annotations

from collections.abc import Sequence

from gitenv.git import log
from gitenv.git.index import IndexEntry
from gitenv.model import environment, rotation, statements
from gitenv.model.keyring import Keyring
from gitenv.team.workspace import Workspace
from gitenv.trust import chain
from gitenv.trust.pins import Pin
from gitenv.tuples import NamedTuple


class Behind(NamedTuple):
    """Documents that a next rotation takes along, although they stand under an earlier key."""

    rings: list[Keyring]  # of the statements before, as HEAD and what is being merged have them
    paths: frozenset[str]


def find(workspace: Workspace, pin: Pin, ring: Keyring, files: Sequence[IndexEntry]) -> Behind | None:
    """Look whether the pinned statement lies in the work tree, and in no commit. None for one that somebody may have seen.

    A statement that was ever committed is never one of these: an earlier one beside it was put back.
    """
    path = chain.path(pin.name)
    if workspace.tree.read(path, statements.MAX_BYTES) != pin.environment.text:
        return None
    rings = [opened for head in workspace.history.heads if (opened := _earlier(workspace, pin, ring, f"{head}:{path}"))]
    if not rings or log.last_with(workspace.root, path, pin.environment.text):
        return None
    if _earlier(workspace, pin, ring, f":0:{path}"):
        return Behind(rings, frozenset(entry.path for entry in files))
    # Somebody has staged it since: only what is committed beside the one before is known to stand under that.
    return Behind(rings, frozenset(entry.path for entry in files if any(_is_behind(workspace, entry, each) for each in rings)))


def _earlier(workspace: Workspace, pin: Pin, ring: Keyring, spec: str) -> Keyring | None:
    """The keyring of an earlier generation that stands somewhere."""
    text = workspace.repository.objects.read(spec, statements.MAX_BYTES)
    if text is None or not pin.is_past(environment.hash_of(text)):
        return None
    found = environment.read(text, f"{pin.name}/environment")
    return ring.at(found.generation) if found.generation != pin.environment.generation else None


def _is_behind(workspace: Workspace, entry: IndexEntry, ring: Keyring) -> bool:
    """Whether a document of the index is the committed one, and stands under that commit's key."""
    objects = workspace.repository.objects
    is_committed = objects.id(f"HEAD:{entry.path}") == entry.object_id
    return is_committed and rotation.stands_under(objects.read(entry.object_id) or b"", ring)
