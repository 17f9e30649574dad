"""Standard output that fails, or lacks the letters of a name: said clearly, and a command that writes goes on to its end."""

from __future__ import annotations

import re
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


@pytest.mark.parametrize("where", [">/dev/full", ">&-"])
def test_output_that_cannot_be_written(alice: Person, where: str) -> None:
    """Who reads is told that nothing was shown; a value that was to be set is set, and its hint says so."""
    shown = _run(alice, where, "status")
    assert (shown.returncode, shown.stderr.count("error: standard output cannot be written: ")) == (5, 1), shown.stderr
    done = _run(alice, where, "set", "NEW", "--empty")
    assert done.returncode == 5
    assert done.stderr.endswith("hint: what was to be done is done\n")
    assert alice.must("git", "status", "--porcelain").said == "M  .env"


def test_a_reader_that_has_gone(alice: Person) -> None:
    """A pipe whose other end is closed ends a command that reads, and none that writes; neither says a word about it."""
    for words in (("status",), ("set", "NEW", "--empty")):
        done = _run(alice, "| true", *words)
        assert not done.stderr
    assert alice.must("git", "status", "--porcelain").said == "M  .env"


def test_letters_that_the_encoding_lacks(alice: Person) -> None:
    """A name is shown with escapes, and nothing else changes."""
    folder = alice.cwd / "größe"
    folder.mkdir()
    (folder / ".env").write_bytes(b"A=1\n")
    alice.must("git", "add", "-A")
    for variables in ({"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}):
        done = _run(alice, "", "diff", "--staged", **variables)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.isascii()
        assert re.search(r"development: gr\\\S+e/\.env, new\n", done.stdout)


def test_no_warning_of_python(alice: Person) -> None:
    """Who develops with Python's warnings on hears of none that is ours."""
    assert not _run(alice, "", "status", PYTHONDEVMODE="1", PYTHONWARNINGS="error").stderr
