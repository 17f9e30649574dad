"""The team's life: rotating many files for many people, and letting somebody into many environments."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.bench.files import KEYS
from tests.bench.measure import Row, Sample, interleaved, rows, timed
from tests.bench.peers import Gitenv, write_files
from tests.lab import Lab, Person

PART = "team"
ROTATE, LET_IN = "gitenv rotate", "gitenv add-recipient --all"
_LET_IN = Path(__file__).with_name("let_in.py")


def rotate(lab: Lab, files: int, people: int, rounds: int) -> list[Row]:
    """A next generation of one environment, again and again: each goes on from the one before."""
    gitenv = Gitenv(Lab(lab.root / f"rotated-{files}"))  # pins only go forward, so it cannot be done twice from one beginning
    person = gitenv.fresh()
    person.must(sys.executable, "-E", "-P", str(_LET_IN), str(people - 1))
    write_files(person.cwd, files, KEYS)
    person.must("git", "add", ".")
    person.must("git", "commit", "-q", "-m", "Many files, many people")
    what = f"{ROTATE}, {people:,} people"
    return rows(PART, files, interleaved({gitenv.name: lambda: _rotated(person, what)}, rounds))


def let_in(lab: Lab, environments: int, rounds: int) -> list[Row]:
    """One more person in all of that many environments."""
    gitenv = Gitenv(Lab(lab.root / f"environments-{environments}"))
    person = gitenv.fresh()
    for number in range(environments - 1):
        person.must("gitenv", "add-environment", f"staging-{number:03}")
    person.must("git", "commit", "-q", "-m", "Many environments")
    person.must(sys.executable, "-E", "-P", str(_LET_IN), "--keys", str(rounds))
    names = iter(range(1, rounds + 1))
    return rows(PART, environments, interleaved({gitenv.name: lambda: _let_in(person, next(names))}, rounds))


def _rotated(person: Person, what: str) -> Sample:
    taken = timed(person, "gitenv", "rotate", "development")
    person.must("git", "commit", "-q", "-m", "Rotate")
    return {what: taken}


def _let_in(person: Person, number: int) -> Sample:
    taken = timed(person, "gitenv", "add-recipient", f"../carol-{number}.pub", "--all", "--yes")
    person.must("git", "commit", "-q", "-m", "Let somebody in")
    return {LET_IN: taken}
