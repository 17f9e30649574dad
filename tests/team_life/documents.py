"""Documents as the model sees them: lines that are equal where their ciphertext would be equal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import NamedTuple


class Generation:
    """One data key of an environment. Two of one number are two."""

    def __init__(self, environment: str, number: int, parents: Sequence[Generation]) -> None:
        self.environment = environment
        self.number = number
        self.chain: frozenset[Generation] = frozenset({self}).union(*(parent.chain for parent in parents))

    def __repr__(self) -> str:
        return f"{self.environment}.{self.number}.{id(self) % 10000}"


class Line(NamedTuple):
    """One line of a committed document: a heading (no generation), a value, or what somebody `sealer` sealed."""

    name: str
    secret: str = ""
    generation: Generation | None = None
    sealer: str = ""

    @property
    def plain(self) -> str:
        return f"{self.name}={self.secret}" if self.generation else self.name


Document = tuple[Line, ...]


def is_value(line: Line, now: Generation) -> bool:
    """Whether a line is a value in a tree of this generation. Anything else with a key is nobody's."""
    return line.generation is now and not line.sealer


def unverified(document: Document, now: Generation) -> list[int]:
    """The positions of lines that nobody vouches for."""
    return [position for position, line in enumerate(document) if line.generation and not is_value(line, now)]


def opened(document: Document, now: Generation) -> str | None:
    """A regular expression for what an open work tree has; None where a line is of no generation that leads to this one."""
    if any(line.generation and line.generation not in now.chain for line in document):
        return None
    marks = set(unverified(document, now))
    return "".join(
        rf"#gitenv-unverified:\S+:{line.name}%3Dgitenv1.+\n" if position in marks else f"{line.plain}\n"
        for position, line in enumerate(document)
    )


def reencrypted(document: Document, before: Collection[Generation], now: Generation) -> Document:
    """The document after a rotation: values of today stay that, and what was nobody's stays nobody's."""
    return tuple(line._replace(generation=now) if line.generation in before and not line.sealer else line for line in document)


def with_value(document: Document, name: str, secret: str, now: Generation) -> Document:
    """Set a value in the place of all that have its name, or at the end."""
    places = [n for n, line in enumerate(document) if line.name == name and is_value(line, now)]
    new = Line(name, secret, now)
    if not places:
        return (*document, new)
    return tuple(new if n == places[0] else line for n, line in enumerate(document) if n not in places[1:])


def with_sealed(document: Document, new: Line) -> Document:
    """Seal a value: in the place of what the same person sealed under that name, or behind the last of its name."""
    own = [n for n, line in enumerate(document) if line.name == new.name and line.sealer == new.sealer]
    if own:
        return (*document[: own[0]], new, *document[own[0] + 1 :])
    places = [n for n, line in enumerate(document) if line.generation and line.name == new.name]
    at = places[-1] + 1 if places else len(document)
    return (*document[:at], new, *document[at:])


def accepted(document: Document, position: int, now: Generation) -> Document:
    """A line that was nobody's is a value: in the place of those with its name, or where it stands."""
    chosen = document[position]
    if any(line.name == chosen.name and is_value(line, now) for line in document):
        return with_value(document[:position] + document[position + 1 :], chosen.name, chosen.secret, now)
    return (*document[:position], Line(chosen.name, chosen.secret, now), *document[position + 1 :])


def resolved(ours: Document, theirs: Document, now: Generation, was: Collection[Generation]) -> Document:
    """What people write where git cannot merge: the other side's values, and one's own that it does not have.

    Only what counts, under today's key or one that a rotation has just brought over: other text would stay nobody's.
    """
    kept: dict[str, Line] = {}
    for line in (*theirs, *ours):
        if line.generation is None or (line.generation in {now, *was} and not line.sealer):
            kept.setdefault(line.name, line._replace(generation=now if line.generation else None))
    return tuple(kept.values())


def merged(base: Document, ours: Document, theirs: Document, with_key: bool) -> Document | None:
    """What the merge by key makes of three documents, or None for a conflict. Without a key, equal is spelled the same."""
    return _Merge(base, ours, theirs, with_key).outcome()


Place = tuple[object, int]
Part = tuple[Document, Document]  # headings, and the line below them (none at the end)


class _Merge:
    """A merge of lines that know what they say, and of which key they are."""

    def __init__(self, base: Document, ours: Document, theirs: Document, with_key: bool) -> None:
        self.sides = base, ours, theirs
        self.with_key = with_key
        was, mine, other = (self._main(side) for side in self.sides)
        self.now = other if mine == was else mine
        if mine != was != other:
            self.now = max(mine, other, key=lambda found: found.number if found else 0)
        one, two = (Counter(line for line in side if not line.generation) for side in (ours, theirs))
        # A heading that both sides moved away from its key, each above a key of their own: it stands there once.
        self.once = {line for line in one if one[line] == two[line] == 1}

    def outcome(self) -> Document | None:
        was, mine, other = map(self._parts, self.sides)
        found: list[Line] = []
        moved: set[Line] = set()
        for place in _ordered(list(mine), list(other)):
            sides = [side.get(place, ((), ())) for side in (was, mine, other)]
            for which in (0, 1):
                chosen = self._three_way(*(side[which] for side in sides))
                if chosen is None:
                    return None
                found += [self._spelled(line) for line in chosen if line not in moved]
                moved |= self.once.intersection(chosen)
        return tuple(found)

    def _three_way(self, was: Document, mine: Document, other: Document) -> Document | None:
        one, two, before = self._said(mine), self._said(other), self._said(was)
        if one == two:
            return mine
        for change, same in ((other, mine), (mine, other)):
            if self._said(same) == before:
                return self._changed(was, change, same)
        return None

    def _changed(self, was: Document, change: Document, same: Document) -> Document | None:
        new = [line for line in change if not set(self._said((line,))) & set(self._said(same))]
        if self.now and any(_number(line) > self.now.number for line in new):
            return None
        if same == was:
            return change
        aside = tuple(line for line in new if line.generation and _number(line) < max(map(_number, same), default=0))
        return (*same, *aside) if aside else change

    def _said(self, lines: Document) -> tuple[object, ...]:
        return tuple(
            (line.name, line.secret) if self.with_key and line.generation and not line.sealer else line for line in lines
        )

    def _spelled(self, line: Line) -> Line:
        same = [other for side in self.sides[1:] for other in side if self._said((other,)) == self._said((line,))]
        return max(same, key=lambda each: (each.generation is self.now, _number(each)))

    def _main(self, side: Document) -> Generation | None:
        found = Counter(line.generation for line in side if line.generation and not line.sealer).most_common(1)
        return found[0][0] if found else None

    def _parts(self, side: Document) -> dict[Place, Part]:
        parts: dict[Place, Part] = {}
        count: Counter[object] = Counter()
        lead: list[Line] = []
        for line in side:
            if not line.generation:
                lead.append(line)
                continue
            what = line if line.sealer else line.name
            count[what] += 1
            parts[what, count[what]] = tuple(lead), (line,)
            lead = []
        return {**parts, ("", 0): (tuple(lead), ())}


def _number(line: Line) -> int:
    return line.generation.number if line.generation and not line.sealer else 0


def _ordered(mine: list[Place], other: list[Place]) -> list[Place]:
    found = list(mine)
    for n, place in enumerate(other):
        if place not in mine:
            found.insert(found.index(other[n - 1]) + 1 if n else 0, place)
    return found
