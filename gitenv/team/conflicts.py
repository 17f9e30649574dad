"""Files in conflict between two rotations: under one key again, equal values are equal, and most conflicts are none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gitenv.errors import NotTrusted
from gitenv.git.index import IndexEntry
from gitenv.model import document, merging, rotation, smudge
from gitenv.model.document import Kind
from gitenv.model.keyring import Keyring
from gitenv.system import files
from gitenv.team.stage import Rewritten
from gitenv.team.workspace import Workspace
from gitenv.tuples import NamedTuple

_BASE, _OURS, _THEIRS = 1, 2, 3
_TYPED = (*document.TEXT, Kind.UNVERIFIED, Kind.LOOKALIKE)


class MergedAgain(NamedTuple):
    """One file, merged again under one key."""

    path: str
    entries: list[Rewritten]  # for the index: one without conflict, or one for each side
    text: bytes  # encrypted; with git's markers, if there is a conflict left
    is_left: bool
    pairs: list[tuple[bytes, bytes]]  # the two sides as they stood, and under that key


def merge_again(
    workspace: Workspace, entries: Iterable[IndexEntry], before: Sequence[Keyring], origin: Keyring | None, ring: Keyring
) -> list[MergedAgain]:
    """Merge the sides of files in conflict, each re-encrypted first. `origin` opens what both began from."""
    sides: dict[str, dict[int, IndexEntry]] = {}
    for entry in entries:
        sides.setdefault(entry.path, {})[entry.stage] = entry
    return [_merged(workspace, path, found, before, origin, ring) for path, found in sides.items()]


def write(workspace: Workspace, merged: Iterable[MergedAgain], ring: Keyring) -> list[str]:
    """Open the merged files in the work tree; return those that hold what somebody typed since, and are left alone."""
    alone: list[str] = []
    for each in merged:
        there = files.read_inside(workspace.root, each.path, document.MAX_BYTES)
        text = smudge.smudge(each.text, None if workspace.access.is_closed else [ring])
        if there != text:  # else a run that was cut off wrote it
            if there is None or _is_typed(there):
                alone.append(each.path)
                continue
            workspace.write(each.path, text)
    return alone


def left(merged: Iterable[MergedAgain]) -> list[str]:
    """The files in which something is left to decide."""
    return [each.path for each in merged if each.is_left]


def _merged(
    workspace: Workspace,
    path: str,
    sides: dict[int, IndexEntry],
    before: Sequence[Keyring],
    origin: Keyring | None,
    ring: Keyring,
) -> MergedAgain:
    rewritten = []
    for stage, entry in sorted(sides.items()):
        stored = workspace.repository.objects.read(entry.object_id) or b""
        keys = [*before, origin] if stage == _BASE and origin else before
        rewritten.append(Rewritten(entry, stored, rotation.reencrypt(stored, keys, ring)))
    texts = {each.entry.stage: each.after for each in rewritten}
    pairs = [(each.before, each.after) for each in rewritten if each.entry.stage != _BASE]
    if _OURS not in texts or _THEIRS not in texts:  # deleted on one side
        return MergedAgain(path, rewritten, texts.get(_OURS) or texts.get(_THEIRS) or b"", True, pairs)
    try:
        merged = merging.merge(texts.get(_BASE, b""), texts[_OURS], texts[_THEIRS], merging.opener([ring]))
    except NotTrusted:  # too large together, or in conflict already in a commit
        merged = merging.in_conflict(texts[_OURS], texts[_THEIRS])
    if merged.conflicts:
        return MergedAgain(path, rewritten, merged.data, True, pairs)
    ours = next(each for each in rewritten if each.entry.stage == _OURS)
    return MergedAgain(path, [Rewritten(ours.entry._replace(stage=0), ours.before, merged.data)], merged.data, False, pairs)


def _is_typed(data: bytes) -> bool:
    try:
        return any(record.kind in _TYPED for record in document.parse(data))
    except NotTrusted:
        return True
