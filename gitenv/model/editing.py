"""Changing a document record by record: what is written is read again, so that no line is read as another one afterwards.

How values are written and read is loaded where one is set: most commands only take lines out.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence

from gitenv.model import document
from gitenv.model.document import Kind, Record
from gitenv.model.reasons import CannotStand

_HEAD = re.compile(rb"(?:\xef\xbb\xbf)?(?:[ \t]*export[ \t]+)?")  # what of a line stays, whatever its value
_BEFORE_NAME = re.compile(rb"(?:\xef\xbb\xbf)?[ \t]*(?:export[ \t]+)?")


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

    One that is read there already keeps its own spelling, if that suits as many programs. Raises `CannotStand` for a value
    that cannot be written there, or where a program would read other lines differently.
    """
    from gitenv.model import dialect, quoting

    records, spellings, text = document.parse(data), quoting.spellings(name, value), value.decode("utf-8", "surrogateescape")
    is_there = len(values(records).get(name, ())) == 1 and dialect.values(data).get(name) == text
    if is_there and len(read_otherwise(data, name)) <= len(spellings[0].others):
        return data
    for spelling in spellings:
        try:
            changed = _with_assignment(records, name, spelling.raw)
            _check_programs(data, changed, {name: text})
        except CannotStand as error:
            problem = error
        else:
            return changed
    raise problem


def _with_assignment(records: Sequence[Record], name: str, raw: bytes) -> bytes:
    encoded = name.encode("ascii")
    places = values(records).get(name, [])
    if not places:
        return _checked(_appended(records, Record(Kind.ASSIGNMENT, encoded, raw + _carriage_return(records[-1:]), b"\n")))
    old = records[places[0]]
    head = _HEAD.match(old.raw)
    new = Record(Kind.ASSIGNMENT, encoded, (head[0] if head else b"") + raw + _carriage_return([old]), old.end)
    return rewritten(records, {**dict.fromkeys(places), places[0]: new})


def without(data: bytes, name: str) -> bytes:
    """The document without the values of a name. Raises `CannotStand` where a program would read other lines differently."""
    records = document.parse(data)
    changed = rewritten(records, dict.fromkeys(values(records).get(name, ())))
    _check_programs(data, changed, {name: None})
    return changed


def renamed(data: bytes, old: str, new: str) -> bytes:
    """The document with another name for a value, wherever that stands: all else in its lines stays. Raises `CannotStand`."""
    from gitenv.model import dialect

    records, encoded = document.parse(data), new.encode("ascii")
    changes: dict[int, Record | None] = {}
    for place in values(records).get(old, ()):
        record = records[place]
        begin = found.end() if (found := _BEFORE_NAME.match(record.raw)) else 0
        raw = record.raw[:begin] + encoded + record.raw[begin + len(old) :]
        changes[place] = record._replace(name=encoded, raw=raw)
    changed = rewritten(records, changes)
    _check_programs(data, changed, {old: None, new: dialect.values(data).get(old)})
    return changed


def _check_programs(data: bytes, changed: bytes, wanted: Mapping[str, str | None]) -> None:
    """What programs read is what is wanted, and every other name as before. A quote may open far above, and close here."""
    from gitenv.model import dialect

    before, after = ([each[:2] for each in dialect.read(text) if each.name not in ("", *wanted)] for text in (data, changed))
    now = dialect.values(changed)
    if before != after or any(now.get(name) != value for name, value in wanted.items()):
        raise _elsewhere()


def read_otherwise(data: bytes, name: str) -> list[str]:
    """Who reads something else than gitenv does where a document sets a value."""
    from gitenv.model import readers

    records = document.parse(data)
    return list(dict.fromkeys(who for place in values(records).get(name, []) for who in readers.otherwise(records[place].raw)))


def with_line(data: bytes, line: Record, behind: int | None) -> bytes:
    """The document with one more record: behind the one at a position, or at the end."""
    records = document.parse(data)
    if behind is None:
        return _checked(_appended(records, line))
    first = _appended(records[: behind + 1], line)
    return _checked([*first, *records[behind + 1 :]])


def assignment(name: str, value: bytes) -> bytes:
    """A value as a record, in quotes where it needs them; without a line end. Raises `CannotStand` for a NUL."""
    from gitenv.model import quoting

    return quoting.spellings(name, value)[0].raw


def _carriage_return(beside: Sequence[Record]) -> bytes:
    """What belongs before the line end where the lines end in CR LF: the CR is a record's own."""
    return b"\r" if any(record.raw.endswith(b"\r") and record.end for record in beside) else b""


def _appended(records: Sequence[Record], line: Record) -> list[Record]:
    if not records or records[-1].end:
        return [*records, line]
    return [*records[:-1], records[-1]._replace(end=b"\n"), line]


def _checked(wanted: Sequence[Record]) -> bytes:
    data = document.join(wanted)
    if not document.is_read_as(data, wanted):
        raise _elsewhere()
    return data


def _elsewhere() -> CannotStand:
    return CannotStand("this would change how the lines around it are read", "edit the file by hand, then git add it")
