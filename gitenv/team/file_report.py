"""`gitenv status`, file by file: how many keys, open or closed, and what is wrong with the command that mends it."""

from __future__ import annotations

from typing import NamedTuple

from gitenv import files
from gitenv.errors import GitenvError, shell_word
from gitenv.git.repository import IndexEntry
from gitenv.model import document, smudge, token
from gitenv.model.document import Kind, Record
from gitenv.model.environment import Environment
from gitenv.model.keyring import Keyring
from gitenv.team import discover
from gitenv.team.workspace import Workspace

_MAX_BYTES = 16 * 1024 * 1024


class Problem(NamedTuple):
    """Something to do, and the command that does it."""

    text: str
    command: str


class FileStatus(NamedTuple):
    """One file of an environment."""

    path: str
    keys: int
    state: str  # "open", "closed", "edited" without a key, "missing" or "plain text in the index"
    unverified: list[str]  # lines nobody vouches for: their names, or their numbers


def statuses(workspace: Workspace, statement: Environment, ring: Keyring | None, problems: list[Problem]) -> list[FileStatus]:
    """Look at the tracked files of an environment; what is wrong is added to `problems`. `ring` is None without a key."""
    listed = []
    for entry in {entry.path: entry for entry in workspace.files_of([statement])[statement.name]}.values():
        try:
            listed.append(_status(workspace, statement, ring, entry, problems))
        except GitenvError as error:
            problems.append(Problem(f"{entry.path}: {error.message}", error.hint))
    return listed


def _status(
    workspace: Workspace, statement: Environment, ring: Keyring | None, entry: IndexEntry, problems: list[Problem]
) -> FileStatus:
    stored = workspace.repository.objects.read(entry.object_id, _MAX_BYTES) or b""
    there = files.read_inside(workspace.root, entry.path, _MAX_BYTES)
    records = document.parse(stored)
    marked = _unverified(document.parse(there or b""))
    word = shell_word(f":/{entry.path}")
    state = "missing" if there is None else "closed" if stored and there == stored else "open" if ring else "edited"
    if discover.is_plain(stored):
        state = "plain text in the index"
        if not marked:
            problems.append(_plain_text(workspace, statement, entry.path))
    elif ring and _is_foreign(records, ring):
        command = f"git add --renormalize {word}" if there != stored else f"git log -- {word}"
        problems.append(Problem(f"{entry.path} is encrypted for another environment", command))
    unverified = marked or (_plain_beside_tokens(records) if smudge.is_encrypted(stored) else [])
    if unverified:
        problems.append(Problem(f"{entry.path}: nobody vouches for {', '.join(unverified)}", f"git log -p -- {word}"))
    return FileStatus(entry.path, len({record.name for record in records if record.name}), state, unverified)


def _plain_text(workspace: Workspace, statement: Environment, path: str) -> Problem:
    """Before the first commit with gitenv it is the owner's; after it, it may be anybody's, and has to be looked at."""
    blob = workspace.repository.objects.read(f"HEAD:{path}", _MAX_BYTES) or b""
    if discover.is_plain(blob) and workspace.is_committed(statement.name):
        text = f"{path} is committed in plain text; this marks its lines, and the ones you take a mark off become yours"
        return Problem(text, f"gitenv unlock {statement.name}")
    return Problem(f"{path} is staged in plain text", f"git add --renormalize {shell_word(f':/{path}')}")


def _is_foreign(records: list[Record], ring: Keyring) -> bool:
    """Whether there are tokens, and none of a generation of this environment."""
    tokens = [found for record in records if record.kind is Kind.TOKEN and (found := token.read(record))]
    return bool(tokens) and not any(ring.find(found.number, found.hint) for found in tokens)


def _unverified(records: list[Record]) -> list[str]:
    """The names of marked lines, or their numbers where they have no name."""
    return _names(records, [record.raw.partition(b" ")[2] if record.kind is Kind.UNVERIFIED else b"" for record in records])


def _plain_beside_tokens(records: list[Record]) -> list[str]:
    vouched = (Kind.TOKEN, Kind.PLAIN)
    return _names(records, [b"" if record.kind in vouched else record.raw for record in records])


def _names(records: list[Record], lines: list[bytes]) -> list[str]:
    found, number = [], 1
    for record, line in zip(records, lines, strict=True):
        if line:
            name = document.parse(line)[0].name.decode("ascii")
            found.append(name or f"line {number}")
        number += record.raw.count(b"\n") + 1
    return found
