"""Values that went back to an earlier one: a token that stood at a path before, was superseded, and is there again.

No MAC covers a whole file, so whoever can push can put an old value back. It has the very bytes that it had, and the history
shows that to anybody, without a key.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from gitenv.errors import NotTrusted
from gitenv.git import changes
from gitenv.git.objects import Objects
from gitenv.model import document
from gitenv.model.comparing import Occurrence
from gitenv.model.document import Kind, Record
from gitenv.tuples import NamedTuple

_MAX_VERSIONS = 2_000  # of all files together, the newest first
_MAX_BYTES = 256 * 1024 * 1024
_ENCRYPTED = (Kind.TOKEN, Kind.SEALED)


class Rollback(NamedTuple):
    """One value that is what it was once."""

    path: str
    name: str
    line: int
    commit: str  # the full id of the newest commit that had brought it
    is_sealed: bool  # a sealed value that was taken away and came back: it was decided about before


def came(before: bytes, after: bytes) -> list[Occurrence]:
    """The named tokens and sealed values of `after` that are not in `before`. Raises `NotTrusted` for too large documents.

    Not those whose key stood there in plain text: equal values are equal tokens, so mending a plain commit is no rollback.
    """
    old = list(document.parse(before))
    known = {record.raw for record in old}
    plain = {record.name for record in old if record.kind is Kind.ASSIGNMENT}
    numbered = document.numbered(document.parse(after))
    return [
        Occurrence(record, line)
        for record, line in numbered
        if record.name and record.kind in _ENCRYPTED and record.raw not in known
        if record.kind is Kind.SEALED or record.name not in plain
    ]


def rollbacks(
    folder: str, objects: Objects, base: str, files: Mapping[str, Sequence[Occurrence]], taken: Iterable[bytes] = ()
) -> list[Rollback]:
    """Which of the records that came to `files` stood at the same path in a commit that `base` reaches; by path and line.

    `base` is the full id of the commit that they are compared with ("": none, and so nothing is found). `taken` are documents
    that go meanwhile, as where a file moves. Looks through the newest 2,000 versions. Raises `NotInOrder`.
    """
    wanted = {path: {each.record.raw: each for each in listed} for path, listed in files.items() if listed}
    if base and wanted:
        _leave_out_restored(folder, objects, base, wanted, taken)
    found: list[Rollback] = []
    budget = _MAX_BYTES
    for commit, path, blob in _versions(folder, base, list(wanted)) if base and wanted else ():
        missing = wanted.get(path, {})
        data = (objects.read(blob, document.MAX_BYTES) or b"") if missing else b""
        budget -= len(data)
        if budget < 0 or not any(wanted.values()):
            break
        for line in set(data.split(b"\n")) & missing.keys():
            back = missing.pop(line)
            name, is_sealed = back.record.name.decode("ascii"), back.record.kind is Kind.SEALED
            found.append(Rollback(path, name, back.line, commit, is_sealed))
    return sorted(found)


def _leave_out_restored(
    folder: str, objects: Objects, base: str, wanted: Mapping[str, dict[bytes, Occurrence]], taken: Iterable[bytes]
) -> None:
    """Take out what a file had when it was deleted: that comes back with it, or with the move that is undone.

    Not what a document that goes meanwhile sets otherwise: somebody may have moved the file, and set it anew.
    """
    gone = [path for path in wanted if not objects.id(f"{base}:{path}")]
    last: dict[str, str] = {}
    for step in changes.newest(folder, gone, base, _MAX_VERSIONS, is_main_line=True):
        for change in step.changes:
            last.setdefault(change.path, change.before[0])
    others: dict[bytes, set[bytes]] = {}
    for record in (record for data in (taken if last else ()) for record in _records(data)):
        others.setdefault(record.name, set()).add(record.raw)
    for path, blob in last.items():
        for record in _records(objects.read(blob, document.MAX_BYTES) or b""):
            if others.get(record.name, set()) <= {record.raw}:
                wanted[path].pop(record.raw, None)


def _records(data: bytes) -> list[Record]:
    try:
        return document.parse(data)
    except NotTrusted:  # too large to be of ours
        return []


def _versions(folder: str, base: str, paths: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """The versions that files had: commit, path and blob, the newest first."""
    seen: set[tuple[str, str]] = set()
    for step in changes.newest(folder, paths, base, _MAX_VERSIONS):
        for change in step.changes:
            if change.after and (change.path, change.after) not in seen:
                seen.add((change.path, change.after))
                yield step.id, change.path, change.after
