"""`gitenv key rotate`, killed after its writes (each one, weekly): all stays open, and the next run ends with the same key."""

from __future__ import annotations

import json
import subprocess

import pytest

from gitenv.identity import device
from tests import forkserver
from tests.conftest import ALL, NewLab
from tests.lab import Person

_KILLED = """
import os, sys
left, really = int(sys.argv[1]), os.replace

def replace(source, target):
    global left
    really(source, target)
    left -= 1
    if not left:
        os._exit(9)

os.replace = replace
sys.argv[1:] = ["key", "rotate"]
from gitenv.__main__ import main
sys.exit(main())
"""
_EXIT = 9


def killed(person: Person, after: int) -> int:
    """Run it and kill it after so many files were put in place; return the exit code."""
    command = [forkserver.python(), "-E", "-P", "-c", _KILLED, str(after)]
    return subprocess.run(
        command, cwd=person.cwd, env=person.env | forkserver.REAL, capture_output=True, check=False
    ).returncode


def fingerprint(person: Person, name: str) -> str:
    """Of a key in gitenv's folder; "" if there is none."""
    file = person.home / ".config" / "gitenv" / name
    return device.parse(file.read_bytes(), name).public.fingerprint() if file.exists() else ""


@pytest.mark.parametrize("after", range(1, 15) if ALL else (2, 5, 8, 14))
def test_the_next_run_finishes_with_the_same_key(new_lab: NewLab, after: int) -> None:
    """bob came into development by a grant and founded production: statement, grants, `.pub`, key and pins are all written."""
    lab = new_lab("crowd")
    bob, alice = lab.person("bob"), lab.person("alice")
    bob.cwd, alice.cwd = bob.home / "app", alice.home / "app"
    old = fingerprint(bob, "device.pem")
    code = killed(bob, after)
    assert code in (0, _EXIT)
    assert after not in (2, 14) or code == (_EXIT if after == 2 else 0)  # all of its writes are among these
    begun = fingerprint(bob, "device.pem.next") or fingerprint(bob, "device.pem")
    # Everything is open, and new text is encrypted.
    (bob.cwd / ".env").write_text("PASSWORD=hunter2-killed\n", encoding="utf-8")
    bob.must("git", "add", ".env")
    assert bob.must("git", "cat-file", "blob", ":.env").stdout.startswith(b"PASSWORD=gitenv1:1.")
    codes = [problem["code"] for problem in json.loads(bob.must("gitenv", "status", "--json").stdout)["problems"]]
    assert "former-key" in codes or not fingerprint(bob, "device.pem.next")
    again = bob.run(["gitenv", "key", "rotate"])
    assert again.exit_code == 0 or b"in no commit yet" in again.stderr, again.said
    new = fingerprint(bob, "device.pem")
    assert new == begun or begun == old
    assert new != old
    kept = [file.name for file in (bob.home / ".config" / "gitenv").glob("device.pem.*")]
    assert [fingerprint(bob, name) for name in kept] == [old]
    bob.must("git", "commit", "-qm", "A new device key")
    assert not bob.must("git", "status", "--porcelain").said
    bob.must("git", "push", "-q")
    alice.must("git", "pull", "-q")
    alice.must("gitenv", "unlock", "development")
    found = json.loads(alice.must("gitenv", "recipients", "--json").stdout)
    assert not found["uncounted"]
    assert [person["fingerprint"] for person in found["people"] if person["name"] == "bob"] == [new]
    assert (alice.cwd / ".env").read_bytes() == b"PASSWORD=hunter2-killed\n"
