"""Taking times side by side, and the rows they become."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from tests.lab import Person

Sample = Mapping[str, float]
"""What one run of one subject took: seconds, by what was timed."""


class Row(NamedTuple):
    """One line of the table: what was measured of whom, and every run of it."""

    part: str
    what: str
    subject: str
    amount: int  # of files, keys or people
    seconds: tuple[float, ...]  # empty: the subject is absent
    peak_rss: int = 0  # bytes; 0: not measured

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def minimum(self) -> float:
        return min(self.seconds)


def interleaved(subjects: Mapping[str, Callable[[], Sample]], rounds: int, warm_up: int = 0) -> dict[str, list[Sample]]:
    """Run the subjects in turn, `rounds` times, so that a busy minute of the machine is everybody's.

    Who is first changes from round to round. What the `warm_up` rounds take is thrown away.
    """
    taken: dict[str, list[Sample]] = {name: [] for name in subjects}
    names = list(subjects)
    for number in range(-warm_up, rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            sample = subjects[name]()
            if number >= 0:
                taken[name].append(sample)
    return taken


def rows(part: str, amount: int, taken: Mapping[str, list[Sample]]) -> list[Row]:
    """A row for each subject and each thing that was timed."""
    return [
        Row(part, what, subject, amount, tuple(sample[what] for sample in samples))
        for subject, samples in taken.items()
        for what in (samples[0] if samples else ())
    ]


def timed(person: Person, *argv: str) -> float:
    """The seconds that a command takes, which has to work."""
    begin = time.perf_counter()
    person.must(*argv)
    return time.perf_counter() - begin
