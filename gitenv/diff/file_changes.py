"""One .env file before and after: its keys, and what in it nobody vouches for."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from gitenv.diff.difference import Doubt, Duplicate, File, FileState, Key, SealedValue, Unvouched
from gitenv.errors import GitenvError
from gitenv.model import comparing, document, sealed, smudge, token
from gitenv.model.comparing import KeyChange, Occurrence, Outcome
from gitenv.model.document import Kind, OpenOf, Record
from gitenv.model.environment import Environment as Statement
from gitenv.model.token import hint
from gitenv.tuples import NamedTuple


class Version(NamedTuple):
    """One side of a file."""

    data: bytes  # as a commit has it, or would have it; empty where there is no file
    statement: Statement | None  # of its environment on that side
    is_committed: bool  # whether a commit has these bytes, or would have them: not so for an edited file without a key
    ahead: Statement | None = None  # the one of where a branch goes, if it is behind: by that one it is read once merged


def compare(path: str, environment: str, state: FileState, old: Version, new: Version, open_of: OpenOf) -> File:
    """All that differs. Raises `NotTrusted` for a document that is too large."""
    found = comparing.compare(old.data, new.data, open_of)
    is_ours = _is_ours(new)
    torn = comparing.in_conflict(new.data)
    keys = [_key(change, new, is_ours) for change in found.keys if change.name not in torn]
    known = {record.raw for record in document.parse(old.data)}
    before = set(_unvouched(old))
    return File(
        path,
        environment,
        state,
        keys=keys,
        hidden_added=found.hidden_added,
        hidden_removed=found.hidden_removed,
        pending=[each for raw, each in _pending(new.data) if raw not in known],
        unvouched=[each for raw, each in _unvouched(new, known).items() if raw not in before],
        duplicates=[each for each in _duplicates(old.data, new) if each.name not in torn],
        conflicts=list(torn),
    )


def with_values(file: File, old: bytes, new: bytes, open_of: OpenOf) -> File:
    """The same with the values that `open_of` opens, and those that stand there in plain text anyway."""
    was, now = comparing.occurrences(old), comparing.occurrences(new)

    def shown(places: Mapping[str, list[Occurrence]], name: str) -> str | None:
        value = comparing.value_of(places[name][-1].record, open_of) if name in places else None
        return None if value is None else value.decode("utf-8", "backslashreplace")

    keys = [
        key._replace(
            before=None if key.outcome is Outcome.ADDED else shown(was, key.former or key.name),
            after=None if key.outcome is Outcome.REMOVED else shown(now, key.name),
        )
        for key in file.keys
    ]
    return file._replace(keys=keys)


def is_shown(key: Key) -> bool:
    """Whether a key has the values that it should have, after `with_values`."""
    has_before, has_after = key.outcome is not Outcome.ADDED, key.outcome is not Outcome.REMOVED
    return (key.before is not None or not has_before) and (key.after is not None or not has_after)


def _key(change: KeyChange, new: Version, is_ours: bool) -> Key:
    former = change.before.name if change.outcome is Outcome.RENAMED and change.before else ""
    outcome, is_sure, is_plain = change.outcome, change.is_sure, False
    if change.after and change.after.record.kind is Kind.ASSIGNMENT:
        # An edited file of the work tree, and no key: its text cannot be compared with what is encrypted, and is no leak.
        is_plain = new.is_committed and is_ours
        if not new.is_committed and outcome is Outcome.EXPOSED:
            outcome, is_sure = Outcome.CHANGED, False
    return Key(change.name, outcome, change.line, former, is_sure, is_plain)


def _is_ours(version: Version) -> bool:
    """Whether a file should have been encrypted: an environment claims it, or some of it is."""
    return version.statement is not None or smudge.is_encrypted(version.data)


def _pending(data: bytes) -> Iterator[tuple[bytes, SealedValue]]:
    for record, line in document.numbered(document.parse(data)):
        if record.kind is Kind.SEALED:
            found = sealed.read(record)
            yield record.raw, SealedValue(record.name.decode("ascii"), found.by if found else "", line)


def _unvouched(version: Version, stood: Collection[bytes] = ()) -> dict[bytes, Unvouched]:
    """What would come out of smudge as an unverified line, but for what only a key can tell.

    `stood` are the records from before: what a branch that is behind has of these, is not its doing.
    """
    if not smudge.is_encrypted(version.data):
        return {}
    known = _known(version.statement)
    ahead = _known(version.ahead)
    found: dict[bytes, Unvouched] = {}
    for record, line in document.numbered(document.parse(version.data)):
        doubt = _doubt(record, version, known)
        if doubt is None and ahead and record.raw not in stood:
            doubt = _doubt(record, version, ahead)
        if doubt:
            name = record.name.decode("ascii")
            # A token is the same bytes before and after the rotation that retired it.
            found[doubt.value.encode() + b" " + record.raw] = Unvouched(name or f"line {line}", line, doubt)
    return found


def _doubt(record: Record, version: Version, known: Mapping[tuple[int, bytes], bool]) -> Doubt | None:
    if record.kind in document.TEXT:
        return Doubt.PLAIN if version.is_committed else None  # else it is somebody's edit
    if record.kind in (Kind.LOOKALIKE, Kind.UNVERIFIED):
        return Doubt.MARK
    found = token.read(record) if record.kind is Kind.TOKEN else None
    if record.kind is not Kind.TOKEN or version.statement is None:
        return None
    if found is None:
        return Doubt.MARK
    is_current = known.get((found.number, found.hint))
    return None if is_current else Doubt.FOREIGN if is_current is None else Doubt.RETIRED


def _known(statement: Statement | None) -> dict[tuple[int, bytes], bool]:
    """The generations of an environment as tokens name them, and whether it is the current one."""
    if statement is None:
        return {}
    older = [link.generation for link in statement.older]
    found = {(each.number, hint(each.commitment)): False for each in older}
    return found | {(statement.generation.number, hint(statement.generation.commitment)): True}


def _duplicates(old: bytes, new: Version) -> list[Duplicate]:
    """The keys that are set more often than before, by lines that count."""
    was, marked = comparing.occurrences(old), {each.line for each in _unvouched(new).values()}
    now = {
        name: [place.line for place in places if place.line not in marked]
        for name, places in comparing.occurrences(new.data).items()
    }
    return [Duplicate(name, lines) for name, lines in now.items() if len(lines) > max(1, len(was.get(name, ())))]


def unreadable(data: bytes | None) -> str:
    """Why a version of a file cannot be compared, or ""."""
    if data is None:
        return f"cannot be read, or has more than {document.MAX_BYTES:,} bytes"
    try:
        document.parse(data)
    except GitenvError as error:
        return error.message
    return ""
