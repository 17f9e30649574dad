"""The `.gitattributes` files of a state, and which of its files they give to gitenv."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping

from gitenv.git import scratch
from gitenv.git.objects import Objects
from gitenv.git.scratch import Store
from gitenv.model import dotenv
from gitenv.repo.snapshot import Entry

FILE = ".gitattributes"
MAX_BYTES = 1024 * 1024
_MAX_FILES = 1_000
_MAX_PATHS = 200_000
_FILTERED = re.compile(rb'^[ \t]*("(?:[^"\\]|\\.)*"|[^\s#]\S*)[ \t].*\bfilter=gitenv\b', re.MULTILINE)


def files_of(entries: Mapping[str, Entry]) -> dict[str, str]:
    """The `.gitattributes` files of a state, with their object ids. git follows no links to them."""
    found = ((path, entry) for path, entry in entries.items() if path.endswith(FILE) and entry.is_file)
    named = ((path, entry.object_id) for path, entry in found if path.rpartition("/")[2] == FILE)
    return dict(named)


def look_alikes(entries: Mapping[str, Entry]) -> dict[str, Entry]:
    """Files that are `.gitattributes` only where case is ignored: macOS and Windows check them out as such."""
    named = ((path, path.rpartition("/")[2]) for path in entries if path.lower().endswith(FILE))
    return {path: entries[path] for path, name in named if name != FILE and name.lower() == FILE}


def texts(objects: Objects, entries: Mapping[str, Entry]) -> Iterator[tuple[str, bytes | None]]:
    """What is in these files, by path; None for one that is too large, and for all beyond many. git reads more than we do."""
    for number, (path, object_id) in enumerate(files_of(entries).items()):
        yield path, objects.read(object_id, MAX_BYTES) if number < _MAX_FILES else None


def names_others(texts: Iterable[tuple[str, bytes | None]], claimed: Collection[str]) -> bool:
    """Whether any line gives gitenv more than the default names and the patterns that statements claim."""
    known = {*dotenv.FILES, *claimed, *(f"/{pattern}" for pattern in claimed)}
    for path, text in texts:
        if text is None:
            return True
        spelled = (match.decode("utf-8", "surrogateescape") for match in _FILTERED.findall(text))
        if any(pattern.strip('"') not in known for pattern in spelled) or (path != FILE and b"filter=gitenv" in text):
            return True
        if b"filter=gitenv" in text and b"[attr]" in text:
            return True
    return False


def filtered(store: Store, entries: Mapping[str, Entry]) -> frozenset[str]:
    """All files of a state that its attributes give to gitenv."""
    paths = [path for path, entry in entries.items() if entry.is_file][:_MAX_PATHS]
    found = scratch.attributes(store, files_of(entries), paths)
    return frozenset(path for path, values in found.items() if values["filter"] == "gitenv")
