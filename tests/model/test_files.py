"""Files are read bounded and through no link, and written whole or not at all."""

from __future__ import annotations

import os
import stat
import tracemalloc
from pathlib import Path

import pytest

from gitenv.errors import NotInOrder, NotTrusted
from gitenv.system import files, leftovers

needs_modes = pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")


def _link(link: Path, target: Path) -> None:
    try:
        link.symlink_to(target, target_is_directory=target.is_dir())
    except OSError:
        if os.name != "nt":
            raise
        pytest.skip("this user may not make links")


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    """Bytes as they are, up to the limit and not one more."""
    path = tmp_path / "file"
    path.write_bytes(b"a\r\n\0\xff")
    assert files.read(str(path), 5) == b"a\r\n\0\xff"
    with pytest.raises(NotTrusted, match="5 bytes, 4 are allowed"):
        files.read(str(path), 4)


def test_a_sparse_file_is_not_read(tmp_path: Path) -> None:
    """A gigabyte of nothing takes no room on the disk, and takes none in memory either."""
    path = tmp_path / "file"
    with path.open("wb") as file:
        file.truncate(1 << 30)
    tracemalloc.start()
    with pytest.raises(NotTrusted, match="1,073,741,824 bytes, 9 are allowed"):
        files.read(str(path), 9)
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="there is no /proc")
def test_a_file_that_says_it_is_empty_is_bounded_too() -> None:
    """What the system says of a file's size is not believed: it may grow while it is read."""
    assert os.stat("/proc/self/status").st_size == 0
    with pytest.raises(NotTrusted, match="10 bytes, 9 are allowed"):
        files.read("/proc/self/status", 9)


def test_no_file_is_none(tmp_path: Path) -> None:
    """Neither a missing file nor a file where a folder belongs is an error."""
    (tmp_path / "file").write_bytes(b"x")
    assert files.read(str(tmp_path / "missing"), 9) is None
    assert files.read(str(tmp_path / "file" / "below"), 9) is None


def test_an_empty_file_is_not_none(tmp_path: Path) -> None:
    """There is a file, and it is empty."""
    (tmp_path / "file").write_bytes(b"")
    assert files.read(str(tmp_path / "file"), 9) == b""


def test_links_are_not_followed(tmp_path: Path) -> None:
    """A link to a file, to nothing, or to a folder: whoever can push can make one that leads to /etc."""
    (tmp_path / "secret").write_bytes(b"hunter2")
    for target in ("secret", "missing", "."):
        link = tmp_path / f"link-{target}"
        _link(link, tmp_path / target)
        with pytest.raises(NotTrusted, match="is a link"):
            files.read(str(link), 99)
        with pytest.raises(NotTrusted, match="is a link"):
            files.replace(str(link), b"new")
    assert (tmp_path / "secret").read_bytes() == b"hunter2"
    assert not (tmp_path / "missing").exists()


def test_no_way_leads_over_a_link(tmp_path: Path) -> None:
    """None of the folders from the root on may be a link either."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "file").write_bytes(b"hunter2")
    (tmp_path / "root" / "sub").mkdir(parents=True)
    (tmp_path / "root" / "sub" / "file").write_bytes(b"fine")
    _link(tmp_path / "root" / "link", tmp_path / "outside")
    root = str(tmp_path / "root")
    assert files.read_inside(root, "sub/file", 9) == b"fine"
    assert files.read_inside(root, "sub/none", 9) is None
    with pytest.raises(NotTrusted, match="leads over a link"):
        files.read_inside(root, "link/file", 9)
    with pytest.raises(NotTrusted, match="is a link"):
        list(files.entries(f"{root}/link", 9))


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """A repository can have a folder where a file belongs."""
    with pytest.raises(NotTrusted, match="not a regular file"):
        files.read(str(tmp_path), 9)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    """A named pipe is refused, and is not waited for."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NotTrusted, match="not a regular file") as caught:
        files.read(str(tmp_path / "pipe"), 9)
    assert caught.value.hint


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="open files are listed in /proc only")
def test_refusals_leave_no_file_open(tmp_path: Path) -> None:
    """What is refused is closed again: a filter process reads thousands."""
    (tmp_path / "file").write_bytes(b"too large")
    before = len(os.listdir("/proc/self/fd"))
    for path in (tmp_path, tmp_path / "file"):
        with pytest.raises(NotTrusted):
            files.read(str(path), 1)
    assert len(os.listdir("/proc/self/fd")) == before


