"""Three-way merge of documents by key: what one side changed is taken, wherever it stands; one key set to two values conflicts.

Works on what stands in commits. Within a generation equal values have equal tokens, so no key is needed; across one, `open_of`
tells what a token holds. No record is made anew: what nobody vouches for stays what it is.

Lines without a name belong to the key below them: a comment, a blank line, or the rest of a value that is in no quotes.
Nobody can tell them apart without a key, so they are merged as one, and two changes of them conflict.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set

from gitenv.model import alike, document
from gitenv.model.document import Kind, OpenOf, Record
from gitenv.model.reasons import CannotStand
from gitenv.tuples import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitenv.model.keyring import Keyring

_LONG = 4096  # bytes from which on it is worth to look for what is settled


class Style(NamedTuple):
    """How a conflict is shown: git's own labels and size of markers, and whether what both began from stands there, too."""

    ours: bytes = b"ours"
    base: bytes = b"base"
    theirs: bytes = b"theirs"
    size: int = 7
    with_base: bool = False


class Merged(NamedTuple):
    """The outcome: the document, with git's markers around each conflict."""

    data: bytes
    conflicts: list[str]  # the keys set to two values; "" for lines without a name


class Position(NamedTuple):
    """What makes a record the same one on all sides: its name, and which of several it is. A sealed value: all of it."""

    name: bytes
    number: int


_END = Position(b"", 0)


class Part(NamedTuple):
    """A key, with the lines above it that have no name. The last part of a document has such lines only."""

    lead: tuple[Record, ...]
    record: Record | None


_NOTHING = Part((), None)
_Records = Sequence[Record]


def merge(base: bytes, ours: bytes, theirs: bytes, open_of: OpenOf | None = None, style: Style | None = None) -> Merged:
    """Merge two documents that both began as `base`, in time linear in their length.

    Lines keep our order; what is theirs comes behind what it follows on their side. Raises `NotTrusted` for a document that is
    too large, and `CannotStand` where ours or theirs is in conflict, or where the outcome would be read as other records.
    """
    if ours == theirs or (open_of is None and base in (ours, theirs)):  # with keys, the better one of two spellings counts
        return Merged(theirs if ours == base else ours, [])
    style = style or Style()
    return (len(ours) > _LONG and shortly(base, ours, theirs, open_of, style)) or in_full(base, ours, theirs, open_of, style)


def in_full(base: bytes, ours: bytes, theirs: bytes, open_of: OpenOf | None, style: Style) -> Merged:
    """`merge`, with all records of all documents."""
    sides = [document.parse(data) for data in (base, ours, theirs)]
    if any(document.is_marker(record) for records in sides[1:] for record in records):
        raise CannotStand("is in conflict already")
    key = _key_after(*(alike.most_frequent([alike.key(each) for each in side if each.kind is Kind.TOKEN]) for side in sides))
    return _merged(_Merging(sides, open_of, style, key), _is_ended(base, ours, theirs))


def shortly(base: bytes, ours: bytes, theirs: bytes, open_of: OpenOf | None, style: Style) -> Merged | None:
    """The same without the records that are settled, as most of a long document are; None where it has to be done in full."""
    from gitenv.model import settled

    if (short := settled.shortened((base, ours, theirs), _key_after)) is None:
        return None
    sides = [document.parse(data) for data in short.sides]
    if not short.fits(sides):
        return None
    try:
        merged = _merged(_Merging(sides, open_of, style, short.key, short.lines[0].keys()), _is_ended(base, ours, theirs))
    except CannotStand:
        return None
    data = short.whole(merged.data)
    is_large = len(data) > document.MAX_BYTES or data.count(b"\n") >= document.MAX_RECORDS
    return None if is_large else merged._replace(data=data)


def _merged(merging: _Merging, is_ended: bool) -> Merged:
    merging.run()
    is_ended = is_ended or any(document.is_marker(record) for record in merging.out[-1:])
    return Merged(_checked(merging.out, is_ended), merging.conflicts)


def in_conflict(ours: bytes, theirs: bytes) -> Merged:
    """The whole of two documents as one conflict, where they cannot be merged by key."""
    sides = [data if not data or data.endswith(b"\n") else data + b"\n" for data in (ours, theirs)]
    return Merged(b"<<<<<<< ours\n%b=======\n%b>>>>>>> theirs\n" % (sides[0], sides[1]), [""])


