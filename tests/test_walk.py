"""Reading git's log while it is written: the first commit at once, git ended in time, complaints, fields of any size."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from gitenv.errors import NotInOrder
from gitenv.git import walk
from gitenv.git.levels import Levels
from gitenv.git.objects import Objects
from gitenv.git.walk import Commit, Pair

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a shell stands in for git")
_ONE, _TWO = "1" * 40, "2" * 40
_LINE = f":100644 100644 {_ONE} {_TWO} M"


class Git:
    """A git that does what a script says, wherever it is asked."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._script = folder / "git"
        monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)

    def does(self, script: str) -> None:
        self._script.write_text(f"#!/bin/sh\necho $$ > {self._folder}/pid\n{script}\n")
        self._script.chmod(0o755)

    def is_running(self) -> bool:
        try:
            os.kill(int((self._folder / "pid").read_text()), 0)
        except ProcessLookupError:
            return False
        return True


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Git:
    return Git(tmp_path, monkeypatch)


def _commits() -> list[Commit]:
    return list(walk.commits(".", ["HEAD"], merges=walk.NEW))


def test_first_commit_comes_at_once(git: Git) -> None:
    """It is there while git goes on; who has seen enough ends git, which may be far from its next line."""
    git.does(rf"printf '{_TWO} {_ONE}\000\n{_LINE}\000.env\000{_ONE} \000'; exec sleep 1000")
    found = walk.commits(".", ["HEAD"], merges=walk.NEW)
    first = next(found)
    assert (first.id, first.parents, [change.path for change in first.changes]) == (_TWO, (_ONE,), [".env"])
    assert git.is_running()
    found.close()
    assert not git.is_running()


def test_git_stops_in_the_middle(git: Git) -> None:
    """That is an error with what git complained about, and not the end of the history."""
    git.does(rf"printf '{_TWO} {_ONE}\000'; echo 'warning: odd' >&2; echo 'fatal: bad tree' >&2; exit 128")
    with pytest.raises(NotInOrder, match="git log: bad tree"):
        _commits()


def test_git_complains_without_end(git: Git) -> None:
    """However much git complains about, it is not kept waiting for somebody to read it."""
    git.does(rf"head -c 3000000 /dev/zero >&2; printf '{_TWO} {_ONE}\000'")
    assert [commit.id for commit in _commits()] == [_TWO]


def test_no_git(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no git, that is said."""
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(NotInOrder, match="git was not found"):
        _commits()
    with pytest.raises(NotInOrder, match="git was not found"):
        Objects(".").read("HEAD", 1)
    with pytest.raises(NotInOrder, match="git was not found"):
        Levels(".").between([Pair("", _ONE)])


def test_a_field_without_end(git: Git) -> None:
    """Of a path that is longer than memory is for, the rest is left out; what comes behind it is read."""
    git.does(rf"printf '{_TWO} \000\n{_LINE}\000'; head -c 40000000 /dev/zero | tr '\000' a; printf '\000{_ONE} \000'")
    first, second = _commits()
    assert len(first.changes[0].path) < 17 * 1024 * 1024
    assert second == Commit(_ONE, (), [])


def test_a_line_that_git_does_not_write(git: Git) -> None:
    """It is an error, and no bug of ours."""
    git.does(rf"printf '{_TWO} \000\n:100644 {_ONE} M\000.env\000'")
    with pytest.raises(NotInOrder, match="cannot be read"):
        _commits()


def test_names_split_nothing(git: Git) -> None:
    """A path may look like the line of a change, or begin and end with a line end."""
    git.does(rf"printf '{_TWO} \000\n{_LINE}\000\n:x\n\000{_LINE}\000:100644\000'")
    (commit,) = _commits()
    assert [change.path for change in commit.changes] == ["\n:x\n", ":100644"]