def test_control_characters_in_names_are_not_shown(tmp_path: Path) -> None:
    """A file's name may hold an escape sequence; a message never does."""
    name = tmp_path / "a\x1b[2Jb"
    name.mkdir()
    with pytest.raises(NotTrusted) as caught:
        files.read(str(name), 1)
    assert "\x1b" not in caught.value.message


def test_a_file_is_replaced(tmp_path: Path) -> None:
    """New bytes under the old name, and nothing beside them."""
    path = tmp_path / "file"
    for data in (b"old, and longer", b"new", b""):
        files.replace(str(path), data)
        assert path.read_bytes() == data
    assert os.listdir(tmp_path) == ["file"]


@needs_modes
def test_modes_are_kept_or_given(tmp_path: Path) -> None:
    """A new file follows the umask, an old one keeps its mode, and a given mode wins."""
    path = tmp_path / "file"
    before = os.umask(0o027)
    try:
        files.replace(str(path), b"1")
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        path.chmod(0o755)
        files.replace(str(path), b"2")
        assert stat.S_IMODE(path.stat().st_mode) == 0o755
        files.replace(str(path), b"3", 0o600)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    finally:
        os.umask(before)


def test_a_leftover_is_no_hindrance(tmp_path: Path) -> None:
    """What a killed run left beside the file is written anew, and not through if it is a link."""
    path, victim = tmp_path / "file", tmp_path / "victim"
    victim.write_bytes(b"untouched")
    beside = tmp_path / f".env.gitenv-{os.getpid()}.tmp"
    beside.write_bytes(b"half")
    files.replace(str(path), b"new")
    _link(beside, victim)
    files.replace(str(path), b"newer")
    assert (path.read_bytes(), victim.read_bytes()) == (b"newer", b"untouched")
    assert sorted(os.listdir(tmp_path)) == ["file", "victim"]


