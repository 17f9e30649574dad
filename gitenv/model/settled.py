"""What a merge by key leaves as it is, left out of three documents before they are parsed: nearly all of a long one.

A token is settled if at most one side changed it, and into one of the outcome's own key: that side's counts, whatever it holds,
so that no key is needed (model.merging, `_three_way`). Where several follow one another in the same way in all three documents,
only the first and the last of them stay; the first one stands for those between in what comes out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise

from gitenv.model import alike, unchanged
from gitenv.model.document import MAX_BYTES, MAX_RECORDS, NAME, Record
from gitenv.model.unchanged import Token
from gitenv.tuples import NamedTuple

_TOKEN = rb"(?m)^((?:(" + NAME + rb")=|#)gitenv1:([1-9][0-9]{0,8}\.[A-Za-z0-9_-]{6}):[A-Za-z0-9_-]++)$"

KeyAfter = Callable[[bytes, bytes, bytes], bytes]


class Shortened(NamedTuple):
    """Three documents without most of what is settled, and what the merge of the whole ones has to know of it."""

    sides: list[bytes]
    key: bytes  # of the outcome
    lines: list[dict[bytes, bytes]]  # what is settled, by its name: as it stands in each document
    names: set[bytes]  # of what nobody changed, and that stands in none of `sides`
    left_out: tuple[dict[bytes, bytes], ...]  # lines of the outcome, and what stands behind each: put in one after the other

    def fits(self, parsed: Sequence[Sequence[Record]]) -> bool:
        """Whether these are the records of the whole documents but for tokens that nothing around them makes anything else.

        A value over several lines may have such lines in it, and of two records of one name it counts which is the first.
        """
        return not any(
            b"\n" in record.raw or lines.get(record.name, record.raw) != record.raw or record.name in self.names
            for records, lines in zip(parsed, self.lines, strict=True)
            for record in records
        )

    def whole(self, merged: bytes) -> bytes:
        """The outcome with what was left out."""
        for behind in self.left_out:
            merged = b"\n".join([line + behind.get(line, b"") for line in merged.split(b"\n")])
        return merged


def shortened(sides: Sequence[bytes], key_after: KeyAfter) -> Shortened | None:
    """Base, ours and theirs without what is settled; None where that is nothing, or where they are too large or in conflict.

    `key_after` says which of the keys of three documents is the outcome's.
    """
    if any(len(data) > MAX_BYTES or data.count(b"\n") >= MAX_RECORDS or b"<<<<<<<" in data for data in sides):
        return None
    rest = unchanged.left_out(sides, _TOKEN)
    if not rest.is_all():
        rest = unchanged.nothing(sides, _TOKEN)
    tokens = rest.tokens
    key = key_after(*(alike.most_frequent(keys) for keys in rest.keys))
    outcome = _outcome(tokens, b"gitenv1:%b:" % key)
    lines = [{name: line for line, name, _ in found if name in outcome} for found in tokens]
    split = [data.split(b"\n") for data in rest.sides]
    named = [_named(found, rows) for found, rows in zip(lines, split, strict=True)]
    between, left_out = _between(named, outcome)
    if not between and not rest.names:
        return None
    kept = [
        b"\n".join([row for row, name in zip(rows, names, strict=True) if name not in between])
        for rows, names in zip(split, named, strict=True)
    ]
    return Shortened(kept, key, lines, rest.names, (left_out, rest.behind))


def _outcome(tokens: Sequence[Sequence[Token]], head: bytes) -> dict[bytes, bytes]:
    """What is settled, by its name: as it is in the outcome."""
    was, mine, other = ({name: line for line, name, _ in found if name} for found in tokens)
    several = {name for found in tokens for name, count in Counter([name for _, name, _ in found]).items() if count > 1}
    outcome = {}
    for name, line in mine.items():
        before, beside = was.get(name), other.get(name)
        if before is None or beside is None or name in several:
            continue
        if line == beside or (before == beside and head in line):
            outcome[name] = line
        elif before == line and head in beside:
            outcome[name] = beside
    return outcome


def _named(settled: dict[bytes, bytes], rows: Sequence[bytes]) -> list[bytes]:
    """The name of each line that is settled; of all others nothing."""
    names = {line: name for name, line in settled.items()}
    return [names.get(row, b"") for row in rows]


def _between(named: Sequence[Sequence[bytes]], outcome: dict[bytes, bytes]) -> tuple[set[bytes], dict[bytes, bytes]]:
    """The names that stand between the same two in all documents; and by the line that stays before them, their lines."""
    after_base, after_theirs = (dict(pairwise(names)) for names in (named[0], named[2]))
    between: set[bytes] = set()
    left_out: dict[bytes, bytes] = {}
    run: list[bytes] = []
    for name, following in zip(named[1], [*named[1][1:], b""], strict=True):
        run.append(name)
        if name and following and after_base.get(name) == following == after_theirs.get(name):
            continue
        if len(inner := run[1:-1]):
            between.update(inner)
            left_out[outcome[run[0]]] = b"".join([b"\n" + outcome[each] for each in inner])
        run = []
    return between, left_out
