"""Turns valid bytes into hostile ones. The same random numbers give the same bytes, so every failure repeats."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

_BYTES = [
    b"\0",
    b"\t",
    b"\n",
    b"\r",
    b"\r\n",
    b"\x0b",
    b"\x1b[31m",
    b" ",
    b"  ",
    b"\x7f",
    b"\xff",
    b"\xef\xbb\xbf",
    "ä".encode(),
]


class Mutator:
    """Makes new inputs of `seeds`; `fragments` are words of their language."""

    def __init__(self, seeds: Sequence[bytes], fragments: Sequence[bytes]) -> None:
        self._seeds = seeds
        self._fragments = [*fragments, *_BYTES]
        self._ways: list[Callable[[Random, bytes], bytes]] = [
            _flip_a_bit,
            _cut_out,
            _cut_off,
            _repeat,
            _change_case,
            _change_a_digit,
            self._insert,
            self._insert,
            self._replace,
            self._insert_a_line,
            self._cross_over,
            *(_drop_a_line, _double_a_line, _swap_lines, _swap_lines, _shuffle_lines),
        ]

    def make(self, random: Random) -> bytes:
        """One input: a seed, changed in one to eight ways. A few are too large for anything to read."""
        data = random.choice(self._seeds)
        for _ in range(random.choice((1, 1, 1, 2, 3, 5, 8))):
            data = random.choice(self._ways)(random, data)
        return _swell(random, data) if random.randrange(2000) == 0 else data

    def _insert(self, random: Random, data: bytes) -> bytes:
        at = random.randint(0, len(data))
        return data[:at] + random.choice(self._fragments) + data[at:]

    def _replace(self, random: Random, data: bytes) -> bytes:
        start, end = _slice(random, data)
        return data[:start] + random.choice(self._fragments) + data[end:]

    def _insert_a_line(self, random: Random, data: bytes) -> bytes:
        lines, others = data.split(b"\n"), random.choice(self._seeds).split(b"\n")
        lines.insert(random.randint(0, len(lines)), random.choice([*others, *self._fragments]))
        return b"\n".join(lines)

    def _cross_over(self, random: Random, data: bytes) -> bytes:
        """The beginning of one and the end of another, at the ends of lines if it can be."""
        other = random.choice(self._seeds)
        if random.getrandbits(1):
            first, second = data.split(b"\n"), other.split(b"\n")
            return b"\n".join(first[: random.randint(0, len(first))] + second[random.randint(0, len(second)) :])
        return data[: random.randint(0, len(data))] + other[random.randint(0, len(other)) :]


def _slice(random: Random, data: bytes) -> tuple[int, int]:
    start = random.randint(0, len(data))
    return start, min(len(data), start + random.choice((1, 2, 4, 20, 100)))


def _flip_a_bit(random: Random, data: bytes) -> bytes:
    changed = bytearray(data)
    if changed:
        changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def _cut_out(random: Random, data: bytes) -> bytes:
    start, end = _slice(random, data)
    return data[:start] + data[end:]


def _cut_off(random: Random, data: bytes) -> bytes:
    return data[: random.randint(0, len(data))]


def _repeat(random: Random, data: bytes) -> bytes:
    start, end = _slice(random, data)
    return data[:end] + data[start:end] * random.choice((1, 2, 10)) + data[end:]


def _change_case(random: Random, data: bytes) -> bytes:
    start, end = _slice(random, data)
    return data[:start] + data[start:end].swapcase() + data[end:]


def _change_a_digit(random: Random, data: bytes) -> bytes:
    digits = [position for position, byte in enumerate(data[:2000]) if 0x30 <= byte <= 0x39]
    if not digits:
        return data
    at = random.choice(digits)
    return data[:at] + random.choice((b"0", b"1", b"2", b"9", b"00", b"-1", b"999999999", b"4294967296")) + data[at + 1 :]


def _drop_a_line(random: Random, data: bytes) -> bytes:
    lines = data.split(b"\n")
    del lines[random.randrange(len(lines))]
    return b"\n".join(lines)


def _double_a_line(random: Random, data: bytes) -> bytes:
    lines = data.split(b"\n")
    lines.insert(random.randint(0, len(lines)), random.choice(lines))
    return b"\n".join(lines)


def _swap_lines(random: Random, data: bytes) -> bytes:
    lines = data.split(b"\n")
    one, other = random.randrange(len(lines)), random.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines)


def _shuffle_lines(random: Random, data: bytes) -> bytes:
    lines = data.split(b"\n")
    random.shuffle(lines)
    return b"\n".join(lines)


def _swell(random: Random, data: bytes) -> bytes:
    """Near a limit or far beyond it, in bytes or in lines."""
    if random.getrandbits(1):
        times = 10_000 + random.choice((-20, -2, -1, 0, 1, 2))
        return data + (random.choice(data.split(b"\n")) + b"\n") * times
    size = random.choice((64 * 1024, 4 * 1024 * 1024 - 500_000, 4 * 1024 * 1024, 6 * 1024 * 1024)) - random.randint(-100, 200)
    start, end = _slice(random, data)
    return (data[:end] + (data[start:end] or b"\n") * (size // max(1, end - start)))[:size] + data[end:]
