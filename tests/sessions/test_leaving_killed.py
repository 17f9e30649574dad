"""`gitenv uninstall --repository`, killed between any two of its writes: no plain text slips in, and the next run finishes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import NewLab
from tests.lab import Lab, Person

_EVERY = int(os.environ.get("GITENV_TEST_KILL_EVERY", "19"))
_KILLED = """
import os, subprocess, sys
left = int(sys.argv[1])

def counted(owner, name, is_write=lambda *_: True):
    real = getattr(owner, name)
    def call(*words, **options):
        global left
        if is_write(*words):
            left -= 1
            if not left:
                os._exit(9)
        return real(*words, **options)
    setattr(owner, name, call)

for name in ("replace", "unlink", "rmdir", "link"):
    counted(os, name)
counted(subprocess, "run", lambda words, *_: {"config", "update-index", "fast-import", "add"} & set(words))
sys.argv[1:] = ["uninstall", "--repository", *sys.argv[2:]]
from gitenv.__main__ import main
sys.exit(main())
"""
_EXIT = 9
_MOST = 80


def killed(person: Person, at: int, words: list[str]) -> int:
    """Run it and kill it before one of its writes; return the exit code."""
    command = [sys.executable, "-E", "-P", "-c", _KILLED, str(at), *words]
    return subprocess.run(command, cwd=person.cwd, env=person.env, capture_output=True, check=False).returncode


@pytest.mark.parametrize("words", [[], ["--plain-text"]])
def test_the_next_run_finishes(new_lab: NewLab, tmp_path: Path, words: list[str]) -> None:
    """Until it is staged, git encrypts or stops as ever; a file that goes out of git never comes in again in plain text."""
    founded = new_lab("founded").root
    for at in range(1, _MOST, _EVERY):
        lab = Lab(tmp_path / f"{at}", founded)
        alice = lab.person("alice")
        alice.cwd = alice.home / "app"
        before = (alice.cwd / ".env").read_bytes()
        code = killed(alice, at, words)
        assert code in (0, _EXIT)
        assert (alice.cwd / ".env").read_bytes() == before
        if not words:
            alice.run(["git", "add", "-A"])
            assert b"hunter2" not in lab.every_object(lab.repositories()), f"killed at {at}"
        again = alice.run(["gitenv", "uninstall", "--repository", *words])
        assert again.exit_code == 0 or b"not set up" in again.stderr, f"killed at {at}: {again.said}"
        listed = alice.must("git", "ls-files").stdout.decode().splitlines()
        assert listed == ([".env"] if words else [".gitignore"]), f"killed at {at}"
        assert not (alice.cwd / ".recipients").exists()
        assert alice.run(["git", "config", "--get-regexp", r"^(filter|diff|merge)\.gitenv"]).exit_code == 1
        assert (alice.cwd / ".env").read_bytes() == before
        alice.must("git", "commit", "-qm", "Without gitenv")
        assert not alice.must("git", "status", "--porcelain").said, f"killed at {at}"
        (alice.cwd / ".env").write_text("A=1\n", encoding="utf-8")
        alice.must("git", "add", "--force", ".env")
        if code == 0:
            return
    pytest.fail("it has more writes than were tried")