def opener(rings: Sequence[Keyring]) -> OpenOf:
    """What opens the tokens of every generation that any of the keyrings has."""
    from gitenv.model import token

    def open_of(record: Record) -> bytes | None:
        found = token.read(record)
        texts = (ring.text_of(found) for ring in rings) if found else ()
        return next((text for text in texts if text is not None), None)

    return open_of


class _Merging:
    """One merge. Inside, records that say the same are spelled the same; `_spelled` says how each side spells them."""

    def __init__(
        self, sides: Sequence[_Records], open_of: OpenOf | None, style: Style, key: bytes, settled: Set[bytes] = frozenset()
    ) -> None:
        self.out: list[Record] = []
        self.conflicts: list[str] = []
        self._style = style
        said, self._closed = alike.spelled(sides, open_of, settled) if open_of else (sides, frozenset())
        self._base, self._ours, self._theirs = (_parts(side) for side in said)
        self._torn = _torn(said[0])
        self._spelled = [
            {one.raw: other for one, other in zip(same, side, strict=True)} for same, side in zip(said, sides, strict=True)
        ]
        self._key = key  # of the outcome
        one, other = (Counter(record.raw for record in side if not alike.name_of(record)) for side in said[1:])
        # A line that both sides moved away from its key, each above a key of their own: it stands there once.
        self._once = {raw for raw, count in one.items() if raw.strip() and count == 1 and other[raw] == 1}
        self._moved: set[bytes] = set()

    def run(self) -> None:
        for place in _ordered(self._ours, self._theirs):
            was, mine, other = self._base.get(place), self._ours.get(place), self._theirs.get(place)
            if mine and was == mine == other and not mine.lead and mine.record and place not in self._torn:
                self.out.append(self._spelling(mine.record))  # nearly all of a long document
                continue
            was, mine, other = was or _NOTHING, mine or _NOTHING, other or _NOTHING
            sides = [_several(part.record) for part in (was, mine, other)]
            chosen = self._three_way(*sides, is_torn=place in self._torn)
            if chosen is None and not (mine.record and other.record):
                self._put((mine if mine.record else other).lead)  # for whoever decides that the key stays
            else:
                leads = was.lead, mine.lead, other.lead
                self._put(self._three_way(*leads), b"", *leads)
            self._put(chosen, place.name, *sides)

    def _three_way(self, was: _Records, mine: _Records, other: _Records, *, is_torn: bool = False) -> _Records | None:
        """What stands there now; None for a conflict."""
        one, two, before = _raws(mine), _raws(other), _raws(was)
        if one == two:
            return mine
        if is_torn:
            return None
        if one == before:
            return self._changed(was, other, mine, 1)
        if two == before:
            return self._changed(was, mine, other, 2)
        return mine if not b"".join(one + two).strip() else None

    def _changed(self, was: _Records, change: _Records, same: _Records, same_side: int) -> _Records | None:
        """What one side changed, where the other one says the same as before.

        If the other side was encrypted since, or encrypted anew, the change may be anybody's who had an older key, or none.
        It does not take the place of what is vouched for, but stands behind it: there a holder can accept it, and reject it
        without a loss. What no key at hand opens may be no change at all, and what has a newer key than the file would have
        cannot be opened there: those conflict.
        """
        new = [record for record in change if record.kind is not Kind.PLAIN and record.raw not in _raws(same)]
        if any(alike.rank(record) > self._number() > 0 for record in new):
            return None
        if [self._spelled[same_side][record.raw].raw for record in same] == [
            self._spelled[0][record.raw].raw for record in was
        ]:
            return change
        if any(record.raw in self._closed for record in new):
            return None
        newest = max((alike.rank(self._spelled[same_side][record.raw]) for record in same), default=0)
        aside = [record for record in new if alike.rank(record) < newest]
        return [*same, *aside] if aside else change

    def _put(self, chosen: _Records | None, name: bytes = b"", *sides: _Records) -> None:
        if chosen is None:
            self._put_conflict(name, *sides)
            return
        begin = len(self.out)
        for record in chosen:
            if record.raw not in self._moved:
                self.out.append(self._spelling(record))
                continue
            while self.out[begin:] and not self.out[-1].raw.strip():  # the blank lines above it stand there as well
                self.out.pop()
        self._moved.update(record.raw for record in chosen if record.raw in self._once)

    def _put_conflict(self, name: bytes, *sides: _Records) -> None:
        was, mine, other = ([spelled[r.raw] for r in side] for spelled, side in zip(self._spelled, sides, strict=True))
        style = self._style
        base = [_mark(b"|", style.size, style.base), *was] if style.with_base else []
        self.out += [_mark(b"<", style.size, style.ours), *mine, *base, _mark(b"=", style.size, b"")]
        self.out += [*other, _mark(b">", style.size, style.theirs)]
        self.conflicts.append(name.decode("ascii"))

    def _spelling(self, record: Record) -> Record:
        """How a record is spelled that both sides may have: under the file's key, and rather under any than in plain text."""
        one, other = (spelled.get(record.raw) for spelled in self._spelled[1:])
        found = [each for each in (one, other) if each]
        if len(found) == 1 or found[0].raw == found[1].raw:
            return found[0]
        return max(found, key=lambda each: (bool(self._key) and alike.key(each) == self._key, alike.rank(each)))

    def _number(self) -> int:
        return int(self._key.partition(b".")[0] or 0)


