"""The rules of trust: the steps of a long chain, and the look for forks in a long history.

Each is measured as the function, in a process of its own that has nothing in memory yet: `python -m tests.bench.trust FOLDER`
prints the seconds of both, and `python -m tests.bench.trust FOLDER STATEMENTS COMMITS` the history for `git fast-import`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import closing

from gitenv.git.layout import RECIPIENTS
from gitenv.git.objects import Objects
from gitenv.model.cipher import Dek
from gitenv.model.environment import Environment
from gitenv.model.keyring import Keyring
from gitenv.repo.snapshot import CommitSnapshot
from gitenv.trust import chain, forks
from gitenv.trust.history import History
from gitenv.trust.pins import Pin
from gitenv.trust.trusted import Trusted
from tests.bench import histories
from tests.model import builders

_HOLDERS = 5


def rotations(count: int) -> Iterator[Environment]:
    """One rotation after another, signed by one of several holders."""
    people = [builders.Person(f"bob-{number}", builders.device_of(5_000 + number)) for number in range(_HOLDERS)]
    ring = builders.ring_of(1)
    made = builders.statement(ring, [], holders=people, by=people[0])
    yield made
    for number in range(2, count + 1):
        dek = Dek(number.to_bytes(32, "big"))
        generation, older = ring.next_generation(dek)
        ring = Keyring(builders.IDENTITY, generation, dek, older)
        made = builders.statement(ring, older, before=made, holders=people, by=people[0])
        yield made


def files_of(statements: Iterator[Environment]) -> Iterator[dict[str, bytes]]:
    """What each statement's commit writes: itself, and the one before among the past ones."""
    before: Environment | None = None
    for now in statements:
        past = {chain.past_path(now.name, now.previous): before.text} if before else {}
        yield {chain.path(now.name): now.text, **past}
        before = now


def measure(root: str) -> tuple[float, float]:
    """The seconds of the chain at first sight, and of the look for forks."""
    with closing(Objects(root)) as objects:
        snapshot = CommitSnapshot(objects, "long")
        (name,) = (each for each in snapshot.names(RECIPIENTS))
        begin = time.perf_counter()
        verdict = Trusted(name, None, snapshot).judge()
        first = time.perf_counter() - begin
        assert verdict
        *before, pinned = verdict.way[:-1]
        pin = Pin.of(pinned, None, frozenset(), frozenset(), [each.hash for each in before])
        moved = Trusted(name, pin, snapshot).judge()
        assert moved
        begin = time.perf_counter()
        forks.check_moved(History(root, objects), pinned, moved, ["long"])
        return first, time.perf_counter() - begin


if __name__ == "__main__":
    if sys.argv[2:]:
        how_many, commits = map(int, sys.argv[2:])
        changes = files_of(rotations(how_many))
        sys.stdout.buffer.write(histories.of_statements(changes, commits, commits // how_many))
    else:
        print(*measure(sys.argv[1]))
