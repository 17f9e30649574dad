"""`gitenv log` over a long history, all of whose commits touch `.env`."""

from __future__ import annotations

import base64
import random

from tests.bench.measure import Row, interleaved, rows, timed
from tests.bench.peers import Gitenv
from tests.lab import Person

PART = "log"
ALL, ONE, GIT = "gitenv log", "gitenv log KEY", "git log -p .env, ciphertext"
KEYS = 20
_FIRST = 1_700_000_000


def run(gitenv: Gitenv, commits: int, rounds: int) -> list[Row]:
    """All that happened, and the life of one key, beside git's own log of the same file."""
    person = gitenv.fresh()
    _write_history(person, commits)
    subjects = {
        gitenv.name: lambda: {
            ALL: timed(person, "gitenv", "log", "-r", "long"),
            ONE: timed(person, "gitenv", "log", "KEY_7", "-r", "long"),
        },
        "git": lambda: {GIT: timed(person, "git", "log", "-p", "--no-textconv", "--format=%H", "long", "--", ".env")},
    }
    return rows(PART, commits, interleaved(subjects, rounds))


def _write_history(person: Person, commits: int) -> None:
    """One value changes in each commit. The tokens are made up: whoever reads a log has no key."""
    source = random.Random(commits)
    values = [_token(source) for _ in range(KEYS)]
    stream = b""
    for number in range(commits):
        values[source.randrange(KEYS)] = _token(source)
        text = b"".join(b"KEY_%d=%b\n" % (key, value) for key, value in enumerate(values))
        who = b"Alice <alice@example.com> %d +0000" % (_FIRST + number)
        stream += b"commit refs/heads/long\nauthor %b\ncommitter %b\ndata 1\nx\nM 100644 inline .env\ndata %d\n%b\n" % (
            *(who, who, len(text)),
            text,
        )
    done = person.run(["git", "fast-import", "--quiet"], stdin=stream)
    assert done.exit_code == 0, done.said


def _token(source: random.Random) -> bytes:
    return b"gitenv1:1.abcdef:" + base64.urlsafe_b64encode(source.randbytes(48))
