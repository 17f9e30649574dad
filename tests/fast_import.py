"""Histories of any form, written by `git fast-import` in no time."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path


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
        author: bytes = b"Alice <alice@example.com>",
        at: int = 1_700_000_000,
    ) -> int:
        """Queue a commit, whose mark is its subject; without parents it goes on where the branch is. Returns the mark."""
        self._marks += 1
        head = b"commit refs/heads/%b\nmark :%d\nauthor %b %d +0000\ncommitter %b %d +0000\ndata %d\n%d\n" % (
            *(branch.encode(), self._marks, author, at),
            *(author, 1_700_000_000 + self._marks),
            *(len(str(self._marks)), self._marks),
        )
        for word, parent in zip((b"from", *(b"merge",) * 9), parents, strict=False):
            head += b"%b :%d\n" % (word, parent)
        for path, data in files.items():
            raw = path if isinstance(path, bytes) else path.encode()
            name = b'"%b"' % b"".join(b"\\%03o" % byte for byte in raw)
            head += b"D %b\n" % name if data is None else b"M 100644 inline %b\ndata %d\n%b\n" % (name, len(data), data)
        self._stream += head
        return self._marks

    def written(self) -> str:
        """Write what was queued; return the folder."""
        self.git("fast-import", "--quiet", "--force", stdin=self._stream)
        self._stream = b""
        return str(self.folder)
