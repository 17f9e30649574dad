"""How git is started: what goes in and comes out, and what goes wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gitenv.git import spawn

_MUCH = b"0123456789abcdef" * 500_000
_HERE = sys.modules[__name__].__file__ or ""


def _git(folder: Path, *words: str, stdin: bytes = b"") -> spawn.Done:
    return spawn.run(["git", *words], str(folder), dict(os.environ), stdin)


def test_any_amount_goes_in_and_comes_out(tmp_path: Path) -> None:
    """Eight megabytes each way at once, which no pipe holds, and complaints beside it."""
    done = _git(tmp_path, "-c", "alias.echo=!echo no >&2; cat; echo no >&2", "echo", stdin=_MUCH)
    assert (done.returncode, done.stdout, done.stderr) == (0, _MUCH, b"no\nno\n")


def test_who_does_not_listen_stops_nobody(tmp_path: Path) -> None:
    """A git that ends before it has read all it was given is no error of ours."""
    done = _git(tmp_path, "version", stdin=_MUCH)
    assert done.returncode == 0
    assert done.stdout.startswith(b"git version")


def test_it_starts_in_the_folder_and_says_how_it_ended(tmp_path: Path) -> None:
    """Its own folder, its own exit code, and nothing on standard input."""
    done = _git(tmp_path, "-c", "alias.end=!pwd; cat; exit 3", "end")
    assert (done.returncode, os.path.realpath(done.stdout.decode().strip())) == (3, os.path.realpath(tmp_path))


@pytest.mark.skipif(sys.platform == "win32", reason="no descriptors by their numbers")
def test_git_gets_nothing_that_was_left_open(tmp_path: Path) -> None:
    """As in `gitenv key import /dev/fd/9 9< key`: git would hand it on to every filter and hook that it starts."""
    (tmp_path / "secret").write_text("hunter2\n")
    start = (
        f"from gitenv.git import spawn; print(spawn.run(['git', *{['-c', 'alias.look=!cat <&9', 'look']}], '.', {{}}).stdout)"
    )
    done = subprocess.run(
        ["sh", "-c", 'exec 9< secret; exec "$0" -c "$1"', sys.executable, start], cwd=tmp_path, capture_output=True, check=True
    )
    assert done.stdout == b"b''\n"


@pytest.mark.skipif(sys.platform == "win32", reason="starts no git by posix_spawn")
def test_a_conversation_ends_when_we_end_it(tmp_path: Path) -> None:
    """What is not read is dropped, and the process is waited for."""
    child = spawn.start(["git", "-c", f"alias.talk=!cat; cat {_HERE}; exit 4", "talk"], str(tmp_path), dict(os.environ))
    child.stdin.write(b"one\ntwo\n")
    assert child.stdout.readline() == b"one\n"
    assert child.end() == 4


def test_where_there_is_none_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also by the system's own function, and no descriptor stays open."""
    monkeypatch.setenv("PATH", str(tmp_path))
    before = os.listdir("/dev/fd") if os.path.isdir("/dev/fd") else []
    for _ in range(3):
        with pytest.raises(FileNotFoundError):
            spawn.run(["git", "version"], str(tmp_path), dict(os.environ))
        with pytest.raises(FileNotFoundError):
            spawn.start(["git", "version"], str(tmp_path), dict(os.environ))
    assert len(os.listdir("/dev/fd") if before else []) == len(before)


@pytest.mark.skipif(sys.platform == "win32", reason="git is no script there")
def test_a_wrapper_without_its_first_line_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As shells do it, and git: the system's own function refuses such a script."""
    (tmp_path / "git").write_text('echo "$# $1 $3"\n')
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    done = _git(tmp_path, "version")
    assert (done.returncode, done.stdout) == (0, b"3 -C version\n")


@pytest.mark.skipif(sys.platform == "win32", reason="closes no streams there")
def test_closed_streams_are_no_pipes_of_ours(tmp_path: Path) -> None:
    """Who is started without the three streams gives git three all the same."""
    code = (
        "import os\nfrom gitenv.git import spawn\n"
        "for number in range(3):\n    os.close(number)\n"
        f"done = spawn.run(['git', '-c', 'alias.echo=!cat', 'echo'], {str(tmp_path)!r}, dict(os.environ), b'said')\n"
        f"open({str(tmp_path / 'out')!r}, 'wb').write(done.stdout)\n"
    )
    subprocess.run([sys.executable, "-E", "-P", "-c", code], check=True)
    assert (tmp_path / "out").read_bytes() == b"said"


def test_the_same_where_the_system_cannot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By `subprocess`, as on Windows."""
    monkeypatch.delattr(os, "posix_spawnp", raising=False)
    assert _git(tmp_path, "-c", "alias.echo=!cat", "echo", stdin=_MUCH).stdout == _MUCH
    child = spawn.start(["git", "-c", "alias.talk=!cat; exit 4", "talk"], str(tmp_path), dict(os.environ))
    child.stdin.write(b"one\n")
    child.stdin.flush()
    assert child.stdout.readline() == b"one\n"
    assert child.end() == 4
