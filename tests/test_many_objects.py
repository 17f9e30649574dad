"""Objects by the thousand: whoever reads them, they are the same."""

from __future__ import annotations

import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from gitenv.git.many_objects import ManyObjects
from gitenv.git.objects import Objects
from tests.fast_import import Repo

_MANY = 1_000


def _after_many(folder: str) -> ManyObjects:
    """A reader that has been asked often enough to take another way."""
    objects = ManyObjects(folder)
    for _ in range(_MANY):
        objects.id("HEAD")
    return objects


def _answers(objects: Objects, ids: list[str]) -> list[object]:
    found: list[object] = []
    for each in ids:
        found += [objects.read(each), objects.read(each, 3), objects.commit(each), objects.tag(each), objects.id(each)]
        found += [objects.members(each), objects.read(f"{each}:.env"), objects.read(each.upper()), objects.read(each[:12])]
    objects.close()
    return found


@pytest.fixture(params=["sha1", "sha256"])
def repo(tmp_path: Path, request: pytest.FixtureRequest) -> Repo:
    """A repository with an object of each kind."""
    repo = Repo(tmp_path, f"--object-format={request.param}")
    repo.commit({".env": b"A=1\n", "empty": b""})
    repo.written()
    repo.git("tag", "-am", "x", "v1", "main")
    return repo


def test_the_same_answers(repo: Repo) -> None:
    """Objects of each kind, too large ones, missing ones and short names; also where only git knows the repository's form."""
    listed = repo.git("cat-file", "--batch-all-objects", "--batch-check=%(objectname)").split()
    ids = [*listed, "1" * len(listed[0])]
    assert _answers(_after_many(str(repo.folder)), ids) == _answers(Objects(str(repo.folder)), ids)
    assert len(ids) == 6


def test_only_then(repo: Repo) -> None:
    """libgit2, which takes long to load, is loaded for many objects only, and then reads them."""
    blobs = repo.git("rev-parse", "main:.env", "main:empty").split()
    loaded = "import sys; from gitenv.git.many_objects import ManyObjects; objects = ManyObjects('.')\n"
    loaded += f"for number in range({_MANY}): before = 'pygit2' in sys.modules; objects.read({blobs}[number % 2])\n"
    loaded += "print(before, 'pygit2' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", loaded], cwd=repo.folder, capture_output=True, check=True)
    assert done.stdout.split() == [b"False", b"True"]


def test_a_damaged_object(tmp_path: Path) -> None:
    """It is none, and the next one is read."""
    repo = Repo(tmp_path)
    repo.commit({".env": b"A=1\n", "other": b"B=1\n"})
    folder = repo.written()
    damaged, whole = repo.git("rev-parse", "main:.env", "main:other").split()
    loose = Path(folder) / ".git/objects" / damaged[:2] / damaged[2:]
    loose.chmod(0o600)
    loose.write_bytes(b"junk")
    objects = _after_many(folder)
    assert [objects.read(damaged), objects.read(whole)] == [None, b"B=1\n"]
    objects.close()


def test_an_object_that_is_longer_than_its_head_says(tmp_path: Path) -> None:
    """It is none: git hands out all of it, and the rest is not taken for the answer to the next question."""
    repo = Repo(tmp_path)
    repo.commit({".env": b"A=1\n", "other": b"B=1\n"})
    folder = repo.written()
    longer, whole = repo.git("rev-parse", "main:.env", "main:other").split()
    loose = Path(folder) / ".git/objects" / longer[:2] / longer[2:]
    loose.chmod(0o600)
    loose.write_bytes(zlib.compress(b"blob 3\0A=1=1\n%b blob 7\nEVIL=1\n\n" % whole.encode()))
    for objects in (Objects(folder), _after_many(folder)):
        assert [objects.read(longer), objects.read(whole)] == [None, b"B=1\n"]
        assert [objects.read(longer, 2), objects.read(whole)] == [None, b"B=1\n"]
        objects.close()
