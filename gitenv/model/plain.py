"""Lines that count for nothing in a commit, and stand in the file beside it with no mark: they become values, or go, there.

The filter makes values of the user's own lines only, so it leaves these as they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from gitenv.model import document, editing, token, unverified
from gitenv.model.document import TEXT, Kind, Record
from gitenv.model.keyring import Keyring
from gitenv.model.unverified import Unverified


def find(opened: Sequence[Record], stored: Sequence[Record], ring: Keyring | None = None) -> list[Unverified]:
    """Lines of an open file, for which `stored` has plain text: the very line, or another one with its name.

    With a key also those for which it has a token that does not count. Not for what has a mark in the file. A value beside it
    is what its token opens to, and may be the same.
    """
    marked = Counter(found.record.raw for found in unverified.find(list(opened)))
    raws = Counter(record.raw for record in stored if record.kind in TEXT) - marked
    encrypted = {record.name for record in stored if record.kind is Kind.TOKEN}
    named = {record.name for record in stored if record.kind in TEXT and record.raw in raws and record.name} - encrypted
    raws.update(text for record in stored if ring and not marked[record.raw] and (text := _retired(record, ring)))
    lines = editing.line_numbers(opened)
    return [
        Unverified(record.name.decode("ascii"), lines[position], editing.lines(record), record, position)
        for position, record in enumerate(opened)
        if record.kind in TEXT and (record.raw in raws or record.name in named)
    ]


def texts(stored: Sequence[Record], ring: Keyring | None) -> set[bytes]:
    """The lines that stand there and count for nothing."""
    found = {record.raw for record in stored if record.kind in TEXT}
    return found | {text for record in stored if ring and (text := _retired(record, ring))}


def tokens(stored: Sequence[Record], found: Unverified, ring: Keyring | None) -> list[bytes]:
    """The tokens that count for nothing and hold a line of the open file."""
    return [record.raw for record in stored if ring and _retired(record, ring) == found.record.raw]


def _retired(record: Record, ring: Keyring) -> bytes | None:
    """What a token of another generation than the current one holds."""
    found = token.read(record) if record.kind is Kind.TOKEN and ring.head not in record.raw else None
    return ring.text_of(found) if found else None


def encrypted(stored: bytes, chosen: Collection[Unverified], ring: Keyring) -> bytes:
    """`stored` with the chosen lines, as the open file has them, in the place of the plain ones."""
    records, head = document.parse(stored), token.head(ring.current)
    changes: dict[int, Record | None] = {}
    for each in chosen:
        same, others = _places(records, each, ring)
        new = Record(Kind.TOKEN, each.record.name, token.spell(ring.keys, head, each.record), b"")
        changes |= {place: new._replace(end=records[place].end) for place in same or others[:1]}
        changes |= {} if same else dict.fromkeys(others[1:])
    return editing.rewritten(records, changes)


def without(stored: bytes, chosen: Collection[Unverified], ring: Keyring | None) -> bytes:
    """`stored` without the lines that the chosen ones stand for."""
    records = document.parse(stored)
    places = [_places(records, each, ring) for each in chosen]
    return editing.rewritten(records, dict.fromkeys(place for same, others in places for place in same or others))


def _places(records: Sequence[Record], chosen: Unverified, ring: Keyring | None) -> tuple[list[int], list[int]]:
    """The positions of the very line, and of other plain ones with its name."""
    plain = [(place, record) for place, record in enumerate(records) if record.kind in TEXT]
    same = [
        place
        for place, record in enumerate(records)
        if chosen.record.raw == (record.raw if record.kind in TEXT else ring and _retired(record, ring))
    ]
    return same, [place for place, record in plain if record.name and record.name == chosen.record.name]
