"""Rows, and how one is measured: gitenv and its peer in turn, so that a busy minute of the machine is everybody's."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.bench import machine
from tests.bench.subjects import Cost, GitCrypt, Gitenv, Run, Subject
from tests.lab import Lab, remove

MOST_ROUNDS = 25


class Limit(NamedTuple):
    """What a row may take at most: so many times what its peer takes, and so many seconds."""

    times: float = 0
    seconds: float = 0

    def allows(self, ours: float, peer: float) -> bool:
        return ours <= self.times * peer + self.seconds

    def __str__(self) -> str:
        more = f"{self.seconds:g} s" if self.seconds >= 1 else f"{self.seconds * 1000:.0f} ms"
        words = ([times(self.times)] if self.times else []) + ([more] if self.seconds else [])
        return " + ".join(words)


class Row(NamedTuple):
    """One line of the table."""

    name: str
    limit: Limit | None = None
    peer: str = ""  # another run of the same case, or the same run of another subject
    unit: str = "wall"  # or cpu
    full_only: bool = False


class Case(NamedTuple):
    """What is built once, and the rows that are measured in it."""

    name: str  # with {} for its size
    build: Callable[[Subject, int], Mapping[str, Run]]
    rows: Sequence[Row]
    size: int = 0
    full: int = 0  # the size with --full, for which the limits are; 0: the same

    def size_in(self, full: bool) -> int:
        return (full and self.full) or self.size

    def name_in(self, full: bool) -> str:
        """The name with its size."""
        return self.name.format(f"{self.size_in(full):,}")


class Result(NamedTuple):
    """A row with all that was measured. Nothing for a peer or an earlier gitenv that is absent."""

    name: str
    row: Row
    is_scaled: bool
    ours: Sequence[Cost]
    before: Sequence[Cost]
    peer: Sequence[Cost]

    def median(self, costs: Sequence[Cost]) -> float:
        """Of what the row is about, wall time or the processor's; 0 where nothing was measured."""
        return statistics.median(getattr(cost, self.row.unit) for cost in costs) if costs else 0

    @property
    def ratio(self) -> float:
        """To the peer; 0 where there is none."""
        return self.median(self.ours) / self.median(self.peer) if self.peer else 0

    @property
    def holds(self) -> bool | None:
        """Whether the limit holds; None where that cannot be said."""
        if not self.row.limit or self.is_scaled or (self.row.limit.times and not self.peer):
            return None
        return self.row.limit.allows(self.median(self.ours), self.median(self.peer))


class Bench:
    """A folder with everybody's home, for one run."""

    def __init__(self, folder: Path, python: str, before: str, *, full: bool, by_cpu: bool) -> None:
        self.folder = folder
        self.full = full
        self.by_cpu = by_cpu
        self._pythons = {"ours": python} | ({"before": before} if before else {})

    def results(self, case: Case, rows: Sequence[Row]) -> Iterator[Result]:
        """Build a case, and measure these rows of it one after the other."""
        size = case.size_in(self.full)
        place = self.folder / "case"
        try:
            ours = {who: Gitenv(Lab(place / who), python) for who, python in self._pythons.items()}
            runs = {who: case.build(subject, size) for who, subject in ours.items()}
            others = {
                kind.name: case.build(kind(Lab(place / "others")), size)
                for kind in (Subject, GitCrypt)
                if any(row.peer == kind.name for row in rows)
                and (kind is Subject or machine.version_of(kind.name) != machine.ABSENT)
            }
            for row in rows:
                turns = {who: runs[who][row.name] for who in runs}
                if row.peer in runs["ours"]:
                    turns["peer"] = runs["ours"][row.peer]
                elif row.peer in others:
                    turns["peer"] = others[row.peer][row.name]
                taken = interleaved(turns, 6 if self.full else 1.5)
                name = f"{case.name_in(self.full)}: {row.name}"
                scaled = size != case.size_in(full=True)
                unit = "cpu" if self.by_cpu and all(cost.cpu for cost in taken["ours"]) else row.unit
                yield Result(
                    name, row._replace(unit=unit), scaled, taken["ours"], taken.get("before", ()), taken.get("peer", ())
                )
        finally:
            remove(place)


def interleaved(turns: Mapping[str, Run], seconds: float) -> dict[str, list[Cost]]:
    """Run everybody in turn for about so many seconds. Who is first changes; a quick first round is to warm up."""
    taken: dict[str, list[Cost]] = {who: [] for who in turns}
    names, spent = list(turns), 0.0
    for number in range(MOST_ROUNDS):
        first = number % len(names)
        for who in names[first:] + names[:first]:
            cost = turns[who]()
            taken[who].append(cost)
            spent += cost.wall
        if number == 0 and spent < seconds / 4:
            taken = {who: [] for who in turns}
        elif spent + spent / (number + 1) > seconds:
            break
    return taken


def times(ratio: float) -> str:
    """A ratio, where below one the other way round."""
    return f"{ratio:.3g} times" if ratio >= 1 else f"1/{1 / ratio:.3g}"
