"""Two versions of a document, key by key: what a reviewer sees of a change. Pure, and without a key unless one is given.

Within a generation equal values have equal tokens, so whether a value changed is seen without a key. Across a rotation it is
not: there, `open_of` tells, or the answer says that it is not sure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import Enum
from functools import lru_cache

from gitenv.model import document, token
from gitenv.model.document import Kind, OpenOf, Record
from gitenv.tuples import NamedTuple

_TEXT = (Kind.ASSIGNMENT, Kind.LOOKALIKE)
_HIDDEN = (Kind.COMMENT, Kind.UNKNOWN, Kind.TOKEN, Kind.UNVERIFIED, Kind.LOOKALIKE)
_LONG = 1024  # bytes of a line
_TELLING = 8  # bytes that hardly ever two keys have in common by chance


class Outcome(Enum):
    """What happened to a key."""

    ADDED = "added"
    CHANGED = "changed"
    REENCRYPTED = "re-encrypted"  # by a rotation; the same value, if that is sure
    ENCRYPTED = "encrypted"  # it stood there in plain text before
    EXPOSED = "exposed"  # it stands there in plain text now
    RENAMED = "renamed"
    REMOVED = "removed"


class Occurrence(NamedTuple):
    """One record with a name, and the line it begins in (from 1)."""

    record: Record
    line: int

    @property
    def name(self) -> str:
        return self.record.name.decode("ascii")


class KeyChange(NamedTuple):
    """One key that is not what it was."""

    name: str
    outcome: Outcome
    before: Occurrence | None
    after: Occurrence | None
    is_sure: bool = True  # False: without a key it cannot be told; then it is what is likely

    @property
    def line(self) -> int:
        """Where it stands now, or where it stood."""
        return (self.after or self.before or Occurrence(Record(Kind.PLAIN, b"", b"", b""), 0)).line


class Comparison(NamedTuple):
    """All that differs between two versions of one document."""

    keys: list[KeyChange]  # in the order of the new version, what is gone at the end
    hidden_added: int  # comments, and lines that are nothing known: they show no name
    hidden_removed: int


def occurrences(data: bytes) -> dict[str, list[Occurrence]]:
    """The keys of a document, in order, each with all the records that set it. Sealed values set nothing.

    Raises `NotTrusted` for a document that is too large.
    """
    found: dict[str, list[Occurrence]] = {}
    for each in _alone(data) or (Occurrence(*one) for one in document.numbered(document.parse(data))):
        if each.record.name and each.record.kind is not Kind.SEALED:
            found.setdefault(each.name, []).append(each)
    return found


def _alone(data: bytes) -> list[Occurrence] | None:
    """The lines of a document each of which says by itself what it is, as most commits have it; None for others.

    Of two versions most lines are the same: they are read once.
    """
    lines = data.split(b"\n")
    if lines.pop() or len(lines) > document.MAX_RECORDS or len(data) > document.MAX_BYTES:
        return None
    found = []
    for number, line in enumerate(lines, 1):
        each = _known_at(line, number) if len(line) < _LONG else _alone_at(line, number)
        if each is None:
            return None
        found.append(each)
    return found


def _alone_at(line: bytes, number: int) -> Occurrence | None:
    record = document.alone(line)
    return Occurrence(record, number) if record else None


_known_at = lru_cache(maxsize=8192)(_alone_at)


def in_conflict(data: bytes) -> dict[str, int]:
    """The keys between git's conflict markers, each with the line of the first one: nobody has decided what they are."""
    found: dict[str, int] = {}
    depth = 0
    for record, line in document.numbered(document.parse(data)):
        if document.is_marker(record):
            depth += {b"<": 1, b">": -1}.get(record.raw[:1], 0)
        elif depth and record.name:
            found.setdefault(record.name.decode("ascii"), line)
    return found


def compare(before: bytes, after: bytes, open_of: OpenOf | None = None) -> Comparison:
    """What happened to each key of a document. Empty: no file. Raises `NotTrusted` for one that is too large."""
    old, new = occurrences(before), occurrences(after)
    return Comparison(keys(old, new, open_of), *_hidden(before, after, is_same_key=not _rotated(old, new)))


def keys(
    old: Mapping[str, list[Occurrence]], new: Mapping[str, list[Occurrence]], open_of: OpenOf | None = None
) -> list[KeyChange]:
    """What happened to each key, in the order of the new version; what is gone at the end."""
    changes = {
        name: change
        for name, now in new.items()
        if (was := old.get(name)) != now and (change := _change(name, was, now, open_of))
    }
    gone = {name: KeyChange(name, Outcome.REMOVED, old[name][-1], None) for name in old if name not in new}
    for name, former, is_sure in _renames(old, new, open_of):
        changes[name] = KeyChange(name, Outcome.RENAMED, old[former][-1], new[name][-1], is_sure)
        del gone[former]
    return [*changes.values(), *gone.values()]


