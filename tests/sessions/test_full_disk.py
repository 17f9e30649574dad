"""A disk that is full. The limit on the size of files stands in for it: a write fails at any byte that the test chooses."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import forkserver
from tests.conftest import NewLab
from tests.lab import Person, gitenv

if sys.platform == "win32":
    pytest.skip("there is no limit on the size of files", allow_module_level=True)

_LIMITED = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
os.execv(sys.argv[2], sys.argv[2:])
"""


def limited(person: Person, size: int, *words: str) -> subprocess.CompletedProcess[bytes]:
    """Run gitenv where it can make no file larger than `size` bytes; git, which it starts, has room.

    -B, and no limit for what git starts: Python would take a .pyc that was cut off for a whole one, also in later tests.
    """
    git = person.home / "bin" / "git"
    git.parent.mkdir(exist_ok=True)
    git.write_text(f"#!/bin/sh\nulimit -S -f unlimited\nexec '{shutil.which('git')}' \"$@\"\n", encoding="utf-8")
    git.chmod(0o755)
    python, *arguments = gitenv(*words)
    return subprocess.run(
        [sys.executable, "-c", _LIMITED, str(size), python, "-B", *arguments],
        cwd=person.cwd,
        env={**person.env, **forkserver.REAL, "PATH": f"{git.parent}:{person.env['PATH']}"},
        capture_output=True,
        check=False,
    )


def leftovers(folder: Path) -> list[Path]:
    """Files that a write left half done."""
    return [path for path in folder.rglob("*") if path.name.endswith(".tmp") or path.name == "index.lock"]


@pytest.mark.parametrize("size", [0, 100, 260, 700])
def test_founding(new_lab: NewLab, size: int) -> None:
    """init says that a file cannot be written and leaves none half written; when there is room again, it goes through."""
    alice = new_lab("").person("alice")
    alice.must("git", "init", "-q")
    (alice.cwd / ".env").write_bytes(b"PASSWORD=hunter2\n")
    failed = limited(alice, size, "init")
    assert failed.returncode == 5
    assert failed.stderr.startswith(b"error: ")
    assert b"Traceback" not in failed.stderr
    assert not leftovers(alice.home)
    alice.must("gitenv", "init")
    alice.must("git", "commit", "-qm", "Encrypt .env")
    assert b"PASSWORD=gitenv1:" in alice.must("git", "cat-file", "blob", "HEAD:.env").stdout
    assert (alice.cwd / ".env").read_bytes() == b"PASSWORD=hunter2\n"


def test_locking_and_unlocking(new_lab: NewLab) -> None:
    """A file that can be neither closed nor opened for want of room stays whole, as it was."""
    alice = new_lab("founded").person("alice")
    alice.cwd = alice.home / "app"
    plain = (alice.cwd / ".env").read_bytes()
    assert limited(alice, 20, "lock").returncode == 5
    assert (alice.cwd / ".env").read_bytes() == plain
    alice.must("gitenv", "unlock")
    alice.must("gitenv", "lock")
    closed = (alice.cwd / ".env").read_bytes()
    assert limited(alice, 20, "unlock").returncode == 5
    assert (alice.cwd / ".env").read_bytes() == closed
    assert not leftovers(alice.home)
    alice.must("gitenv", "unlock")
    assert (alice.cwd / ".env").read_bytes() == plain
    assert not alice.must("git", "status", "--porcelain").said
