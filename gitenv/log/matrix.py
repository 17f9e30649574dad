"""`gitenv matrix`: which key stands in which environment, and who set it last and when. No key is needed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import closing
from enum import Enum

from gitenv.errors import GitenvError, NotInOrder
from gitenv.log import key_facts
from gitenv.log.facts import Event, Fact, Skipped, What
from gitenv.log.history import Log
from gitenv.model import comparing, document, sealed, unvouched
from gitenv.model.document import Kind, Record
from gitenv.model.environment import Environment
from gitenv.repo import claims, environments, recipients
from gitenv.repo.claims import Claims
from gitenv.repo.snapshot import Snapshot
from gitenv.tuples import NamedTuple

_TELLING = (What.SET, What.CHANGED, What.RENAMED, What.ENCRYPTED, What.EXPOSED, What.ACCEPTED, What.SEALED)


class KeyState(Enum):
    """What a key is in one environment. The values are for programs, and stay what they are."""

    SET = "set"
    MISSING = "missing"
    SEALED = "sealed"  # by somebody who cannot read the environment, and waiting for a holder
    UNVERIFIED = "unverified"  # nobody vouches for what stands there


_RANK = (KeyState.UNVERIFIED, KeyState.SET, KeyState.SEALED)  # what is said of two of one name


class Spot(NamedTuple):
    """One key in one environment of a folder."""

    standing: KeyState
    path: str = ""
    line: int = 0
    raw: bytes = b""
    by: str = ""  # who sealed it, as it says

    @property
    def place(self) -> Place:
        return self.path, self.standing is KeyState.SEALED


Place = tuple[str, bool]
"""A file, and whether it is about values that wait for a holder there."""
MISSING = Spot(KeyState.MISSING)


class Columns(NamedTuple):
    """The environments that have files in one folder, each with its keys."""

    folder: str  # "" is the top
    environments: Mapping[str, Mapping[str, Spot]]

    @property
    def names(self) -> list[str]:
        """All keys, as the files have them, one file after the other."""
        return list(dict.fromkeys(name for keys in self.environments.values() for name in keys))


class Last(NamedTuple):
    """Who set keys last, by place and name, and what the walk could not look at."""

    events: Mapping[tuple[Place, str], Event]
    uncommitted: Collection[tuple[Place, str]]
    is_cut: bool
    skipped: Sequence[Skipped]
    skipped_more: int  # how many are not in that list


def columns(side: Snapshot, folder: str, wanted: Collection[str]) -> list[Columns]:
    """All folders of a state with files of environments (`wanted`, or all). Raises `NotInOrder` where there are none."""
    statements = recipients.readable(side, environments.known(folder, side))
    if not statements:
        raise NotInOrder("there are no environments here", "gitenv init")
    owners, found = Claims(statements.values()), dict[str, dict[str, dict[str, Spot]]]()
    for path, entry in sorted(side.matching(claims.pathspecs(statements.values())).items(), key=_by_name):
        statement = owners.statement_of(path) if entry.is_file else None
        if statement and (not wanted or statement.name in wanted):
            keys = found.setdefault(path.rpartition("/")[0], {}).setdefault(statement.name, {})
            for name, spot in _spots(path, side.document(path) or b"", statement):
                if name not in keys or _RANK.index(spot.standing) >= _RANK.index(keys[name].standing):
                    keys[name] = spot
    return [Columns(folder, its) for folder, its in sorted(found.items())]


def _by_name(item: tuple[str, object]) -> tuple[str, str]:
    folder, _, name = item[0].rpartition("/")
    return folder, name


def _spots(path: str, data: bytes, statement: Environment) -> Iterable[tuple[str, Spot]]:
    """The keys of a file; those that wait for a holder come last. None of a file that is too large."""
    try:
        listed = comparing.occurrences(data)
        seals = (
            [each for each in document.numbered(document.parse(data)) if each[0].kind is Kind.SEALED]
            if sealed.MARK in data
            else []
        )
    except GitenvError:
        return
    known = dict[bytes, bool]()
    for name, places in listed.items():
        good = [each for each in places if _is_vouched_for(each.record, statement, known)]
        last = (good or places)[-1]
        yield name, Spot(KeyState.SET if good else KeyState.UNVERIFIED, path, last.line, last.record.raw)
    for record, line in seals:
        value = sealed.read(record)
        name = record.name.decode("ascii")
        yield name, Spot(KeyState.SEALED, path, line, record.raw, value.by if value else "")


def _is_vouched_for(record: Record, statement: Environment, known: dict[bytes, bool]) -> bool:
    """Whether a token is of today's generation: most of a file are of one, and are judged once."""
    if record.kind is not Kind.TOKEN:
        return False
    generation = record.raw[len(record.name) + 1 :].rpartition(b":")[0]
    if generation not in known:
        known[generation] = not unvouched.code(record, statement)
    return known[generation]