def _change(name: str, old: list[Occurrence] | None, new: list[Occurrence], open_of: OpenOf | None) -> KeyChange | None:
    if old is None:
        return KeyChange(name, Outcome.ADDED, None, new[-1])
    was, now = old[-1], new[-1]  # the last one counts, for every reader of .env files
    if [each.record.raw for each in old] == [each.record.raw for each in new]:
        return None
    if now.record.kind in _TEXT and was.record.kind is Kind.TOKEN:
        return KeyChange(name, Outcome.EXPOSED, was, now)
    if now.record.kind is Kind.TOKEN and was.record.kind in _TEXT:
        return KeyChange(name, Outcome.ENCRYPTED, was, now)
    outcome, is_sure = _compared(was.record, now.record, open_of)
    if outcome is None:
        # The value is the same; another record of the same name came, went or changed.
        return KeyChange(name, Outcome.CHANGED, was, now)
    return KeyChange(name, outcome, was, now, is_sure)


def _compared(was: Record, now: Record, open_of: OpenOf | None) -> tuple[Outcome | None, bool]:
    if was.raw == now.raw:
        return None, True
    one, other = (token.read(record) if record.kind is Kind.TOKEN else None for record in (was, now))
    if one is None or other is None or (one.number, one.hint) == (other.number, other.hint):
        return Outcome.CHANGED, True
    if len(one.body) != len(other.body):  # lengths are rounded: another one is another value
        return Outcome.CHANGED, True
    texts = [open_of(record) if open_of else None for record in (was, now)]
    if None in texts:
        return Outcome.REENCRYPTED, False
    return (Outcome.REENCRYPTED if texts[0] == texts[1] else Outcome.CHANGED), True


def _renames(
    old: Mapping[str, list[Occurrence]], new: Mapping[str, list[Occurrence]], open_of: OpenOf | None
) -> Iterable[tuple[str, str, bool]]:
    """New names, each with its former one: the same value, where a key tells; else in the same place between two others."""
    came = [name for name in new if name not in old]
    gone = [name for name in old if name not in new] if came else []
    if not gone:  # the most frequent case, and the log has it ten thousand times
        return
    standing = {place: name for name, place in _between(old, new).items()}
    places_now = _between(new, old)
    if open_of:
        values = {value: name for name in gone if (value := value_of(old[name][-1].record, open_of))}
        for name, place in places_now.items():
            value = value_of(new[name][-1].record, open_of)
            former = values.get(value, "") if value else ""
            # That two keys are `true` does not make them one.
            if value and former and (len(value) >= _TELLING or standing.get(place) == former):
                del values[value]
                yield name, former, True
        return
    for name, place in places_now.items():
        former = standing.pop(place, "")
        if former and _may_be_same(old[former][-1].record, new[name][-1].record):
            yield name, former, False


def _may_be_same(was: Record, now: Record) -> bool:
    """Whether two records may set one value under two names: lengths are rounded, and both have their names in them."""
    one, other = _token(was), _token(now)
    if one is None or other is None:
        return one is other and _text(was) == _text(now)
    longer, steps = len(now.name) - len(was.name), max(len(one.body), len(other.body)) // 4
    return abs(len(other.body) - len(one.body) - longer) < max(32, steps)


def _between(names: Mapping[str, list[Occurrence]], others: Mapping[str, list[Occurrence]]) -> dict[str, tuple[str, str, int]]:
    """For each name that `others` lack: between which keys of both versions it stands, and as which of those there."""
    found: dict[str, tuple[str, str, int]] = {}
    before, waiting = "", list[str]()
    for name in (*names, ""):
        if name and name not in others:
            waiting.append(name)
            continue
        found.update((each, (before, name, number)) for number, each in enumerate(waiting))
        before, waiting = name, []
    return found


def value_of(record: Record, open_of: OpenOf) -> bytes | None:
    """What a record sets its name to, without the name."""
    text = record.raw if record.kind is Kind.ASSIGNMENT else open_of(record)
    return _text(record._replace(raw=text)) or None if text else None


def _text(record: Record) -> bytes:
    """What stands behind the name and its `=` or `:` in a record of plain text."""
    return record.raw.partition(record.name)[2].strip().lstrip(b"=:").strip()


def _rotated(old: Mapping[str, list[Occurrence]], new: Mapping[str, list[Occurrence]]) -> bool:
    one, other = (
        {(found.number, found.hint) for places in side.values() for each in places if (found := _token(each.record))}
        for side in (old, new)
    )
    return bool(one and other and one != other)


def _token(record: Record) -> token.Token | None:
    return token.read(record) if record.kind is Kind.TOKEN else None


def _hidden(before: bytes, after: bytes, is_same_key: bool) -> tuple[int, int]:
    """How many lines without a name came and went; across a rotation only how many more or fewer there are."""
    old, new = (
        [record.raw for record in document.parse(data) if not record.name and record.kind in _HIDDEN]
        for data in (before, after)
    )
    if not is_same_key:
        return max(0, len(new) - len(old)), max(0, len(old) - len(new))
    was, now = Counter(old), Counter(new)
    return (now - was).total(), (was - now).total()
