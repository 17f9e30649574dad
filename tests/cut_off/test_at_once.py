"""Several at once in one clone: nothing is lost that was said to be done, and no plain text is stored."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import NewLab
from tests.lab import HUB, Person, gitenv

if sys.platform == "win32":
    pytest.skip("git there refuses what somebody else has open", allow_module_level=True)


class Run(NamedTuple):
    """One of those that ran at once."""

    words: str
    code: int
    said: str


def at_once(person: Person, *runs: tuple[str, Path]) -> list[Run]:
    """Start all of them, each in its folder; wait for all. `set` gets a value on standard input."""
    started = []
    for words, folder in runs:
        argv = words.split()
        command = gitenv(*argv[1:]) if argv[0] == "gitenv" else argv
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        process = subprocess.Popen(command, cwd=folder, env=person.env, **pipes)  # type: ignore[call-overload]
        assert process.stdin
        process.stdin.write(b"hunter2-value" if " set " in words else b"")
        process.stdin.close()
        process.stdin = None
        started.append((words, process))
    done = [(words, process.communicate(timeout=120)[0].decode(), process) for words, process in started]
    found = [Run(words, process.returncode, said) for words, said, process in done]
    assert not [run for run in found if "a bug in gitenv" in run.said or "Traceback" in run.said], found
    return found


def said_done(runs: Sequence[Run], pattern: str) -> list[str]:
    """The word that a pattern finds in each command that ended well."""
    return [match[1] for run in runs if run.code == 0 and (match := re.search(pattern, run.words))]


@pytest.fixture
def alice(new_lab: NewLab) -> Person:
    """alice, with two work trees of one clone."""
    lab = new_lab("team")
    alice = lab.person("alice")
    alice.cwd = alice.home / "app"
    alice.must("git", "pull", "-q")
    alice.must("git", "worktree", "add", "-q", "../two", "-b", "two")
    return alice


def everywhere(alice: Person) -> bytes:
    """All that can still be read: the work trees, opened commits of all branches, stashes."""
    there = b"".join((alice.home / name / ".env").read_bytes() for name in ("app", "two"))
    shown = alice.run(["git", "log", "--all", "-p", "--textconv", "--reflog", "--", ".env"]).stdout
    return there + shown


def check_sound(alice: Person) -> None:
    """git is content, nothing is stored in plain text, and the next commands work in both work trees."""
    objects = ("git", "cat-file", "--batch", "--batch-all-objects", "--unordered", "--buffer")
    assert b"hunter2" not in alice.must(*objects).stdout
    alice.must("git", "fsck", "--connectivity-only", "--no-dangling")
    for name in ("app", "two"):
        alice.cwd = alice.home / name
        assert not (alice.cwd / ".git" / "index.lock").exists()
        alice.must("gitenv", "unlock")
        alice.must("git", "add", "-A")
        alice.must("git", "commit", "-q", "--allow-empty", "-m", "Go on")
        assert not alice.must("git", "status", "--porcelain").said
    assert not [path for path in alice.home.rglob("*.tmp") if path.name.startswith(".env")]


def test_values_in_two_work_trees(alice: Person) -> None:
    """Eight `set` at once, in two work trees: each that says so has set its value."""
    one, two = alice.home / "app", alice.home / "two"
    runs = at_once(alice, *[(f"gitenv set A{n}", one) for n in range(5)], *[(f"gitenv set B{n}", two) for n in range(3)])
    assert all(run.code == 0 for run in runs), runs
    for path, names in ((one, said_done(runs, r"set (A\d)")), (two, said_done(runs, r"set (B\d)"))):
        text = (path / ".env").read_text(encoding="utf-8")
        assert not [name for name in names if f"{name}=hunter2-value" not in text]
    check_sound(alice)


def test_names_and_values(alice: Person) -> None:
    """What is set, taken out and renamed at once in one file: each has done what it said, also where the file is closed."""
    for number, way in enumerate(("unlock", "lock")):
        alice.must("gitenv", way)
        for name in ("GONE", "OLD"):
            assert alice.run(["gitenv", "set", f"{name}{number}"], b"hunter2-value").exit_code == 0
        words = (f"set A{number}", f"unset GONE{number}", f"rename OLD{number} NEW{number}", f"set B{number}")
        runs = at_once(alice, *[(f"gitenv {each}", alice.cwd) for each in words])
        assert not [run for run in runs if run.code], runs
        listed = alice.must("gitenv", "list").stdout.decode().split()
        assert {f"A{number}", f"B{number}", f"NEW{number}"} <= {*listed}, runs
        assert not {f"GONE{number}", f"OLD{number}"} & {*listed}, runs
        alice.must("git", "commit", "-qm", "Values")
    assert b"hunter2" not in (alice.cwd / ".env").read_bytes()
    check_sound(alice)


def test_commands_beside_git(alice: Person) -> None:
    """Values, a rotation, somebody let in, add, commit, stash and gc at once: each that ended well has done what it said."""
    one, two = alice.home / "app", alice.home / "two"
    (one / ".env").write_bytes((one / ".env").read_bytes() + b"TYPED=hunter2-typed\n")
    runs = at_once(
        alice,
        *[("gitenv set A1", one), ("gitenv rotate --yes", one), ("git add -A", one), ("git commit -qam Typed", one)],
        *[("gitenv set B1", two), ("git stash -q", two), ("git gc -q", one), ("gitenv unlock", two)],
    )
    there = everywhere(alice)
    assert b"TYPED=hunter2-typed" in there, runs
    assert not [name for name in said_done(runs, r"set (\w\d)") if f"{name}=".encode() not in there], runs
    statement = alice.must("git", "cat-file", "blob", ":.recipients/development/environment").stdout
    assert b"\ngeneration 2 " in statement or not said_done(runs, "(rotate)"), runs
    check_sound(alice)


def test_locking_beside_opening(alice: Person) -> None:
    """lock, unlock, set, checkout and a key rotation at once leave each file either open or closed, and never half."""
    one, two = alice.home / "app", alice.home / "two"
    at_once(
        alice,
        *[("gitenv lock", one), ("gitenv unlock", one), ("gitenv lock", two), ("gitenv unlock", two)],
        *[("git checkout -q -B other", one), ("gitenv key rotate --yes", two), ("gitenv doctor --fix", one)],
    )
    for folder in (one, two):
        text = (folder / ".env").read_bytes()
        assert text.count(b"gitenv1:") in (0, 3), "half a file"
    alice.cwd = two
    alice.must("gitenv", "unlock")
    check_sound(alice)


def test_an_editor_that_saves(alice: Person) -> None:
    """An editor that saves while values are set loses none of its lines."""
    path, stop = alice.cwd / ".env", threading.Event()
    typed: list[str] = []

    def edit() -> None:
        while not stop.wait(0.01) and len(typed) < 300:
            text = path.read_bytes() + b"TYPED%d=1\n" % len(typed)
            beside = path.with_name(".env.swp~")
            beside.write_bytes(text)
            beside.replace(path)
            typed.append(f"TYPED{len(typed)}=1")

    editor = threading.Thread(target=edit)
    editor.start()
    try:
        at_once(alice, *[(f"gitenv set A{n}", alice.cwd) for n in range(3)])
    finally:
        stop.set()
        editor.join()
    lines = path.read_text(encoding="utf-8").splitlines()
    assert not [line for line in typed if line not in lines]


def test_one_user_in_two_clones(new_lab: NewLab) -> None:
    """`init` at once in two clones makes one key, and `key rotate` at once exchanges it once: all stays open in both."""
    lab = new_lab("team")
    eve, alice = lab.person("eve"), lab.person("alice")
    alice.must("git", "-C", "app", "pull", "-q")
    for person in (eve, alice):
        for name in ("one", "two"):
            person.must("git", "clone", "-q", HUB, name)
    both = [("gitenv init", eve.home / "one"), ("gitenv init", eve.home / "two")]
    assert not [run for run in at_once(eve, *both) if run.code]
    (key,) = {(eve.home / name / ".recipients" / "eve.pub").read_bytes() for name in ("one", "two")}
    assert key.split()[1] in eve.must("gitenv", "key", "show").stdout
    for name in ("one", "two"):
        alice.cwd = alice.home / name
        alice.must("gitenv", "init")
    runs = at_once(alice, *[("gitenv key rotate --yes", alice.home / name) for name in ("one", "two")])
    assert not [run for run in runs if run.code], runs
    assert len(list((alice.home / ".config" / "gitenv").glob("device.pem*"))) == 2, runs
    public = alice.must("gitenv", "key", "show").stdout.split()[2]
    for name in ("one", "two"):
        alice.cwd = alice.home / name
        assert public in alice.must("git", "cat-file", "blob", ":.recipients/alice.pub").stdout
        assert "former" not in alice.must("gitenv", "status", "--json").said
        (alice.cwd / ".env").write_bytes(b"NEW=hunter2-new\n")
        alice.must("git", "add", ".env")
