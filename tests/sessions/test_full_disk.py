"""A disk that is full: the limit on the size of files stands in for it, at any byte. And too few open files."""

from __future__ import annotations

import re
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
limit = getattr(resource, sys.argv[1])
resource.setrlimit(limit, (int(sys.argv[2]), resource.getrlimit(limit)[1]))
os.execv(sys.argv[3], sys.argv[3:])
"""


def limited(person: Person, size: int, *words: str, limit: str = "RLIMIT_FSIZE") -> subprocess.CompletedProcess[bytes]:
    """Run gitenv where it can make no file larger than `size` bytes; git, which it starts, has room.

    -B, and no limit for what git starts: Python would take a .pyc that was cut off for a whole one, also in later tests.
    """
    git = person.home / "bin" / "git"
    git.parent.mkdir(exist_ok=True)
    git.write_text(f"#!/bin/sh\nulimit -S -f unlimited\nexec '{shutil.which('git')}' \"$@\"\n", encoding="utf-8")
    git.chmod(0o755)
    python, *arguments = gitenv(*words)
    return subprocess.run(
        [sys.executable, "-c", _LIMITED, limit, str(size), python, "-B", *arguments],
        cwd=person.cwd,
        env={**person.env, **forkserver.REAL, "PATH": f"{git.parent}:{person.env['PATH']}"},
        capture_output=True,
        check=False,
        timeout=60,
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


def test_too_few_open_files(new_lab: NewLab) -> None:
    """Too few at the start or in the middle: it says how to allow more, has changed nothing, and then goes through."""
    alice = new_lab("founded").person("alice")
    alice.cwd = alice.home / "app"
    for number in (8, 11):
        failed = limited(alice, number, "set", "NEW", "--empty", limit="RLIMIT_NOFILE")
        assert failed.returncode == 5, failed.stderr
        assert re.fullmatch(rb"error: .*Too many open files\nhint: let more files be open: ulimit -n 1024\n", failed.stderr)
        assert not alice.must("git", "status", "--porcelain").said
        assert not leftovers(alice.home)
    alice.must("gitenv", "set", "NEW", "--empty")
    assert alice.must("git", "status", "--porcelain").said == "M  .env"
