"""What `lstat` says of a file, as git notes it in its index ("stat data", gitformat-index) to know the file for unedited.

`chmod` moves a file's ctime. git would let the filter look into the file once more, and for 5,000 keys that takes longer than
to merge them. Where nothing but the rights has changed, the note is brought up to date here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence

from gitenv.git import index
from gitenv.git.layout import Layout, Stamp
from gitenv.tuples import NamedTuple

_MAX_BYTES = 64 * 1024 * 1024  # half a million files
_MODES = 0o100644, 0o100755
_MODE = re.compile(rb"\0\0\x81[\xa4\xed]")  # the same
_BEFORE_MODE, _SIZE = 24, 40  # bytes
_KEPT = "st_mtime_ns", "st_dev", "st_ino", "st_uid", "st_gid", "st_size"


class Chmod(NamedTuple):
    """A regular file before its rights were changed, and after it."""

    before: os.stat_result
    after: os.stat_result

    @property
    def is_all(self) -> bool:
        """Whether nothing else has changed meanwhile."""
        return all(getattr(self.before, name) == getattr(self.after, name) for name in _KEPT)


def replace(layout: Layout, changes: Sequence[Chmod]) -> Stamp | None:
    """Put what these files are like now in the place of what they were like; None where the index has one of them otherwise.

    Returns the stamp of the index that was read: nothing but this is another in the new one. It stays as old as it was, so that
    git looks into files that are no older than their index as before, whether somebody has edited them since or not.
    """
    return index.rewrite(layout, lambda data: _replaced(data, changes))


def _replaced(data: bytes, changes: Sequence[Chmod]) -> bytes:
    """The index with other stat data; empty where it cannot be read, is too large, or has one of the files otherwise."""
    end = _end(data) if data[:4] == b"DIRC" and len(data) <= _MAX_BYTES else None
    if end is None or not all(change.is_all for change in changes):
        return b""
    noted = {_noted(change.before, mode): (number, mode) for number, change in enumerate(changes) for mode in _MODES}
    body, found = bytearray(data[: -len(end(b""))]), set[int]()
    for place in (match.start() - _BEFORE_MODE for match in _MODE.finditer(data)):
        if each := noted.get(data[place : place + _SIZE]):
            found.add(each[0])
            body[place : place + _SIZE] = _noted(changes[each[0]].after, each[1])
    return bytes(body) + end(bytes(body)) if len(found) == len(changes) else b""


def _end(data: bytes) -> Callable[[bytes], bytes] | None:
    """What makes the hash at the end of an index, by what this one has there: one of two, or zeros (`index.skipHash`)."""
    from cryptography.hazmat.primitives import hashes  # loaded by then; `hashlib` takes 3 ms

    def digest(algorithm: hashes.HashAlgorithm) -> Callable[[bytes], bytes]:
        def of(body: bytes) -> bytes:
            hashing = hashes.Hash(algorithm)
            hashing.update(body)
            return hashing.finalize()

        return of

    kinds = digest(hashes.SHA1()), digest(hashes.SHA256()), lambda _: bytes(20)  # noqa: S303  - git's, against bad disks
    return next((kind for kind in kinds if data.endswith(kind(data[: -len(kind(b""))]))), None)


def _noted(status: os.stat_result, mode: int) -> bytes:
    """The bytes for a file: ten numbers, of which git keeps the lowest 32 bits."""
    times = [part for each in (status.st_ctime_ns, status.st_mtime_ns) for part in divmod(each, 1_000_000_000)]
    numbers = [*times, status.st_dev, status.st_ino, mode, status.st_uid, status.st_gid, status.st_size]
    return b"".join((number & 0xFFFFFFFF).to_bytes(4, "big") for number in numbers)
