"""What the operating system refuses is named, with a command that mends it. Each is followed to its end."""

from __future__ import annotations

import errno
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gitenv import __main__ as start
from gitenv.cli import edge, unsaid
from gitenv.drivers.notices import Notices
from gitenv.errors import INTERRUPTED, NotInOrder
from gitenv.system import files, refusal
from tests import forkserver
from tests.conftest import NewLab
from tests.lab import Done, Person, gitenv

IS_ROOT = sys.platform != "win32" and os.geteuid() == 0
SETPRIV = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--inh-caps", "-all"]
AS_A_USER = SETPRIV if IS_ROOT else []
"""For root no file is closed, unless it gives that right up."""
SUDO = 'sudo() { "$@"; }; USER=$(id -un); '

pytestmark = pytest.mark.skipif(
    sys.platform == "win32" or (IS_ROOT and not shutil.which("setpriv")), reason="needs files that are closed"
)


@pytest.fixture
def alice(new_lab: NewLab) -> Person:
    """A founder, in her clone."""
    alice = new_lab("founded").person("alice")
    alice.cwd = alice.home / "app"
    alice.env |= forkserver.REAL  # a fork would not give up what `AS_A_USER` does
    return alice


def _follow(alice: Person, done: Done, command: str) -> None:
    """Check the hint's form, and do what it says."""
    assert done.exit_code, done.said
    hint = re.search(r"^hint: (?:to drop your change: \S+ \S+ \S+; or: )?(.*)$", done.said, re.MULTILINE)
    assert hint, done.said
    assert re.fullmatch(command, hint[1]), done.said
    subprocess.run(["sh", "-c", SUDO + hint[1].partition(";")[0]], check=True, timeout=60)


def _close(path: Path) -> str:
    """Take a file from its owner; or, as once as root, give it to somebody else. The command that mends it."""
    if IS_ROOT:
        path.chmod(0o700)
        os.chown(path, 54321, 54321)
        return r'sudo chown -R "\$USER" '
    path.chmod(0)
    return r"chmod -R u\+rwX "


def _pin(alice: Person) -> Path:
    return next(alice.home.rglob("*.pin"))


@pytest.mark.parametrize("words", [["gitenv", "status"], ["gitenv", "unlock"], ["git", "add", ".env"]])
def test_a_pin_that_cannot_be_read(alice: Person, words: list[str]) -> None:
    """After one command as root each command, and git's own, names the folder to take back."""
    (alice.cwd / ".env").write_bytes(b"HELLO=new\n")
    mend = _close(_pin(alice))
    command = gitenv(*words[1:]) if words[0] == "gitenv" else words
    _follow(alice, alice.run([*AS_A_USER, *command]), rf"{mend}{re.escape(str(alice.home))}/.config/gitenv")
    assert alice.run([*AS_A_USER, *command]).exit_code == 0


@pytest.mark.parametrize("name", ["clones", "device.pem"])
def test_a_key_or_a_folder_of_pins_that_cannot_be_read(alice: Person, name: str) -> None:
    """The same for the key, and for the folder around the pins."""
    mend = _close(alice.home / ".config/gitenv" / name)
    _follow(alice, alice.run([*AS_A_USER, *gitenv("unlock")]), rf"{mend}{re.escape(str(alice.home))}/.config/gitenv")
    assert alice.run([*AS_A_USER, *gitenv("unlock")]).exit_code == 0


def test_gits_own_files(alice: Person) -> None:
    """Where git may not write, what it complains about is followed by the command for its folder."""
    for folder in [alice.cwd / ".git/objects", *(alice.cwd / ".git/objects").iterdir()]:
        folder.chmod(0o500)
    done = alice.run([*AS_A_USER, *gitenv("set", "HELLO")], b"other\n")
    _follow(alice, done, rf"chmod -R u\+rwX {re.escape(str(alice.cwd))}/\.git")
    assert alice.run([*AS_A_USER, *gitenv("set", "HELLO")], b"other\n").exit_code == 0


def test_folders_that_are_closed(alice: Person) -> None:
    """git's folder, gitenv's in it, the work tree, the user's own: each is named before anything is done, with the way in."""
    config = alice.home / ".config/gitenv"
    for folder, words in (
        (alice.cwd / ".git", ["set", "NEW", "--empty"]),
        (alice.cwd / ".git/gitenv", ["add-environment", "staging"]),
        (alice.cwd, ["set", "NEW", "--empty"]),
        (config, ["key", "rotate", "--yes"]),
    ):
        folder.chmod(0o500)
        done = alice.run([*AS_A_USER, *gitenv(*words)])
        assert done.exit_code == 5, done.said
        _follow(alice, done, rf"chmod -R u\+rwX {re.escape(str(alice.home))}/(app|app/.git|.config/gitenv)")
        assert not alice.must("git", "status", "--porcelain").said
        assert folder.stat().st_mode & 0o200
    assert sorted(path.name for path in config.glob("device.pem*")) == ["device.pem"]
    assert alice.run([*AS_A_USER, *gitenv("set", "NEW", "--empty")]).exit_code == 0


