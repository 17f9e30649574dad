"""Reading objects through one long-lived `git cat-file --batch`, which works while `index.lock` is held."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from gitenv.git import program
from gitenv.git.layout import EMPTY_TREES
from gitenv.git.spawn import Child

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitenv.git.levels import Levels

_MAX_BYTES = 16 * 1024 * 1024
_FEW = 8  # objects that are read sooner than a process of their own is started for them
_AHEAD = 60  # questions that lie in a pipe together: 4,096 bytes fit on every system


class Objects:
    """Looks objects up by revision syntax (`HEAD:.env`, `:0:.env`, `TREEISH:path`). Started at the first question."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._process: Child | None = None
        self._has_index = False  # the process has read the index, and goes on with that one
        self._last_id = ""
        self._last_read: tuple[str, bytes] | None = None
        self._ahead: Objects | None = None
        self._levels: Levels | None = None

    @property
    def levels(self) -> Levels:
        """What compares folders of this repository, and ends when this does."""
        if self._levels is None:
            from gitenv.git.levels import Levels

            self._levels = Levels(self.folder)
        return self._levels

    def read(self, spec: str, limit: int = _MAX_BYTES) -> bytes | None:
        """The contents of a blob; None if there is no such blob, or a larger one than `limit` bytes."""
        if "\n" in spec or spec.endswith("\r"):
            return self._alone(spec, limit)
        if self._last_read and self._last_read[0] == spec and len(self._last_read[1]) <= limit:
            return self._last_read[1]
        kind, data = self._ask(spec, limit)
        if kind != b"blob" or data is None:
            return None
        if spec == self._last_id:  # of what else names it, it may be another one soon; several ask for the same one in turn
            self._last_read = spec, data
        return data

    def each(self, ids: Sequence[str], limit: int = _MAX_BYTES) -> Iterator[bytes | None]:
        """`read` for many objects by their ids, in their order. Other questions may be asked meanwhile.

        git is asked ahead: waiting for each answer in turn takes longer than all answers.
        """
        if len(ids) <= _FEW:
            yield from (self.read(object_id, limit) for object_id in ids)
            return
        ahead, self._ahead = self._ahead or Objects(self.folder), None
        try:
            for start in range(0, len(ids), _AHEAD):
                some = ids[start : start + _AHEAD]
                is_asked = ahead._send(some)
                for object_id in some:
                    kind, size = ahead._answer() if is_asked else (b"", 0)
                    data = ahead._contents(size, limit) if kind else None
                    is_asked = is_asked and ahead._process is not None
                    # A damaged object ends git, and what was asked after it has no answer.
                    yield (data if kind == b"blob" else None) if is_asked else self.read(object_id, limit)
            ahead, self._ahead = Objects(self.folder), ahead  # for the next ones
        finally:
            ahead.close()

    def commit(self, spec: str) -> bytes | None:
        """A commit as git stores it; None if there is no such commit."""
        kind, data = self._ask(spec, _MAX_BYTES)
        return data if kind == b"commit" else None

    def tag(self, spec: str) -> bytes | None:
        """An annotated tag as git stores it; None if there is no such tag."""
        kind, data = self._ask(spec, _MAX_BYTES)
        return data if kind == b"tag" else None

    def _alone(self, spec: str, limit: int) -> bytes | None:
        """`read` for a path that does not fit a line. Else a file of such a name could be neither compared nor left again."""
        size = program.attempt(self.folder, "cat-file", "-s", spec)
        if size.returncode or int(size.stdout) > limit:
            return None
        done = program.attempt(self.folder, "cat-file", "blob", spec)
        return done.stdout if done.returncode == 0 else None

    def pieces(self, spec: str) -> Iterator[bytes]:
        """A blob of any size in pieces, which must all be taken before the next question; none if there is no such blob."""
        kind, size = self._header(spec)
        for piece in self._pieces(size) if kind else ():
            if kind == b"blob":
                yield piece

    def id(self, spec: str) -> str:
        """The id of an object, or "" if there is none."""
        return self._last_id if self._ask(spec, 0)[0] else ""

    def check(self) -> None:
        """Raise `NotInOrder` where git reads nothing here, as one that is too old: no answer does not say "not there"."""
        if not any(map(self.id, EMPTY_TREES.values())):
            program.run(self.folder, "cat-file", "-t", EMPTY_TREES[40])

    def names(self, spec: str) -> list[str]:
        """The names in a tree, sorted; none if there is no such tree."""
        return sorted(self.members(spec))

    def members(self, spec: str, limit: int = _MAX_BYTES) -> dict[str, str]:
        """The names in a tree, each with its object id; none if there is no such tree."""
        return {name: object_id for name, (_, object_id) in self.tree(spec, limit).items()}

    def tree(self, spec: str, limit: int = _MAX_BYTES) -> dict[str, tuple[str, str]]:
        """The same, each with its mode and its object id."""
        kind, data = self._ask(spec, limit)
        if kind != b"tree" or data is None:
            return {}
        found: dict[str, tuple[str, str]] = {}
        start, size = 0, len(self._last_id) // 2
        while start < len(data):
            space, end = data.index(b" ", start), data.index(b"\0", start)
            mode = data[start:space].decode("ascii", "replace").zfill(6)
            found[os.fsdecode(data[space + 1 : end])] = mode, data[end + 1 : end + 1 + size].hex()
            start = end + 1 + size
        return found

    def forget_index(self) -> None:
        """Somebody has written the index."""
        if self._has_index:
            self._end()

    def close(self) -> None:
        """End the processes, if any were started."""
        self._end()
        if self._ahead is not None:
            self._ahead.close()
            self._ahead = None
        if self._levels is not None:
            self._levels.close()

    def _end(self) -> None:
        if self._process is not None:
            self._process.end()
            self._process, self._has_index = None, False

    def _ask(self, spec: str, limit: int) -> tuple[bytes, bytes | None]:
        kind, size = self._header(spec)
        return kind, self._contents(size, limit) if kind else None

    def _header(self, spec: str) -> tuple[bytes, int]:
        """Kind and size of an object, whose contents come next; no kind if there is none, and then nothing comes."""
        if "\n" in spec or spec.endswith("\r"):  # one question a line: a folder's name could ask another one
            return b"", 0
        return self._answer() if self._send([spec]) else (b"", 0)

    def _send(self, specs: Sequence[str]) -> bool:
        """Ask, with an answer for each to be taken; False if git is gone."""
        process = self._process or self._start()
        self._has_index = self._has_index or any(spec.startswith(":") for spec in specs)
        try:
            process.stdin.write(os.fsencode("".join(f"{spec}\n" for spec in specs)))
            process.stdin.flush()
        except BrokenPipeError:
            return False
        return True

    def _answer(self) -> tuple[bytes, int]:
        assert self._process is not None
        header = self._process.stdout.readline()
        if not header:  # git ends at a damaged object, which is no reason not to read the next one
            self.close()
        parts = header[:-1].split(b" ")
        # Else it is `SPEC missing` or `SPEC ambiguous`, and a spec may hold spaces.
        if len(parts) != 3 or parts[1] not in (b"blob", b"tree", b"commit", b"tag") or not parts[2].isdigit():
            return b"", 0
        self._last_id = parts[0].decode("ascii")
        return parts[1], int(parts[2])

    def _contents(self, size: int, limit: int) -> bytes | None:
        assert self._process is not None
        stream = self._process.stdout
        if size <= limit:
            data = stream.read(size + 1)
            if data[size:] != b"\n":  # damaged: git has ended in the middle of it, or it is longer than it says
                self.close()
                return None
            return data[:size]
        for _ in self._pieces(size):
            pass
        return None

    def _pieces(self, size: int) -> Iterator[bytes]:
        assert self._process is not None
        stream = self._process.stdout
        while size > 0 and (piece := stream.read(min(size, 65536))):
            size -= len(piece)
            yield piece
        if stream.read(1) != b"\n":  # behind it; else what comes next is no answer
            self.close()

    def _start(self) -> Child:
        self._process = program.start(self.folder, "cat-file", "--batch")
        return self._process
