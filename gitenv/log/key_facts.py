"""What a commit did to the keys of one document: pure, from its bytes before and after."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from functools import lru_cache

from gitenv.log.facts import Fact, What
from gitenv.model import comparing, document, sealed, token
from gitenv.model.comparing import KeyChange, Occurrence, Outcome
from gitenv.model.document import Kind, OpenOf
from gitenv.model.statements import Holder

_WHAT = {
    Outcome.ADDED: What.SET,
    Outcome.CHANGED: What.CHANGED,
    Outcome.REMOVED: What.REMOVED,
    Outcome.RENAMED: What.RENAMED,
    Outcome.ENCRYPTED: What.ENCRYPTED,
    Outcome.EXPOSED: What.EXPOSED,
    Outcome.REENCRYPTED: What.REENCRYPTED,
}
_MAX_KEPT = 64 * 1024
_occurrences = lru_cache(maxsize=32)(comparing.occurrences)
_TEXT = (Kind.ASSIGNMENT, Kind.LOOKALIKE)


def of_document(before: Sequence[bytes], after: bytes, open_of: OpenOf | None = None) -> list[Fact]:
    """What is other than in all of `before`, one document for each parent of the commit (b"": no file), without its path.

    `open_of` is asked only where nothing else tells: of tokens of two generations. Raises `NotTrusted` for a document that is
    too large.
    """
    there = occurrences(after)
    first, *others = [_changes(occurrences(each), there, open_of) for each in before]
    changes = {
        name: _least([fact, *(other[name] for other in others)])
        for name, fact in first.items()
        if all(name in other for other in others)
    }
    decided = list(_of_seals([_seals(each) for each in before], _seals(after), changes.keys()))
    accepted = {fact.key for fact in decided if fact.what is What.ACCEPTED}
    return [*(fact for name, fact in changes.items() if name not in accepted), *decided]


def occurrences(data: bytes) -> Mapping[str, list[Occurrence]]:
    """The keys of a document. Raises `NotTrusted` for one that is too large.

    Kept for a while: each version of a file is compared with the one before and with the one behind.
    """
    return _occurrences(data) if len(data) <= _MAX_KEPT else comparing.occurrences(data)


def alike(one: bytes, other: bytes) -> bool:
    """Whether two documents have at least half of their keys in the same words: then one was made from the other."""
    first, second = (
        {record.raw for record in document.parse(data) if record.name and record.kind is not Kind.SEALED}
        for data in (one, other)
    )
    return bool(first and second) and len(first & second) * 2 >= max(len(first), len(second))


def _least(facts: Sequence[Fact]) -> Fact:
    """Of what a merge did to a key, compared with each parent, the one that says least: encrypted anew is not set."""
    return next((fact for fact in facts if fact.what is What.REENCRYPTED), facts[0])


def _changes(
    before: Mapping[str, list[Occurrence]], after: Mapping[str, list[Occurrence]], open_of: OpenOf | None
) -> dict[str, Fact]:
    """What happened to each key since one parent."""
    found = {change.name: change for change in comparing.keys(before, after)}
    if all(change.outcome is not Outcome.REENCRYPTED for change in found.values()):
        return {name: _fact(change) for name, change in found.items()}
    known = {(each.number, each.hint) for listed in before.values() for place in listed if (each := _token(place))}
    return {name: _judged(_fact(change), change, known, open_of) for name, change in found.items()}


def _judged(fact: Fact, change: KeyChange, known: Set[tuple[int, bytes]], open_of: OpenOf | None) -> Fact:
    """Whether a token of another generation came by a rotation, or is somebody's doing.

    A rotation takes all of a document to a generation that it did not have. So a token that goes back was set under the
    retired key, on a branch from before; and one that comes to where the others are was accepted, or set anew.
    """
    was, now = _token(change.before), _token(change.after)
    if fact.what is not What.REENCRYPTED or was is None or now is None:
        return fact
    assert change.before
    assert change.after
    texts = [open_of(place.record) if open_of else None for place in (change.before, change.after)]
    is_same = None if None in texts else texts[0] == texts[1]
    if now.number < was.number or is_same is False:
        return fact._replace(what=What.CHANGED, is_sure=is_same is False)
    if (now.number, now.hint) in known:
        return fact._replace(what=What.ACCEPTED, is_sure=bool(is_same))
    return fact._replace(is_sure=bool(is_same))


def _fact(change: KeyChange) -> Fact:
    was, now = _token(change.before), _token(change.after)
    return Fact(
        _WHAT[change.outcome],
        key=change.name,
        former=change.before.name if change.before and change.outcome is Outcome.RENAMED else "",
        generation=now.number if now else 0,
        former_generation=was.number if was else 0,
        is_plain=change.after is not None and change.after.record.kind in _TEXT,
        is_sure=change.is_sure,
    )


def _token(place: Occurrence | None) -> token.Token | None:
    return token.read(place.record) if place and place.record.kind is Kind.TOKEN else None


def _seals(data: bytes) -> dict[bytes, tuple[str, Holder | None]]:
    """The sealed values of a document: name and who says to have sealed it, by the whole record."""
    if sealed.MARK not in data:
        return {}
    found: dict[bytes, tuple[str, Holder | None]] = {}
    for record in document.parse(data):
        if record.kind is Kind.SEALED:
            value = sealed.read(record)
            try:
                found[record.raw] = record.name.decode("ascii"), value.contributor if value else None
            except ValueError:
                found[record.raw] = record.name.decode("ascii"), None
    return found


def _of_seals(
    before: Sequence[dict[bytes, tuple[str, Holder | None]]],
    after: dict[bytes, tuple[str, Holder | None]],
    changed: Iterable[str],
) -> Iterator[Fact]:
    known = {raw for side in before for raw in side}
    came = [value for raw, value in after.items() if raw not in known]
    for name, by in came:
        yield Fact(What.SEALED, key=name, by=by)
    sealed_again, now_set = {name for name, _ in came}, set(changed)
    for raw, (name, by) in before[0].items():
        if raw in after or name in sealed_again or not all(raw in side for side in before):
            continue
        yield Fact(What.ACCEPTED if name in now_set else What.REJECTED, key=name, by=by)
