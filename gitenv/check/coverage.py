"""Whether git hands every protected file to gitenv, and stops where nobody set that up: the attributes of a state."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from gitenv.errors import from_top
from gitenv.git import attributes, scratch
from gitenv.git.objects import Objects
from gitenv.model import dotenv, names
from gitenv.model.codes import finding
from gitenv.model.finding import Finding
from gitenv.repo.protected import is_dotenv
from gitenv.repo.snapshot import Entry, Snapshot

if TYPE_CHECKING:
    from gitenv.check.change import Change

_FILE = ".gitattributes"
_MAX_BYTES = 1024 * 1024
_MAX_FILES = 1_000
_MAX_PATHS = 200_000
_GUARD = attributes.GUARD.partition("=")[2]
_FILTERED = re.compile(rb'^[ \t]*("(?:[^"\\]|\\.)*"|[^\s#]\S*)[ \t].*\bfilter=gitenv\b', re.MULTILINE)
_SHOWN = 5


def files_of(entries: Mapping[str, Entry]) -> dict[str, str]:
    """The `.gitattributes` files of a state, with their object ids. git follows no links to them."""
    found = ((path, entry) for path, entry in entries.items() if path.endswith(_FILE) and entry.is_file)
    named = ((path, entry.object_id) for path, entry in found if path.rpartition("/")[2] == _FILE)
    return dict(named)


def look_alikes(entries: Mapping[str, Entry]) -> dict[str, Entry]:
    """Files that are `.gitattributes` only where case is ignored: macOS and Windows check them out as such."""
    named = ((path, path.rpartition("/")[2]) for path in entries if path.lower().endswith(_FILE))
    return {path: entries[path] for path, name in named if name != _FILE and name.lower() == _FILE}


def names_others(objects: Objects, entries: Mapping[str, Entry], claimed: Collection[str]) -> bool:
    """Whether any line gives gitenv more than the default names and the patterns that statements claim."""
    known = {*dotenv.FILES, *claimed, *(f"/{pattern}" for pattern in claimed)}
    files = files_of(entries)
    if len(files) > _MAX_FILES:
        return True
    for path, object_id in files.items():
        text = objects.read(object_id, _MAX_BYTES)
        if text is None:
            return True  # git reads larger ones than we do
        spelled = (match.decode("utf-8", "surrogateescape") for match in _FILTERED.findall(text))
        if any(pattern.strip('"') not in known for pattern in spelled) or (path != _FILE and b"filter=gitenv" in text):
            return True
        if b"filter=gitenv" in text and b"[attr]" in text:
            return True
    return False


def filtered(folder: str, entries: Mapping[str, Entry]) -> frozenset[str]:
    """All files of a state that its attributes give to gitenv."""
    paths = [path for path, entry in entries.items() if entry.is_file][:_MAX_PATHS]
    found = scratch.attributes(folder, files_of(entries), paths)
    return frozenset(path for path, values in found.items() if values["filter"] == "gitenv")


def findings(change: Change) -> Iterator[Finding]:
    """What the attributes of the end leave open. Asked only where they, the statements, or which files there are changed."""
    if not change.statements and not change.base_statements:
        return  # nobody has set up anything here
    paths = list(_protected(change))
    nested = dict(islice(_nested(change), _MAX_PATHS)) if change.has_new_attributes and not change.is_whole else {}
    now = scratch.attributes(change.folder, files_of(change.end.entries()), [*paths, *nested])
    open_ = [path for path in paths if now[path]["filter"] != "gitenv"]
    if open_:
        text = f"git does not hand {_joined(open_)} to gitenv: the next git add stages plain text"
        yield finding("not-filtered", text, _FILE, 0, ("gitenv init",))
    converted = [path for path in paths if path not in open_ and now[path]["text"] != "unset"]
    if converted:
        yield finding("text-conversion", f"git may convert the line ends of {_joined(converted)}", _FILE, 0, ("gitenv init",))
    before = look_alikes(change.before.entries()) if change.before else {}
    for path, entry in look_alikes(change.end.entries()).items():
        text = "where case is ignored this is a .gitattributes, and can lift the guard"
        yield finding("guard-removed", text, path, 0, (f"git rm {from_top(path)}",), was_before=before.get(path) == entry)
    yield from _guard(change, [path for path in paths if now[path]["working-tree-encoding"] != _GUARD])
    lifting = {nested[path] for path in nested if now[path]["working-tree-encoding"] != _GUARD}
    for file in sorted(lifting)[:_SHOWN]:
        yield from _guard(change, [path for path in nested if nested[path] == file], file, f"git log -p -- {from_top(file)}")
    if change.has_new_attributes or change.is_whole:
        yield from _unclaimed(change)


def _guard(change: Change, unguarded: Sequence[str], file: str = _FILE, command: str = "gitenv init") -> Iterator[Finding]:
    if not unguarded:
        return
    before = _attributes_of(change, change.before, unguarded) if change.before else {}
    removed = [path for path in unguarded if before.get(path, {}).get("working-tree-encoding") == _GUARD]
    if removed:
        text = f"nothing stops plain text for {_joined(removed)} any more, in a clone where nobody ran gitenv init"
        yield finding("guard-removed", text, file, 0, (command,))
    elif change.is_whole:
        text = f"nothing stops plain text for {_joined(unguarded)} in a clone where nobody ran gitenv init"
        yield finding("guard-missing", text, _FILE)


def _unclaimed(change: Change) -> Iterator[Finding]:
    stray = sorted(path for path in change.filtered if not is_dotenv(path) and not change.protection.statement_of(path))
    if stray:
        old = _attributes_of(change, change.before, stray) if change.before and not change.is_whole else {}
        was_before = all(old.get(path, {}).get("filter") == "gitenv" for path in stray)
        text = f"git hands {_joined(stray)} to gitenv, and no environment claims that"
        yield finding("filter-unclaimed", text, _FILE, 0, ("git log -p -- :/.gitattributes",), was_before=was_before)


def _attributes_of(change: Change, side: Snapshot | None, paths: Sequence[str]) -> scratch.Attributes:
    return scratch.attributes(change.folder, files_of(side.entries()), paths) if side else {}


def _protected(change: Change) -> Iterator[str]:
    """The files that gitenv has to get, and those that would be claimed if somebody made them."""
    there = change.end.entries()
    for path, entry in there.items():
        if entry.is_file and (is_dotenv(path) or any(each.claims(path) for each in change.statements.values())):
            yield path
    yield from sorted(pattern for pattern in _literal(change) if pattern not in there)


def _nested(change: Change) -> Iterator[tuple[str, str]]:
    """Those that somebody could make beside a `.gitattributes` that the change brings and that can lift the guard; and that."""
    there, before = change.end.entries(), files_of(change.before.entries()) if change.before else {}
    usual = sorted(pattern for pattern in _literal(change) if "/" not in pattern)
    for file, object_id in files_of(there).items():
        if file != _FILE and before.get(file) != object_id:
            beside = (f"{file.removesuffix(_FILE)}{pattern}" for pattern in usual)
            yield from ((path, file) for path in beside if path not in there)


def _literal(change: Change) -> set[str]:
    """The patterns of environments that are a file's name."""
    patterns = {pattern for each in change.statements.values() for pattern in each.paths if not set(pattern) & {"*", "?"}}
    return {pattern for pattern in patterns if names.claimed([pattern], pattern)}


def _joined(paths: Sequence[str]) -> str:
    shown = ", ".join(paths[:_SHOWN])
    return shown if len(paths) <= _SHOWN else f"{shown} and {len(paths) - _SHOWN:,} more"
