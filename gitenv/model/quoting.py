"""How a value is written into a .env file: so that Python's, Node's and Ruby's dotenv give it back, where one spelling can.

Else so that Python's does, and as many others as can; who reads something else is named.
"""

from __future__ import annotations

import re

from gitenv.errors import NotTrusted
from gitenv.model import dialect, document, readers
from gitenv.model.document import Kind
from gitenv.model.reasons import CannotStand
from gitenv.tuples import NamedTuple

_BARE = rb"[A-Za-z0-9_./:@-]+"


class Spelling(NamedTuple):
    """One way to write a value down as a record, without a line end."""

    raw: bytes
    others: list[str]  # who reads it otherwise


def spellings(name: str, value: bytes) -> list[Spelling]:
    """The ways to write a value, those first that most programs read alike. Raises `CannotStand` for what no value can be."""
    text = value.decode("utf-8", "surrogateescape")
    if "\0" in text:
        raise CannotStand(f"{name}: a value cannot hold a NUL byte", "write it in base64")
    if text.startswith(dialect.ENCRYPTED):
        raise CannotStand(f"{name}: a value cannot begin as what gitenv encrypted does: no program would be given it")
    is_bare = re.fullmatch(_BARE, value)
    lines = [name.encode("ascii") + b"=" + way for way in ([value, b"'%s'" % value] if is_bare else _ways(value))]
    found = [Spelling(line, readers.otherwise(line)) for line in lines if _reads(line, name, text)]
    return sorted(found, key=lambda each: len(each.others))


def _ways(value: bytes) -> list[bytes]:
    """In quotes as it is, with what is special there escaped, and in none. A shell reads most of the first ones, too.

    PHP's dotenv knows several lines in double quotes only. Not where a shell would run something there.
    """
    escaped = value.replace(b"\\", b"\\\\")
    as_it_is = [b"'%s'" % value, b'"%s"' % value]
    if b"\n" in value and not re.search(rb"[$`\\]", value):
        as_it_is.reverse()
    return [
        *as_it_is,
        b'"%s"' % escaped.replace(b'"', b'\\"').replace(b"\r", b"\\r"),
        b"'%s'" % escaped.replace(b"'", b"\\'"),
        value,
    ]


def _reads(line: bytes, name: str, text: str) -> bool:
    """Whether it is that value for a program, and one record for gitenv, which ends there.

    Bare, the first line of a PEM block would hide the lines below it; and a backslash at the end goes on there.
    """
    assigned = Kind.ASSIGNMENT
    try:
        records = [(each.kind, each.raw) for each in document.parse(line + b"\nA=1")]
    except NotTrusted:  # without quotes, each of its lines is a record
        return False
    return records == [(assigned, line), (assigned, b"A=1")] and dialect.values(line) == {name: text}
