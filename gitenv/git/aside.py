"""Content that is too large for the memory, or has to wait: kept in a file without a name until git is ready for it.

Only what stands in commits already is put there, never what somebody typed: a disk keeps traces. Loaded only when needed.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from gitenv.errors import NotInOrder
from gitenv.git import layout
from gitenv.tuples import NamedTuple

_CHUNK = 64 * 1024


class Extent(NamedTuple):
    """Where something lies."""

    start: int
    size: int


class Aside:
    """One file for all, so that a thousand contents that wait do not take a thousand descriptors."""

    def __init__(self) -> None:
        self._file = _unnamed()
        self._end = 0
        self._kept = 0

    def put(self, chunks: Iterable[bytes]) -> Extent:
        """Keep some content. Raises `NotInOrder` if there is no room for it."""
        start = self._end
        try:
            self._file.seek(start)
            for chunk in chunks:
                self._file.write(chunk)
                self._end += len(chunk)
            self._file.flush()
        except OSError as error:
            raise NotInOrder(f"{self._end - start:,} bytes cannot be set aside: {error.strerror}", "make room") from None
        self._kept += 1
        return Extent(start, self._end - start)

    def take(self, place: Extent) -> Iterator[bytes]:
        """Give some content back, once, in pieces. Its room is free again if nothing was put behind it."""
        self._file.seek(place.start)
        left = place.size
        while left > 0 and (chunk := self._file.read(min(left, _CHUNK))):
            left -= len(chunk)
            yield chunk
        self._kept -= 1
        if not self._kept:
            self._end = 0
        elif place.start + place.size == self._end:
            self._end = place.start
        self._file.truncate(self._end)

    def close(self) -> None:
        """Let go of all of it."""
        self._file.close()


def _unnamed() -> BinaryIO:
    """In git's folder, where such amounts lie anyway; the system's folder for temporary files is in memory on many machines."""
    try:
        return tempfile.TemporaryFile(dir=layout.find(os.getcwd()).git_dir)
    except (OSError, NotInOrder):
        return tempfile.TemporaryFile()
