"""Many people: what `git add` and opening a file take where an environment has many grants."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

from tests.bench.files import KEYS
from tests.bench.measure import Row, Sample, interleaved, rows, timed
from tests.bench.peers import Gitenv, env_file, remove_files, write_files

PART = "people"
FILES = 10
ADD, CHECKOUT, CLONE = f"git add of {FILES} files", f"git checkout of {FILES} files", "clone and open"
UNFILTERED = f"git add of {FILES} files that no filter takes"
_LET_IN = Path(__file__).with_name("let_in.py")


def run(gitenv: Gitenv, count: int, rounds: int) -> list[Row]:
    """An environment that `count` people can open."""
    hub = _hub(gitenv, count)
    return rows(PART, count, interleaved({gitenv.name: lambda: _once(gitenv, hub)}, rounds))


def _hub(gitenv: Gitenv, count: int) -> Path:
    person = gitenv.fresh()
    person.must(sys.executable, "-E", "-P", str(_LET_IN), str(count))
    write_files(person.cwd, FILES, KEYS)
    person.must("git", "add", ".")
    person.must("git", "commit", "-q", "-m", "Let many people in")
    hub = person.home / f"hub-of-{count}.git"
    shutil.rmtree(hub, ignore_errors=True)
    person.must("git", "clone", "-q", "--bare", ".", str(hub))
    return hub


def _once(gitenv: Gitenv, hub: Path) -> Sample:
    begin = time.perf_counter()
    person = gitenv.open_clone(hub)
    opened = time.perf_counter() - begin
    remove_files(person.cwd)
    checked_out = timed(person, "git", "checkout", "-q", "--", ".")
    remove_files(person.cwd)
    write_files(person.cwd, FILES, KEYS + 1)
    added = timed(person, "git", "add", ".")
    remove_files(person.cwd)
    for number in range(FILES):
        (person.cwd / f"plain-{number}.txt").write_bytes(env_file(KEYS, number))
    unfiltered = timed(person, "git", "add", ".")  # git itself looks at everybody's files
    listed = {f"gitenv {verb}": timed(person, "gitenv", verb) for verb in ("recipients", "status")}
    return {CLONE: opened, CHECKOUT: checked_out, ADD: added, UNFILTERED: unfiltered, **listed}
