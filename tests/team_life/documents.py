"""Documents as the model sees them: lines that are equal where their ciphertext would be equal."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Collection, Sequence
from pathlib import Path
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
        rf"#gitenv-unverified:\S+ {line.name}=gitenv1.+\n" if position in marks else f"{line.plain}\n"
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
    """What people write where git cannot merge: the other side's values, and one's own that it does not have."""
    kept: dict[str, Line] = {}
    for line in (*theirs, *ours):
        if line.generation is None or (line.generation in {now, *was} and not line.sealer):
            kept.setdefault(line.name, line._replace(generation=now if line.generation else None))
    return tuple(kept.values())


def merged(base: Document, ours: Document, theirs: Document) -> Document | None:
    """What git merges, or None for a conflict."""
    lines: dict[str, Line] = {}
    with tempfile.TemporaryDirectory() as place:
        paths = [Path(place) / name for name in ("ours", "base", "theirs")]
        for path, document in zip(paths, (ours, base, theirs), strict=True):
            lines |= {repr(line): line for line in document}
            path.write_text("".join(f"{line!r}\n" for line in document), encoding="utf-8")
        done = subprocess.run(["git", "merge-file", "-p", *map(str, paths)], capture_output=True, check=False, text=True)
    return tuple(lines[text] for text in done.stdout.splitlines()) if done.returncode == 0 else None
