"""Writing the index past every filter: whole or not at all, whatever the paths are called and whatever git does meanwhile."""

from __future__ import annotations

import os
import shutil
import sys

import pytest

from gitenv.errors import NotInOrder
from gitenv.git import index, stat_data
from gitenv.git.index import IndexEntry as Entry
from gitenv.git.layout import Layout
from gitenv.git.stat_data import Chmod
from tests.conftest import NewLab
from tests.lab import Person

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights")


@pytest.fixture(params=["sha1", "sha256"])
def alice(new_lab: NewLab, request: pytest.FixtureRequest) -> Person:
    """alice in a repository with one file, whose hashes are of either kind."""
    alice = new_lab("").person("alice")
    alice.must("git", "init", "-q", f"--object-format={request.param}", "app")
    alice.cwd = alice.home / "app"
    (alice.cwd / "file").write_bytes(b"1\n")
    alice.must("git", "add", "file")
    return alice


def _layout(alice: Person) -> Layout:
    return Layout(str(alice.cwd), str(alice.cwd / ".git"), str(alice.cwd / ".git"))


def _put(alice: Person, *entries: Entry) -> None:
    index.replace_entries(str(alice.cwd), _layout(alice), entries)


def _blobs(alice: Person, *contents: bytes) -> list[str]:
    return index.write_blobs(str(alice.cwd), contents)


def _listed(alice: Person) -> dict[bytes, bytes]:
    """What the index has: path and contents."""
    lines = alice.must("git", "ls-files", "-z", "--stage").stdout.split(b"\0")[:-1]
    pairs = (line.split(b"\t", 1) for line in lines)
    return {path: alice.must("git", "cat-file", "blob", meta.split()[1].decode()).stdout for meta, path in pairs}


def _left_over(alice: Person) -> list[str]:
    found = [path.name for path in (alice.cwd / ".git").iterdir() if "lock" in path.name]
    return found + [path.name for path in (alice.cwd / ".git" / "gitenv").iterdir()]


def test_contents_are_stored_as_they_are(alice: Person) -> None:
    """Whatever bytes, in the order they were given; nothing for nothing."""
    contents = [b"", b"\n", b"data 3\nabc\ndone\n", bytes(range(256)), b"x" * 100_000, b"get-mark :1\n", b""]
    ids = _blobs(alice, *contents)
    assert [alice.must("git", "cat-file", "blob", each).stdout for each in ids] == contents
    assert _blobs(alice) == []


def test_many_contents(alice: Person) -> None:
    """Also where git keeps them in a pack."""
    ids = _blobs(alice, *(b"%d" % number for number in range(300)))
    assert len(set(ids)) == 300
    assert alice.must("git", "cat-file", "blob", ids[299]).stdout == b"299"


@pytest.mark.skipif(sys.platform == "win32", reason="no file can have such a name there")
def test_odd_paths(alice: Person) -> None:
    """Blanks, line ends, tabs, quotes, bytes that are no UTF-8: each path means itself."""
    paths = [b"a b", b" ", b"a\tb", b"a\nb", b'"', b"\xff\xfe", "ä".encode(), b"-x", b":(top)x", b"d/e/f", b"*"]
    ids = _blobs(alice, *paths)
    _put(alice, *(Entry(os.fsdecode(path), blob) for path, blob in zip(paths, ids, strict=True)))
    assert _listed(alice) == {b"file": b"1\n", **{path: path for path in paths}}
    _put(alice, *(Entry(os.fsdecode(path), "") for path in paths))
    assert _listed(alice) == {b"file": b"1\n"}
    assert _left_over(alice) == []


def test_modes_and_stages(alice: Person) -> None:
    """Modes stay, a conflict's sides stand beside each other, and one entry without a stage takes the place of all of them."""
    one, two = _blobs(alice, b"one", b"two")
    _put(alice, Entry("file", one, "100755"))
    assert alice.must("git", "ls-files", "--stage").said.startswith("100755")
    _put(
        alice,
        Entry("file", ""),
        Entry("file", one, stage=1),
        Entry("file", two, stage=2),
        Entry("file", two, stage=3),
    )
    assert alice.must("git", "status", "--porcelain").said.startswith("UU file")
    _put(alice, Entry("file", two))
    assert _listed(alice) == {b"file": b"two"}
    _put(alice, Entry("file", ""), Entry("file", one, stage=2), Entry("file", two, stage=3))
    _put(alice, Entry("file", ""))
    assert _listed(alice) == {}


def test_before_the_first_add(new_lab: NewLab) -> None:
    """In a repository that has no index yet there is one afterwards."""
    alice = new_lab("").person("alice")
    alice.must("git", "init", "-q", "app")
    alice.cwd = alice.home / "app"
    _put(alice, Entry("new", _blobs(alice, b"new")[0]))
    assert _listed(alice) == {b"new": b"new"}


