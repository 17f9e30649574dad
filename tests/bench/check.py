"""`gitenv check` of one commit beside the start of Python with pygit2, and the server's gate over a large push."""

from __future__ import annotations

import subprocess
import sys
import time

from tests.bench import log
from tests.bench.measure import Row, Sample, interleaved, rows
from tests.bench.peers import Gitenv
from tests.lab import Person

PART = "check"
START, ONE, WHOLE = "Python with pygit2", "check of one commit", "check --all"
PUSH, HISTORY = "the gate over a push", "check --history"
_GATE = """
import sys
from gitenv.check import gate
gate.outgoing(".", [gate.Update(sys.argv[1], sys.argv[2], "refs/heads/main")], ["--branches=nothing"])
"""


def run(gitenv: Gitenv, commits: int, rounds: int) -> list[Row]:
    """One commit, a whole state, a push of `commits` commits, and a history of ten times as many."""
    person = gitenv.fresh()
    (person.cwd / ".env").write_bytes(b"HELLO=world\n")
    person.must("git", "add", ".env")
    person.must("git", "commit", "-qm", "One")
    command = [sys.executable, "-E", "-P", "-m", "gitenv", "check"]
    one = {
        START: lambda: _timed(person, [sys.executable, "-E", "-P", "-c", "import pygit2"]),
        ONE: lambda: _timed(person, [*command, "HEAD~1..HEAD"]),
        WHOLE: lambda: _timed(person, [*command, "--all"], may_find=True),
    }
    found = rows(PART, 1, interleaved(one, rounds, warm_up=1))
    log.write_history(person, commits * 10)
    ends = [person.must("git", "rev-parse", name).stdout.decode().strip() for name in (f"long~{commits}", "long")]
    many = {PUSH: lambda: _timed(person, [sys.executable, "-E", "-P", "-c", _GATE, *ends])}
    found += rows(PART, commits, interleaved(many, rounds))
    whole = {HISTORY: lambda: _timed(person, [*command, "--history"], may_find=True)}
    return found + rows(PART, commits * 10, interleaved(whole, max(1, rounds // 2)))


def _timed(person: Person, command: list[str], *, may_find: bool = False) -> Sample:
    begin = time.perf_counter()
    done = subprocess.run(command, cwd=person.cwd, env=person.env, check=False, capture_output=True)
    assert done.returncode in ((0, 1) if may_find else (0,)), done.stderr
    return {"start to end": time.perf_counter() - begin}
