"""Across a rotation and without a key: whether a value changed in the commits in between.

Equal tokens are equal values. So from the token before one walks along the commits that only encrypted anew, which are those in
which a token of one generation took the place of one of another. Where that leads to the token after, the value is the same,
unless it was changed in the very commit that rotated: that nobody can tell without a key. Where it does not, it was changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from gitenv.errors import GitenvError
from gitenv.git import changes, log
from gitenv.git.objects import Objects
from gitenv.model import comparing, document, token
from gitenv.model.document import Kind, Record

_MAX_STEPS = 2_000
_MAX_BYTES = 256 * 1024 * 1024
Tokens = Mapping[str, Record]


class Between:
    """The commits that one of two commits reaches and the other does not."""

    def __init__(self, folder: str, objects: Objects, before: str, after: str) -> None:
        """`before` and `after` are full ids; "" if there is none, and then nothing is known."""
        self._folder, self._objects, self._before, self._after = folder, objects, before, after

    def changed(self, paths: Sequence[str], names: Iterable[str], old: bytes, new: bytes) -> set[str]:
        """Those of `names` whose value changed for sure between two versions of one file, which had all of `paths`.

        Nothing is sure where history is cut off, or longer than anybody would look through.
        """
        wanted = set(names)
        if not (wanted and self._before and self._after) or log.is_shallow(self._folder):
            return set()
        edges = self._edges(paths, wanted)
        if edges is None:
            return set()
        was, now = _tokens(old, wanted), _tokens(new, wanted)
        # Where the newer side is no commit, what it has over HEAD may be a rotation as well.
        last = self._last(paths, wanted)
        for name in wanted:
            _join(edges, name, last.get(name), now.get(name))
        return {
            name
            for name in wanted
            if name in was and name in now and not _leads(edges.get(name, {}), was[name].raw, now[name].raw)
        }

    def order(self, paths: Iterable[str]) -> list[str]:
        """Paths in the order in which these commits first touched them; the rest, and where none tell, the shortest first."""
        listed = sorted(paths, key=lambda path: (len(path), path))
        if not (self._before and self._after):
            return listed
        steps = changes.newest(self._folder, listed, f"{self._before}...{self._after}", _MAX_STEPS)
        first = {change.path: -number for number, step in enumerate(steps) for change in step.changes}
        return sorted(listed, key=lambda path: first.get(path, 1))

    def _edges(self, paths: Sequence[str], wanted: set[str]) -> dict[str, dict[bytes, set[bytes]]] | None:
        edges: dict[str, dict[bytes, set[bytes]]] = {}
        budget = _MAX_BYTES
        heads = f"{self._before}...{self._after}"
        for number, step in enumerate(changes.newest(self._folder, paths, heads, _MAX_STEPS), 1):
            mine = [change for change in step.changes if change.path in paths]
            sides = [
                [blob for change in mine for blob in change.before if blob],
                [change.after for change in mine if change.after],
            ]
            datas = [[self._objects.read(blob, document.MAX_BYTES) or b"" for blob in side] for side in sides]
            budget -= sum(len(data) for side in datas for data in side)
            if budget < 0 or number >= _MAX_STEPS:
                return None
            was, now = ({name: each for data in side for name, each in _tokens(data, wanted).items()} for side in datas)
            for name in was.keys() & now.keys():
                _join(edges, name, was[name], now[name])
        return edges

    def _last(self, paths: Sequence[str], wanted: set[str]) -> dict[str, Record]:
        found: dict[str, Record] = {}
        for path in paths:
            data = self._objects.read(f"{self._after}:{path}", document.MAX_BYTES)
            found.update(_tokens(data or b"", wanted))
        return found


def _join(edges: dict[str, dict[bytes, set[bytes]]], name: str, was: Record | None, now: Record | None) -> None:
    """Two tokens of different generations, one in the place of the other: there and back again."""
    one, other = (token.read(record) if record else None for record in (was, now))
    if not (was and now and one and other) or (one.number, one.hint) == (other.number, other.hint):
        return
    if len(one.body) != len(other.body):
        return
    ways = edges.setdefault(name, {})
    ways.setdefault(was.raw, set()).add(now.raw)
    ways.setdefault(now.raw, set()).add(was.raw)


def _leads(ways: Mapping[bytes, set[bytes]], start: bytes, goal: bytes) -> bool:
    seen, waiting = {start}, [start]
    while waiting and goal not in seen:
        fresh = ways.get(waiting.pop(), set()) - seen
        seen |= fresh
        waiting += fresh
    return goal in seen


def _tokens(data: bytes, wanted: set[str]) -> dict[str, Record]:
    try:
        found = comparing.occurrences(data)
    except GitenvError:
        return {}
    return {name: found[name][-1].record for name in wanted & found.keys() if found[name][-1].record.kind is Kind.TOKEN}
