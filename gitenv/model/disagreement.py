"""The lines of an open file that Python's, Node's and Ruby's dotenv read differently, and how all would read them alike."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from gitenv.errors import joined
from gitenv.model.document import Kind, Record
from gitenv.model.reasons import CannotStand
from gitenv.tuples import NamedTuple

# What all read alike, in ASCII, as most lines are: they need no second look.
_NAME = rb"[A-Za-z_][A-Za-z0-9_.]*+="
ALIKE = (
    rb"(?:export )?"
    + _NAME
    + rb"(?:[A-Za-z0-9_./:@%+,-]++|'[^'\\\r$\x80-\xff]*+'|\"[^\"\\\r$\x80-\xff]*+\")[ \t]*+\r?|"
    + _NAME
    + rb"\r?"
)
_MOST_BYTES = 256 * 1024  # of one file that are read by all
_MOST_OF_ONE = 64 * 1024
_IN = {b"'": "in single quotes", b'"': "in double quotes"}
_NO_WAY = "no spelling suits all"


class Disagreement(NamedTuple):
    """One of them. Its text holds no value."""

    name: str
    line: int
    text: str

    @property
    def has_way(self) -> bool:
        """Whether the value can be written so that all read it alike."""
        return not self.text.endswith(_NO_WAY)


def find(numbered: Iterable[tuple[Record, int]]) -> Iterator[Disagreement]:
    """Those of a document's records, each with its first line. What is very long is not looked at."""
    alike, left = re.compile(ALIKE), _MOST_BYTES
    for record, line in numbered:
        if record.kind is not Kind.ASSIGNMENT or alike.fullmatch(record.raw) or len(record.raw) > _MOST_OF_ONE:
            continue
        left -= len(record.raw)
        if left < 0:
            return
        if text := _said(record):
            yield Disagreement(record.name.decode("ascii"), line, text)


def _said(record: Record) -> str:
    from gitenv.model import dialect, readers

    others = readers.otherwise(record.raw)
    if not others:
        return ""
    name = record.name.decode("ascii")
    value = dialect.values(record.raw).get(name)
    if value is None:
        return f"{name} is nothing that Python's dotenv can read, and others do: write {name}=…"
    return f"{name} is read otherwise by {joined(others)}{_because(record)}; {_way(name, value)}"


def _way(name: str, value: str) -> str:
    """How to write it so that all read it alike."""
    from gitenv.model import quoting

    try:
        first = quoting.spellings(name, value.encode("utf-8", "surrogateescape"))[0]
    except CannotStand:  # a NUL, say: it can only be as it is
        return _NO_WAY
    quote = first.raw.partition(b"=")[2][:1]
    return _NO_WAY if first.others else f"{_IN.get(quote, 'without quotes')} all read it alike"


def _because(record: Record) -> str:
    """What most of all makes the difference, as far as it can be told from the spelling."""
    value = record.raw.partition(record.name)[2].lstrip(b" \t=:")
    is_quoted = value[:1] in (b"'", b'"')
    reasons = {
        "for a # outside of quotes": not is_quoted and b"#" in value,
        "for a $": b"$" in value,
        "for a backslash": b"\\" in value,
        "for its backticks": value[:1] == b"`",
        "for what stands behind the quotes": is_quoted,
    }
    return next((f", {reason}" for reason, holds in reasons.items() if holds), "")
