"""Records that say the same and are spelled in two ways: a token under each of two keys, or a token and plain text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence, Set

from gitenv.model.document import TEXT, Kind, OpenOf, Record

_NAMED = (Kind.ASSIGNMENT, Kind.TOKEN, Kind.LOOKALIKE)


def spelled(
    sides: Sequence[Sequence[Record]], open_of: OpenOf, settled: Set[bytes]
) -> tuple[Sequence[Sequence[Record]], Set[bytes]]:
    """The same records, and those that say the same spelled in the same way. And which of them no key at hand opens.

    What of one name is under one key, or under none, is the same only where it is spelled so: nothing of it is opened. Nor is
    what has a name of `settled`: there it makes no difference.
    """
    raws = [{record.raw for record in side} for side in sides]
    everywhere = raws[0] & raws[1] & raws[2]
    kinds = (*TEXT, Kind.TOKEN)
    differ = [record for side in sides for record in side if record.raw not in everywhere and record.kind in kinds]
    keys: dict[bytes, set[bytes]] = {}
    for record in differ:
        keys.setdefault(name_of(record), set()).add(key(record))
    differ = [record for record in differ if len(keys[name_of(record)]) > 1 and name_of(record) not in settled]
    texts = {raw: (name_of(record), _text(record, open_of)) for raw, record in {each.raw: each for each in differ}.items()}
    first = {said: record for record in sorted(differ, key=rank) if (said := texts[record.raw])[1] is not None}
    closed = frozenset(raw for raw, (_, text) in texts.items() if text is None)
    return [[first.get(texts.get(record.raw, (b"", None)), record) for record in side] for side in sides], closed


def name_of(record: Record) -> bytes:
    """What makes a record a part of its own; empty for lines that belong to the part below."""
    if record.kind is Kind.SEALED:
        return record.raw  # two of one name are two proposals
    return record.name if record.kind in _NAMED else b""


def rank(record: Record) -> int:
    """The generation that vouches for a record, if its token is right; 0 for none."""
    return int(key(record).partition(b".")[0] or 0)


def key(record: Record) -> bytes:
    """What a token says of its key: generation and hint. Empty for plain text."""
    return record.raw.split(b":", 2)[1] if record.kind is Kind.TOKEN else b""


def most_frequent(keys: Sequence[bytes]) -> bytes:
    """The key that most tokens of a document have; empty where there are none."""
    count = Counter(keys)
    return max(count, key=count.__getitem__, default=b"")  # `most_common` would load a module


def _text(record: Record, open_of: OpenOf) -> bytes | None:
    return open_of(record) if record.kind is Kind.TOKEN else record.raw
