"""What cannot be compared is named, and keeps nobody from seeing the rest."""

from __future__ import annotations

import json
import os
import sys

import pytest

from gitenv.git.objects import Objects
from gitenv.model.document import MAX_BYTES
from tests.lab import Person


def _damage(alice: Person, blob: str, keep: int) -> None:
    path = alice.cwd / ".git" / "objects" / blob[:2] / blob[2:]
    data = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(data[:keep] + bytes(len(data) - keep))


@pytest.mark.parametrize("keep", [0, 60])
def test_a_damaged_object(alice: Person, keep: int) -> None:
    """git ends at an object that is damaged in its head or in the middle; the ones after it are read all the same."""
    bad = alice.run(["git", "hash-object", "-w", "--stdin"], os.urandom(5000)).stdout.decode().strip()
    good = alice.run(["git", "hash-object", "-w", "--stdin"], b"good").stdout.decode().strip()
    _damage(alice, bad, keep)
    objects = Objects(str(alice.cwd))
    assert objects.read(bad) is None
    assert objects.read(good) == b"good"
    assert list(objects.each([good, bad, good, "0" * 40, good])) == [b"good", None, b"good", None, b"good"]
    objects.close()


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on Windows")
def test_what_cannot_be_compared(alice: Person) -> None:
    """A damaged file, one that is too large, one with too many records, a link, a submodule: each with its reason."""
    alice.must("git", "commit", "-qm", "Nothing", "--allow-empty")
    (alice.cwd / ".env.damaged").write_bytes(b"A=1\n")
    (alice.cwd / ".env.large").write_bytes(b"A=" + b"1" * MAX_BYTES)
    (alice.cwd / ".env.long").write_bytes(b"A=1\n" * 10_001)
    (alice.cwd / ".env.link").symlink_to("/etc/hosts")
    (alice.cwd / ".env").write_bytes(b"A=1\n\xff=2\n")
    alice.must("git", "add", "-A")
    commit = alice.must("git", "rev-parse", "HEAD").said
    alice.must("git", "update-index", "--add", "--cacheinfo", f"160000,{commit},.env.module")
    alice.must("git", "commit", "-qm", "All")
    (alice.cwd / ".env").write_bytes(b"A=2\n")
    alice.must("git", "add", ".env")
    alice.must("git", "commit", "-qm", "Change")
    _damage(alice, alice.must("git", "rev-parse", "HEAD:.env.damaged").said, 0)
    found = json.loads(alice.must("gitenv", "diff", "HEAD~2", "HEAD", "--format", "json").stdout)
    problems = {file["path"]: file["problem"] for file in found["files"]}
    assert problems.pop(".env") == ""
    assert problems.pop(".env.link").startswith("a link")
    assert problems.pop(".env.module").startswith("no file, but a submodule")
    assert "10,000 records" in problems.pop(".env.long")
    assert {path: problem[:14] for path, problem in problems.items()} == dict.fromkeys(
        (".env.damaged", ".env.large"), "cannot be read"
    )
    text = alice.must("gitenv", "diff", "HEAD~1", "HEAD").said
    assert text.splitlines()[0] == ".env"
    assert "A: value changed" in text
