"""The rules of trust: the steps of a long chain, and the look for forks in a long history.

Each is measured as the function, in a process of its own that has nothing in memory yet. `python -m tests.bench.trust FOLDER`
is that process.
"""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from gitenv.git.layout import RECIPIENTS
from gitenv.git.objects import Objects
from gitenv.model.cipher import Dek
from gitenv.model.environment import Environment
from gitenv.model.keyring import Keyring
from gitenv.repo.snapshot import CommitSnapshot
from gitenv.trust import chain, forks
from gitenv.trust.pins import Pin
from gitenv.trust.trusted import Trusted
from tests.bench.measure import Row, Sample, interleaved
from tests.bench.peers import Gitenv
from tests.lab import Person
from tests.model import builders

PART = "trust"
CHAIN, FORKS = "the chain at first sight, statements", "the look for forks, commits"
_HOLDERS = 5
_FIRST = 1_700_000_000


def run(gitenv: Gitenv, statements: int, commits: int, rounds: int) -> list[Row]:
    """A history in which one key after another was made, and everything else changed as well."""
    person = gitenv.fresh()
    write_history(person, rotations(statements), commits)
    taken = interleaved({gitenv.name: lambda: _measured(person)}, rounds)[gitenv.name]
    return [
        Row(PART, what, gitenv.name, amount, tuple(sample[what] for sample in taken))
        for what, amount in ((CHAIN, statements), (FORKS, commits))
    ]


def rotations(count: int) -> list[Environment]:
    """One rotation after another, signed by one of several holders."""
    people = [builders.Person(f"bob-{number}", builders.device_of(5_000 + number)) for number in range(_HOLDERS)]
    ring = builders.ring_of(1)
    made = [builders.statement(ring, [], holders=people, by=people[0])]
    for number in range(2, count + 1):
        dek = Dek(number.to_bytes(32, "big"))
        generation, older = ring.next_generation(dek)
        ring = Keyring(builders.IDENTITY, generation, dek, older)
        made.append(builders.statement(ring, older, before=made[-1], holders=people, by=people[0]))
    return made


def write_history(person: Person, made: list[Environment], commits: int) -> None:
    """Each statement in a commit, evenly over the branch `long`."""
    every = commits // len(made)
    stream = b""
    for number in range(commits):
        position = number // every
        files = [(f"src/{number % 97}/{number % 1_009}.txt", b"%d\n" % number)]
        if number % every == 0 and position < len(made):
            now = made[position]
            files = [(chain.path(now.name), now.text)]
            files += [(chain.past_path(now.name, now.previous), made[position - 1].text)] if position else []
        who = b"Alice <alice@example.com> %d +0000" % (_FIRST + number)
        stream += b"commit refs/heads/long\nauthor %b\ncommitter %b\ndata 1\nx\n" % (who, who)
        stream += b"".join(b"M 100644 inline %b\ndata %d\n%b\n" % (path.encode(), len(text), text) for path, text in files)
    done = person.run(["git", "fast-import", "--quiet"], stdin=stream)
    assert done.exit_code == 0, done.said


def _measured(person: Person) -> Sample:
    top = Path(__file__).parents[2]
    words = [sys.executable, "-m", "tests.bench.trust", str(person.cwd)]
    first, second = subprocess.run(words, cwd=top, check=True, capture_output=True, text=True).stdout.split()
    return {CHAIN: float(first), FORKS: float(second)}


def main() -> None:
    """Print the seconds of both."""
    root = sys.argv[1]
    with closing(Objects(root)) as objects:
        snapshot = CommitSnapshot(objects, "long")
        (name,) = (each for each in snapshot.names(RECIPIENTS))
        begin = time.perf_counter()
        verdict = Trusted(name, None, snapshot).judge()
        print(time.perf_counter() - begin)
        assert verdict
        *before, pinned = verdict.way[:-1]
        pin = Pin.of(pinned, None, frozenset(), frozenset(), [each.hash for each in before])
        moved = Trusted(name, pin, snapshot).judge()
        assert moved
        begin = time.perf_counter()
        forks.check_moved(root, objects, pinned, moved, ["long"])
        print(time.perf_counter() - begin)


if __name__ == "__main__":
    main()
