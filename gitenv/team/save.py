"""Writing documents that a command changes, and staging them: never over what an editor has saved meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from gitenv.errors import from_top
from gitenv.git import index
from gitenv.git.index import IndexEntry
from gitenv.model import clean, document
from gitenv.model.document import Kind, Record
from gitenv.model.keyring import Keyring
from gitenv.repo import clone
from gitenv.team import permissions
from gitenv.team.workspace import Workspace
from gitenv.tuples import NamedTuple


class Unstaged(NamedTuple):
    """Why a file was written and not staged, and the commands that stage it."""

    why: str
    commands: list[str]


def save(
    workspace: Workspace,
    texts: Mapping[str, bytes],
    before: Mapping[str, bytes | None],
    blobs: Mapping[str, bytes] | None = None,
) -> dict[str, Unstaged]:
    """Write `texts` in the place of what was read `before`, and stage them; return those that were not staged.

    `blobs` are what the index is to have of some of them: `git add` makes no values of what somebody else put there.

    Raises `Changed` for a file that is another one by now; those before it are written and staged.
    """
    blobs = blobs or {}
    unstaged = not_to_stage(workspace, list(texts), blobs)
    written: list[str] = []
    try:
        for path, text in texts.items():
            old = before[path]
            workspace.write(path, text, permissions.wanted(workspace.repository) if old is None else None, instead_of=old)
            written.append(path)
    finally:
        done = [path for path in written if path not in unstaged]
        workspace.repository.stage([path for path in done if path not in blobs])
        stage_blobs(workspace, {path: blobs[path] for path in done if path in blobs})
    return unstaged


def stage_blobs(workspace: Workspace, blobs: Mapping[str, bytes]) -> None:
    """Put contents into the index, past the filter. What is new in them is noted as the filter notes it."""
    if blobs:
        for path, blob in blobs.items():
            _note_made(workspace, path, blob)
        modes = {entry.path: entry.mode for entry in workspace.repository.tracked()}
        ids = index.write_blobs(workspace.root, list(blobs.values()))
        entries = [IndexEntry(path, object_id, modes[path]) for path, object_id in zip(blobs, ids, strict=True)]
        workspace.repository.replace_entries(entries)


def _note_made(workspace: Workspace, path: str, blob: bytes) -> None:
    stored = workspace.repository.objects.read(f":0:{path}", document.MAX_BYTES) or b""
    before = {record.raw for record in document.parse(stored)}
    tokens = (record.raw for record in document.parse(blob) if record.kind is Kind.TOKEN)
    clone.add_made(workspace.repository.layout.common_dir, (raw for raw in tokens if raw not in before))


def cleaned(text: bytes, stored: bytes, ring: Keyring, is_decided: Callable[[Record], bool]) -> bytes:
    """What the index is to have of a file: its text encrypted, also what was decided about and counted for nothing before."""
    records = document.parse(stored)
    before = [record for record in records if not is_decided(record)]
    return clean.clean(text, ring, lambda: {record.raw for record in records}, lambda: before)


def not_to_stage(workspace: Workspace, paths: list[str], blobs: Collection[str] = ()) -> dict[str, Unstaged]:
    """Why a command that writes these files leaves some of them for the user to stage; asked before it writes."""
    repository = workspace.repository
    tracked = {entry.path for entry in repository.tracked()}
    unseen = repository.unseen(paths)
    found = {path: _unseen(workspace, path, flag) for path, flag in unseen.items()}
    for path in repository.edited([path for path in paths if path in tracked and path not in {*unseen, *blobs}]):
        found[path] = Unstaged("the file has other changes", [_add(path)])
    for line in repository.why_ignored([path for path in paths if path not in tracked]):
        found[line.path] = Unstaged("git ignores the file", [_add(line.path, "--force ")])
    return found


def _unseen(workspace: Workspace, path: str, flag: str) -> Unstaged:
    return Unstaged(f"git was told not to look at it ({flag})", [workspace.repository.to_see(path, flag), _add(path)])


def _add(path: str, options: str = "") -> str:
    return f"git add {options}{from_top(path)}"
