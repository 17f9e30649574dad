"""`gitenv status`, file by file: how many keys, open or closed, and what is wrong with the command that mends it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence

from gitenv.errors import GitenvError, from_top
from gitenv.git.index import IndexEntry
from gitenv.model import (
    clean,
    comparing,
    document,
    encoding,
    inert,
    links,
    names,
    plain,
    remedies,
    simple,
    smudge,
    token,
    unverified,
    unvouched,
)
from gitenv.model import sealed as sealing
from gitenv.model.codes import finding, of_error
from gitenv.model.document import Kind, Record
from gitenv.model.environment import Environment
from gitenv.model.finding import Finding
from gitenv.model.keyring import Keyring
from gitenv.model.unverified import Unverified
from gitenv.repo import clone
from gitenv.system import files
from gitenv.team import discover
from gitenv.team.contributors import Contributors
from gitenv.team.workspace import Workspace
from gitenv.trust.pins import Pin
from gitenv.values import NamedTuple

CLOSED = "closed"
_MAX_BYTES = 16 * 1024 * 1024
_MOST = 8


class Undecided(Finding):
    """One about lines or files that nobody vouches for: a person decides. Its text names the file."""


class Pending(NamedTuple):
    """A sealed value, as it says of itself."""

    name: str
    by: str


class FileStatus(NamedTuple):
    """One file of an environment."""

    path: str
    keys: int
    state: str  # "open", CLOSED, "edited" (no key), "missing", or as `_status` and `ignored` say
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
        listed.append(FileStatus(line.path, len(comparing.places(data)), "ignored by git", [], []))
        text = f"{line.path} is ignored by {line.source}:{line.line}, so it is not shared"
        problems.append(finding("ignored", text, commands=("gitenv init --unignore",)))
    return listed


def undecided(workspace: Workspace, pins: Sequence[Pin]) -> tuple[list[Finding], list[Finding]]:
    """What nobody vouches for in the files of open environments, lines and whole files; and what somebody sealed for them."""
    problems: list[Finding] = []
    listed = workspace.files_of([pin.environment for pin in pins])
    for pin in pins:
        with contextlib.suppress(GitenvError):  # where nothing can be opened, and unlock has said why
            if workspace.access.judge(pin, workspace.tree):
                _statuses(workspace, pin.environment, workspace.access.ring(pin), listed[pin.name], problems)
    problems += linked(workspace, lambda path: leads_to(pins, path))
    sealed = [problem for problem in problems if problem.code == "sealed"]
    return [problem for problem in problems if isinstance(problem, Undecided)], sealed


def leads_to(pins: Iterable[Pin], path: str) -> bool:
    """Whether a file of environments belongs at a path, or below it."""
    return any(pin.claims(path) or names.leads_to_claimed(pin.paths, path) for pin in pins)


def linked(workspace: Workspace, is_protected: Callable[[str], bool]) -> Iterator[Undecided]:
    """Links in the place of protected files, or of their folders. Programs follow them, and so does what somebody types."""
    for entry in workspace.repository.listing.links():
        if is_protected(entry.path) and not _leads_to_protected(workspace, entry):
            text = f"{entry.path} is a link, and is not encrypted: programs read, and write, what it leads to"
            yield _undecided("not-a-file", text, commands=(remedies.look(entry.path), remedies.take_out(entry.path)))


def _leads_to_protected(workspace: Workspace, link: IndexEntry) -> bool:
    target = links.leads_to(link.path, workspace.repository.objects.read(link.object_id, links.MAX_BYTES))
    try:
        return workspace.repository.listing.has(target) and workspace.access.claimant(target) is not None
    except GitenvError:
        return False


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
    if there and there.startswith(inert.WHOLE):
        problems.append(
            _undecided("unreadable", f"{entry.path} stays closed: it is too large", commands=(remedies.look(entry.path),))
        )
        return FileStatus(entry.path, 0, "stays closed", [], [])
    pin = workspace.access.pin(statement.name)
    if ring and pin and there and inert.MARK in there and _opened_since(workspace, pin, stored, there):
        return FileStatus(entry.path, len(comparing.places(stored)), CLOSED, [], [])
    if ring and there and not encoding.wrong(there) and (ordinary := _ordinary(stored, there, ring)) is not None:
        return FileStatus(entry.path, len(ordinary), CLOSED if there == stored else "open", [], [])
    records = document.parse(stored)
    opened = document.parse(there or b"")
    behind = unverified.find(opened)
    marked = [found for found in behind if found.record.kind is not Kind.SEALED]
    pending = [found.record for found in behind if found.record.kind is Kind.SEALED]
    pending += [record for record in records if record.kind is Kind.SEALED and record.raw not in {each.raw for each in pending}]
    is_shut = stored and there is not None and (there == stored if ring else clean.is_same(there, stored))
    state = "missing" if there is None else CLOSED if is_shut else "open" if ring else "edited"
    if name := encoding.wrong(there or b""):
        command = encoding.remedy(os.path.relpath(workspace.repository.path(entry.path)), name)
        problems.append(finding("encoding", encoding.problem(entry.path, name), commands=(command,)))
    if discover.is_plain(stored):
        state = "plain text in the index"
        if not marked:
            problems.append(_plain_text(workspace, statement, entry.path))
    elif ring and not marked and (foreign := _without_key(records, ring)):
        problems.append(_foreign(statement, entry.path, records, foreign, is_typed=_is_typed(opened)))
        state = "stays closed" if state == CLOSED else state
    listed = [found.shown for found in marked]
    who = workspace.whom_to_ask(statement) if ring is None or (pin and pin.is_reader) else ""
    is_open = _is_typed(opened) and not discover.is_plain(stored)
    live = list(_live(workspace, pin, opened, records)) if ring and pin and is_open else []
    asked = [*behind, *(each for _, _, found in live for each in found)]
    for code, why, found in live:
        text = f"{entry.path}: nobody vouches for {_joined([each.shown for each in found])} (in use here, {why})"
        problems.append(_undecided(code, text, commands=tuple(_ways(entry.path, unverified.words(found, asked), who))))
        listed += [each.shown for each in found]
    if marked:
        problems += _unverified(workspace, entry.path, opened, marked, asked, statement, ring, who)
    elif not live and smudge.is_encrypted(stored) and (listed := _plain_beside_tokens(records)):
        problems.append(_only_in_index(entry.path, listed, statement, is_open=is_open and ring is not None))
    problems += [_pending(seals, statement, entry.path, record, who) for record in pending]
    keys = {record.name for record in records if record.name and record.kind is not Kind.SEALED}
    waiting = [Pending(record.name.decode("ascii"), _by(record)) for record in pending]
    return FileStatus(entry.path, len(keys), state, listed, waiting)


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
    from gitenv.team import lock

    if is_open and lock.is_closed(there):
        return FileStatus(path, len(comparing.places(there)), CLOSED, [], [])
    torn = list(comparing.in_conflict(there))
    text = f"in conflict: {_joined(torn)}; take git's markers out, then stage it" if torn else "in conflict until it is staged"
    problems.append(finding("conflict-marker", f"{path}: {text}", commands=(f"git add {from_top(path)}",)))
    return FileStatus(path, len(comparing.places(there)), "in conflict", [], [])


def _pending(seals: Contributors, statement: Environment, path: str, record: Record, who: str) -> Finding:
    """What somebody sealed, and what may speak against it. `who` decides, where the caller cannot."""
    name, word = record.name.decode("ascii"), from_top(path)
    problem = seals.problem(statement, record, f"{path}: {name}")
    decide = [f"gitenv accept {name} -f {word}{' --force' if problem else ''}", f"gitenv reject {name} -f {word}"]
    if who:
        decide = [f"ask {who} to run: {decide[0]}"]
    if problem:
        return _undecided(problem.code, problem.message, commands=(remedies.look(path), *decide))
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


def _foreign(statement: Environment, path: str, records: list[Record], foreign: list[int], *, is_typed: bool) -> Finding:
    word = from_top(path)
    if is_typed:
        text = f"{path} is encrypted for another environment"
        return _undecided("token-unknown", text, commands=(remedies.stage_anew(path),))
    # Only those that are shown: to find a line's number takes as long as the file has lines before it.
    places = _joined([clean.place(records, position) for position in foreign[:_MOST]], len(foreign))
    text = f"{path} stays closed: encrypted with a key that is none of {statement.name}'s: {places}"
    return _undecided("token-unknown", text, commands=(f"git log -p -- {word}", f"git checkout COMMIT -- {word}"))


def _unverified(
    workspace: Workspace,
    path: str,
    records: list[Record],
    marked: list[Unverified],
    asked: list[Unverified],
    statement: Environment,
    ring: Keyring | None,
    who: str,
) -> Iterator[Finding]:
    """What to decide about, by what is wrong with it; and forged marks. `who` accepts, where the caller cannot."""
    checked = [(found, unverified.forged_at(records, found)) for found in marked]
    forged = [position for _, position in checked if position is not None]
    yield from (Undecided(*of_error(clean.forged_mark(records, position), path)) for position in forged[:_MOST])
    left = [found for found, position in checked if position is None]
    codes = {found: unvouched.code(found.record, statement) or "lookalike" for found in left}  # opens for nobody here
    for code in dict.fromkeys(codes.values()):
        same = [found for found in left if codes[found] == code]
        text = f"{path}: nobody vouches for {_joined([found.shown for found in same])}{_which_retired(same, ring)}"
        own = not who and clone.has_made(workspace.repository.layout.common_dir, [found.record.raw for found in same])
        yield _undecided(code, text, commands=tuple(_ways(path, unverified.words(same, asked), who, are_mine=own)))


def _live(
    workspace: Workspace, pin: Pin, opened: list[Record], records: list[Record]
) -> Iterator[tuple[str, str, list[Unverified]]]:
    """Lines without a mark for which the index has what counts for nothing: no `git add` makes values of them."""
    from gitenv.team import lock

    text = plain.find(opened, records)
    all_found = plain.find(opened, records, lock.retiring(workspace, pin))
    for code, why, found in (
        ("plain-text", "plain text in the index", text),
        ("token-retired", "encrypted with a retired key in the index", [each for each in all_found if each not in text]),
    ):
        if found:
            yield code, why, found


def _only_in_index(path: str, listed: list[str], statement: Environment, *, is_open: bool) -> Finding:
    """Lines that the file does not show: it is closed, or somebody staged or committed them and left it as it was."""
    text = f"{path}: nobody vouches for {_joined(listed)}"
    if not is_open:
        return _undecided("plain-text", text, commands=(f"gitenv unlock {statement.name}",))
    commands = [remedies.look(path), f"git add {from_top(path)}"]
    return _undecided(
        "plain-text", f"{text} (in the index, and not in your file; git add takes it out there)", commands=tuple(commands)
    )


def _ways(path: str, which: list[str], who: str, *, are_mine: bool = False) -> list[str]:
    """To look, to accept and to reject; `who` accepts, where the caller cannot."""
    accept, reject = remedies.decide(path, which, are_mine=are_mine)
    return [remedies.look(path), *([reject, f"ask {who} to run: {accept}"] if who else [accept, reject])]


def _which_retired(found: list[Unverified], ring: Keyring | None) -> str:
    """Which of them come from before a rotation, most of them from a colleague's older branch."""
    retired = [each.shown for each in found if ring and unverified.is_retired(each, ring)]
    if len(retired) == len(found):
        return " (encrypted with a retired key)"
    return f" ({_joined(retired)}: encrypted with a retired key)" if retired else ""


def _plain_beside_tokens(records: list[Record]) -> list[str]:
    found, number = [], 1
    for record in records:
        if record.kind not in (Kind.TOKEN, Kind.SEALED, Kind.PLAIN):
            found.append(record.name.decode("ascii") or f"line {number}")
        number += record.raw.count(b"\n") + 1
    return found


def _joined(names: Sequence[str], count: int = 0) -> str:
    """The first of them, and how many of `count` (or of these) are left."""
    left = (count or len(names)) - _MOST
    return ", ".join(names[:_MOST]) + (f" and {left} more" if left > 0 else "")


def _undecided(code: str, text: str, commands: tuple[str, ...]) -> Undecided:
    return Undecided(*finding(code, text, commands=commands))
