"""What is encrypted ahead of git's question is used for the very same bytes only, and read through no link."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gitenv.drivers.ahead import Ahead
from gitenv.model import clean, simple
from tests.model.builders import ring_of, rotated

RING = ring_of()
_FOLDERS = ("a", "a-b", "b", "c")  # git has `a-b/` before `a/`
_IN_ORDER = ("a-b", "a", "b", "c")


@pytest.fixture(autouse=True)
def _prepared() -> None:
    simple.prepare()


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """A work tree with a file of one name in each of some folders."""
    for folder in _FOLDERS:
        (tmp_path / "apps" / folder).mkdir(parents=True)
        (tmp_path / "apps" / folder / ".env").write_bytes(_text(folder))
    (tmp_path / "apps" / "README").write_bytes(b"")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / ".env").write_bytes(b"ELSEWHERE=1\n")
    return tmp_path


def _text(folder: str) -> bytes:
    return b"NAME=%b\n" % folder.encode()


def _asked(top: Path, *folders: str) -> Ahead:
    """After git has asked for these."""
    ahead = Ahead(str(top))
    for folder in folders:
        ahead.take(f"apps/{folder}/.env", _text(folder), RING)
        ahead.look()
    return ahead


def test_what_comes_next_is_ready(top: Path) -> None:
    """From the third file on, in git's order; with the bytes, and the tokens, that it would be given then."""
    ahead = Ahead(str(top))
    for number, folder in enumerate(_IN_ORDER):
        ready = ahead.take(f"apps/{folder}/.env", _text(folder), RING)
        assert ready == (clean.cleaned(_text(folder), RING, frozenset) if number > 1 else None)
        ahead.look()


def test_a_folder_without_the_file_is_passed_over(top: Path) -> None:
    """The one after it is what comes next."""
    (top / "apps" / "b" / ".env").unlink()
    assert _asked(top, "a-b", "a").take("apps/c/.env", _text("c"), RING)


def test_other_bytes_are_encrypted_anew(top: Path) -> None:
    """An editor may have saved since, and git may have converted what it hands over."""
    assert _asked(top, "a-b", "a").take("apps/b/.env", b"NAME=other\n", RING) is None


def test_another_key_has_other_tokens(top: Path) -> None:
    """A statement that came in between is gone by."""
    assert _asked(top, "a-b", "a").take("apps/b/.env", _text("b"), rotated(RING, 2)[0]) is None


def test_it_is_used_once(top: Path) -> None:
    """What git did not ask for is not kept."""
    ahead = _asked(top, "a-b", "a")
    assert ahead.take("apps/z/.env", b"OTHER=1\n", RING) is None
    assert ahead.take("apps/b/.env", _text("b"), RING) is None


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
    assert ready.take("apps/b/.env", b"" if path.is_fifo() else path.read_bytes(), RING) is None


def test_a_folder_that_is_gone_ends_the_row(tmp_path: Path) -> None:
    """Nothing is said of it."""
    assert _asked(tmp_path, "a-b", "a").take("apps/b/.env", _text("b"), RING) is None
    assert _asked(tmp_path, "a-b", "a").take(".env", b"TOP=1\n", RING) is None
