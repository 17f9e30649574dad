"""`gitenv status`, file by file: how many keys, open or closed, and what is wrong with the command that mends it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Sequence

from gitenv.errors import GitenvError, from_top, joined
from gitenv.git.index import IndexEntry
from gitenv.model import (
    clean,
    comparing,
    document,
    encoding,
    inert,
    remedies,
    simple,
    smudge,
    token,
    unverified,
)
from gitenv.model import sealed as sealing
from gitenv.model.codes import finding, of_error
from gitenv.model.document import Kind, Record
from gitenv.model.environment import Environment
from gitenv.model.finding import Finding
from gitenv.model.keyring import Keyring
from gitenv.model.unverified import Unverified
from gitenv.system import files
from gitenv.team import discover, to_decide
from gitenv.team.contributors import Contributors
from gitenv.team.workspace import Workspace
from gitenv.trust.pins import Pin
from gitenv.tuples import NamedTuple

CLOSED = "closed"
_MAX_BYTES = 16 * 1024 * 1024


class Pending(NamedTuple):
    """A sealed value, as it says of itself."""

    name: str
    by: str


class FileStatus(NamedTuple):
    """One file of an environment."""

    path: str
    keys: int
    state: str  # "open", CLOSED, "edited" (no key), "missing", or as `_in_full` and `ignored` say
    unverified: list[str]  # lines nobody vouches for: their names, or their numbers
    sealed: list[Pending]  # values that somebody sealed, and nobody has decided about


def statuses(workspace: Workspace, statement: Environment, ring: Keyring | None, problems: list[Finding]) -> list[FileStatus]:
    """Look at the tracked files of an environment; what is wrong is added to `problems`. `ring` is None without a key."""
    return _statuses(workspace, statement, ring, workspace.files_of([statement])[statement.name], problems)


def _statuses(
    workspace: Workspace, statement: Environment, ring: Keyring | None, entries: Iterable[IndexEntry], problems: list[Finding]
) -> list[FileStatus]:
    listed, seals, found = [], Contributors(workspace), {entry.path: entry for entry in entries}
    simple.expect(len(found))
    blobs = workspace.repository.objects.each([entry.object_id for entry in found.values()], _MAX_BYTES)
    for entry, stored in zip(found.values(), blobs, strict=True):
        try:
            listed.append(_status(workspace, statement, ring, entry, stored or b"", problems, seals))
        except GitenvError as error:
            problems.append(of_error(error, entry.path))
    return listed


def ignored(workspace: Workspace, statement: Environment, problems: list[Finding]) -> list[FileStatus]:
    """The files of an environment that git does not see: nobody else has what is in them."""
    listed = []
    for line in workspace.repository.why_ignored([path for path in workspace.ignored() if statement.claims(path)]):
        data = files.read_inside(workspace.root, line.path, _MAX_BYTES) or b""
        listed.append(FileStatus(line.path, len(comparing.occurrences(data)), "ignored by git", [], []))
        text = f"{line.path} is ignored by {line.source}:{line.line}, so it is not shared"
        problems.append(finding("ignored", text, commands=("gitenv init --unignore",)))
    return listed


def choices(workspace: Workspace, pins: Sequence[Pin]) -> tuple[list[Finding], list[Finding]]:
    """What nobody vouches for in the files of open environments, lines and whole files; and what somebody sealed for them."""
    problems: list[Finding] = []
    listed = workspace.files_of([pin.environment for pin in pins])
    for pin in pins:
        with contextlib.suppress(GitenvError):  # where nothing can be opened, and unlock has said why
            if workspace.access.judge(pin, workspace.tree):
                _statuses(workspace, pin.environment, workspace.access.ring(pin), listed[pin.name], problems)
    problems += to_decide.linked(workspace, lambda path: to_decide.leads_to(pins, path))
    sealed = [problem for problem in problems if problem.code == "sealed"]
    return [problem for problem in problems if isinstance(problem, to_decide.Choice)], sealed


class _File(NamedTuple):
    """One file of an environment, as the index and the work tree have it. `ring` is None without a key."""

    workspace: Workspace
    statement: Environment
    ring: Keyring | None
    pin: Pin | None
    path: str
    stored: bytes
    there: bytes | None

    @property
    def state(self) -> str:
        """What `FileStatus` calls it, where nothing is wrong with it."""
        if self.there is None:
            return "missing"
        is_shut = self.stored and (self.there == self.stored if self.ring else clean.is_same(self.there, self.stored))
        return CLOSED if is_shut else "open" if self.ring else "edited"


def _status(
    workspace: Workspace,
    statement: Environment,
    ring: Keyring | None,
    entry: IndexEntry,
    stored: bytes,
    problems: list[Finding],
    seals: Contributors,
) -> FileStatus:
    there = files.read_inside(workspace.root, entry.path, _MAX_BYTES)
    if entry.stage:
        return _in_conflict(entry.path, there or b"", problems, is_open=ring is not None)
    file = _File(workspace, statement, ring, workspace.access.pin(statement.name), entry.path, stored, there)
    return _at_a_glance(file, problems) or _in_full(file, problems, seals)


def _at_a_glance(file: _File, problems: list[Finding]) -> FileStatus | None:
    """What can be said of most files without taking them apart."""
    path, stored, there, ring = file.path, file.stored, file.there, file.ring
    if not there:
        return None
    if there.startswith(inert.WHOLE):
        text = f"{path} stays closed: it is too large"
        problems.append(to_decide.choice("unreadable", text, commands=(remedies.look(path),)))
        return FileStatus(path, 0, "stays closed", [], [])
    if ring and file.pin and inert.MARK in there and _opened_since(file.workspace, file.pin, stored, there):
        return FileStatus(path, len(comparing.occurrences(stored)), CLOSED, [], [])
    if ring and not encoding.wrong(there) and (ordinary := _ordinary(stored, there, ring)) is not None:
        return FileStatus(path, len(ordinary), CLOSED if there == stored else "open", [], [])
    return None


def _in_full(file: _File, problems: list[Finding], seals: Contributors) -> FileStatus:
    records, opened = document.parse(file.stored), document.parse(file.there or b"")
    behind = unverified.find(opened)
    marked = [found for found in behind if found.record.kind is not Kind.SEALED]
    pending = [found.record for found in behind if found.record.kind is Kind.SEALED]
    pending += [record for record in records if record.kind is Kind.SEALED and record.raw not in {each.raw for each in pending}]
    state = file.state
    if name := encoding.wrong(file.there or b""):
        command = encoding.remedy(os.path.relpath(file.workspace.repository.path(file.path)), name)
        problems.append(finding("encoding", encoding.problem(file.path, name), commands=(command,)))
    if smudge.is_plain(records):
        state = "plain text in the index"
        if not marked:
            problems.append(_plain_text(file.workspace, file.statement, file.path))
    elif file.ring and not marked and (foreign := _without_key(records, file.ring)):
        problems.append(to_decide.foreign(file.statement, file.path, records, foreign, is_typed=_is_typed(opened)))
        state = "stays closed" if state == CLOSED else state
    cannot_decide = file.ring is None or (file.pin and file.pin.is_reader)
    who = file.workspace.whom_to_ask(file.statement) if cannot_decide else ""
    listed = _unvouched(file, records, opened, behind, who, problems)
    problems += [_pending(seals, file.statement, file.path, record, who) for record in pending]
    keys = {record.name for record in records if record.name and record.kind is not Kind.SEALED}
    waiting = [Pending(record.name.decode("ascii"), _by(record)) for record in pending]
    return FileStatus(file.path, len(keys), state, listed, waiting)


def _unvouched(
    file: _File, records: list[Record], opened: list[Record], behind: list[Unverified], who: str, problems: list[Finding]
) -> list[str]:
    """The lines that nobody vouches for: marked ones, those that are in use, and those that only the index has."""
    workspace, statement, ring, path = file.workspace, file.statement, file.ring, file.path
    is_open = _is_typed(opened) and not smudge.is_plain(records)
    live = list(to_decide.in_use(workspace, file.pin, opened, records)) if ring and file.pin and is_open else []
    asked = [*behind, *(each for _, _, found in live for each in found)]
    marked = [found for found in behind if found.record.kind is not Kind.SEALED]
    listed = [found.shown for found in marked]
    for code, why, found in live:
        text = f"{path}: nobody vouches for {joined([each.shown for each in found])} (in use here, {why})"
        ways = to_decide.ways(path, unverified.words(found, asked), who)
        problems.append(to_decide.choice(code, text, commands=tuple(ways)))
        listed += [each.shown for each in found]
    if marked:
        problems += to_decide.marked_lines(workspace, path, opened, marked, asked, statement, ring, who)
    elif not live and smudge.is_encrypted(file.stored) and (listed := _plain_beside_tokens(records)):
        problems.append(to_decide.only_in_index(path, listed, statement, is_open=is_open and ring is not None))
    return listed


def _ordinary(stored: bytes, there: bytes, ring: Keyring) -> set[bytes] | None:
    """The keys of a file that hides nothing but what is of the newest key, and is open; None for others, which few are."""
    if b"gitenv" in there or len(there) > document.MAX_BYTES or there.count(b"\n") >= document.MAX_RECORDS:
        return None
    if (keys := simple.keys(stored, ring.head)) is not None:
        return keys
    records = [record for record in document.parse(stored) if record.kind is not Kind.PLAIN]
    tokens = [token.read(record) if record.kind is Kind.TOKEN else None for record in records]
    return {each.name for each in records if each.name} if all(each and ring.is_current(each) for each in tokens) else None


def _opened_since(workspace: Workspace, pin: Pin, stored: bytes, there: bytes) -> bool:
    from gitenv.team import lock

    return bool(lock.opened_since(workspace, pin, stored, there))


def _in_conflict(path: str, there: bytes, problems: list[Finding], *, is_open: bool) -> FileStatus:
    """A merge that somebody has to decide about: until then no stage of the index is the file."""

    if is_open and smudge.is_closed(there):
        return FileStatus(path, len(comparing.occurrences(there)), CLOSED, [], [])
    torn = list(comparing.in_conflict(there))
    text = f"in conflict: {joined(torn)}; take git's markers out, then stage it" if torn else "in conflict until it is staged"
    problems.append(finding("conflict-marker", f"{path}: {text}", commands=(f"git add {from_top(path)}",)))
    return FileStatus(path, len(comparing.occurrences(there)), "in conflict", [], [])


def _pending(seals: Contributors, statement: Environment, path: str, record: Record, who: str) -> Finding:
    """What somebody sealed, and what may speak against it. `who` decides, where the caller cannot."""
    name, word = record.name.decode("ascii"), from_top(path)
    problem = seals.problem(statement, record, f"{path}: {name}")
    decide = [f"gitenv accept {name} -f {word}{' --force' if problem else ''}", f"gitenv reject {name} -f {word}"]
    if who:
        decide = [f"ask {who} to run: {decide[0]}"]
    if problem:
        return to_decide.choice(problem.code, problem.message, commands=(remedies.look(path), *decide))
    return finding("sealed", f"{path}: {_by(record)} sealed {name} for the holders of {statement.name}", commands=tuple(decide))


def _by(record: Record) -> str:
    found = sealing.read(record)
    return found.by if found else ""


def _plain_text(workspace: Workspace, statement: Environment, path: str) -> Finding:
    """Before the first commit with gitenv it is the owner's; after it, it may be anybody's, and has to be looked at."""
    blob = workspace.repository.objects.read(f"HEAD:{path}", _MAX_BYTES) or b""
    if discover.is_plain(blob) and workspace.is_committed(statement.name):
        text = f"{path} is committed in plain text; this marks its lines, and the ones you take a mark off become yours"
        return finding("plain-text", text, commands=(f"gitenv unlock {statement.name}",))
    return finding("plain-text", f"{path} is staged in plain text", commands=(remedies.stage_anew(path),))


def _without_key(records: list[Record], ring: Keyring) -> list[int]:
    """The positions of tokens of a generation that is none of this environment."""
    read = ((position, token.read(record)) for position, record in enumerate(records) if record.kind is Kind.TOKEN)
    return [position for position, found in read if found and not ring.find(found.number, found.hint)]


def _is_typed(records: list[Record]) -> bool:
    """Whether a file in the work tree is plain text, which git can encrypt anew."""
    return bool(records) and all(record.kind is not Kind.TOKEN for record in records)


def _plain_beside_tokens(records: list[Record]) -> list[str]:
    shown = (Kind.TOKEN, Kind.SEALED, Kind.PLAIN)
    return [
        record.name.decode("ascii") or f"line {line}" for record, line in document.numbered(records) if record.kind not in shown
    ]
