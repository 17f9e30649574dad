"""Objects one after the other by the thousand, for `log` and `check --history`: from git first, and then from libgit2.

Each question to git is answered when two processes have taken turns: on a machine with nothing else to do that takes 60 to
80 µs, most of it waiting, and libgit2 reads an object in 8. Loading it takes 55 ms: worth it from a thousand objects on.
`gitenv log` over 10,000 commits of one file takes 3.1 s with git alone and 1.5 s so, `check --history` 1.5 s and 0.7.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from gitenv.git import program
from gitenv.git.objects import Objects

if TYPE_CHECKING:
    from pygit2 import Odb

_MANY = 1_000
_IS_ID = re.compile(r"[0-9a-f]{40}").fullmatch
_KINDS = {1: b"commit", 2: b"tree", 3: b"blob", 4: b"tag"}


class ManyObjects(Objects):
    """`Objects` for a process that reads many. What libgit2 cannot read, git is asked for: whole repositories, too."""

    def __init__(self, folder: str) -> None:
        super().__init__(folder)
        self._asked = 0
        self._odb: Odb | None = None

    def _ask(self, spec: str, limit: int) -> tuple[bytes, bytes | None]:
        self._asked += 1
        if self._asked == _MANY:
            self._odb = _opened(self.folder)
        found = _read(self._odb, spec, limit) if self._odb and _IS_ID(spec) else None
        if found is None:
            return super()._ask(spec, limit)
        self._last_id = spec
        return found


def _opened(folder: str) -> Odb | None:
    """The objects of the repository around a folder; None where libgit2 does not know its form (SHA-256, reftable)."""
    found = program.attempt(folder, "rev-parse", "--absolute-git-dir")
    import pygit2
    from pygit2.enums import Option

    try:
        # git does not hash each object that it reads, either.
        pygit2.option(Option.ENABLE_STRICT_HASH_VERIFICATION, False)
        return pygit2.Repository(os.fsdecode(found.stdout).rstrip("\n")).odb if not found.returncode else None
    except (pygit2.GitError, ValueError, OSError):
        return None


def _read(odb: Odb, object_id: str, limit: int) -> tuple[bytes, bytes | None] | None:
    """Kind and contents, as `Objects` has them; None for what is not here, as in a partial clone, or damaged."""
    import pygit2

    try:
        oid = pygit2.Oid(hex=object_id)
        kind, size = odb.read_header(oid)
        return _KINDS[kind], odb.read(oid)[1] if size <= limit else None
    except (pygit2.GitError, KeyError, ValueError, OSError):
        return None
