"""`.recipients/` is read from a commit, the work tree or the index: with the same bounds, whatever lies there."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitenv.errors import NotTrusted
from gitenv.git.objects import Objects
from gitenv.repo import snapshot
from gitenv.repo.snapshot import CommitSnapshot, IndexSnapshot, Snapshot, SparseSnapshot, WorkSnapshot
from tests.conftest import NewLab


@pytest.fixture
def app(new_lab: NewLab, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with three names in `.recipients/`, one of them a link, and git without the machine's variables."""
    alice = new_lab("").person("alice")
    alice.must("git", "init", "-q", "app")
    alice.cwd = alice.home / "app"
    folder = alice.cwd / ".recipients"
    folder.mkdir()
    (folder / "alice.pub").write_bytes(b"key\n")
    (folder / "large").write_bytes(b"x" * 11)
    if os.name != "nt":
        (folder / "bob.pub").symlink_to("alice.pub")
    alice.must("git", "add", ".")
    alice.must("git", "commit", "-qm", "All of it")
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    return alice.cwd


@pytest.fixture
def in_objects(app: Path) -> Iterator[list[Snapshot]]:
    """The same, as HEAD and the index have it."""
    objects = Objects(str(app))
    yield [CommitSnapshot(objects, "HEAD"), SparseSnapshot(objects)]
    objects.close()


def test_bounds(app: Path, in_objects: list[Snapshot], monkeypatch: pytest.MonkeyPatch) -> None:
    """A file over the limit is no file or an error, and a folder with too many names is an error, nowhere a part of it."""
    for tree in in_objects:
        assert tree.read(".recipients/large", 10) is None
        _check_bounds(tree, monkeypatch)
    with pytest.raises(NotTrusted, match="11 bytes, 10 are allowed"):
        WorkSnapshot(str(app)).read(".recipients/large", 10)
    _check_bounds(WorkSnapshot(str(app)), monkeypatch)


def _check_bounds(tree: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tree.read(".recipients/alice.pub", 4) == b"key\n"
    assert tree.read(".recipients/carol.pub", 4) is None
    count = len(tree.names(".recipients"))
    assert count == (2 if os.name == "nt" else 3)
    with monkeypatch.context() as patched:
        patched.setattr(snapshot, "MAX_ENTRIES", count - 1)
        with pytest.raises(NotTrusted, match=rf"^\.recipients has {count} entries, {count - 1} are allowed"):
            tree.names(".recipients")


def test_a_folder_is_not_read_for_each_of_its_files(app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A made-up chain of thousands of statements lies among a hundred thousand files: git reads the folder for each path."""
    asked = list[str]()
    with contextlib.closing(Objects(str(app))) as objects:
        _read_often(objects, asked, monkeypatch)
    assert sum(spec.startswith("HEAD:.recipients/") for spec in asked) < 20


def _read_often(objects: Objects, asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    read = objects.read

    def noted(spec: str, limit: int) -> bytes | None:
        asked.append(spec)
        return read(spec, limit)

    monkeypatch.setattr(objects, "read", noted)
    tree = CommitSnapshot(objects, "HEAD")
    for _ in range(1_000):
        assert tree.read(".recipients/alice.pub", 4) == b"key\n"
        assert tree.read(".recipients/carol.pub", 4) is None
        assert tree.read("nowhere/carol.pub", 4) is None


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
@pytest.mark.parametrize("folder", ["two\nlines", "returns\r"])
def test_a_folder_whose_name_fits_no_line(app: Path, folder: str) -> None:
    """A commit has a file below it, as a whole listing says: else all of its values would be new in each change."""
    (app / folder).mkdir()
    (app / folder / ".env").write_bytes(b"A=1\n")
    git = ("git", "-C", str(app), "-c", "user.name=Alice", "-c", "user.email=alice@example.com")
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-qm", "Odd"], check=True)
    with contextlib.closing(Objects(str(app))) as objects:
        assert CommitSnapshot(objects, "HEAD").entry(f"{folder}/.env") == IndexSnapshot(objects).entry(f"{folder}/.env")
        assert CommitSnapshot(objects, "HEAD").document(f"{folder}/.env") == b"A=1\n"


def test_links_lead_nowhere(app: Path, in_objects: list[Snapshot]) -> None:
    """What a link in `.recipients/` points to is never read: in a commit its text is all there is."""
    for tree in in_objects:
        assert tree.read(".recipients/bob.pub", 99) == b"alice.pub"
    with pytest.raises(NotTrusted, match="is a link"):
        WorkSnapshot(str(app)).read(".recipients/bob.pub", 99)


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_a_linked_folder_is_looked_at_once_and_refused_always(app: Path) -> None:
    """A folder that is a link is refused for each of its files; one that is none need not be looked at again."""
    (app / ".recipients" / "production").symlink_to("..")
    tree = WorkSnapshot(str(app))
    for _ in range(2):
        with pytest.raises(NotTrusted, match="leads over a link"):
            tree.read(".recipients/production/environment", 99)
        with pytest.raises(NotTrusted, match="leads over a link"):
            tree.names(".recipients/production")
    assert tree.read(".recipients/alice.pub", 99) == tree.read(".recipients/alice.pub", 99)
