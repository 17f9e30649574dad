"""smudge: from the object store into the work tree. What a key vouches for is opened; the rest stays harmless and lossless."""

from __future__ import annotations

from gitenv.errors import NotTrusted
from gitenv.model import document, inert, token
from gitenv.model.cipher import Unopened
from gitenv.model.document import Kind, Record
from gitenv.model.keyring import Keyring

_MAX_PASSES = 8


class StaysClosed(Exception):
    """The document cannot be opened as a whole, and nobody is to blame: the ciphertext is what the work tree gets."""


def smudge(data: bytes, ring: Keyring, floor: int, *, may_distrust: bool = True) -> bytes:
    """Open a document. Tokens of generations below `floor` are retired and count as unverified.

    Raises `StaysClosed` for a token of a generation that the keyring does not hold, and, if not `may_distrust`, for anything
    that would count as unverified. Raises `NotTrusted` for a document that is too large.
    """
    if data.count(b"\n") > document.MAX_RECORDS:  # a pasted quote could span any number, each of them to be marked
        raise NotTrusted(f"the document has more than {document.MAX_RECORDS:,} lines")
    records = document.parse(data)
    opened = [_open(record, ring, floor) for record in records]
    if not may_distrust and any(record.kind is Kind.UNVERIFIED for record in opened):
        raise StaysClosed
    for _ in range(_MAX_PASSES):
        changed = _changed(document.parse(document.join(opened)), opened)
        if not changed:
            return document.join(opened)
        for position in changed:
            opened[position] = _distrusted(records[position], ring)
    return data


def has_secrets(data: bytes) -> bool:
    """Whether there is anything in a document but white space, markers and headings for reviewers."""
    return any(record.kind is not Kind.PLAIN for record in document.parse(data))


def is_encrypted(data: bytes) -> bool:
    """Whether a document holds any mark of gitenv's, right or wrong. One without is older than gitenv, or pasted."""
    marked = (Kind.TOKEN, Kind.SEALED, Kind.UNVERIFIED, Kind.LOOKALIKE)
    return b"gitenv" in data and any(record.kind in marked for record in document.parse(data))


def has_markers(data: bytes) -> bool:
    """Whether a document looks like it is in conflict."""
    return b"<<<<<<<" in data or b">>>>>>>" in data


def _open(record: Record, ring: Keyring, floor: int) -> Record:
    if record.kind is Kind.PLAIN:
        return record
    found = token.read(record) if record.kind is Kind.TOKEN else None
    if found:
        keys = ring.find(found.number, found.hint)
        if keys is None:
            raise StaysClosed
        if found.number >= floor:
            try:
                raw = token.open_with(keys, found)
                return Record(Kind.ASSIGNMENT if found.name else Kind.UNKNOWN, found.name, raw, record.end)
            except Unopened:
                pass
    return _distrusted(record, ring)


def _distrusted(record: Record, ring: Keyring) -> Record:
    """What stands in the commit, as a mark. A token left as it is would look like a document that was never opened."""
    return Record(Kind.UNVERIFIED, b"", inert.mark(record.raw, ring.keys), record.end)


def _changed(parsed: list[Record], opened: list[Record]) -> list[int]:
    """The positions of records that would be read as others than the ones that were encrypted.

    Tokens can be reordered by whoever can push: an unclosed quote in one would swallow the next ones, and a heading between the
    lines of a key would become part of it. Both lists spell the same bytes, so they are walked side by side; where they part,
    every token up to where they meet again is suspect, and where there is none, what stands between.
    """
    changed: list[int] = []
    first, at, opened_end, parsed_end = 0, 0, 0, 0
    agrees = True
    for seen in parsed:
        parsed_end += len(seen.raw) + len(seen.end)
        while opened_end < parsed_end:
            opened_end += len(opened[at].raw) + len(opened[at].end)
            agrees = agrees and opened_end == parsed_end and _same(seen, opened[at])
            at += 1
        if opened_end == parsed_end:
            changed += [] if agrees else _suspects(opened, first, at)
            first, agrees = at, True
        else:
            agrees = False
    return changed


def _suspects(opened: list[Record], first: int, end: int) -> list[int]:
    open_still = [position for position in range(first, end) if opened[position].kind is not Kind.UNVERIFIED]
    return [position for position in open_still if opened[position].kind is not Kind.PLAIN] or open_still


def _same(parsed: Record, opened: Record) -> bool:
    if parsed.end != opened.end:  # a backslash at its end took the line feed in
        return False
    if opened.kind is Kind.UNKNOWN:  # hidden: a comment or nothing known
        return parsed.kind in (Kind.COMMENT, Kind.UNKNOWN)
    return parsed.kind is opened.kind and parsed.name == opened.name
