"""What is encrypted or opened ahead of git's question is used for the very same bytes only, and read through no link."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from gitenv.drivers import ahead
from gitenv.drivers.ahead import Ahead, File
from gitenv.git.objects import Objects
from gitenv.model import clean, simple, smudge
from gitenv.model.clean import Cleaned
from tests.model.builders import ring_of, rotated

RING = ring_of()
_IN_ORDER = ("a-b", "a", "b", "c", "e", "f")  # git has `a-b/` before `a/`


@pytest.fixture(autouse=True)
def _prepared() -> None:
    simple.prepare()


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """A work tree with a file of one name in each of some folders, a folder without it, and other things."""
    for folder in _IN_ORDER:
        (tmp_path / "apps" / folder).mkdir(parents=True)
        (tmp_path / "apps" / folder / ".env").write_bytes(_text(folder))
    (tmp_path / "apps" / "d").mkdir()
    (tmp_path / "apps" / "d" / "other").write_bytes(b"")
    (tmp_path / "apps" / "README").write_bytes(b"")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / ".env").write_bytes(b"ELSEWHERE=1\n")
    return tmp_path


def _text(folder: str) -> bytes:
    return b"NAME=%b\n" % folder.encode()


def _path(folder: str) -> str:
    return f"apps/{folder}/.env"


def _asked(top: Path, *folders: str) -> Ahead[Cleaned]:
    """After git has asked for these."""
    made = Ahead(partial(ahead.in_work_tree, str(top)), clean.in_one_pass)
    for folder in folders:
        made.take(_path(folder), _text(folder), RING)
        made.look()
    return made


def test_what_comes_next_is_ready(top: Path) -> None:
    """From the third file on, in git's order; with the bytes, and the tokens, that it would be given then."""
    made = _asked(top)
    for number, folder in enumerate(_IN_ORDER):
        ready = made.take(_path(folder), _text(folder), RING)
        assert ready == (clean.cleaned(_text(folder), RING, frozenset) if number > 1 else None)
        made.look()


@pytest.fixture
def objects(top: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Objects]:
    """The same files, encrypted and committed."""
    monkeypatch.setenv("HOME", str(top))
    for folder in _IN_ORDER:
        (top / "apps" / folder / ".env").write_bytes(clean.clean(_text(folder), RING, frozenset))
    for words in (["init", "-q"], ["add", "apps"], ["-c", "user.name=alice", "-c", "user.email=a@b.c", "commit", "-qm", "One"]):
        subprocess.run(["git", *words], cwd=top, check=True)
    with closing(Objects(str(top))) as found:
        yield found


def test_a_checkout_is_ready(objects: Objects) -> None:
    """The files of a commit, opened as they would be then."""
    made = Ahead(partial(ahead.in_tree, objects, _common(objects), "HEAD"), smudge.in_one_pass, 3)
    for number, folder in enumerate(_IN_ORDER):
        ready = made.take(_path(folder), clean.clean(_text(folder), RING, frozenset), RING)
        assert ready == (_text(folder) if number > 2 else None)
        made.look()


def _common(objects: Objects) -> str:
    return os.path.join(objects.folder, ".git")


def test_a_partial_clone_fetches_nothing_ahead(objects: Objects) -> None:
    """What git does not ask for is not there, and each question would be one to the host."""
    (Path(_common(objects)) / "objects" / "pack" / "pack-1.promisor").touch()
    assert [*ahead.in_tree(objects, _common(objects), "HEAD", _path("a"))] == []


@pytest.mark.parametrize("name", ["x\nHEAD", "x\r"])
def test_a_name_asks_git_nothing_else(objects: Objects, name: str) -> None:
    """A line feed in it would be one more question, and each answer after it another file's."""
    assert [*ahead.in_tree(objects, _common(objects), "HEAD", f"apps/a/{name}")] == []
    assert len([*ahead.in_tree(objects, _common(objects), "HEAD", _path("a"))]) == 5


def test_other_bytes_are_encrypted_anew(top: Path) -> None:
    """An editor may have saved since, and git may have converted what it hands over."""
    assert _asked(top, "a-b", "a").take(_path("b"), b"NAME=other\n", RING) is None


def test_another_key_has_other_tokens(top: Path) -> None:
    """A statement that came in between is gone by."""
    assert _asked(top, "a-b", "a").take(_path("b"), _text("b"), rotated(RING, 2)[0]) is None


def test_it_is_used_once(top: Path) -> None:
    """What git did not ask for is not kept."""
    made = _asked(top, "a-b", "a")
    assert made.take(_path("z"), b"OTHER=1\n", RING) is None
    assert made.take(_path("b"), _text("b"), RING) is None


def test_it_ends_where_it_guesses_wrong(top: Path) -> None:
    """Files that are skipped cost a look at the folders each; after three of them git is waited for."""
    looked: list[str] = []

    def find(path: str) -> Iterator[File]:
        looked.append(path)
        return ahead.in_work_tree(str(top), path)

    made = Ahead(find, clean.in_one_pass)
    for folder in [*_IN_ORDER[::2], *_IN_ORDER[::2], *_IN_ORDER]:
        made.take(_path(folder), _text(folder), RING)
        made.look()
    assert len(looked) == 3


def _link(path: Path) -> None:
    path.unlink()
    path.symlink_to("../../elsewhere/.env")


def _link_of_folder(path: Path) -> None:
    path.unlink()
    path.parent.rmdir()
    path.parent.symlink_to("../elsewhere")


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _large(path: Path) -> None:
    path.write_bytes(b"NAME=1\n" * 10_000)


def _intricate(path: Path) -> None:
    path.write_bytes(b"NAME='1\n2'\n")


@pytest.mark.skipif(sys.platform == "win32", reason="links and pipes are not for everybody there")
@pytest.mark.parametrize("change", [_link, _link_of_folder, _pipe, _large, _intricate])
def test_what_is_no_short_simple_file_waits_for_its_turn(top: Path, change: Callable[[Path], None]) -> None:
    """No link is followed, no pipe waited for, and nothing large or intricate begun."""
    path = top / "apps" / "b" / ".env"
    change(path)
    ready = _asked(top, "a-b", "a")
    assert ready.take(_path("b"), b"" if path.is_fifo() else path.read_bytes(), RING) is None


def test_a_folder_that_is_gone_ends_the_row(tmp_path: Path) -> None:
    """Nothing is said of it."""
    assert _asked(tmp_path, "a-b", "a").take(_path("b"), _text("b"), RING) is None


def test_a_guess_stops_nothing() -> None:
    """Whatever goes wrong: a checkout never fails for want of a file that git did not ask for."""

    def find(path: str) -> Iterator[File]:
        raise ValueError(path)

    made = Ahead(find, clean.in_one_pass)
    for folder in _IN_ORDER:
        assert made.take(_path(folder), _text(folder), RING) is None
        made.look()


def test_files_in_one_folder_are_no_row(top: Path) -> None:
    """Nor are those at the top, or one file again, as `git log -p` shows it."""
    looked: list[str] = []

    def find(path: str) -> Iterator[File]:
        looked.append(path)
        return ahead.in_work_tree(str(top), path)

    made = Ahead(find, clean.in_one_pass)
    for path in (".env", ".env", ".env.two", "apps/a/.env", "apps/a/.env.two", "elsewhere/.env", "elsewhere/.env"):
        assert made.take(path, b"A=1\n", RING) is None
        made.look()
    assert not looked
