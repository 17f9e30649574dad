"""smudge: from the object store into the work tree. What a key vouches for is opened; the rest is harmless, and not lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from gitenv.errors import NotTrusted
from gitenv.model import document, inert, simple, token
from gitenv.model.document import Kind, Record
from gitenv.model.keyring import Keyring
from gitenv.tuples import NamedTuple

_MAX_PASSES = 8
_FEW = 100


def smudge(data: bytes, rings: Sequence[Keyring] | None, *, is_viewing: bool = False, ready: bytes | None = None) -> bytes:
    """A committed document as it may stand in a work tree.

    Tokens of the current generation of one of the keyrings are opened, and if `is_viewing` those of every generation. All else
    is marked, but for white space, conflict markers and headings. A file that is closed (None), also because its tokens do not
    open to what they show, keeps tokens and sealed values as they are. `clean` gives back the same bytes. `ready` is what
    `in_one_pass` made of it with the first keyring, if it was asked already.

    Raises `NotTrusted` for a document that is too large to be marked line by line.
    """
    opened = ready if ready or not rings else in_one_pass(data, rings[0])
    if opened is None and rings:
        opened = with_marks(data, rings, is_viewing=is_viewing)
    return by_records(data, rings, is_viewing=is_viewing) if opened is None else opened


def in_one_pass(data: bytes, ring: Keyring) -> bytes | None:
    """The same for a document of simple lines whose tokens are all of a keyring's current generation; None for any other."""
    return simple.decrypt(data, ring.keys, ring.head) if simple.is_worth(data) else None


class _Apart(NamedTuple):
    """A committed document, taken apart: what looks like tokens of one key, and its other lines by their numbers."""

    rest: bytes
    others: dict[int, Record]


def _apart(data: bytes, head: bytes) -> _Apart | None:
    """None where there are no others, or many, or such as are not the same wherever they stand."""
    if not simple.is_worth(data) or len(data) > document.MAX_BYTES or data.count(b"\n") >= document.MAX_RECORDS:
        return None
    lines = data.split(b"\n")
    numbers = [number for number, line in enumerate(lines) if line and head not in line and not line.startswith(b"## ")]
    if not 0 < len(numbers) <= _FEW or any(b"-----" in lines[number] for number in numbers):
        return None
    others = {number: record for number in numbers if (record := document.alone(lines[number]))}
    rest = b"\n".join([line for number, line in enumerate(lines) if number not in others])
    return _Apart(rest, others) if len(others) == len(numbers) else None


def with_marks(data: bytes, rings: Sequence[Keyring], *, is_viewing: bool = False) -> bytes | None:
    """The same where a few lines beside become marks, such as tokens of a retired key after a rotation; None for any other.

    What they are they say for themselves, wherever they stand (`document.alone`). So does a mark, and each simple line.
    """
    if not (apart := _apart(data, rings[0].head)):
        return None
    opened = {number: _open(record, rings, is_viewing) for number, record in apart.others.items()}
    if any(record.kind is not Kind.UNVERIFIED for record in opened.values()):
        return None
    rest = simple.decrypt(apart.rest, rings[0].keys, rings[0].head)
    if rest is None:
        return None
    following = iter(rest.split(b"\n"))
    numbers = range(data.count(b"\n") + 1)
    result = b"\n".join([opened[number].raw if number in opened else next(following) for number in numbers])
    return result if len(result) <= document.MAX_BYTES else None


def by_records(data: bytes, rings: Sequence[Keyring] | None, *, is_viewing: bool = False) -> bytes:
    """The same for lines of every kind, one record after the other."""
    if data.count(b"\n") > document.MAX_RECORDS:  # a pasted quote could span any number, each of them to be marked
        raise NotTrusted(f"the document has more than {document.MAX_RECORDS:,} lines")
    records = document.parse(data)
    opened = [_open(record, rings, is_viewing) for record in records]
    for _ in range(_MAX_PASSES):
        result = document.join(opened)
        document.check_size(len(result))  # else clean would refuse it
        changed = _changed(document.parse(result), opened)
        if not changed:
            return result
        for position in changed:
            opened[position] = _marked(records[position])
    return by_records(data, None)


def is_known(data: bytes, ring: Keyring) -> bool:
    """Whether a keyring knows the generations of all tokens. Raises `NotTrusted` for a document that is too large."""
    return _has_no_other(data, ring) or all(ring.find(found.number, found.hint) for found in _tokens(data, ring))


def is_current(data: bytes, ring: Keyring) -> bool:
    """Whether all tokens are of a keyring's current generation. Raises `NotTrusted` for a document that is too large."""
    return _has_no_other(data, ring) or all(map(ring.is_current, _tokens(data, ring)))


def _has_no_other(data: bytes, ring: Keyring) -> bool:
    """Whether no mark of a token is another key's: then no token is, and nothing has to be parsed. False for what is large."""
    is_small = len(data) <= document.MAX_BYTES and data.count(b"\n") < document.MAX_RECORDS
    return is_small and data.count(token.MARK) == data.count(ring.head)


def _tokens(data: bytes, ring: Keyring) -> Iterator[token.Token]:
    """All tokens; perhaps without those of a keyring's current generation."""
    apart = _apart(data, ring.head)
    is_rest_current = apart is not None and simple.tokens(apart.rest, ring.head) is not None
    records = apart.others.values() if apart and is_rest_current else document.parse(data)
    found = (token.read(record) for record in records if record.kind is Kind.TOKEN)
    return (each for each in found if each)


def is_encrypted(data: bytes) -> bool:
    """Whether a document holds any mark of gitenv's, right or wrong. One without is older than gitenv, or pasted."""
    marked = (Kind.TOKEN, Kind.SEALED, Kind.UNVERIFIED, Kind.LOOKALIKE)
    return b"gitenv" in data and any(record.kind in marked for record in document.parse(data))


def is_plain(records: Iterable[Record]) -> bool:
    """Whether a document has something to hide, and nothing of it encrypted."""
    kinds = {record.kind for record in records} - {Kind.PLAIN}
    return bool(kinds) and kinds <= {*document.TEXT}


def is_closed(data: bytes) -> bool:
    """Whether a file holds nothing that somebody typed, and some of it is not open."""
    try:
        kinds = {record.kind for record in document.parse(data)}
        return Kind.TOKEN in kinds and kinds <= {Kind.TOKEN, Kind.SEALED, Kind.PLAIN, Kind.UNVERIFIED}
    except NotTrusted:
        return False


def has_markers(data: bytes) -> bool:
    """Whether a document looks like it is in conflict."""
    return b"<<<<<<<" in data or b">>>>>>>" in data


def is_in_conflict(data: bytes) -> bool:
    """Whether git's markers stand in a document as lines of their own."""
    return has_markers(data) and any(map(document.is_marker, document.parse(data)))


def _open(record: Record, rings: Sequence[Keyring] | None, is_viewing: bool) -> Record:
    if record.kind is Kind.PLAIN or (rings is None and record.kind in (Kind.TOKEN, Kind.SEALED)):
        return record
    if rings and record.kind is Kind.TOKEN and (found := token.read(record)):
        ring = next((ring for ring in rings if is_viewing or ring.is_current(found)), None)
        if ring and (raw := ring.text_of(found)) is not None:
            return Record(Kind.ASSIGNMENT if found.name else Kind.UNKNOWN, found.name, raw, record.end)
    return _marked(record)


def _marked(record: Record) -> Record:
    """What stands in the commit, as a mark. A token left as it is would look like a document that was never opened."""
    return Record(Kind.UNVERIFIED, b"", inert.mark(record.raw), record.end)


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
