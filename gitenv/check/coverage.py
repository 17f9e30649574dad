"""Whether git hands every protected file to gitenv, and stops where nobody set that up: the attributes of a state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from gitenv.errors import from_top, joined
from gitenv.git import attributes, scratch
from gitenv.model import dotenv, names
from gitenv.model.codes import finding
from gitenv.model.finding import Finding
from gitenv.repo.attributes import FILE, files_of, look_alikes
from gitenv.repo.snapshot import Entry
from gitenv.trust.change import Change

_MAX_PATHS = 200_000
_GUARD = attributes.GUARD.partition("=")[2]
_SHOWN = 5


def findings(change: Change) -> Iterator[Finding]:
    """What the attributes of the end leave open. Asked only where they, the statements, or which files there are changed."""
    if not change.statements and not change.base_statements:
        return  # nobody has set up anything here
    paths = list(_protected(change))
    nested = dict(islice(_nested(change), _MAX_PATHS)) if change.has_new_attributes and not change.is_whole else {}
    now = scratch.attributes(change.where.store, files_of(change.files), [*paths, *nested])
    open_ = [path for path in paths if now[path]["filter"] != "gitenv"]
    if open_:
        text = f"git does not hand {joined(open_, _SHOWN)} to gitenv: the next git add stages plain text"
        yield finding("not-filtered", text, FILE, 0, ("gitenv init",))
    converted = [path for path in paths if path not in open_ and now[path]["text"] != "unset"]
    if converted:
        yield finding(
            "text-conversion", f"git may convert the line ends of {joined(converted, _SHOWN)}", FILE, 0, ("gitenv init",)
        )
    before = look_alikes(change.former_files)
    for path, entry in look_alikes(change.files).items():
        text = "where case is ignored this is a .gitattributes, and can lift the guard"
        yield finding("guard-removed", text, path, 0, (f"git rm {from_top(path)}",), was_before=before.get(path) == entry)
    yield from _guard(change, [path for path in paths if now[path]["working-tree-encoding"] != _GUARD])
    lifting = {nested[path] for path in nested if now[path]["working-tree-encoding"] != _GUARD}
    for file in sorted(lifting)[:_SHOWN]:
        yield from _guard(change, [path for path in nested if nested[path] == file], file, f"git log -p -- {from_top(file)}")
    if change.has_new_attributes or change.is_whole:
        yield from _unclaimed(change)


def _guard(change: Change, unguarded: Sequence[str], file: str = FILE, command: str = "gitenv init") -> Iterator[Finding]:
    if not unguarded:
        return
    before = _attributes_of(change, change.former_files, unguarded)
    removed = [path for path in unguarded if before.get(path, {}).get("working-tree-encoding") == _GUARD]
    if removed:
        text = f"nothing stops plain text for {joined(removed, _SHOWN)} any more, in a clone where nobody ran gitenv init"
        yield finding("guard-removed", text, file, 0, (command,))
    elif change.is_whole:
        text = f"nothing stops plain text for {joined(unguarded, _SHOWN)} in a clone where nobody ran gitenv init"
        yield finding("guard-missing", text, FILE)


def _unclaimed(change: Change) -> Iterator[Finding]:
    stray = sorted(path for path in change.filtered if not dotenv.is_protected(path) and not change.claims.statement_of(path))
    if stray:
        old = {} if change.is_whole else _attributes_of(change, change.former_files, stray)
        was_before = all(old.get(path, {}).get("filter") == "gitenv" for path in stray)
        text = f"git hands {joined(stray, _SHOWN)} to gitenv, and no environment claims that"
        yield finding("filter-unclaimed", text, FILE, 0, ("git log -p -- :/.gitattributes",), was_before=was_before)


def _attributes_of(change: Change, entries: Mapping[str, Entry], paths: Sequence[str]) -> scratch.Attributes:
    return scratch.attributes(change.where.store, files_of(entries), paths)


def _protected(change: Change) -> Iterator[str]:
    """The files that gitenv has to get, and those that would be claimed if somebody made them."""
    there, claims = change.files, change.claims_after
    for path, entry in there.items():
        if entry.is_file and (dotenv.is_protected(path) or claims.statement_of(path)):
            yield path
    yield from sorted(pattern for pattern in _literal(change) if pattern not in there)


def _nested(change: Change) -> Iterator[tuple[str, str]]:
    """Those that somebody could make beside a `.gitattributes` that the change brings and that can lift the guard; and that."""
    there, before = change.files, files_of(change.former_files)
    usual = sorted(pattern for pattern in _literal(change) if "/" not in pattern)
    for file, object_id in files_of(there).items():
        if file != FILE and before.get(file) != object_id:
            beside = (f"{file.removesuffix(FILE)}{pattern}" for pattern in usual)
            yield from ((path, file) for path in beside if path not in there)


def _literal(change: Change) -> set[str]:
    """The patterns of environments that are a file's name."""
    patterns = {pattern for each in change.statements.values() for pattern in each.paths if not set(pattern) & {"*", "?"}}
    return {pattern for pattern in patterns if names.claimed([pattern], pattern)}
