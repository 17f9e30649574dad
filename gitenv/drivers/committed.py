"""What the index and HEAD have of the files that git hands to the filter.

Asked through one `git cat-file`, path by path. For many files git lists once what there is: of a file that is in no listing,
nothing has to be asked, and `git add` of a thousand new files asks nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence, Set

from gitenv.errors import NotInOrder, NotTrusted, from_top
from gitenv.git import layout, program
from gitenv.git.layout import Layout
from gitenv.git.objects import Objects
from gitenv.git.process import Request, Whole, digest
from gitenv.model import document, inert, simple, smudge
from gitenv.model.document import Kind, Record
from gitenv.model.keyring import Keyring

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitenv.model.clean import Cleaned

_SEVERAL = 8
_MAX_LISTING = 64 * 1024 * 1024

Stamp = tuple[int, int, int]


class Committed:
    """The index and HEAD, for the length of one git command."""

    def __init__(self, here: Layout, objects: Objects) -> None:
        self._here, self._objects = here, objects
        self._index_path = layout.index_path(here)
        self._lock_path = f"{self._index_path}.lock"
        self._index: Stamp = 0, 0, 0
        self._lock: Stamp = 0, 0, 0
        self._files = 0  # since the index was written
        self._listing: Set[bytes] | None = None
        self._head: str | None = None
        self.turn = 0
        """Another one whenever something else may stand there."""
        # Of one file: several things are asked about it.
        self._read: dict[str, bytes | None] = {}
        self._is_new: dict[str, bool] = {}

    def follow(self) -> None:
        """A file follows. Ask git anew if the index was written: a rebase keeps one filter through all its steps.

        `cat-file` keeps one index. While git holds the lock of the index, it does not move HEAD and ask again: so long listings
        hold, and what HEAD is.
        """
        index, lock = layout.stamp(self._index_path), layout.stamp(self._lock_path)
        if index != self._index:
            self._objects.close()
        if (index, lock) != (self._index, self._lock) or not any(lock):
            self._files, self._listing, self._head = 0, None, None
            self.turn += 1
        self._index, self._lock = index, lock
        self._files += 1
        self._read.clear()
        self._is_new.clear()

    def head(self) -> str:
        """The commit that HEAD is; "" before the first."""
        if self._head is None:
            self._head = self._objects.id("HEAD")
        return self._head

    def is_new(self, path: str) -> bool:
        """Whether neither the index nor HEAD has anything at a path, by the listings. False where there are none."""
        if self._listing is None and self._files >= _SEVERAL and any(self._lock):
            self._listing = self._listed()
        if (found := self._is_new.get(path)) is None:
            found = self._is_new[path] = os.fsencode(path) not in self._listing if self._listing else False
        return found

    def has(self, path: str) -> bool:
        """Whether the index or HEAD has anything at a path, of whatever size."""
        if self.is_new(path):
            return False
        if self.read(f":0:{path}") is not None:
            return True
        specs = (f":0:{path}", f"HEAD:{path}", *(f":{stage}:{path}" for stage in (1, 2, 3)))
        absent = [spec for spec in specs if not self._objects.id(spec)]
        self._read.update(dict.fromkeys(absent))
        return len(absent) < len(specs)

    def blobs(self, path: str) -> list[bytes]:
        """The blobs of a file in the index and HEAD, up to the size that a document may have."""
        return [data for spec in self._specs(path) if (data := self.read(spec)) is not None]

    def whole(self, path: str, whole: Whole) -> Iterator[bytes] | None:
        """The same for a larger file: its bytes, in pieces, if it is one of those blobs."""
        for spec in self._specs(path):
            if digest(self._objects.pieces(spec)) == whole:
                return self._objects.pieces(spec)
        return None

    def before(self, path: str, *, with_head: bool) -> list[bytes]:
        """The documents that an edit of a file began from: what the index has (in a conflict both sides), else HEAD."""
        if self.is_new(path):
            return []
        stages = [self.read(f":{stage}:{path}") for stage in ((0,) if self.is_merged(path) else (2, 3))]
        found = [data for data in stages if data is not None]
        head = self.read(f"HEAD:{path}") if with_head or not found else None
        return [*found, *([head] if head is not None else [])]

    def records(self, path: str) -> CommittedRecords:
        """The records of a file in the index and HEAD."""
        return CommittedRecords(self, path)

    def new_tokens(self, path: str, cleaned: Cleaned, head: bytes, committed: CommittedRecords) -> list[bytes]:
        """What was encrypted, with `head` in each token, that neither the index nor HEAD has, as raw records."""
        if not self.is_new(path) and cleaned.data == self.read(f":0:{path}"):
            return []
        tokens = cleaned.tokens
        if tokens is None:
            tokens = simple.tokens(cleaned.data, head)
        if tokens is None:
            tokens = [record.raw for record in document.parse(cleaned.data) if record.kind is Kind.TOKEN]
        return [raw for raw in tokens if raw not in stands] if tokens and (stands := committed()) else tokens

    def unedited(self, path: str, data: bytes, rings: Sequence[Keyring]) -> bytes | None:
        """What the index or HEAD has, if a file is that, opened with `rings`: by two keys, one text may have two tokens."""
        return next((stored for stored in self.blobs(path) if smudge.smudge(stored, rings) == data), None)

    def marked_file(self, path: str, line: bytes) -> Iterator[bytes]:
        """The blob in the index that a mark for a whole file stands for. Raises `ForgedMark`."""
        for spec in (f":{stage}:{path}" for stage in (0, 2, 3)):
            if blob := self._objects.id(spec):
                sha256 = digest(self._objects.pieces(spec)).sha256
                if line.replace(b"\r\n", b"\n") in (inert.mark_file(blob, sha256), inert.mark_file("", sha256)):
                    return self._objects.pieces(spec)
        from gitenv.model.reasons import ForgedMark

        raise ForgedMark("its mark stands for a file that the index does not have", f"git restore {from_top(path)}")

    def is_merged(self, path: str) -> bool:
        """Whether a path has its one entry in the index, and no conflict."""
        return self.read(f":0:{path}") is not None

    def is_in_conflict(self, path: str) -> bool:
        """Whether a path has more than its one entry in the index."""
        specs = [f":{stage}:{path}" for stage in (1, 2, 3)]
        return any(self._objects.id(spec) or self._objects.read(spec) is not None for spec in specs)  # of any size; of any name

    def is_staged(self, path: str, blob: str) -> bool:
        """Whether a blob is what the index has at a path."""
        return self._objects.id(f":0:{path}") == blob

    def is_side(self, path: str, blob: str) -> bool:
        """Whether a blob is a side of a conflict: `git mergetool` writes it, and asks as for a view."""
        return any(self._objects.id(f":{stage}:{path}") == blob for stage in (1, 2, 3))

    def commit_of(self, request: Request, data: bytes) -> str:
        """Where a file comes from: the treeish, else HEAD if that has it; "" for what is merged with HEAD, or picked."""
        if request.treeish or not (head := self._objects.id("HEAD")):
            return request.treeish
        spec = f"{head}:{request.path}"
        if request.whole:
            return head if digest(self._objects.pieces(spec)) == request.whole else ""
        return head if self._objects.read(spec, document.MAX_BYTES) == data else ""

    def read(self, spec: str) -> bytes | None:
        """A blob of the file that is cleaned now, up to the size that a document may have; asked for once."""
        if spec not in self._read:
            self._read[spec] = self._objects.read(spec, document.MAX_BYTES)
        return self._read[spec]

    def _specs(self, path: str) -> tuple[str, ...]:
        if self.is_new(path):
            return ()
        index = [0] if self.is_merged(path) else [1, 2, 3]
        return (f":0:{path}", f"HEAD:{path}", *(f":{stage}:{path}" for stage in index if stage))

    def _listed(self) -> Set[bytes]:
        """All paths in the index, and what HEAD has beyond it; nothing where git cannot say, or there are very many."""
        root = self._here.work_tree
        head = ("diff-index", "--cached", "--name-only", "--no-renames", "--diff-filter=D", "-z", self.head(), "--")
        try:
            found = program.run(root, "ls-files", "-z", "--cached", "--full-name")
            found += program.run(root, *head) if self.head() else b""
        except NotInOrder:
            return frozenset()
        return frozenset(found.split(b"\0")) if len(found) <= _MAX_LISTING else frozenset()


class CommittedRecords:
    """The raw records of one file in the index and HEAD; looked up when it is first asked for."""

    def __init__(self, committed: Committed, path: str) -> None:
        self._committed, self._path = committed, path
        self._records: set[bytes] | None = None

    def __call__(self) -> Set[bytes]:
        if self._records is None:
            self._records = {record.raw for data in self._committed.blobs(self._path) for record in parsed(data)}
        return self._records


def parsed(data: bytes) -> Sequence[Record]:
    """The records of a blob; none where it is too large to be of ours."""
    try:
        return document.parse(data)
    except NotTrusted:
        return ()
