"""What nobody changed of a document that two sides went on from: pieces that stand in all three alike, found in halves.

Most merges are of a few lines in a long file. So most of it is compared as bytes, and its lines are looked at once, and not in
each of three documents.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from gitenv.tuples import NamedTuple

_LINE_END = ord("\n")

Token = tuple[bytes, bytes, bytes]
"""A line that is a token, its name, and its key."""


class LeftOut(NamedTuple):
    """Three documents without the tokens that stand between two others in a piece that nobody changed."""

    sides: list[bytes]
    tokens: list[list[Token]]  # that they have
    keys: list[list[bytes]]  # of all tokens that each document had, in its order
    names: set[bytes]  # of what is left out
    ends: set[bytes]  # of the tokens before and behind it
    behind: dict[bytes, bytes]  # those before it, and what stood behind each

    def is_all(self) -> bool:
        """Whether no document has a second token of one of these names."""
        listed = [[name for _, name, _ in found] for found in self.tokens]
        return all(
            self.names.isdisjoint(found) and sum([name in self.ends for name in found]) == len(self.ends) for found in listed
        )


class _Piece(NamedTuple):
    starts: tuple[int, ...]  # in each document
    text: bytes  # whole lines


def left_out(sides: Sequence[bytes], token: bytes) -> LeftOut:
    """Leave out of base, ours and theirs what nobody changed. `token` is what finds the tokens in a text."""
    found = LeftOut([], [[] for _ in sides], [[] for _ in sides], set(), set(), {})
    rest = [list[bytes]() for _ in sides]
    ends = [0 for _ in sides]
    for piece in _pieces(sides):
        tokens: list[Token] = re.findall(token, piece.text)
        short = _shortened(piece.text, tokens, found)
        left = [each for each in tokens if each[1] not in found.names] if len(short) < len(piece.text) else tokens
        for number, side in enumerate(sides):
            before = side[ends[number] : piece.starts[number]]
            its: list[Token] = re.findall(token, before)
            rest[number] += before, short
            found.tokens[number] += [*its, *left]
            found.keys[number] += [key for _, _, key in [*its, *tokens]]
        ends = [start + len(piece.text) for start in piece.starts]
    for number, side in enumerate(sides):
        its = re.findall(token, side[ends[number] :])
        rest[number].append(side[ends[number] :])
        found.tokens[number] += its
        found.keys[number] += [key for _, _, key in its]
    return found._replace(sides=[b"".join(parts) for parts in rest])


def nothing(sides: Sequence[bytes], token: bytes) -> LeftOut:
    """The same with nothing left out."""
    tokens: list[list[Token]] = [re.findall(token, side) for side in sides]
    return LeftOut(list(sides), tokens, [[key for _, _, key in found] for found in tokens], set(), set(), {})


def _shortened(text: bytes, tokens: Sequence[Token], found: LeftOut) -> bytes:
    """A piece without the tokens that stand between two others, which are noted in `found`."""
    names = {line: name for line, name, _ in tokens if name}
    its = set(names.values())
    if len(its) < len([name for _, name, _ in tokens if name]) or not its.isdisjoint(found.names | found.ends):
        return text  # one of them has several
    kept, run = list[bytes](), list[bytes]()
    for line in [*text.split(b"\n"), None]:
        if line is not None and line in names:
            run.append(line)
            continue
        if inner := run[1:-1]:
            found.names.update([names[each] for each in inner])
            found.ends.update((names[run[0]], names[run[-1]]))
            found.behind[run[0]] = b"\n" + b"\n".join(inner)
            del run[1:-1]
        kept += run
        run.clear()
        if line is not None:
            kept.append(line)
    return b"\n".join(kept)


def _pieces(sides: Sequence[bytes]) -> Iterator[_Piece]:
    """Before all that anybody changed, behind it, and between what the one changed and the other: whole lines, in order."""
    base = sides[0]
    changes = [_changed(base, other) for other in sides[1:]]
    (_, first_end), (second_start, _) = sorted(changes)
    ends = 0, min(start for start, _ in changes), first_end, second_start, max(end for _, end in changes), len(base)
    for start, end in zip(ends[0::2], ends[1::2], strict=True):
        if start < end:
            # Behind what a side changed, it stands so much farther in that side.
            moved = [
                len(side) - len(base) if start >= change[1] else 0 for side, change in zip(sides[1:], changes, strict=True)
            ]
            if (piece := _whole_lines(sides, [start + by for by in (0, *moved)], base[start:end])).text:
                yield piece


def _whole_lines(sides: Sequence[bytes], starts: Sequence[int], text: bytes) -> _Piece:
    """A text that begins there in each document, without the lines at its ends that are no whole ones in all of them."""
    first, end = 0, len(text)
    if any(start and side[start - 1] != _LINE_END for side, start in zip(sides, starts, strict=True)):
        first = text.find(b"\n") + 1 or end
    if text[-1] != _LINE_END and any(start + end < len(side) for side, start in zip(sides, starts, strict=True)):
        end = text.rfind(b"\n", first) + 1 or first
    return _Piece(tuple(start + first for start in starts), text[first:end])


def _changed(base: bytes, other: bytes) -> tuple[int, int]:
    """Where what somebody changed begins and ends in the base."""
    start = _alike(base, other)
    most = min(len(base), len(other)) - start
    return start, len(base) - _alike_behind(base, other, most)


def _alike(one: bytes, other: bytes) -> int:
    """How many bytes two texts begin with alike."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _alike_behind(one: bytes, other: bytes, most: int) -> int:
    """How many they end with, up to `most`."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if one[len(one) - middle : len(one) - low] == other[len(other) - middle : len(other) - low]:
            low = middle
        else:
            high = middle - 1
    return low
