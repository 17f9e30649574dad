"""Deciding about unverified lines of an opened document: what stands behind the marks, and the document after a decision."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Sequence

from gitenv.model import clean, document, editing, inert, remedies, sealed, token
from gitenv.model.document import Kind, Record
from gitenv.model.keyring import Keyring
from gitenv.model.reasons import CannotStand
from gitenv.model.sealed import Sealed
from gitenv.tuples import NamedTuple


class Unverified(NamedTuple):
    """One record that nobody vouches for, as it was before each of its lines was marked."""

    name: str  # "" if it has none
    line: int  # its first, from 1
    lines: int
    record: Record  # as it stands in the commit
    first: int  # the position of its first mark among the document's records

    @property
    def sealed(self) -> Sealed | None:
        """What it says of itself, if somebody sealed it; None for everything else, and for what has not that form."""
        return sealed.read(self.record) if self.record.kind is Kind.SEALED else None

    @property
    def shown(self) -> str:
        """What to call it: its name, or its line."""
        return self.name or f"line {self.line}"

    @property
    def way_out(self) -> str:
        """The command for one that can be no value."""
        return f"gitenv reject {self.name or self.line}"


def find(records: list[Record]) -> list[Unverified]:
    """What stands behind the marks of a document: marks that follow one another may be the lines of one value.

    TAGs are not looked at: see `forged_at`.
    """
    found: list[Unverified] = []
    position, line = 0, 1
    for is_marked, group in itertools.groupby(records, lambda record: record.kind is Kind.UNVERIFIED):
        run = list(group)
        if is_marked:
            found += _behind(run, position, line)
        position, line = position + len(run), line + sum(map(editing.lines, run))
    return found


def forged_at(records: list[Record], found: Unverified) -> int | None:
    """The position of the first of its marks that was edited, if there is one."""
    marks = range(found.first, found.first + found.lines)
    return next((position for position in marks if inert.unmark(records[position].raw) is None), None)


def retired(records: list[Record], ring: Keyring) -> list[Unverified]:
    """Those of a document that the key of another generation opens: of another branch, a stash, an older commit."""
    return [found for found in find(records) if is_retired(found, ring)]


def is_retired(found: Unverified, ring: Keyring) -> bool:
    """Whether it is a token of an earlier generation that opens, and is what its name says."""
    spelled = token.read(found.record) if found.record.kind is Kind.TOKEN else None
    if spelled is None or ring.is_current(spelled):
        return False
    try:
        return bool(_opened(found, ring))
    except CannotStand:
        return False


def words(chosen: Sequence[Unverified], among: Sequence[Unverified]) -> list[str]:
    """How to say the first of the `chosen` lines in a command, `among` all that are to be decided about in their document."""
    return remedies.words(*([remedies.Line(found.name, found.line) for found in each] for each in (chosen, among)))


def accept(data: bytes, chosen: Collection[Unverified], ring: Keyring) -> bytes:
    """The document with the `chosen` ones as values. One takes the place of the first value with its name, and of all others.

    Of several with one name the last becomes the value, as a reader of dotenv files would have it; the others go.

    Raises `ForgedMark`, and `CannotStand` for what no key opens and for what would change how other lines are read.
    """
    records = document.parse(data)
    changes, namesakes = _without(chosen), editing.values(records)
    for each in chosen:
        if (forged := forged_at(records, each)) is not None:
            raise clean.forged_mark(records, forged)
    for each in {each.name or each.first: each for each in sorted(chosen, key=lambda each: each.first)}.values():
        new, places = value(each, ring), namesakes.get(each.name, [])
        changes |= dict.fromkeys(places)
        if places:
            changes[places[0]] = new._replace(end=records[places[0]].end)
        else:
            changes[each.first] = new
    return editing.rewritten(records, changes)


def reject(data: bytes, chosen: Collection[Unverified]) -> bytes:
    """The document without the `chosen` ones. Raises `CannotStand` if that would change how other lines are read."""
    return editing.rewritten(document.parse(data), _without(chosen))


def _behind(marks: list[Record], position: int, line: int) -> Iterator[Unverified]:
    # Without the last line feed: a backslash before it would take it in, and with it the next line, which nobody marked.
    parsed = document.parse(b"\n".join(inert.behind(mark.raw) for mark in marks))
    if sum(map(editing.lines, parsed)) < len(marks):  # the last mark is of an empty line, which is no record where a text ends
        parsed.append(Record(Kind.PLAIN, b"", b"", b""))
    parsed[-1] = parsed[-1]._replace(end=marks[-1].end)
    for record in parsed:
        yield Unverified(record.name.decode("ascii"), line, editing.lines(record), record, position)
        position, line = position + editing.lines(record), line + editing.lines(record)


def value(found: Unverified, ring: Keyring) -> Record:
    """The record to put there; a token or a sealed value is opened with whatever generation it is of. Raises `NotTrusted`."""
    record = found.record
    if record.kind is Kind.TOKEN:
        return _opened(found, ring)
    if by_somebody := found.sealed:
        raw = sealed.open_with(by_somebody, ring, found.shown)
        return Record(Kind.ASSIGNMENT, record.name, raw, record.end)
    if record.kind in (Kind.LOOKALIKE, Kind.UNVERIFIED, Kind.SEALED):
        raise CannotStand(f"{found.shown}: has a mark of gitenv's own, and is no value", found.way_out)
    return record


def _opened(found: Unverified, ring: Keyring) -> Record:
    spelled = token.read(found.record)
    raw = ring.text_of(spelled) if spelled else None
    if raw is None:
        raise CannotStand(f"{found.shown}: no key of this environment opens it", found.way_out)
    if spelled and not spelled.name:
        return Record(Kind.UNKNOWN, b"", raw, found.record.end)  # whether it is one where it stands, `rewritten` finds out
    # Whoever had the key could encrypt one line under the name of another, and it is the name that was asked about.
    parsed = document.parse(raw)
    if len(parsed) != 1 or parsed[0].kind is not Kind.ASSIGNMENT or parsed[0].name != found.record.name:
        raise CannotStand(f"{found.shown}: holds another line than its name says", found.way_out)
    return parsed[0]._replace(end=found.record.end)


def _without(chosen: Collection[Unverified]) -> dict[int, Record | None]:
    return dict.fromkeys(n for each in chosen for n in range(each.first, each.first + each.lines))
