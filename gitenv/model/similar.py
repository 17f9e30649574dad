"""Names of keys that may be meant to be one: typos between sister environments, and names that a reader takes for each other.

Only a question comes of it, so a few are missed rather than many asked: `KEY_1` and `KEY_2` are siblings, `REDIS_HOST` and
`REDIS_PORT` are two keys. Everything is bounded: whoever can push can push ten thousand names.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from gitenv.errors import printable
from gitenv.tuples import NamedTuple

_SHORTEST, _LONGEST = 4, 64
_TWO_FROM, _TWO_TO = 8, 40  # two slips are believed of names of these lengths
_MANY = 200  # with more names than these only one slip is looked for: so many at once are an import
_BUCKET = 8  # names that one spelling is compared with; more are siblings of each other
_SIBLING = 2  # words of up to so many letters differ on purpose: US and UK, ID and IP
_DIGITS = re.compile(r"[0-9]+")
_LOOKS = str.maketrans("OoIl", "0011")


class Typo(NamedTuple):
    """A name that nobody else has, and the one that was probably meant."""

    name: str
    meant: str


class Alike(NamedTuple):
    """Names in one place that differ in nothing a reader is sure to see."""

    names: tuple[str, ...]  # sorted
    is_case: bool  # else in characters that look alike: O and 0, l, 1 and I


def typos(new: Iterable[str], here: Collection[str], there: Collection[str]) -> list[Typo]:
    """Those of the `new` names that are not `there`, and are close to one that is `there` and not `here`; sorted.

    `here` are all names of the place that the new ones came to, `there` those of its sisters.
    """
    known, others = set(here), set(there)
    asked = sorted({name for name in new if _is_apt(name)} - others)
    missing = sorted({name for name in others if _is_apt(name)} - known)
    most = 2 if max(len(asked), len(missing)) <= _MANY else 1
    spelled: dict[str, list[str]] = {}
    for name in missing if asked else ():
        for variant in _variants(name, most):
            bucket = spelled.setdefault(variant, [])
            if len(bucket) < _BUCKET:
                bucket.append(name)
    found = []
    for name in asked:
        close = {meant for variant in _variants(name, most) for meant in spelled.get(variant, ())} if spelled else set()
        fitting = [meant for meant in close if is_close(name, meant)]
        if fitting:
            found.append(Typo(name, min(fitting, key=lambda meant: (distance(name, meant), meant))))
    return found


def meant(name: str, names: Collection[str]) -> str:
    """The one of the names that was probably meant by one that is not there; "" if none is close."""
    found = typos([name], [], names)
    return found[0].meant if found else ""


def question(name: str, names: Collection[str]) -> str:
    """What is said after a name that is not there: "; did you mean PASSWORD?", or nothing."""
    close = meant(name, names)
    return f"; did you mean {printable(close)}?" if close else ""


def is_close(one: str, other: str) -> bool:
    """Whether one name may be the other one, mistyped."""
    if one == other or not (_is_apt(one) and _is_apt(other)) or _are_numbered(one, other):
        return False
    far = distance(one, other)
    if far > (2 if _TWO_FROM <= max(len(one), len(other)) <= _TWO_TO else 1):
        return False
    words = list(zip(one.split("_"), other.split("_"), strict=False))
    if one.count("_") != other.count("_"):
        return far == 1 or distance(one.replace("_", ""), other.replace("_", "")) <= 1
    return all(_is_slip(word, meant, far) for word, meant in words if word != meant)


def alike(names: Iterable[str]) -> list[Alike]:
    """Names that differ only in case, or only in characters that look alike."""
    listed = sorted(set(names))
    by_case: dict[str, list[str]] = {}
    by_looks: dict[str, list[str]] = {}
    for name in listed:
        by_case.setdefault(name.casefold(), []).append(name)
        by_looks.setdefault(name.translate(_LOOKS), []).append(name)
    cases = [Alike(tuple(group), True) for group in by_case.values() if len(group) > 1]
    return cases + [Alike(tuple(group), False) for group in by_looks.values() if len({name.casefold() for name in group}) > 1]


def distance(one: str, other: str) -> int:
    """How many slips lie between two names: a character put in, left out, or another one, or two neighbours exchanged.

    Damerau-Levenshtein as "optimal string alignment": no part is edited twice.
    """
    one, other = _without_common_ends(one, other)
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        earlier, before, row = before, row, [i]
        for j, wanted in enumerate(other, 1):
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                best = min(best, earlier[j - 2] + 1)
            row.append(best)
    return row[-1]


def _without_common_ends(one: str, other: str) -> tuple[str, str]:
    """Two names without what they begin and end with alike, which changes no distance."""
    most, start = min(len(one), len(other)), 0
    while start < most and one[start] == other[start]:
        start += 1
    end = 0
    while end < most - start and one[-1 - end] == other[-1 - end]:
        end += 1
    return one[start : len(one) - end], other[start : len(other) - end]


def _is_apt(name: str) -> bool:
    return _SHORTEST <= len(name) <= _LONGEST


def _are_numbered(one: str, other: str) -> bool:
    """Whether two names are one with different numbers, or one of them with none."""
    if _DIGITS.findall(one) == _DIGITS.findall(other):
        return False
    return _DIGITS.sub("", one).replace("_", "") == _DIGITS.sub("", other).replace("_", "")


def _is_slip(word: str, meant: str, far: int) -> bool:
    """Whether one word is another one mistyped, in names that are `far` apart altogether."""
    short = min(len(word), len(meant))
    if sorted(word) == sorted(meant):
        return distance(word, meant) <= far
    if len(word) == len(meant) and short <= _SIBLING:
        return False
    if far == 1:
        return True
    slips = distance(word, meant)
    return (slips == 1 and short >= _SHORTEST) or (slips == 2 and max(len(word), len(meant)) >= _TWO_FROM)


def _variants(name: str, most: int) -> Iterator[str]:
    """A name with up to `most` characters left out: two names that are that close have one of these in common."""
    yield name
    for i in range(len(name)):
        once = name[:i] + name[i + 1 :]
        yield once
        if most == 2 and _TWO_FROM <= len(name) <= _TWO_TO:
            for j in range(i, len(once)):
                yield once[:j] + once[j + 1 :]
