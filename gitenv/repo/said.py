"""What a clone has said to its user, and what it could not say; below `.git/gitenv/`, where nobody who pushes can write."""

from __future__ import annotations

import os
from collections.abc import Iterable

from gitenv.system import files
from gitenv.tuples import NamedTuple

_MAX_BYTES = 1024 * 1024
_MOST_TOLD = 2000
_MAX_UNSAID = 64 * 1024


def told(common_dir: str) -> list[str]:
    """What need not be said again, oldest first."""
    data = files.read(_path(common_dir, "told"), _MAX_BYTES) or b""
    return data.decode("utf-8", "replace").splitlines()


def add_told(common_dir: str, news: Iterable[str]) -> None:
    """Remember what was said: a line each. The oldest are forgotten: whoever can push can make any number of news."""
    before = told(common_dir)
    if new := [line[:1000] for line in news if line[:1000] not in before]:
        files.make_folder(os.path.join(common_dir, "gitenv"))
        text = "".join(f"{line}\n" for line in [*before, *new][-_MOST_TOLD:]).encode("utf-8", "replace")
        files.replace(_path(common_dir, "told"), text[-_MAX_BYTES:])


class Unsaid(NamedTuple):
    """What nobody could see, because git had closed standard error."""

    message: str
    hint: str


def add_unsaid(git_dir: str, message: str, hint: str) -> None:
    """Remember it for the next hook or command in this work tree. Both are one line, and hold no value."""
    line = f"{message}\t{hint}\n".encode("utf-8", "replace")
    files.make_folder(os.path.join(git_dir, "gitenv"))
    files.append(_path(git_dir, "unsaid"), line, _MAX_UNSAID)


def take_unsaid(git_dir: str) -> list[Unsaid]:
    """What `add_unsaid` remembered, each once. Whoever takes it says it: it is forgotten by that."""
    data = files.read(_path(git_dir, "unsaid"), _MAX_BYTES)
    if data is None:
        return []
    os.unlink(_path(git_dir, "unsaid"))
    lines = dict.fromkeys(data.decode("utf-8", "replace").splitlines())
    return [Unsaid(message, hint) for message, _, hint in (line.partition("\t") for line in lines)]


def _path(git_dir: str, name: str) -> str:
    return os.path.join(git_dir, "gitenv", name)
