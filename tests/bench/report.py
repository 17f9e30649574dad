"""Rows as a table for people and as JSON for programs, with the comparisons that are worth a line of their own."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence

from tests.bench import files, people, start
from tests.bench.machine import ABSENT
from tests.bench.measure import Row
from tests.bench.peers import GitCrypt, Gitenv

_HEAD = ("part", "what", "amount", "who", "median", "least", "runs", "peak RSS")


def table(rows: Sequence[Row]) -> str:
    """All rows, in columns."""
    cells = [_HEAD, *map(_cells, rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEAD))]
    return "\n".join("  ".join(_aligned(line, widths)).rstrip() for line in cells)


def as_json(rows: Iterable[Row]) -> list[dict[str, object]]:
    """All rows with every run."""
    return [
        {
            **row._asdict(),
            "peak_rss": row.peak_rss or None,
            "median": row.median if row.seconds else None,
            "minimum": row.minimum if row.seconds else None,
            "runs": len(row.seconds) or ABSENT,
        }
        for row in rows
    ]


def comparisons(rows: Sequence[Row]) -> dict[str, float]:
    """What the table is read for: how far the filter's start is above its floor, git-crypt's times in multiples of ours, and
    what many people cost whoever only adds files.
    """
    found: dict[str, float] = {}
    by_name = {(row.part, row.what, row.subject, row.amount): row for row in rows if row.seconds}
    floor = by_name.get((start.PART, start.ANSWER, start.FLOOR, start.KEYS))
    answer = by_name.get((start.PART, start.ANSWER, start.FILTER, start.KEYS))
    if floor and answer:
        # Of each round for itself: a busy round was busy for both.
        above = statistics.median(b - a for a, b in zip(floor.seconds, answer.seconds, strict=True))
        found[f"{start.ANSWER}, ms above {start.FLOOR} (median of the rounds)"] = above * 1000
        found[f"{start.ANSWER}, ms above {start.FLOOR} (least against least)"] = (answer.minimum - floor.minimum) * 1000
    for (part, what, subject, amount), row in by_name.items():
        ours = by_name.get((part, what, Gitenv.name, amount))
        if part == files.PART and subject == GitCrypt.name and ours:
            found[f"{what}, {amount:,} files: git-crypt takes as many times as long (medians)"] = row.median / ours.median
    for row in (row for row in rows if row.part == people.PART and row.what == people.ADD):
        plain = by_name.get((people.PART, people.UNFILTERED, row.subject, row.amount))
        if plain:
            found[f"{people.ADD}, {row.amount:,} people: ms above git alone (medians)"] = (row.median - plain.median) * 1000
    return found


def _cells(row: Row) -> tuple[str, ...]:
    head = (row.part, row.what, f"{row.amount:,}", row.subject)
    if not row.seconds:
        return (*head, ABSENT, "", "", "")
    memory = f"{row.peak_rss / 1e6:.0f} MB" if row.peak_rss else ""
    return (*head, _time(row.median), _time(row.minimum), str(len(row.seconds)), memory)


def _time(seconds: float) -> str:
    return f"{seconds * 1000:,.1f} ms" if seconds < 1 else f"{seconds:,.2f} s"


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> Iterable[str]:
    for column, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        yield cell.ljust(width) if column in (0, 1, 3) else cell.rjust(width)
