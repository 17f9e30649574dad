"""What differs between two folders, and in no folder below them: a dozen tree objects can unfold into billions of names.

git enters each folder that a pattern could match in, and says nothing of an empty one. So whoever looks into `.recipients/`
as it was in history asks level by level, and only for names that count.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence

from gitenv.errors import NotInOrder
from gitenv.git import program, walk
from gitenv.git.layout import EMPTY_TREES
from gitenv.git.spawn import Child
from gitenv.git.walk import FileChange, Pair

_AHEAD = 30  # questions that lie in a pipe together: 4,096 bytes fit on every system
_WORDS = ("diff-tree", "--stdin", "--raw", "--no-abbrev", "--no-renames", "--no-color")
_END = b"end\n"


class Levels:
    """Compares folders by one long-lived `git diff-tree`. Started at the first question."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._process: Child | None = None

    def between(self, pairs: Collection[Pair], names: Collection[str] = ()) -> dict[Pair, list[FileChange]]:
        """What differs between the trees of each pair, of these names or of all, with a name for a path and no commit.

        A name with a quote, a backslash, a tab or a line end is left out: nothing in `.recipients/` is called so. Raises
        `NotInOrder` where git cannot say.
        """
        asked = list(dict.fromkeys(pair for pair in pairs if any(pair)))
        found: dict[Pair, list[FileChange]] = {}
        for start in range(0, len(asked), _AHEAD):
            some = asked[start : start + _AHEAD]
            found.update(zip(some, self._answers(some, names), strict=True))
        return found

    def close(self) -> None:
        """End the process, if one was started."""
        if self._process is not None:
            self._process.end()
            self._process = None

    def _answers(self, pairs: Sequence[Pair], names: Collection[str]) -> list[list[FileChange]]:
        found: list[list[FileChange]] = []
        for line in self._said(pairs):
            if not line.startswith(b":"):  # git repeats the two ids before it says what differs
                found.append([])
                continue
            meta, _, path = os.fsdecode(line[:-1]).partition("\t")
            if not path.startswith('"') and (not names or path in names):
                found[-1].append(walk.change("", meta, path))
        if len(found) != len(pairs):  # one of them is not here, and git says nothing of it
            self._fail()
        return found

    def _said(self, pairs: Sequence[Pair]) -> Iterator[bytes]:
        process = self._process or self._start()
        empty = EMPTY_TREES[len(next(filter(None, pairs[0])))]
        lines = "".join(f"{before or empty} {after or empty}\n" for before, after in pairs)
        try:
            process.stdin.write(lines.encode("ascii") + _END)  # which git repeats, as it is no id
            process.stdin.flush()
        except BrokenPipeError:
            self._fail()
        for line in iter(process.stdout.readline, _END):
            if not line:
                self._fail()
            yield line

    def _fail(self) -> None:
        self.close()
        raise NotInOrder("git diff-tree: a folder of the history cannot be read", "git fsck")

    def _start(self) -> Child:
        self._process = program.start(self._folder, *_WORDS)
        return self._process