def _key_after(was: bytes, mine: bytes, other: bytes) -> bytes:
    """The key of the outcome, three ways: an edit that is carried to an older commit does not bring a newer key along."""
    if mine == was or other == was:
        return other if mine == was else mine
    return max(mine, other, key=lambda key: int(key.partition(b".")[0] or 0))


def _parts(records: Iterable[Record]) -> dict[Position, Part]:
    found: dict[Position, Part] = {}
    count: dict[bytes, int] = {}
    lead: list[Record] = []
    for record in records:
        if not (name := alike.name_of(record)):
            lead.append(record)
            continue
        count[name] = number = count.get(name, 0) + 1
        found[Position(name, number)] = Part(tuple(lead), record)
        lead = []
    found[_END] = Part(tuple(lead), None)
    return found


def _torn(records: _Records) -> set[Position]:
    """The keys in a conflict of what both began from: git makes one where that is two commits itself. They had no one value."""
    found: set[Position] = set()
    if not any(map(document.is_marker, records)):
        return found
    count: Counter[bytes] = Counter()
    depth = 0
    for record in records:
        depth += {b"<": 1, b">": -1}.get(record.raw[:1], 0) if document.is_marker(record) else 0
        if name := alike.name_of(record):
            count[name] += 1
            found |= {Position(name, count[name])} if depth else set()
    return found


def _ordered(ours: Mapping[Position, Part], theirs: Mapping[Position, Part]) -> Iterator[Position]:
    """Our order, and behind each place what only they have there."""
    behind: dict[Position | None, list[Position]] = {}
    anchor: Position | None = None
    for place in theirs:
        if place in ours:
            anchor = place
        else:
            behind.setdefault(anchor, []).append(place)
    yield from behind.get(None, ())
    for place in ours:
        yield place
        yield from behind.get(place, ())


def _checked(out: Sequence[Record], is_ended: bool) -> bytes:
    wanted = [record._replace(end=b"\n") for record in out]
    if wanted and not is_ended:
        wanted[-1] = wanted[-1]._replace(end=b"")
    data = document.join(wanted)
    document.check_size(len(data))
    document.check_count(len(wanted))
    # What is encrypted is read in the same way wherever it stands.
    if any(record.kind in document.TEXT for record in wanted) and not document.is_read_as(data, wanted):
        raise CannotStand("this would change how the lines around it are read")
    return data


def _is_ended(*sides: bytes) -> bool:
    """Whether the last line has an end: three ways, too."""
    was, mine, other = (not data or data.endswith(b"\n") for data in sides)
    return mine if other == was else other


def _mark(sign: bytes, size: int, label: bytes) -> Record:
    return Record(Kind.PLAIN, b"", sign * size + (b" " + label if label else b""), b"\n")


def _several(record: Record | None) -> tuple[Record, ...]:
    return (record,) if record else ()


def _raws(records: Iterable[Record]) -> list[bytes]:
    return [record.raw for record in records]
