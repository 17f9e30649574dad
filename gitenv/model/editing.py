"""Changing a document record by record: what is written is read again, so that no line is read as another one afterwards."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence

from gitenv.model import document
from gitenv.model.document import Kind, Record
from gitenv.model.reasons import CannotStand

_BARE = re.compile(rb"[A-Za-z0-9_./:@%+,~^=-]*+")
_EXPORT = re.compile(rb"[ \t]*export[ \t]+")


def values(records: Sequence[Record]) -> dict[str, list[int]]:
    """The positions of a document's values, by name."""
    found: dict[str, list[int]] = {}
    for position, record in enumerate(records):
        if record.kind is Kind.ASSIGNMENT:
            found.setdefault(record.name.decode("ascii"), []).append(position)
    return found


def line_numbers(records: Sequence[Record]) -> list[int]:
    """The first line of each record, from 1."""
    return list(itertools.accumulate(map(lines, records), initial=1))


def lines(record: Record) -> int:
    """How many lines a record has."""
    return record.raw.count(b"\n") + 1


def rewritten(records: Sequence[Record], changes: Mapping[int, Record | None]) -> bytes:
    """The document with some records replaced, or taken out (None). Raises `CannotStand` if others were read differently."""
    wanted = [new for n, record in enumerate(records) if (new := changes.get(n, record))]
    return _checked(wanted)


def with_value(data: bytes, name: str, value: bytes) -> bytes:
    """The document with a value: in the place of the first of its name, and of all others, or at the end.

    Raises `CannotStand` for a value that cannot be written there.
    """
    records, encoded = document.parse(data), name.encode("ascii")
    places = values(records).get(name, [])
    raw = assignment(name, value)
    if not places:
        return _checked(_appended(records, Record(Kind.ASSIGNMENT, encoded, raw + _carriage_return(records[-1:]), b"\n")))
    old = records[places[0]]
    export = _EXPORT.match(old.raw)
    new = Record(Kind.ASSIGNMENT, encoded, (export[0] if export else b"") + raw + _carriage_return([old]), old.end)
    return rewritten(records, {**dict.fromkeys(places), places[0]: new})


def with_line(data: bytes, line: Record, behind: int | None) -> bytes:
    """The document with one more record: behind the one at a position, or at the end."""
    records = document.parse(data)
    if behind is None:
        return _checked(_appended(records, line))
    first = _appended(records[: behind + 1], line)
    return _checked([*first, *records[behind + 1 :]])


def assignment(name: str, value: bytes) -> bytes:
    """A value as a record, in quotes where it needs them; without a line end. Raises `CannotStand` for a NUL.

    Readers of .env files disagree about what a backslash means in quotes. What most of them read back as it was goes first.
    """
    if b"\0" in value:
        raise CannotStand(f"{name}: a value cannot hold a NUL byte")
    *others, escaped = (name.encode("ascii") + b"=" + quoted for quoted in _spellings(value))
    return next((raw for raw in others if _is_one(raw, name)), escaped)


def _is_one(raw: bytes, name: str) -> bool:
    return [_meaning(record) for record in document.parse(raw)] == [(Kind.ASSIGNMENT, name.encode("ascii"), raw)]


def _spellings(value: bytes) -> list[bytes]:
    escaped = value.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    quoted = [b"'" + value + b"'"] if b"'" not in value else []
    # Bare, the first or last line of a PEM block would hide the lines below it.
    bare = [value] if value and _BARE.fullmatch(value) and b"-----" not in value else []
    return [*bare, *quoted, b'"' + escaped + b'"']


def _carriage_return(beside: Sequence[Record]) -> bytes:
    """What belongs before the line end where the lines end in CR LF: the CR is a record's own."""
    return b"\r" if any(record.raw.endswith(b"\r") and record.end for record in beside) else b""


def _appended(records: Sequence[Record], line: Record) -> list[Record]:
    if not records or records[-1].end:
        return [*records, line]
    return [*records[:-1], records[-1]._replace(end=b"\n"), line]


def _checked(wanted: Sequence[Record]) -> bytes:
    data = document.join(wanted)
    if [_meaning(record) for record in document.parse(data)] != [_meaning(record) for record in wanted]:
        raise CannotStand("this would change how the lines around it are read", "edit the file by hand, then git add it")
    return data


def _meaning(record: Record) -> tuple[Kind, bytes, bytes]:
    # Between the lines of a private key a comment is nothing known; hidden it is either way.
    return Kind.UNKNOWN if record.kind is Kind.COMMENT else record.kind, record.name, record.raw
