"""What reviews and hooks make people wait for."""

from __future__ import annotations

import subprocess
import sys
import time

from tests.bench.measure import Row, Sample, interleaved, rows
from tests.bench.peers import Gitenv
from tests.lab import Person

PART = "hooks"
BARE, NOTHING, PROTECTED = "Python alone", "pre-commit, nothing protected staged", "pre-commit, .env staged"
FILES = 20


def hooks(gitenv: Gitenv, rounds: int) -> list[Row]:
    """The hook as git starts it: where nothing protected is staged it must be done at once."""
    person = gitenv.fresh()
    hook = str(person.cwd / ".git" / "hooks" / "pre-commit")
    for number in range(FILES):
        (person.cwd / f"file{number}.txt").write_bytes(b"hello\n")
    person.must("git", "add", ".")
    subjects = {
        BARE: lambda: _timed(person, [sys.executable, "-E", "-P", "-c", "pass"]),
        NOTHING: lambda: _timed(person, [hook]),
    }
    found = rows(PART, FILES, interleaved(subjects, rounds, warm_up=2))
    (person.cwd / ".env").write_bytes(b"HELLO=world\n")
    person.must("git", "add", ".env")
    return found + rows(PART, FILES + 1, interleaved({PROTECTED: lambda: _timed(person, [hook])}, rounds, warm_up=1))


def _timed(person: Person, command: list[str]) -> Sample:
    begin = time.perf_counter()
    subprocess.run(command, cwd=person.cwd, env=person.env, check=True, capture_output=True)
    return {"start to end": time.perf_counter() - begin}
