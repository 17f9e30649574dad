"""A template that goes with an environment's files: `.env.example` shows which keys there are, and no value of theirs.

Whatever somebody wrote into one stays: values to begin with, comments, order. Names that are new come behind the one that they
stand behind in the environment's file, with the `## ` headings that are readable in commits anyway.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from gitenv.model import document, unvouched
from gitenv.model.document import Kind, Record
from gitenv.model.environment import Environment
from gitenv.tuples import NamedTuple

_BEGINNING = b"# kept by: gitenv example"
_KEPT_BY = re.compile(rb"(?m)^# kept by: gitenv example((?: -e [a-z0-9][a-z0-9._-]{0,62})+)[ \t]*\r?$")
_IN_A_COMMENT = re.compile(rb"#[ \t]*(?:export[ \t]+)?(" + document.NAME + rb")[ \t]*=")
_HEADING = b"## "
_CLOSED = (Kind.TOKEN, Kind.SEALED, Kind.LOOKALIKE)


class NamedKey(NamedTuple):
    """A key of an environment, and what stands above it that anybody may read: headings, and blank lines."""

    name: bytes
    above: Sequence[bytes]


def keys(data: bytes, statement: Environment) -> Iterator[NamedKey]:
    """The keys of a file of an environment, open or closed; none that nobody vouches for."""
    records, above = document.parse(data), list[bytes]()
    is_closed = any(record.kind in _CLOSED for record in records)
    for record in records:
        if record.kind is Kind.PLAIN and not document.is_marker(record):
            above.append(record.raw.rstrip(b"\r"))
        elif _is_set(record, statement, is_closed=is_closed):
            yield NamedKey(record.name, tuple(above))
            above.clear()


def _is_set(record: Record, statement: Environment, *, is_closed: bool) -> bool:
    if is_closed:
        return record.kind is Kind.TOKEN and bool(record.name) and not unvouched.code(record, statement)
    return record.kind is Kind.ASSIGNMENT


def kept_for(data: bytes) -> list[str]:
    """The environments whose names a template shows, as `gitenv example` noted in it; none for one that is somebody's own."""
    found = _KEPT_BY.search(data)
    return [word.decode("ascii") for word in found[1].split() if word != b"-e"] if found else []


class Staleness(NamedTuple):
    """What a template does not have, and what it has beside the keys of its environments."""

    missing: list[str]
    gone: list[str]


def difference(data: bytes, wanted: Iterable[bytes]) -> Staleness:
    """A template against the names that it is to show. A key in a comment (`# DEBUG=`) is shown, too."""
    records, names = document.parse(data), dict.fromkeys(wanted)
    there = dict.fromkeys(record.name for record in records if record.kind is Kind.ASSIGNMENT)
    shown = there.keys() | {found[1] for record in records if (found := _in_a_comment(record))}
    missing = [name.decode("ascii") for name in names if name not in shown]
    return Staleness(missing, [name.decode("ascii") for name in there if name not in names])


def updated(data: bytes, wanted: Sequence[NamedKey], environments: Sequence[str], *, prune: bool) -> bytes:
    """A template with the keys that it lacked, and with `prune` without those that no environment has."""
    end = b"\r\n" if b"\r\n" in data else b"\n"
    apart = difference(data, [key.name for key in wanted])
    records = [record for record in document.parse(data) if not (prune and record.name.decode("ascii") in apart.gone)]
    lines = [record.raw + (record.end or b"\n") for record in records]
    names = [record.name or ((found := _in_a_comment(record)) and found[1]) or b"" for record in records]
    missing, before = {name.encode("ascii") for name in apart.missing}, b""
    for key in wanted:
        if key.name in missing:
            missing.remove(key.name)
            at = len(names) - names[::-1].index(before) if before in names and before else len(names)
            new = [*_new_above(key.above, lines, is_first=not at), key.name + b"="]
            lines[at:at] = [line + end for line in new]
            names[at:at] = [b""] * (len(new) - 1) + [key.name]
        before = key.name
    return _with_note(b"".join(lines), environments, end)


def _new_above(above: Sequence[bytes], lines: Sequence[bytes], *, is_first: bool) -> list[bytes]:
    """What stands above a key without the headings that are there already, and without a blank line at the very top."""
    there = {line.rstrip(b"\r\n") for line in lines}
    found = [line for line in above if not line.startswith(_HEADING) or line not in there]
    while found and not found[0].strip() and (is_first or not any(line.strip() for line in found)):
        found.pop(0)
    return found


def _with_note(data: bytes, environments: Sequence[str], end: bytes) -> bytes:
    note = b"".join([_BEGINNING, *(f" -e {name}".encode("ascii") for name in environments)])
    if _KEPT_BY.search(data):
        return _KEPT_BY.sub(lambda found: note + b"\r" * found[0].endswith(b"\r"), data, count=1)
    return note + end + data


def _in_a_comment(record: Record) -> re.Match[bytes] | None:
    return _IN_A_COMMENT.match(record.raw) if record.kind is Kind.COMMENT and not _KEPT_BY.match(record.raw) else None
