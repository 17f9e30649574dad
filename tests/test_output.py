"""Standard output that fails, or lacks the letters of a name: said clearly, and a command that writes goes on to its end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests import forkserver
from tests.conftest import NewLab
from tests.lab import Person, gitenv

if sys.platform == "win32" or not Path("/dev/full").exists():
    pytest.skip("needs a device that is full", allow_module_level=True)


@pytest.fixture
def alice(new_lab: NewLab) -> Person:
    """A founder, in her clone."""
    alice = new_lab("founded").person("alice")
    alice.cwd = alice.home / "app"
    alice.env |= forkserver.REAL
    return alice


def _run(alice: Person, where: str, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """gitenv with its standard output as a shell redirects it."""
    command = [word for word in gitenv(*words) if word != "-E"]  # as users start it, with what they have set for Python
    script = ["sh", "-c", f'"$@" {where}', "sh", *command]
    env = {**alice.env, **variables}
    return subprocess.run(script, cwd=alice.cwd, env=env, capture_output=True, text=True, check=False, timeout=60)


def test_output_that_cannot_be_written(alice: Person) -> None:
    """Who reads is told that nothing was shown; a value that was to be set is set, and its hint says so."""
    shown = _run(alice, ">/dev/full", "status")
    assert (shown.returncode, shown.stderr.count("error: standard output cannot be written: ")) == (5, 1), shown.stderr
    done = _run(alice, ">&-", "set", "NEW", "--empty")
    assert done.returncode == 5
    assert done.stderr.endswith("hint: what was to be done is done\n")
    assert alice.must("git", "status", "--porcelain").said == "M  .env"


def test_a_reader_that_has_gone(alice: Person) -> None:
    """A pipe whose other end is closed stops no command that writes, and nothing is said about it."""
    assert not _run(alice, "| true", "set", "NEW", "--empty").stderr
    assert alice.must("git", "status", "--porcelain").said == "M  .env"


def test_letters_that_the_encoding_lacks(alice: Person) -> None:
    """A name is shown with escapes, and nothing else changes."""
    folder = alice.cwd / "größe"
    folder.mkdir()
    (folder / ".env").write_bytes(b"A=1\n")
    alice.must("git", "add", "-A")
    done = _run(alice, "", "diff", "--staged", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stdout, done.stderr) == (0, "development: gr\\xf6\\xdfe/.env, new\n  + A: new\n", "")


def test_no_warning_of_python(alice: Person) -> None:
    """Who develops with Python's warnings on hears of none that is ours."""
    assert not _run(alice, "", "status", PYTHONDEVMODE="1", PYTHONWARNINGS="error").stderr
