"""The lock of those that write: what stands in its place is neither waited for nor followed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gitenv.errors import NotInOrder
from gitenv.system import files, locking

if sys.platform == "win32":
    pytest.skip("needs pipes and links", allow_module_level=True)

IN_THE_WAY: dict[str, Callable[[Path], object]] = {
    "pipe": os.mkfifo,
    "folder": Path.mkdir,
    "link": lambda path: path.symlink_to("elsewhere"),
}


def _waits() -> None:
    pytest.fail("nobody else is at work")


@pytest.mark.parametrize("put", IN_THE_WAY.values(), ids=IN_THE_WAY)
def test_what_is_no_lock_is_named(put: Callable[[Path], object], tmp_path: Path) -> None:
    """A pipe, a folder or a link there is an error at once, whose hint leads out; who only reads goes on."""
    path = tmp_path / "gitenv" / "lock"
    path.parent.mkdir()
    put(path)
    assert not locking.was_cut_off(str(path))
    with pytest.raises(NotInOrder, match="not a regular file") as caught:
        locking.hold(str(path), _waits)
    assert not (path.parent / "elsewhere").exists()
    hint = re.fullmatch("remove it: (.*)", caught.value.hint)
    assert hint
    subprocess.run(["sh", "-c", hint[1]], check=True)
    assert not locking.hold(str(path), _waits)
    assert locking.is_holding()
    locking.release()
    assert not path.exists()


def test_what_was_left_is_told_and_taken_over(tmp_path: Path) -> None:
    """A lock that nobody holds says that its holder was cut off, to whoever writes next and to whoever reads."""
    path = tmp_path / "lock"
    (tmp_path / "other").touch()  # a folder that is empty goes with the lock
    ways: list[Callable[[], bool]] = [lambda: locking.was_cut_off(str(path)), lambda: locking.hold(str(path), _waits)]
    for ask in ways:
        path.touch()
        assert ask()
        locking.release()
        assert not ask()
        locking.release()


def test_notes_are_not_written_into_a_pipe(tmp_path: Path) -> None:
    """What is added to the end of a file waits for nobody who would read it."""
    os.mkfifo(tmp_path / "unsaid")
    with pytest.raises(NotInOrder):
        files.append(str(tmp_path / "unsaid"), b"line\n", 99)
