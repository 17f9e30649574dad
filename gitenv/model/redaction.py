"""A stream in which values, however they are spelled, are `[NAME redacted]`.

All spellings are looked for at once. Each is at least eight bytes long, so wherever it stands, four bytes of it are a whole
word of the text: a set of words says in one pass whether there can be any, in the same time for ten spellings and a thousand.
A spelling counts in pieces of at most 64 bytes; so a part of a long value is found too, and the work for a byte has a bound.
"""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections.abc import Iterable
from itertools import compress, count

from gitenv.errors import printable
from gitenv.model.spellings import spellings
from gitenv.tuples import NamedTuple

_WORD = 4
_LONGEST = 64  # of a piece: the first 36 characters of all common JWTs are the same
_CHOICES = 4
_FEW = 3  # bytes of a beginning: fewer than half of a value, and most beginnings differ in them from all else


class _Found(NamedTuple):
    start: int
    size: int  # negative, so that the longest comes first
    name: str


class Redactor:
    """What was fed comes out at once, but for an end that may be the beginning of a value.

    Each byte of each occurrence goes; those that overlap or touch make one mark. So it does not matter how a stream is cut.
    """

    def __init__(self, values: Iterable[tuple[str, bytes]]) -> None:
        self._names = _pieces(values)
        self._sorted = sorted(self._names)
        self._beginnings = {piece[:_FEW] for piece in self._sorted}
        self._is_flat = not any(b"\n" in piece for piece in self._sorted)
        self._words = _words_of(self._sorted)
        self._held = b""
        self._out = 0  # bytes of what is held that were written, as they are or by a mark
        self._mark = ""  # whose mark ends there

    def feed(self, chunk: bytes) -> bytes:
        """What may be written now."""
        text = self._held + chunk
        return self._written(text, self._border(text))

    def flush(self) -> bytes:
        """The rest, when nothing more will come."""
        return self._written(self._held, len(self._held))

    @property
    def is_holding(self) -> bool:
        """Whether a silence would bring something to light."""
        return self._out < len(self._held) <= _FEW

    def after_silence(self) -> bytes:
        """Of what is held, so little that it gives no value away: the echo of a key, the dot that says that it goes on.

        If a value comes of it nevertheless, the rest of it is redacted.
        """
        if not self.is_holding:
            return b""
        shown, self._out, self._mark = self._held[self._out :], len(self._held), ""
        return shown

    def _border(self, text: bytes) -> int:
        """Where the first piece may begin that has not ended yet."""
        start = max(0, len(text) - _LONGEST + 1)
        if self._is_flat:
            start = text.rfind(b"\n", start) + 1 or start
        for at in range(start, len(text)):
            if text[at : at + _FEW] in self._beginnings or at + _FEW > len(text):
                rest = text[at:]
                place = bisect_right(self._sorted, rest)
                if place < len(self._sorted) and self._sorted[place].startswith(rest):
                    return at
        return len(text)

    def _written(self, text: bytes, border: int) -> bytes:
        """`text` up to the border, where nothing before it is known to be more than it seems."""
        out: list[bytes] = []
        done, mark = self._out, self._mark
        for start, size, name in sorted(self._found(text)):
            end = start - size
            if start >= border:
                break
            if end <= done:
                continue
            if start > done:
                out.append(text[done:start])
            if start > done or not mark or (start == done and name != mark):
                out.append(f"[{name} redacted]".encode())
                mark = name
            done = end
        if done < border:
            out.append(text[done:border])
            done, mark = border, ""
        self._held, self._out, self._mark = text[border:], done - border, mark
        return b"".join(out)

    def _found(self, text: bytes) -> list[_Found]:
        found = []
        whole = memoryview(text)[: len(text) // _WORD * _WORD].cast("I")
        for at in compress(count(), map(self._words.__contains__, whole)):
            for offset, piece in self._words[whole[at]]:
                start = at * _WORD - offset
                if start >= 0 and text.startswith(piece, start):
                    found.append(_Found(start, -len(piece), self._names[piece]))
        return found


def _pieces(values: Iterable[tuple[str, bytes]]) -> dict[bytes, str]:
    """Whose each piece is. Where two have one value, it is the first one's."""
    names: dict[bytes, str] = {}
    for name, value in values:
        for spelling in spellings(value):
            for at in range(0, len(spelling), _LONGEST):
                end = min(at + _LONGEST, len(spelling))
                names.setdefault(spelling[max(0, end - _LONGEST) : end], printable(name))
    return names


def _words_of(pieces: Iterable[bytes]) -> dict[int, list[tuple[int, bytes]]]:
    """For each piece four words, one for each place at which it can stand, and how far into the piece each is.

    Of those that would do, it is one that few other pieces have: values often begin alike.
    """
    words: dict[int, list[tuple[int, bytes]]] = {}
    for piece in pieces:
        for place in range(_WORD):
            offsets = range(place, len(piece) - _WORD + 1, _WORD)
            some = offsets[:: -max(1, len(offsets) // _CHOICES)]
            choices = [(int.from_bytes(piece[at : at + _WORD], sys.byteorder), at) for at in some]
            word, offset = min(choices, key=lambda choice: len(words.get(choice[0], ())))
            words.setdefault(word, []).append((offset, piece))
    return words
