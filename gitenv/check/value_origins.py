"""Values that a change puts into one file and that another file of the same environment has, or had."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gitenv.check.documents import bounded, records_of
from gitenv.errors import joined
from gitenv.model import origins, remedies
from gitenv.model.codes import finding
from gitenv.model.finding import Finding, Severity
from gitenv.model.origins import Came, FileVersions, Origin
from gitenv.trust.change import Change


def findings(change: Change, came: Sequence[Came]) -> Iterator[Finding]:
    """Where the tokens that came to files have been before, environment by environment, but for new ones."""
    by_name: dict[str, list[Came]] = {}
    for each in _new(change, came):
        statement = change.claims.statement_of(each.path)
        if statement and statement.name in change.former_statements.keys() | change.base_statements.keys():
            by_name.setdefault(statement.name, []).append(each)
    for name, listed in by_name.items():
        yield from bounded([_finding(group) for group in origins.grouped(origins.origins(listed, _files(change, name)))])


def _finding(group: Sequence[Origin]) -> Finding:
    """A new key, or a new file, is what people copy; a value that took another's place is what somebody hostile would."""
    first = group[0]
    text = f"{joined([each.name for each in group])}: {first.where()}"
    found = finding("value-of-another-file", text, first.path, first.line, (remedies.look(first.path),))
    return found if first.is_instead else found._replace(severity=Severity.NOTE)


def _new(change: Change, came: Sequence[Came]) -> Iterator[Came]:
    """Without those of files that were only moved, and without what the base has as well."""
    if not came or change.before is None:
        return
    old, new = change.former_files, change.files
    gone = {entry.object_id for path, entry in old.items() if path not in new}
    others: dict[str, frozenset[bytes]] = {}
    for each in came:
        if each.path not in old and new[each.path].object_id in gone:
            continue
        if change.base and change.base is not change.before and each.path not in others:
            others[each.path] = records_of(change.base.document(each.path))
        if each.raw not in others.get(each.path, ()):
            yield each


def _files(change: Change, name: str) -> Iterator[FileVersions]:
    """The files of an environment, as they are at the end, and as they were in the states before: there a line is enough."""
    listed = ((change.before, change.former_files), (change.base, change.base_files))
    sides = {side: there for side, there in listed if side}
    for path in dict.fromkeys((*change.files, *(path for there in sides.values() for path in there))):
        statement = change.claims.statement_of(path)
        if statement is None or statement.name != name:
            continue
        after = change.after.document(path) or b""
        same = change.files.get(path)
        former = [after if there.get(path) == same else side.document(path) or b"" for side, there in sides.items()]
        yield FileVersions(path, b"\n".join(former), after)
