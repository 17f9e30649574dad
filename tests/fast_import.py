"""Histories of any form, written by `git fast-import` in no time."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

_ALICE = b"Alice <alice@example.com>"
_FIRST = 1_700_000_000


def commit(
    branch: str,
    files: Mapping[str, bytes] | Mapping[str | bytes, bytes | None],
    parents: Iterable[str] = (),
    number: int = 0,
    *,
    author: bytes = _ALICE,
    at: int = _FIRST,
) -> bytes:
    """A commit with some files changed, or away (None), as `git fast-import` takes it.

    Its number is its subject and, from 1 on, its mark. Parents are marks (`:7`) or names; without any it goes on where the
    branch is in the same stream.
    """
    subject = b"%d" % number
    parts = [b"commit refs/heads/%b\n" % branch.encode(), b"mark :%d\n" % number if number else b""]
    parts.append(b"author %b %d +0000\ncommitter %b %d +0000\n" % (author, at, author, _FIRST + number))
    parts.append(b"data %d\n%b\n" % (len(subject), subject))
    parts += [b"%b %b\n" % (b"merge" if place else b"from", each.encode()) for place, each in enumerate(parents)]
    for path, data in files.items():
        name = _quoted(path if isinstance(path, bytes) else path.encode())
        parts.append(b"D %b\n" % name if data is None else b"M 100644 inline %b\ndata %d\n%b\n" % (name, len(data), data))
    return b"".join(parts)


def _quoted(path: bytes) -> bytes:
    return path if re.fullmatch(rb"[\w./-]+", path) else b'"%b"' % b"".join(b"\\%03o" % byte for byte in path)


class Repo:
    """A repository that is written by `git fast-import`."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.folder = folder
        self.git("init", "-q", "-b", "main", *words)
        self._stream = b""
        self._marks = 0

    def git(self, *words: str, stdin: bytes = b"") -> str:
        command = ["git", "-c", "user.name=Alice", "-c", "user.email=alice@example.com", *words]
        done = subprocess.run(command, cwd=self.folder, input=stdin, capture_output=True, check=True)
        return done.stdout.decode().strip()

    def commit(
        self,
        files: dict[str | bytes, bytes | None],
        parents: Sequence[int] = (),
        *,
        branch: str = "main",
        author: bytes = _ALICE,
        at: int = _FIRST,
    ) -> int:
        """Queue a commit, whose mark is its subject; without parents it goes on where the branch is. Returns the mark."""
        self._marks += 1
        marks = [f":{parent}" for parent in parents]
        self._stream += commit(branch, files, marks, self._marks, author=author, at=at)
        return self._marks

    def written(self) -> str:
        """Write what was queued; return the folder."""
        self.git("fast-import", "--quiet", "--force", stdin=self._stream)
        self._stream = b""
        return str(self.folder)
