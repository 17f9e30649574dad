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
        changed = _changed(document.parse(document.join(opened)), records, opened)
        if not changed:
            return document.join(opened)
        for position in changed:
            opened[position] = records[position]
    return data


def has_secrets(data: bytes) -> bool:
    """Whether there is anything in a document but white space, markers and headings for reviewers."""
    return any(record.kind is not Kind.PLAIN for record in document.parse(data))


def is_encrypted(data: bytes) -> bool:
    """Whether a document holds any mark of gitenv's, right or wrong. One without is older than gitenv, or pasted."""
    marked = (Kind.TOKEN, Kind.UNVERIFIED, Kind.LOOKALIKE)
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
    return Record(Kind.UNVERIFIED, b"", inert.mark(record.raw, ring.keys), record.end)


def _changed(parsed: list[Record], records: list[Record], opened: list[Record]) -> list[int]:
    """The positions of tokens that, opened, would be read as other records than the ones that were encrypted.

    Tokens can be reordered by whoever can push: an unclosed quote in one would swallow the next ones. Both lists spell the
    same bytes, so they are walked side by side; where they part, every token up to where they meet again stays closed.
    """
    changed: list[int] = []
    expected, expected_end, parsed_end = -1, 0, 0
    remaining = iter(parsed)
    while expected + 1 < len(opened):
        first = expected + 1
        seen = next(remaining)
        parsed_end += len(seen.raw) + len(seen.end)
        expected += 1
        expected_end += len(opened[expected].raw) + len(opened[expected].end)
        agrees = parsed_end == expected_end and _same(seen, opened[expected])
        while parsed_end != expected_end:
            if parsed_end < expected_end:
                seen = next(remaining)
                parsed_end += len(seen.raw) + len(seen.end)
            else:
                expected += 1
                expected_end += len(opened[expected].raw) + len(opened[expected].end)
        if not agrees:
            changed += [p for p in range(first, expected + 1) if opened[p].raw is not records[p].raw]
    return [position for position in changed if records[position].kind is Kind.TOKEN]


def _same(parsed: Record, opened: Record) -> bool:
    if opened.kind is Kind.UNKNOWN:  # hidden: a comment or nothing known
        return parsed.kind in (Kind.COMMENT, Kind.UNKNOWN)
    return parsed.kind is opened.kind and parsed.name == opened.name