def last(folder: str, listed: Sequence[Columns], committed: Snapshot | None, revision: str, looked: Callable[[], None]) -> Last:
    """Who set what last, by one walk through history that ends as soon as all is known. `committed` is where it begins."""
    found = dict[tuple[Place, str], Event]()
    waiting = _Waiting(listed, committed)
    if not committed:
        return Last(found, waiting.uncommitted, False, (), 0)
    history = Log(folder, revision=revision, interest=waiting)
    with closing(history.events(looked)) as events:
        for event in events if waiting.names else ():
            fact = event.fact
            if fact.what is What.MOVED:
                waiting.moved(fact.former, fact.path)
            elif place := waiting.take(fact):
                found[place, fact.key] = event
                if not waiting.names:
                    break
    return Last(found, waiting.uncommitted, history.is_cut, history.skipped, history.skipped_more)


class _Waiting:
    """The names whose commit is still looked for, by place, each with the line that it stands in at this point of the way."""

    def __init__(self, listed: Sequence[Columns], committed: Snapshot | None) -> None:
        """Those that do not stand so in the commit to begin at are none of them."""
        self.names = dict[Place, dict[str, bytes]]()
        self.uncommitted = set[tuple[Place, str]]()
        there = dict[str, Collection[bytes]]()
        for each in listed:
            for keys in each.environments.values():
                for name, spot in keys.items():
                    if spot.path not in there:
                        there[spot.path] = _lines((committed.document(spot.path) if committed else None) or b"")
                    if _stands(spot.raw, there[spot.path]):
                        self.names.setdefault(spot.place, {})[name] = spot.raw
                    else:
                        self.uncommitted.add((spot.place, name))
        self._now = {path: path for path in there}  # where a file lay at this point of the way back: where it lies now

    def moved(self, former: str, path: str) -> None:
        """Before a commit a file lay elsewhere. What else that commit did to it is said of its new path."""
        self._now[former] = self._now.get(path, "")

    def waits(self, path: str) -> bool:
        return any(place in self.names for place in self._places(path))

    def facts(self, path: str, texts: Sequence[bytes], make: Callable[[], list[Fact]]) -> list[Fact]:
        """Those about names whose line came with this commit. Another branch may have set it to something else later."""
        text = b"\n".join([b"", *texts[:-1]])
        before, after, now = _lines(text), _lines(texts[-1]), self._now[path]
        came = {
            (place, name): raw
            for place in self._places(path)
            for name, raw in self.names.get(place, {}).items()
            if not _stands(raw, before) and _stands(raw, after)
        }
        if not any(_is_of_another_key(name, raw, text) for (_, name), raw in came.items()):  # nearly always, and quick to tell
            return [Fact(What.SEALED if is_sealed else What.CHANGED, path=path, key=name) for (_, is_sealed), name in came]
        found = [fact for fact in make() if fact.what in _TELLING and (_place(fact, now), fact.key) in came]
        for place, name in came.keys() - {(_place(fact, now), fact.key) for fact in found}:  # encrypted anew
            if places := key_facts.occurrences(texts[0]).get(name):
                self.names[place][name] = places[-1].record.raw
        return found

    def take(self, fact: Fact) -> Place | None:
        """The place that a fact is about, which does not wait for another one; None if it is about none."""
        place = _place(fact, self._now.get(fact.path, ""))
        if fact.key not in self.names.get(place, ()):
            return None
        del self.names[place][fact.key]
        if not self.names[place]:
            del self.names[place]
        return place

    def _places(self, path: str) -> list[Place]:
        return [(self._now.get(path, ""), is_sealed) for is_sealed in (False, True)]


def _place(fact: Fact, path: str) -> Place:
    return path, fact.what is What.SEALED


def _is_of_another_key(name: str, raw: bytes, before: bytes) -> bool:
    """Whether a token stood there before as one of another generation: then it may be the same value, encrypted anew."""
    mark = b"=gitenv1:"
    at = before.find(b"\n" + name.encode("ascii") + mark)
    now = raw.partition(mark)[2].partition(b":")[0]
    return at >= 0 and bool(now) and not before.startswith(now + b":", at + 1 + len(name) + len(mark))


def _lines(data: bytes) -> frozenset[bytes]:
    return frozenset(data.split(b"\n"))


def _stands(raw: bytes, lines: Collection[bytes]) -> bool:
    return raw in lines or (b"\n" in raw and all(line in lines for line in raw.split(b"\n")))
