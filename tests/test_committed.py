"""What the filter asks about the index and HEAD: the right answers, and one question for many files."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gitenv.drivers.committed import Committed
from gitenv.git import layout
from gitenv.git.objects import Objects
from gitenv.model.clean import Cleaned

_MANY = 100


class _Counting(Objects):
    """Counts what is asked."""

    def __init__(self, folder: str) -> None:
        super().__init__(folder)
        self.asked: list[str] = []

    def read(self, spec: str, limit: int = 1000) -> bytes | None:
        self.asked.append(spec)
        return super().read(spec, limit)

    def id(self, spec: str) -> str:
        self.asked.append(spec)
        return super().id(spec)


class _Repository:
    """A repository with `staged` in the index, `removed` in HEAD alone, and `both`; and what a filter asks about it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.git("init", "-q")
        for name in ("removed", "both"):
            self.write(name, name)
        self.git("add", ".")
        self.git("-c", "user.name=alice", "-c", "user.email=a@b.c", "commit", "-qm", "One")
        self.write("staged", "staged")
        self.git("add", "staged")
        self.git("rm", "-q", "--cached", "removed")
        self.objects = _Counting(str(root))
        self.committed = Committed(layout.find(str(root)), self.objects)

    def git(self, *words: str) -> None:
        subprocess.run(["git", *words], cwd=self.root, check=True)

    def write(self, name: str, text: str) -> None:
        (self.root / name).write_bytes(text.encode())

    def lock(self) -> Path:
        """What git has while it adds files."""
        path = self.root / ".git" / "index.lock"
        path.touch()
        return path

    def has(self, name: str) -> bool:
        """Whether there is anything in index or HEAD, and how it is read."""
        self.committed.follow()
        found = self.committed.has(name)
        assert found is bool(self.committed.blobs(name)) is bool(self.committed.before(name, with_head=True))
        assert found or self.committed.new_tokens(name, Cleaned(b""), b"", self.committed.records(name)) == []
        return found


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[_Repository]:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "app").mkdir()
    made = _Repository(tmp_path / "app")
    yield made
    made.objects.close()


@pytest.mark.parametrize("is_locked", [True, False])
def test_many_files_are_found_where_they_are(repository: _Repository, is_locked: bool) -> None:
    """In the index, in HEAD alone, or nowhere: the same by single questions and by one listing."""
    if is_locked:
        repository.lock()
    for _ in range(12):
        for name, is_there in (("staged", True), ("removed", True), ("both", True), ("new", False), ("removed/new", False)):
            assert repository.has(name) is is_there
    assert repository.committed.blobs("removed") == [b"removed"]


def test_new_files_ask_nothing(repository: _Repository) -> None:
    """`git add` of a hundred new files asks as much as one of ten."""
    repository.lock()
    for number in range(10):
        assert not repository.has(f"new{number}")
        assert repository.committed.head()
    asked = len(repository.objects.asked)
    for number in range(_MANY):
        assert not repository.has(f"newer{number}")
        assert repository.committed.head()
    assert len(repository.objects.asked) == asked


def test_a_listing_ends_with_the_lock(repository: _Repository) -> None:
    """A rebase keeps one filter: what it commits and stages in between is seen, in the index and in HEAD."""
    lock = repository.lock()
    for _ in range(12):
        assert not repository.has("new")
    head = repository.committed.head()
    lock.unlink()
    repository.write("new", "new")
    repository.git("add", "new")
    assert repository.has("new")
    repository.git("-c", "user.name=alice", "-c", "user.email=a@b.c", "commit", "-qm", "Two")
    repository.git("rm", "-q", "--cached", "new")
    lock = repository.lock()
    for _ in range(12):
        assert repository.has("new")
    assert repository.committed.head() != head


def test_before_the_first_commit(tmp_path: Path) -> None:
    """Without a HEAD there is only the index."""
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    (tmp_path / "staged").write_bytes(b"staged")
    subprocess.run(["git", "add", "staged"], cwd=tmp_path, check=True)
    (tmp_path / ".git" / "index.lock").touch()
    with closing(Objects(str(tmp_path))) as objects:
        committed = Committed(layout.find(str(tmp_path)), objects)
        for _ in range(12):
            committed.follow()
            assert committed.has("staged")
            assert not committed.has("new")
