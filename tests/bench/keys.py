"""Many keys in one file: the work of clean and smudge in a filter that has started already, and the memory it takes."""

from __future__ import annotations

import time

from tests.bench.conversation import Conversation
from tests.bench.measure import Row, Sample
from tests.bench.peers import Gitenv, env_file

PART = "keys"
CLEAN, SMUDGE = "clean of one file", "smudge of one file"


def run(gitenv: Gitenv, count: int, rounds: int) -> list[Row]:
    """A file of `count` keys, there and back, through a new process each time."""
    samples, peaks = [], []
    for _ in range(rounds):
        sample, peak = _once(gitenv, count)
        samples.append(sample)
        peaks.append(peak)
    return [
        Row(PART, what, gitenv.name, count, tuple(sample[what] for sample in samples), max(peaks)) for what in (CLEAN, SMUDGE)
    ]


def _once(gitenv: Gitenv, count: int) -> tuple[Sample, int]:
    data = env_file(count)
    with Conversation(gitenv.fresh(), gitenv.filter_command()) as git:
        git.shake_hands()
        git.ask("smudge", ".env", git.ask("clean", ".env", env_file(1)))  # the start is measured elsewhere
        begin = time.perf_counter()
        stored = git.ask("clean", ".env", data)
        cleaned = time.perf_counter()
        opened = git.ask("smudge", ".env", stored)
        smudged = time.perf_counter()
        if opened != data:
            raise RuntimeError("smudge did not give back what clean was given: these figures would mean nothing")
        return {CLEAN: cleaned - begin, SMUDGE: smudged - cleaned}, git.peak_rss()