def test_somebody_elses_file_in_a_shared_clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two users of one clone: both ways are named, and only a clone's files are proposed to be shared."""
    (tmp_path / ".git").mkdir()
    pin = tmp_path / "gitenv/clones/x.pin"
    pin.parent.mkdir(parents=True)
    for path in (tmp_path / ".git/config", tmp_path / ".env", pin):
        path.touch()
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 7)
    monkeypatch.setattr(os, "lstat", lambda path: os.stat_result((0o100600, 0, 0, 1, 54321, 54321, 0, 0, 0, 0)))
    monkeypatch.setattr(os, "access", lambda path, mode: not os.path.isfile(path))
    error = PermissionError(errno.EACCES, "Permission denied")
    hint = refusal.refused(error, "read", str(tmp_path / ".git/config")).hint
    git_dir = tmp_path / ".git"
    assert hint == f'sudo chown -R "$USER" {git_dir}; or, where user 54321 works here too: sudo chmod -R g+rwX {git_dir}'
    hint = refusal.refused(error, "read", str(tmp_path / ".env")).hint
    assert hint.endswith("they run: git config gitenv.fileMode 0660 && gitenv unlock")
    assert refusal.refused(error, "read", str(pin)).hint == f'sudo chown -R "$USER" {tmp_path / "gitenv"}'


@pytest.mark.parametrize(
    ("number", "hint"),
    [(errno.EROFS, "read-only"), (errno.ENOSPC, "make room"), (errno.EMFILE, "ulimit -n"), (errno.ENOTDIR, "ls -ld")],
)
def test_whatever_is_refused_is_named_with_a_hint(number: int, hint: str, tmp_path: Path) -> None:
    """Each kind of refusal says which file, and what to do; also where the system named none."""
    said = refusal.refused(OSError(number, "No", str(tmp_path / "a file")), "written")
    assert said.message == f"{tmp_path / 'a file'} cannot be written: No"
    assert hint in said.hint
    assert hint in refusal.refused(OSError(number, "No"), "written").hint


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (OSError(errno.EMFILE, "Too many open files"), "ulimit -n"),
        (MemoryError(), "ulimit -v unlimited"),
        (SystemError("returned NULL without setting an exception"), "ulimit -v unlimited"),
        (ImportError("failed to map segment from shared object", name="_rust"), "ulimit -v unlimited"),
    ],
)
def test_what_the_machine_lacks_is_no_bug(
    error: Exception, hint: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Open files, memory, a library: at the command line, in the filter and before either is loaded, with a way out."""

    def fail(*_: object) -> int:
        raise error

    monkeypatch.setattr(unsaid, "say", fail)
    monkeypatch.setattr(sys, "argv", ["gitenv", "status"])
    assert edge.main(["status"]) == 5
    Notices(lambda _message, _hint: None).failed(".env", error)
    monkeypatch.setattr(edge, "main", fail)
    assert start.main() == 5
    said = capsys.readouterr().err
    assert said.count("error: ") == said.count("\nhint: ") == said.count(hint) == 3, said
    assert "bug" not in said


def test_a_start_that_is_interrupted_is_no_bug(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Ctrl-C while the modules are loaded or a hook asks its first question: one line, not where Python was."""

    def interrupt(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(edge, "main", interrupt)
    assert start.main() == INTERRUPTED
    assert capsys.readouterr().err == "error: interrupted\n"


def test_a_bug_is_named_as_one() -> None:
    """Also where a module of gitenv's own cannot be loaded."""
    for error in (ValueError(), ImportError(name="gitenv.model"), ImportError()):
        assert refusal.lacking(error) is None


@pytest.mark.parametrize("act", [lambda path: files.read(path, 9), lambda path: files.append(path, b"a", 9)])
def test_files_name_what_they_cannot_use(tmp_path: Path, act: Callable[[str], object]) -> None:
    """Reading and writing raise the same error for what is in the way."""
    (tmp_path / "folder").mkdir()
    long = str(tmp_path / ("a" * 300))
    with pytest.raises(NotInOrder, match="File name too long") as caught:
        act(long)
    assert "ls -ld" in caught.value.hint


def test_a_files_name_does_not_choose_what_is_given_away(tmp_path: Path) -> None:
    """git quotes the name of what it cannot read, and whoever pushed it chose that name."""
    (tmp_path / ".git/objects").mkdir(parents=True)
    root, git_dir = str(tmp_path), str(tmp_path / ".git")
    for name in ("'/etc'", "../x", '"/etc"'):
        hint = refusal.by_git(f'error: open("{name}"): Permission denied', root, git_dir)
        assert hint.endswith(git_dir), hint
    assert not refusal.by_git("error: something else", root, git_dir)


@pytest.mark.parametrize(
    "said",
    [
        "error: sha1 file '.git/index.lock' write error. Out of diskspace\nfatal: unable to write new index file",
        "error: unable to write loose object file: No space left on device",
        "fatal: write error: Disk quota exceeded",
    ],
)
def test_a_disk_that_is_full_for_git(said: str, tmp_path: Path) -> None:
    """git has three ways to say it; the hint is ours, as where a file of our own cannot be written."""
    assert refusal.by_git(said, str(tmp_path), str(tmp_path)) == "make room on that disk, then run this again"


def test_where_there_is_no_folder_any_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes wrong while a hint is looked for is no second error."""

    def gone(path: str) -> str:
        raise FileNotFoundError

    monkeypatch.setattr(os.path, "abspath", gone)
    assert "change to a folder" in refusal.refused(OSError(errno.EIO, "No"), "written").hint
