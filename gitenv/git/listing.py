"""What `git ls-files --stage` says: of tens of thousands of files only those are taken apart that somebody looks for."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator

from gitenv.git.index import IndexEntry

_WILD = re.compile(r"[*?]")
_USUAL = ".env"


class Listing:
    """The index. Each line ends in NUL, which is nowhere else; a path begins behind the first tab, and may have more."""

    def __init__(self, said: bytes) -> None:
        self._said = b"\0" + said
        self._lower = b""
        self._all: list[IndexEntry] | None = None
        self._found: dict[bytes, list[IndexEntry]] = {}

    def all(self) -> list[IndexEntry]:
        """Every entry."""
        if self._all is None:
            self._all = list(map(_entry, os.fsdecode(self._said).strip("\0").split("\0"))) if self._said != b"\0" else []
        return list(self._all)

    def has(self, path: str) -> bool:
        """Whether there is an entry of this path."""
        return any(entry.path == path for entry in self._with(b"\t%b\0" % os.fsencode(path), self._said))

    def unmerged(self) -> list[IndexEntry]:
        """The entries that are in conflict."""
        return [entry for stage in b"123" for entry in self._with(b" %c\t" % stage, self._said) if entry.stage]

    def links(self) -> list[IndexEntry]:
        """The links."""
        return self._with(b"\x00120000 ", self._said)

    def below(self, folder: str) -> list[IndexEntry]:
        """The entries in a folder, and in the folders in it."""
        return [
            entry for entry in self._with(b"\t%b/" % os.fsencode(folder), self._said) if entry.path.startswith(f"{folder}/")
        ]

    def named(self, words: Collection[str]) -> list[IndexEntry]:
        """The entries in whose path one of `words` (ASCII) stands, in upper or lower case; and perhaps others."""
        if "" in words:
            return self.all()
        if len(words) > 1:  # a team may have two hundred of `.env.NAME`, and each word is one look through all of it
            words = {_USUAL if _USUAL in word else word for word in words}
        self._lower = self._lower or self._said.lower()
        found = {entry: None for word in words for entry in self._with(word.lower().encode("ascii"), self._lower)}
        return sorted(found, key=lambda entry: (os.fsencode(entry.path), entry.stage)) if len(words) > 1 else list(found)

    def _with(self, mark: bytes, where: bytes) -> list[IndexEntry]:
        """The entries in which a mark stands; looked for once."""
        if mark not in self._found:
            self._found[mark] = list(self._entries(mark, where))
        return self._found[mark]

    def _entries(self, mark: bytes, where: bytes) -> Iterator[IndexEntry]:
        end = 0
        while (at := where.find(mark, end)) >= 0:
            end = where.index(b"\0", at + 1)
            yield _entry(os.fsdecode(self._said[where.rindex(b"\0", 0, at + 1) + 1 : end]))


def fixed(pattern: str) -> str:
    """The longest part of a path pattern that stands so in each path it means; "" if there is none."""
    return max(_WILD.split(pattern), key=len)


def _entry(line: str) -> IndexEntry:
    meta, _, path = line.partition("\t")
    mode, object_id, stage = meta.split(" ")
    return IndexEntry(path, object_id, mode, int(stage))
