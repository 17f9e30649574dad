"""Which files once stood in a history in plain text: counted over all commits that have them, changed there or not."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from gitenv.git.objects import Objects
from gitenv.repo import exposed
from gitenv.repo.exposed import Exposed
from tests.fast_import import Repo

_MANY = tuple(f"{number}/.env" for number in range(30))


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path)


def _found(repo: Repo, *paths: str) -> list[tuple[str, int, str]] | None:
    """Path, how many commits, and the subject of the newest. Plain is what begins with a `p`."""
    objects = Objects(repo.written())
    both = [exposed.find(str(repo.folder), objects, listed, _is_plain) for listed in (paths, (*paths, *_MANY))]
    objects.close()
    assert both[0] == both[1]  # the same, however many are looked for
    return None if both[0] is None else list(_readable(repo, both[0]))


def _is_plain(data: bytes) -> bool:
    return data.startswith(b"p")


def _readable(repo: Repo, found: Iterable[Exposed]) -> Iterable[tuple[str, int, str]]:
    for each in found:
        yield each.path, each.commits, repo.git("log", "-1", "--format=%s", each.newest)


def test_before_the_first_commit(repo: Repo) -> None:
    """There is nothing."""
    assert _found(repo, ".env") == []


def test_commits_that_have_it(repo: Repo) -> None:
    """Each one counts that has the file in plain text, also where it changed something else."""
    repo.commit({".env": b"p1", "a/.env": b"x"})
    repo.commit({"other": b"1"})
    repo.commit({".env": b"x", "a/.env": b"p2"})
    repo.commit({"a/.env": None})
    repo.commit({"a/.env": b"x"})
    assert _found(repo, "a/.env", ".env", "none") == [("a/.env", 1, "3"), (".env", 2, "2")]


def test_merges(repo: Repo) -> None:
    """Of a merge counts what it has itself, whichever side had that."""
    first = repo.commit({".env": b"x", "a/.env": b"x"})
    left = repo.commit({".env": b"p"}, [first], branch="left")
    right = repo.commit({"a/.env": b"p"}, [first], branch="right")
    kept = repo.commit({"a/.env": b"p"}, [left, right])
    ours = repo.commit({".env": b"x"}, [kept, left])
    repo.commit({"b": b"1"}, [ours, right])
    assert _found(repo, ".env", "a/.env") == [(".env", 2, "4"), ("a/.env", 4, "6")]


def test_too_large(repo: Repo) -> None:
    """What is no document is not read."""
    repo.commit({".env": b"p" * (5 * 1024 * 1024)})
    assert _found(repo, ".env") == []


def test_sha256(tmp_path: Path) -> None:
    """Every repository that git reads is looked through."""
    repo = Repo(tmp_path, "--object-format=sha256")
    repo.commit({".env": b"p"})
    assert _found(repo, ".env") == [(".env", 1, "1")]


def test_a_damaged_history(repo: Repo) -> None:
    """Not looked is not taken for nothing there."""
    repo.commit({".env": b"p"})
    folder = Path(repo.written())
    tree = repo.git("rev-parse", "main^{tree}")
    loose = folder / ".git/objects" / tree[:2] / tree[2:]
    loose.unlink()
    assert _found(repo, ".env") is None