@pytest.mark.parametrize("fails", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str) -> None:
    """Whatever step fails: the old bytes are there, no half file beside them, and the error says which file."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "file"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, fails, full)
    with pytest.raises(NotInOrder, match="file cannot be written: No space left on device"):
        files.replace(str(path), b"new")
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


@needs_modes
def test_many_files_are_replaced(tmp_path: Path) -> None:
    """In several folders, new ones and old ones, in the order in which they are given; a link is no way out."""
    (tmp_path / "a").mkdir()
    old, victim = tmp_path / "a" / "old", tmp_path / "victim"
    old.write_bytes(b"old")
    old.chmod(0o640)
    (tmp_path / f".env.gitenv-{os.getpid()}-1.tmp").write_bytes(b"half")
    texts = {str(tmp_path / "new"): b"1", str(tmp_path / "other"): b"2", str(old): b"3"}
    files.replace_all(texts)
    assert [Path(path).read_bytes() for path in texts] == [b"1", b"2", b"3"]
    assert stat.S_IMODE(old.stat().st_mode) == 0o640
    victim.write_bytes(b"untouched")
    _link(tmp_path / "link", victim)
    with pytest.raises(NotTrusted):
        files.replace_all({str(tmp_path / "new"): b"4", str(tmp_path / "link"): b"4"})
    assert (victim.read_bytes(), (tmp_path / "new").read_bytes()) == (b"untouched", b"1")
    assert sorted(os.listdir(tmp_path)) == ["a", "link", "new", "other", "victim"]
    assert os.listdir(tmp_path / "a") == ["old"]


@pytest.mark.parametrize("fails", ["fsync", "replace"])
def test_a_full_disk_leaves_all_old_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str) -> None:
    """Nothing is in its place before all of it is on the disk, and no half file stays."""
    texts = {str(tmp_path / name): b"new" for name in ("a", "b")}
    (tmp_path / "a").write_bytes(b"old")
    real, left = getattr(os, fails), [1]

    def full(*words: object) -> None:
        if not left:
            raise OSError(28, "No space left on device")
        left.pop()
        real(*words)

    monkeypatch.setattr(os, fails, full)
    with pytest.raises(NotInOrder, match="b cannot be written: No space left on device"):
        files.replace_all(texts)
    monkeypatch.undo()
    assert (tmp_path / "a").read_bytes() == (b"old" if fails == "fsync" else b"new")
    assert os.listdir(tmp_path) == ["a"]


def test_what_killed_runs_left_is_removed(tmp_path: Path) -> None:
    """Files that were being written: of a run that is over, and of any where nobody else can be writing."""
    dead, here = 999_999_999, os.getpid()
    names = [f".env.gitenv-{number}{count}.tmp" for number in (dead, here) for count in ("", "-0", "-12")]
    for name in (*names, ".env.gitenv-x.tmp", ".env.gitenv-1-x.tmp", "file"):
        (tmp_path / name).touch()
    if os.name != "nt":
        leftovers.clear_temporary(str(tmp_path), is_alone=False)
        assert not {name for name in os.listdir(tmp_path) if str(dead) in name}
        assert set(names[3:]) < set(os.listdir(tmp_path))
    leftovers.clear_temporary(str(tmp_path), is_alone=True)
    assert sorted(os.listdir(tmp_path)) == [".env.gitenv-1-x.tmp", ".env.gitenv-x.tmp", "file"]


@pytest.mark.skipif(os.name == "nt", reason="nothing is removed there")
def test_a_folder_of_gitenvs_own_is_cleared(tmp_path: Path) -> None:
    """The same in a folder with copies of the index and places to merge."""
    left = [".env.gitenv-999999999.tmp", ".env.gitenv-999999999-3.tmp", "index-999999999", "index-999999999.lock"]
    for name in (*left, f"index-{os.getpid()}", "made"):
        (tmp_path / name).touch()
    (tmp_path / "merge-999999999-abc").mkdir()
    leftovers.clear(str(tmp_path))
    assert sorted(os.listdir(tmp_path)) == [f"index-{os.getpid()}", "made"]


@pytest.mark.skipif(os.name == "nt", reason="nothing is removed there")
def test_of_a_folder_for_all_the_own_is_cleared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In /dev/shm another user may have put a folder of that name, and so deep that nobody gets to its end."""
    (tmp_path / "edit-999999999-abc").mkdir()
    user = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: user + 1)
    leftovers.clear(str(tmp_path), "edit-")
    assert os.listdir(tmp_path)
    monkeypatch.undo()
    leftovers.clear(str(tmp_path), "edit-")
    assert not os.listdir(tmp_path)


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    """`replace` makes no folders."""
    with pytest.raises(NotInOrder):
        files.replace(str(tmp_path / "none" / "file"), b"x")


def test_folders_are_made(tmp_path: Path) -> None:
    """With those above; once more is no error; over a file it is."""
    files.make_folder(str(tmp_path / "a" / "b"))
    files.make_folder(str(tmp_path / "a" / "b"))
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(NotInOrder):
        files.make_folder(str(tmp_path / "file" / "c"))


def test_entries_are_sorted_and_counted(tmp_path: Path) -> None:
    """Names in order, none for what is no folder, and an error beyond the limit."""
    for name in ("b", "a", "c"):
        (tmp_path / name).write_bytes(b"")
    assert list(files.entries(str(tmp_path), 3)) == ["a", "b", "c"]
    assert list(files.entries(str(tmp_path / "a"), 3)) == []
    assert list(files.entries(str(tmp_path / "none"), 3)) == []
    with pytest.raises(NotTrusted, match="3 entries, 2 are allowed"):
        list(files.entries(str(tmp_path), 2))


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_an_open_file_is_kept_to_its_owner(tmp_path: Path) -> None:
    """A file that others could read is its owner's alone afterwards; a pipe and a device stay as they are."""
    path = tmp_path / "key.pem"
    with path.open("wb") as file:
        path.chmod(0o644)
        files.keep_to_owner(file.fileno())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with open(os.devnull, "wb") as null:
        files.keep_to_owner(null.fileno())
    assert stat.S_IMODE(os.stat(os.devnull).st_mode) != 0o600
