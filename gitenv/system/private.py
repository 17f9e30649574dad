"""A file for a moment that nobody else may read: in memory, where the system has a place for that, and gone at the end."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator, Sequence
from types import FrameType

from gitenv.errors import NotInOrder, shell_word
from gitenv.system import leftovers

_BEGIN = "gitenv-edit-"
_ENDING = ("SIGTERM", "SIGHUP")


@contextlib.contextmanager
def file(name: str, data: bytes, outside: Sequence[str]) -> Iterator[str]:
    """A new file in a new folder, below none of the folders `outside`; its path.

    It is removed with all that a program put beside it, also after an error and a signal that asks to end. What a run left
    that was killed at once, the next one removes.
    """
    with _ended_in_order():
        folder = _folder([os.path.realpath(each) for each in outside])
        try:
            path = os.path.join(folder, name)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
            with open(descriptor, "wb") as opened:
                opened.write(data)
            yield path
        finally:
            _remove(folder)


def _folder(outside: Sequence[str]) -> str:
    problem: OSError | None = None
    for place in _places():
        if not os.path.isabs(place) or any(_is_below(place, top) for top in outside):
            continue
        leftovers.clear(place, _BEGIN)
        folder = os.path.join(place, f"{_BEGIN}{os.getpid()}-{os.urandom(8).hex()}")
        try:
            os.mkdir(folder, 0o700)
        except OSError as error:
            problem = error
        else:
            return folder
    why = f": {problem.strerror}" if problem else ""
    raise NotInOrder(f"there is no folder for a private file{why}", "name one outside of the repository: TMPDIR=/tmp")


def _places() -> Iterator[str]:
    if runtime := os.environ.get("XDG_RUNTIME_DIR"):
        yield runtime
    yield "/dev/shm"  # noqa: S108  - a folder of our own is made there
    import tempfile

    yield tempfile.gettempdir()


def _is_below(place: str, top: str) -> bool:
    return os.path.join(os.path.realpath(place), "").startswith(os.path.join(top, ""))


def _remove(folder: str) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)
    if os.path.lexists(folder):
        raise NotInOrder(f"{folder} could not be removed, and has values in it", f"rm -rf {shell_word(folder)}")


@contextlib.contextmanager
def _ended_in_order() -> Iterator[None]:
    """Who is asked to end does so by the way of all errors."""

    def end(number: int, _: FrameType | None) -> None:
        raise SystemExit(128 + number)

    numbers = [number for name in _ENDING if (number := getattr(signal, name, None))]
    # `nohup` ignores one of them, and that goes on.
    before = {number: signal.signal(number, end) for number in numbers if signal.getsignal(number) is not signal.SIG_IGN}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