def test_another_git_at_work(alice: Person) -> None:
    """Where index.lock is there, nothing is written, the lock stays, and no copy is left."""
    before = (alice.cwd / ".git" / "index").read_bytes()
    lock = alice.cwd / ".git" / "index.lock"
    lock.write_bytes(b"somebody's")
    with pytest.raises(NotInOrder, match="another git process is at work") as caught:
        _put(alice, Entry("new", _blobs(alice, b"new")[0]))
    assert caught.value.hint.endswith(f": rm {lock}") or sys.platform == "win32"
    assert (alice.cwd / ".git" / "index").read_bytes() == before
    assert lock.read_bytes() == b"somebody's"
    assert _left_over(alice) == ["index.lock"]


def test_written_meanwhile(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """What another git staged between the copy and the exchange is not lost."""
    copy, calls = shutil.copy2, 0

    def late(*places: str) -> None:
        nonlocal calls
        calls += 1
        copy(*places)
        if calls == 1:
            (alice.cwd / "late").write_bytes(b"late")
            alice.must("git", "add", "late")

    monkeypatch.setattr(shutil, "copy2", late)
    _put(alice, Entry("new", _blobs(alice, b"new")[0]))
    assert _listed(alice) == {b"file": b"1\n", b"late": b"late", b"new": b"new"}
    assert calls == 2
    assert _left_over(alice) == []


def test_written_meanwhile_without_a_hash(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `index.skipHash` (`feature.manyFiles` of a newer git) an index ends with zeros; nothing staged is lost, either."""
    copy, place = shutil.copy2, alice.cwd / ".git" / "index"

    def without_hash() -> None:
        place.write_bytes(place.read_bytes()[: -len(nothing)] + nothing)

    def late(*places: str) -> None:
        copy(*places)
        if b"late" not in _listed(alice).values():
            (alice.cwd / "file").write_bytes(b"late")
            alice.must("git", "add", "file")  # an index of the same size
            without_hash()

    nothing = bytes(32 if alice.must("git", "rev-parse", "--show-object-format").said == "sha256" else 20)
    without_hash()
    monkeypatch.setattr(shutil, "copy2", late)
    _put(alice, Entry("new", _blobs(alice, b"new")[0]))
    assert _listed(alice) == {b"file": b"late", b"new": b"new"}


def test_an_edit_as_young_as_the_index_is_seen(alice: Person) -> None:
    """An edit of the same size within the second of the last `git add` is one afterwards: git tells by the age of the index."""
    for setting in ("core.trustctime=false", "core.checkStat=minimal"):
        alice.must("git", "config", *setting.split("="))
    os.utime(alice.cwd / "file", (1_000_000_000, 1_000_000_000))
    alice.must("git", "update-index", "--refresh")
    (alice.cwd / "file").write_bytes(b"2\n")
    for path in ("file", ".git/index"):
        os.utime(alice.cwd / path, (1_000_000_000, 1_000_000_000))
    _put(alice, Entry("new", _blobs(alice, b"new")[0]))
    assert alice.must("git", "diff-files", "--name-only").said.split() == ["file", "new"]


def test_written_all_the_time(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who never gets a turn says so, and leaves nothing behind."""
    copy, place, other = shutil.copy2, alice.cwd / ".git" / "index", alice.home / "other"

    def late(*places: str) -> None:
        copy(*places)
        copy(places[0], other)
        other.replace(place)  # what is staged is the same, and somebody wrote it

    monkeypatch.setattr(shutil, "copy2", late)
    with pytest.raises(NotInOrder, match="keeps writing the index"):
        _put(alice, Entry("new", _blobs(alice, b"new")[0]))
    assert _listed(alice) == {b"file": b"1\n"}
    assert _left_over(alice) == []


def test_a_bad_entry_changes_nothing(alice: Person) -> None:
    """One entry that git refuses, and no other gets in, either; a path outside is not taken."""
    (blob,) = _blobs(alice, b"new")
    with pytest.raises(NotInOrder):
        _put(alice, Entry("new", blob), Entry("other", "no object"))
    _put(alice, Entry("../outside", blob), Entry(".git/config", blob))
    assert _listed(alice) == {b"file": b"1\n"}
    assert _left_over(alice) == []


def test_a_linked_work_tree_has_an_index_of_its_own(alice: Person) -> None:
    """What is staged there is staged there only."""
    alice.must("git", "commit", "-qm", "One")
    alice.must("git", "worktree", "add", "-q", "../linked")
    other = alice.home / "linked"
    (blob,) = _blobs(alice, b"new")
    git_dir = alice.home / "app" / ".git" / "worktrees" / "linked"
    index.replace_entries(str(other), Layout(str(other), str(git_dir), str(alice.cwd / ".git")), [Entry("new", blob)])
    assert _listed(alice) == {b"file": b"1\n"}
    alice.cwd = other
    assert _listed(alice) == {b"file": b"1\n", b"new": b"new"}


def test_a_sparse_checkout(alice: Person) -> None:
    """What it leaves out is left out afterwards, and not deleted."""
    (alice.cwd / "other").write_bytes(b"2")
    alice.must("git", "add", "other")
    alice.must("git", "commit", "-qm", "Two")
    alice.must("git", "sparse-checkout", "set", "--no-cone", "/other")
    assert not (alice.cwd / "file").exists()
    _put(alice, Entry("file", _blobs(alice, b"new")[0]))
    assert alice.must("git", "status", "--porcelain").said == "M  file"
    assert _listed(alice) == {b"file": b"new", b"other": b"2"}


def _narrowed(alice: Person) -> Chmod:
    """What it is to git that `file` is its owner's alone from here on."""
    path = alice.cwd / "file"
    before = path.lstat()
    path.chmod(0o700 if before.st_mode & 0o100 else 0o600)
    return Chmod(before, path.lstat())


def _note(alice: Person, *changes: Chmod) -> bool:
    return stat_data.replace(_layout(alice), changes) is not None


def _edited(alice: Person) -> bytes:
    """What git takes for edited as long as it has not looked into it."""
    return alice.must("git", "diff-files", "--name-only").stdout


@posix
@pytest.mark.parametrize("words", [(), ("--index-version", "4"), ("--replace",), ("--untracked-cache",)])
def test_rights_are_no_edit(words: tuple[str, ...], alice: Person) -> None:
    """git looks into no file for its rights, whatever it keeps in its index, and the index is whole and as old as it was."""
    path, entry = alice.cwd / ".git" / "index", alice.cwd / "file"
    alice.must("git", "config", "index.skipHash", str("--untracked-cache" in words).lower())
    entry.chmod(0o755 if "--replace" in words else 0o644)
    os.utime(entry, (1_600_000_000, 1_600_000_000))
    alice.must("git", "add", "file")
    alice.must("git", "update-index", "--refresh", *words)
    old, listed = path.stat(), _listed(alice)
    change = _narrowed(alice)
    assert _note(alice, change)
    noted = alice.must("git", "ls-files", "--debug").stdout.decode()
    assert "ctime: {}:{}\n".format(*divmod(change.after.st_ctime_ns, 1_000_000_000)) in noted
    assert _edited(alice) == b""
    assert (path.stat().st_mode, path.stat().st_mtime_ns) == (old.st_mode, old.st_mtime_ns)
    assert _listed(alice) == listed
    alice.must("git", "fsck", "--strict")
    assert _left_over(alice) == []


@posix
def test_an_edit_is_one_whatever_the_rights(alice: Person) -> None:
    """Before it or after it, of the same length and the same second: git finds it, and one that came between is not noted."""
    path = alice.cwd / "file"

    def edit() -> None:
        was = path.lstat()
        path.write_bytes(b"2\n")
        os.utime(path, ns=(was.st_mtime_ns, was.st_mtime_ns))

    for is_noted in (True, False):
        path.chmod(0o644)
        path.write_bytes(b"1\n")
        alice.must("git", "add", "file")
        before = path.lstat()
        if is_noted:
            change = _narrowed(alice)
            edit()
        else:
            edit()
            path.write_bytes(b"22\n")
            path.chmod(0o600)
            change = Chmod(before, path.lstat())
        assert _note(alice, change) is is_noted
        assert _edited(alice) == b"file\n"


@posix
def test_rights_that_cannot_be_noted(alice: Person) -> None:
    """Of a file that the index does not have, or has elsewhere; in an index that is damaged, or none."""
    path = alice.cwd / ".git" / "index"
    (alice.cwd / "other").write_bytes(b"1\n")
    change, other = _narrowed(alice), (alice.cwd / "other").lstat()
    data = path.read_bytes()
    assert not _note(alice, change, Chmod(other, other))
    for wrong in (data[:-1] + bytes([data[-1] ^ 1]), b"", b"DIRC", data.replace(b"DIRC", b"dirc")):
        path.write_bytes(wrong)
        assert not _note(alice, change)
        assert path.read_bytes() == wrong
    path.unlink()
    assert not _note(alice, change)
    path.write_bytes(data)
    os.utime(alice.cwd / "file", (1_600_000_000, 1_600_000_000))
    alice.must("git", "update-index", "--refresh", "--split-index")
    assert not _note(alice, _narrowed(alice)), "it is in the other file"
