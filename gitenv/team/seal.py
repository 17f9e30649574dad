"""`gitenv set`: write a value; or where the caller cannot read, seal it for those who can."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping

from gitenv.errors import Changed, Locked, Usage, printable, shell_word
from gitenv.identity import device
from gitenv.model import document, editing, sealed
from gitenv.model.document import Kind, Record
from gitenv.model.environment import Environment
from gitenv.model.keyring import Keyring
from gitenv.repo import recipients
from gitenv.team import amend, first_sight, follow, save
from gitenv.team.save import Unstaged
from gitenv.team.workspace import Workspace
from gitenv.trust import vouchers
from gitenv.trust.pins import Pin
from gitenv.tuples import NamedTuple


class Set(NamedTuple):
    """What `set` did with one value."""

    name: str
    path: str
    environment: str
    sealed_for: list[str]  # the holders, if it was sealed; else empty
    replaces: int  # how many values of its name there were
    is_same: bool  # whether it stands there as it did before
    unstaged: Unstaged | None
    is_known: bool  # whether the caller is in any environment: else accepting needs --force
    read_otherwise: list[str]  # which programs read something else there: no spelling does for all


def check_name(name: str, what: str = "") -> None:
    """Raise `Usage` for what can be no key's name. `what` is said of one that may be a value."""
    if not re.fullmatch(document.NAME, name.encode("utf-8", "replace")):
        raise Usage(what or f"no key can be called {name[:80]!a}", "begin with a letter or _, then letters, digits, _ . -")


def find(workspace: Workspace, file: str, folder: str) -> tuple[str, Pin]:
    """The file that is meant, from the top, and its environment. Raises `Usage`, before anybody is asked for a value."""
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
    """The one file of an environment, or the one in `folder`, else nearest above it, from the top. Raises `Usage` for none."""
    pin = workspace.need_pin(environment)
    paths = sorted({entry.path for entry in workspace.files_of([pin.environment])[environment]})
    folders, below = {path.rpartition("/")[0] for path in paths}, workspace.folder(folder)
    while below and below not in folders:
        below = below.rpartition("/")[0]
    here = [path for path in paths if path.rpartition("/")[0] == below]
    found = here if len(here) == 1 else paths
    if len(found) != 1:
        some = f"{len(found):,} files" if found else "no file yet"
        which = f" of: {', '.join(map(shell_word, found[:8]))}" if found else ", which git does not know yet"
        raise Usage(f"{environment} has {some}", f"say which with -f{which}")
    return found[0]


def set_values(workspace: Workspace, values: Mapping[str, bytes], path: str, environment: str) -> list[Set]:
    """Put values into a file and stage it: so that the caller can read them, else sealed to the environment's holders.

    Raises `Locked` where the caller could read and has only a part of the file open, `NotTrusted`, and `Changed` where others
    keep saving.
    """
    follow.refresh(workspace)
    pin = workspace.need_pin(environment)
    for _ in range(amend.TRIES):
        with contextlib.suppress(Changed):
            ring = _ring(workspace, pin)
            return _set(workspace, pin, path, values, ring) if ring else _seal(workspace, pin, path, values)
    raise Changed(printable(path))


def _set(workspace: Workspace, pin: Pin, path: str, values: Mapping[str, bytes], ring: Keyring) -> list[Set]:
    """Raises `Changed` if an editor has saved meanwhile."""
    standing = amend.look(workspace, pin, path, ring)
    amend.check_merged(path, standing.text)
    there, text, same = editing.values(document.parse(standing.text)), standing.text, set[str]()
    for name, value in values.items():
        before, text = text, editing.with_value(text, name, value)
        same |= {name} if text == before else set()
    unstaged = amend.write(workspace, standing, text, ring, values)
    return [
        Set(
            name, path, pin.name, [], len(there.get(name, ())), name in same, unstaged, True, editing.read_otherwise(text, name)
        )
        for name in values
    ]


def _seal(workspace: Workspace, pin: Pin, path: str, values: Mapping[str, bytes]) -> list[Set]:
    """Raises `Changed` if an editor has saved meanwhile."""
    data = amend.read(workspace, path)
    amend.check_merged(path, data or b"")
    text, replaced = data or b"", dict[str, int]()
    for name, value in values.items():
        text, replaced[name] = _with_sealed(workspace, pin, text, name, value)
    unstaged = save.save(workspace, {path: text}, {path: data}).get(path)
    holders = sorted(holder.name for holder in pin.holders)
    is_known = any(other.grant for other in workspace.access.pinned())
    return [
        Set(name, path, pin.name, holders, replaced[name], False, unstaged, is_known, _read_otherwise(name, value))
        for name, value in values.items()
    ]


def _read_otherwise(name: str, value: bytes) -> list[str]:
    return editing.read_otherwise(editing.assignment(name, value), name)


def _ring(workspace: Workspace, pin: Pin) -> Keyring | None:
    """What opens an environment's files; None for who has a key, and nobody has let it in, or not any more."""
    try:
        return workspace.access.ring_though_locked(pin)
    except Locked:
        device.need()
        return None


def _with_sealed(workspace: Workspace, pin: Pin, data: bytes, name: str, value: bytes) -> tuple[bytes, int]:
    """The document with a sealed value behind the one that it would replace, and how many there are.

    It takes the place of what the caller sealed under this name before, and nobody has accepted yet.
    """
    key, me = device.need(), workspace.known_as(pin).name or workspace.guess_name()
    line = sealed.seal(pin.environment, editing.assignment(name, value), name, me, key)
    records = document.parse(data)
    new = Record(Kind.SEALED, name.encode("ascii"), line, b"\n")
    for position, record in enumerate(records):
        found = sealed.read(record) if record.kind is Kind.SEALED and record.name == new.name else None
        if found and found.key == key.public:
            return editing.rewritten(records, {position: new._replace(end=record.end)}), 1
    places = [n for n, record in enumerate(records) if record.name == new.name and record.kind in (Kind.TOKEN, Kind.SEALED)]
    return editing.with_line(data, new, places[-1] if places else None), len(places)
