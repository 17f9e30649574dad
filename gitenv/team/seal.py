"""`gitenv set`: write a value; or where the caller cannot read, seal it for those who can."""

from __future__ import annotations

import contextlib
import os
import re

from gitenv.errors import Changed, Locked, NotInOrder, Usage, printable, shell_word
from gitenv.identity import device
from gitenv.model import document, editing, encoding, sealed, smudge
from gitenv.model.document import Kind, Record
from gitenv.model.environment import Environment
from gitenv.repo import recipients
from gitenv.system import files
from gitenv.team import first_sight, follow, save
from gitenv.team.save import Unstaged
from gitenv.team.workspace import Workspace
from gitenv.trust import vouchers
from gitenv.trust.pins import Pin
from gitenv.tuples import NamedTuple

_TRIES = 5


class Set(NamedTuple):
    """What `set` did."""

    name: str
    path: str
    environment: str
    sealed_for: list[str]  # the holders, if it was sealed; else empty
    replaces: bool
    is_same: bool  # whether it stands there as it did before
    unstaged: Unstaged | None
    is_known: bool  # whether the caller is in any environment: else accepting needs --force
    read_otherwise: list[str]  # which programs read something else there: no spelling does for all


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


def newcomer(workspace: Workspace, environment: str, file: str, folder: str) -> Environment | None:
    """The environment that is meant, where it is new to this clone and has no grant for the caller: a value is sealed for it.

    Raises `NotTrusted` if none of its own holders signed it, or if `GITENV_TRUST` is set and does not vouch for it.
    """
    name = environment or workspace.new_environment(workspace.relative(file, folder))
    if not name or name not in workspace.environments() or workspace.access.pin(name):
        return None
    if recipients.grant_of(workspace.tree, name, workspace.access.name):
        return None
    statement = first_sight.checked(workspace, name)
    if trusted := vouchers.vouchers():
        vouchers.check_vouched(first_sight.verdict_on(workspace, statement), trusted)
    return statement


def is_known(workspace: Workspace, statement: Environment) -> bool:
    """Whether a person and key that this clone believes elsewhere signed it, or one that `GITENV_TRUST` names."""
    return bool(vouchers.vouchers()) or any(statement.by in pin.holders for pin in workspace.access.pinned())


def only_file(workspace: Workspace, environment: str, folder: str) -> str:
    """The one file of an environment, or the one in `folder`, from the top. Raises `Usage` where there are more or none."""
    pin = workspace.need_pin(environment)
    paths = sorted({entry.path for entry in workspace.files_of([pin.environment])[environment]})
    below = os.path.relpath(folder, workspace.root).replace(os.sep, "/").removeprefix(".")
    here = [path for path in paths if os.path.dirname(path) == below]
    found = here if len(here) == 1 else paths
    if len(found) != 1:
        some = f"{len(found):,} files" if found else "no file yet"
        which = f" of: {', '.join(map(shell_word, found[:8]))}" if found else ", which git does not know yet"
        raise Usage(f"{environment} has {some}", f"say which with -f{which}")
    return found[0]


def set_value(workspace: Workspace, name: str, path: str, environment: str, value: bytes) -> Set:
    """Put a value into a file and stage it: in plain text where the caller can read, else sealed to the environment's holders.

    Raises `Locked` where the caller could read and has the file closed, `NotTrusted`, and `Changed` where others keep saving.
    """
    follow.refresh(workspace)
    pin = workspace.need_pin(environment)
    for _ in range(_TRIES):
        with contextlib.suppress(Changed):
            return _try_to_set(workspace, pin, name, path, value)
    raise Changed(printable(path))


def _try_to_set(workspace: Workspace, pin: Pin, name: str, path: str, value: bytes) -> Set:
    """Raises `Changed` if an editor has saved meanwhile."""
    data = files.read_inside(workspace.root, path, document.MAX_BYTES)
    if data is None and workspace.repository.unseen([path]):
        folder = shell_word(os.path.dirname(path) or f"/{path}")
        raise NotInOrder(f"{printable(path)} is left out of this sparse checkout", f"git sparse-checkout add {folder}")
    _check_encoding(workspace, path, data or b"")
    if workspace.access.can_open(pin):
        _check_open(path, data or b"", pin)
        text = editing.with_value(data or b"", name, value)
        replaces, holders = name in editing.values(document.parse(data or b"")), []
        read_otherwise = editing.read_otherwise(text, name)
    else:
        _check_no_access(workspace, pin)
        text, replaces = _with_sealed(workspace, pin, data or b"", name, value)
        holders = sorted(holder.name for holder in pin.holders)
        read_otherwise = editing.read_otherwise(editing.assignment(name, value), name)
    blobs = _staged(workspace, pin, path, data, text, name.encode("ascii")) if data and not holders else {}
    unstaged = save.save(workspace, {path: text}, {path: data}, blobs).get(path)
    is_known = any(other.grant for other in workspace.access.pinned())
    return Set(name, path, pin.name, holders, replaces, text == data, unstaged, is_known, read_otherwise)


def _staged(workspace: Workspace, pin: Pin, path: str, data: bytes, text: bytes, name: bytes) -> dict[str, bytes]:
    """What the index is to have of a file that was not edited otherwise: the value, also where it stood for nothing before."""
    stored = workspace.repository.objects.read(f":0:{path}", document.MAX_BYTES)
    ring = workspace.access.ring(pin)
    if stored is None or smudge.smudge(stored, [ring]) != data:
        return {}
    return {path: save.cleaned(text, stored, ring, lambda record: record.name == name)}


def _check_encoding(workspace: Workspace, path: str, data: bytes) -> None:
    """A line of UTF-8 behind others of UTF-16 would be read by nobody, and the others no more."""
    if name := encoding.wrong(data):
        command = encoding.remedy(os.path.relpath(workspace.repository.path(path)), name)
        raise NotInOrder(encoding.problem(printable(path), name), command)


def _check_open(path: str, data: bytes, pin: Pin) -> None:
    if any(record.kind is Kind.TOKEN for record in document.parse(data)):
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
