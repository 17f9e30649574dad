"""`gitenv set`: write a value; or where the caller cannot read, seal it for those who can."""

from __future__ import annotations

import re
from typing import NamedTuple

from gitenv import clone, files
from gitenv.errors import Locked, Usage, printable
from gitenv.identity import device
from gitenv.model import document, editing, sealed
from gitenv.model.document import Kind, Record
from gitenv.pins import Pin
from gitenv.team import following
from gitenv.team.workspace import Workspace

_PRIVATE = 0o600


class Set(NamedTuple):
    """What `set` did."""

    name: str
    path: str
    environment: str
    sealed_for: list[str]  # the holders, if it was sealed; else empty
    replaces: bool
    staged: bool
    is_known: bool  # whether the caller is in any environment: else accepting needs --force


def find(workspace: Workspace, name: str, file: str, folder: str) -> tuple[str, Pin]:
    """The file that is meant, from the top, and its environment. Raises `Usage`, before anybody is asked for a value."""
    if not re.fullmatch(document.NAME, name.encode("utf-8", "replace")):
        raise Usage(f"no key can be called {name[:80]!a}", "begin with a letter or _, then letters, digits, _ . -")
    path = workspace.relative(file, folder)
    pin = workspace.access.claimant(path)
    if pin is None:
        if name_of_new := workspace.new_environment(path):
            raise Locked(f"{printable(path)} belongs to {name_of_new}, which is new here", f"gitenv unlock {name_of_new}")
        raise Usage(f"{printable(path)} belongs to no environment", "gitenv status")
    return path, pin


def set_value(workspace: Workspace, name: str, path: str, environment: str, value: bytes) -> Set:
    """Put a value into a file and stage it: in plain text where the caller can read, else sealed to the environment's holders.

    Raises `Locked` where the caller could read and has the file closed, and `NotTrusted`.
    """
    following.refresh(workspace)
    pin = workspace.need_pin(environment)
    data = files.read_inside(workspace.root, path, document.MAX_BYTES)
    if data is None:  # a sparse checkout may leave it out
        data = workspace.repository.objects.read(f":0:{path}", document.MAX_BYTES)
    if workspace.access.can_open(pin):
        _check_open(workspace, path, data or b"", pin)
        text = editing.with_value(data or b"", name, value)
        replaces, holders = name in editing.values(document.parse(data or b"")), []
    else:
        _check_no_access(workspace, pin)
        text, replaces = _with_sealed(workspace, pin, data or b"", name, value)
        holders = sorted(holder.name for holder in pin.holders)
    staged = _write(workspace, path, text, is_new=data is None)
    return Set(name, path, environment, holders, replaces, staged, any(other.grant for other in workspace.access.pinned()))


def _check_open(workspace: Workspace, path: str, data: bytes, pin: Pin) -> None:
    is_closed = any(record.kind is Kind.TOKEN for record in document.parse(data))
    if is_closed or (data and clone.unopened(workspace.repository.layout.git_dir).may_be(path)):
        raise Locked(f"{printable(path)} is not open", f"gitenv unlock {pin.name}")


def _check_no_access(workspace: Workspace, pin: Pin) -> None:
    """Raise what is wrong, unless it is that nobody has let the caller in, or not any more. A lock can be unlocked."""
    try:
        workspace.access.ring(pin)
    except Locked:
        if pin.name in workspace.access.locked:
            raise
    device.need()


def _with_sealed(workspace: Workspace, pin: Pin, data: bytes, name: str, value: bytes) -> tuple[bytes, bool]:
    """The document with a sealed value behind the one that it would replace, and whether there is such a one.

    It takes the place of what the caller sealed under this name before, and nobody has accepted yet.
    """
    key, me = device.need(), workspace.known_as(pin).name or workspace.guess_name()
    line = sealed.seal(pin.environment, editing.assignment(name, value), name, me, key)
    records = document.parse(data)
    new = Record(Kind.SEALED, name.encode("ascii"), line, b"\n")
    for position, record in enumerate(records):
        found = sealed.read(record) if record.kind is Kind.SEALED and record.name == new.name else None
        if found and found.key == key.public:
            return editing.rewritten(records, {position: new._replace(end=record.end)}), True
    places = [n for n, record in enumerate(records) if record.name == new.name and record.kind in (Kind.TOKEN, Kind.SEALED)]
    return editing.with_line(data, new, places[-1] if places else None), bool(places)


def _write(workspace: Workspace, path: str, text: bytes, *, is_new: bool) -> bool:
    """Write and stage; not where the file has other changes, or where git ignores it."""
    tracked = {entry.path for entry in workspace.repository.tracked()}
    has_other = bool(workspace.repository.edited([path])) if path in tracked else False
    is_ignored = path not in tracked and bool(workspace.repository.why_ignored([path]))
    workspace.write(path, text, _PRIVATE if is_new else None)
    if has_other or is_ignored:
        return False
    workspace.repository.stage([path])
    return True
