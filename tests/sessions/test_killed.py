"""Killed at any write: the old state is whole, and the same command again ends where an undisturbed one does."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from tests import forkserver
from tests.conftest import NewLab
from tests.lab import Lab, Person

if sys.platform == "win32":
    pytest.skip("there are no process groups", allow_module_level=True)

_SHARDS = 2
_EVERY = int(os.environ.get("GITENV_TEST_KILL_EVERY", "12"))  # 1: at every moment, which takes minutes

# Counts the moments at which the disk is about to change, and kills the whole group at the one that is asked for. A git that
# writes is killed before it starts, a little after, and as soon as it ends. What it counted goes to standard error.
_KILLING = """
import builtins, os, signal, subprocess, sys, threading
fatal, count, noted = int(sys.argv[1]), 0, []

def die(*_):
    os.killpg(0, signal.SIGKILL)

def moment(what):
    global count
    count += 1
    noted.append(what)
    if count == fatal:
        die()

def counted(owner, name, is_write=lambda *a: True):
    real = getattr(owner, name)
    def call(*a, **k):
        if is_write(*a, **k):
            moment(name + " " + " ".join(str(each) for each in a[:2]))
        return real(*a, **k)
    setattr(owner, name, call)

counted(os, "replace")
counted(os, "link")
counted(os, "unlink", lambda path, **_: os.path.lexists(path))
counted(os, "open", lambda path, flags, *_, **__: path != os.devnull and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
counted(builtins, "open", lambda file, mode="r", *_, **__: not mode.isalpha() or set(mode) & set("wax"))
run = subprocess.run

def git(arguments, **options):
    verb = next((word for word in arguments[1:] if not word.startswith("-")), "")
    if verb not in ("fast-import", "update-index", "add", "rm", "config"):
        return run(arguments, **options)
    moment("before " + verb)
    for delay in (0.002, 0.008):
        moment_at = count + 1
        if moment_at == fatal:
            timer = threading.Timer(delay, die)
            timer.start()
            run(arguments, **options)
            die()
        moment(f"{delay} s after the start of " + verb)
    done = run(arguments, **options)
    moment("after " + verb)
    return done

subprocess.run = git
from gitenv.__main__ import main
sys.argv[1:] = sys.argv[2:]
code = main()
sys.stdout.flush()
sys.stderr.write("".join(f"\\nmoment {n}: {what}" for n, what in enumerate(noted, 1)))
sys.exit(code)
"""


class Case(NamedTuple):
    """A command that is killed."""

    who: str
    words: Sequence[str]
    prepare: Callable[[Lab], None]
    removed: str = ""
    stdin: bytes = b""


def _conflict(lab: Lab) -> None:
    alice, bob = lab.person("alice"), lab.person("bob")
    for person, line in ((alice, (b"development", b"from-alice")), (bob, (b"hunter2\n", b"hunter2\nMORE=hunter2-more\n"))):
        path = person.cwd / ".env"
        path.write_bytes(path.read_bytes().replace(*line))
        person.must("gitenv", "rotate", "development")
        person.must("git", "commit", "-qam", "Rotate development")
    alice.must("git", "push", "-q")
    assert bob.run(["git", "pull", "-q"]).exit_code


def _sealed(lab: Lab) -> None:
    alice, bob = lab.person("alice"), lab.person("bob")
    assert alice.run(["gitenv", "set", "KEY", "-f", ".env.production"], b"hunter2-sealed").exit_code == 0
    alice.must("git", "commit", "-qm", "Seal KEY")
    alice.must("git", "push", "-q")
    bob.must("git", "pull", "-q")


def _nothing(lab: Lab) -> None:
    pass


CASES = {
    "rotate": Case("bob", ("rotate", "development"), _nothing),
    "remove": Case("alice", ("remove-recipient", "bob", "-e", "development"), _nothing, removed="bob"),
    "remove-asking": Case("bob", ("remove-recipient", "carol"), _nothing, removed="carol"),
    "reader": Case("alice", ("set-role", "bob", "reader"), _nothing),
    "merge": Case("bob", ("rotate", "development"), _conflict),
    "set": Case("alice", ("set", "NEW"), _nothing, stdin=b"hunter2-new"),
    "seal": Case("alice", ("set", "NEW", "-f", ".env.production"), _nothing, stdin=b"hunter2-new"),
    "accept": Case("bob", ("accept", "KEY", "-f", ".env.production", "--yes"), _sealed),
}


class Prepared(NamedTuple):
    """A case before the command, and what an undisturbed run makes of it."""

    before: Path
    moments: list[str]
    files: dict[str, bytes]
    tracked: list[str]
    number: int


_prepared: dict[str, Prepared] = {}


@pytest.fixture
def prepared(request: pytest.FixtureRequest, new_lab: NewLab, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    name = request.getfixturevalue("name")
    if name not in _prepared:
        case, lab = CASES[name], new_lab("crowd")
        for person in ("alice", "bob", "carol"):
            lab.person(person).cwd = lab.person(person).home / "app"
        for person in ("alice", "bob", "carol"):
            lab.person(person).must("git", "pull", "-q")
            lab.person(person).run(["gitenv", "unlock"])
        case.prepare(lab)
        place = tmp_path_factory.mktemp(name)
        shutil.copytree(lab.root, place / "before", symlinks=True)
        whole = _copy(place / "before", place / "whole", case)
        done = _killing(whole, case, 0)
        assert done.returncode == 0, done.stderr
        moments = [line for line in done.stderr.decode().splitlines() if line.startswith("moment ")]
        _prepared[name] = Prepared(place / "before", moments, _plain(whole), _tracked(whole), _number(whole))
    return _prepared[name]


@pytest.mark.parametrize("shard", range(_SHARDS))
@pytest.mark.parametrize("name", CASES)
def test_killed(name: str, shard: int, prepared: Prepared, tmp_path: Path) -> None:
    """At each moment of each command: nothing is lost, `gitenv status` can look, and the next run finishes or starts over."""
    problems = []
    for at in range(1 + shard, len(prepared.moments) + 1, _SHARDS * _EVERY):
        try:
            _check(CASES[name], prepared, tmp_path / str(at), at)
        except AssertionError as error:
            problems.append(f"{prepared.moments[at - 1]}\n{error}")
        shutil.rmtree(tmp_path / str(at), ignore_errors=True)
    assert not problems, "\n\n".join(problems)


def _check(case: Case, prepared: Prepared, place: Path, at: int) -> None:
    person = _copy(prepared.before, place, case)
    plain, head = _plain(person), person.must("git", "rev-parse", "HEAD").stdout
    staged = _staged(person)
    killed = _killing(person, case, at)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    # The old state is whole.
    assert person.must("git", "rev-parse", "HEAD").stdout == head
    now = _plain(person)
    for path, data in plain.items():
        assert now.get(path) in (data, prepared.files[path]), f"{path} is neither the old nor the new one"
    person.must("git", "fsck", "--connectivity-only", "--no-dangling")
    person.must("git", "status", "--short")
    if _staged(person) != staged and case.words[0] in ("rotate", "remove-recipient", "set-role"):
        _check_tokens(person)
        assert _number(person) == prepared.number
    person.must("gitenv", "status")
    _drop_lock_of_git(person)
    # The next run.
    again = person.run(["gitenv", *case.words], case.stdin)
    gone = case.removed and again.exit_code == 2 and b"not in" in again.stderr
    kept = case.words[0] == "accept" and again.exit_code == 2 and b"no unverified lines" in again.stderr
    assert again.exit_code == 0 or gone or kept, again.said
    assert _plain(person) == prepared.files
    assert sorted(_tracked(person)) == sorted(prepared.tracked)
    assert _number(person) == prepared.number
    _check_tokens(person)
    assert not leftovers(person)
    person.must("git", "commit", "-qam", "Done")
    assert not person.must("git", "status", "--porcelain").said
    if at % 2 == 0:
        _check_others(case, person, place)


def _check_others(case: Case, person: Person, place: Path) -> None:
    """Who should be in reads all of it after a pull, and who was removed nothing new."""
    person.must("git", "push", "-q")
    lab = Lab(place)
    plain = (person.cwd / ".env").read_bytes()
    for name in {"alice", "bob", "carol"} - {person.name}:
        other = lab.person(name)
        other.cwd = other.home / "app"
        other.must("git", "pull", "-q")  # a clone that knows the generation before: it must be handed one honest step
        unlocked = other.run(["gitenv", "unlock", "development"])
        assert unlocked.exit_code == (3 if name == case.removed else 0), unlocked.said
        is_open = (other.cwd / ".env").read_bytes() == plain
        assert is_open == (name != case.removed), f"{name}: {is_open}"
    for repository in lab.repositories():
        assert b"hunter2" not in lab.every_object(repository)


def _copy(before: Path, place: Path, case: Case) -> Person:
    person = Lab(place, before).person(case.who)
    person.cwd = person.home / "app"
    return person


def _killing(person: Person, case: Case, at: int) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [forkserver.python(), "-E", "-P", "-c", _KILLING, str(at), *case.words],
        cwd=person.cwd,
        env=person.env | forkserver.REAL,
        input=case.stdin,
        start_new_session=True,
        capture_output=True,
        check=False,
        timeout=120,
    )


def _plain(person: Person) -> dict[str, bytes]:
    """The files; who seals a value twice has two spellings of it."""
    found = {path.name: path.read_bytes() for path in person.cwd.glob(".env*") if not path.name.endswith(".tmp")}
    return {name: re.sub(rb"(gitenv1-sealed:\S+:)\S+", rb"\1", data) for name, data in found.items()}


def _staged(person: Person) -> bytes:
    return person.must("git", "ls-files", "--stage").stdout


def _tracked(person: Person) -> list[str]:
    return person.must("git", "ls-files").stdout.decode().splitlines()


def _number(person: Person) -> int:
    text = person.must("git", "cat-file", "blob", ":.recipients/development/environment").stdout
    found = re.search(rb"^generation (\d+) ", text, re.M)
    return int(found[1]) if found else 0


def _check_tokens(person: Person) -> None:
    text = person.must("git", "cat-file", "blob", ":.env").stdout
    assert {int(number) for number in re.findall(rb"gitenv1:(\d+)\.", text)} == {_number(person)}


def _drop_lock_of_git(person: Person) -> None:
    """git's own lock, where git was killed: that is git's to say, and its user's to remove."""
    lock = person.cwd / ".git" / "index.lock"
    if lock.exists() and lock.stat().st_nlink == 1:
        lock.unlink()


def leftovers(person: Person) -> list[Path]:
    """What a run that was killed left behind."""
    left = [path for path in person.home.rglob("*") if path.name.endswith((".tmp", ".lock"))]
    return left + [path for path in (person.cwd / ".git" / "gitenv").iterdir() if path.name.startswith(("index-", "merge-"))]
