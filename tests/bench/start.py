"""From the filter's start to its first answer, against the same interpreter importing what it cannot do without."""

from __future__ import annotations

import subprocess
import sys
import time

from tests.bench.conversation import Conversation
from tests.bench.measure import Row, Sample, interleaved, rows
from tests.bench.peers import Gitenv, env_file
from tests.lab import Person

PART = "start"
ANSWER, END = "start to first answer", "start to the process's end"
FLOOR, FILTER, BARE = "AESSIV and hpke alone", "gitenv's filter", "Python alone"
KEYS = 20
_SAY_READY = "import sys; sys.stdout.write('.'); sys.stdout.flush()"
_IMPORTS = "from cryptography.hazmat.primitives.ciphers.aead import AESSIV; from cryptography.hazmat.primitives import hpke; "


def run(gitenv: Gitenv, rounds: int) -> list[Row]:
    """One clean of a file of 20 keys, and the two starts it is measured by."""
    person = gitenv.fresh()
    command = gitenv.filter_command()
    subjects = {
        BARE: lambda: _python(person, _SAY_READY),
        FLOOR: lambda: _python(person, _IMPORTS + _SAY_READY),
        FILTER: lambda: _filter(person, command),
    }
    return rows(PART, KEYS, interleaved(subjects, rounds, warm_up=2))


def _filter(person: Person, command: str) -> Sample:
    data = env_file(KEYS)
    begin = time.perf_counter()
    with Conversation(person, command) as git:
        git.shake_hands()
        git.ask("clean", ".env", data)
        answer = time.perf_counter() - begin
    return {ANSWER: answer, END: time.perf_counter() - begin}


def _python(person: Person, code: str) -> Sample:
    begin = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-E", "-P", "-c", code], cwd=person.cwd, env=person.env, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.read(1)
        answer = time.perf_counter() - begin
    return {ANSWER: answer, END: time.perf_counter() - begin}
