"""Changing what a file of an environment says: in plain text where it is open, in ciphertext where it is closed.

The same line under the same key is the same token. So of a closed file only those lines change that say something else.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Collection

from gitenv.errors import Changed, Locked, Missing, NotInOrder, NotTrusted, from_top, printable, shell_word
from gitenv.model import clean, document, encoding, remedies, smudge
from gitenv.model.document import Kind
from gitenv.model.keyring import Keyring
from gitenv.system import files
from gitenv.team import follow, save
from gitenv.team.save import Unstaged
from gitenv.team.workspace import Workspace
from gitenv.trust.pins import Pin
from gitenv.tuples import NamedTuple

TRIES = 5


class Standing(NamedTuple):
    """A file as it stands."""

    path: str
    data: bytes | None  # as it lies in the work tree; None if there is none
    text: bytes  # in plain text, with marks for what nobody vouches for
    stored: bytes | None  # of a closed one, as a commit has it; None where values may lie in the work tree

    @property
    def is_closed(self) -> bool:
        """Whether no value of it may come into the work tree."""
        return self.stored is not None


def read(workspace: Workspace, path: str) -> bytes | None:
    """A file that is to be changed; None if there is none. Raises `NotInOrder` for one that nobody could add a line to."""
    data = files.read_inside(workspace.root, path, document.MAX_BYTES)
    if data is None and workspace.repository.unseen([path]):
        folder = shell_word(os.path.dirname(path) or f"/{path}")
        raise NotInOrder(f"{printable(path)} is left out of this sparse checkout", f"git sparse-checkout add {folder}")
    if name := encoding.wrong(data or b""):  # UTF-8 behind UTF-16 would be read by nobody, and the others no more
        command = encoding.remedy(os.path.relpath(workspace.repository.path(path)), name)
        raise NotInOrder(encoding.problem(printable(path), name), command)
    return data


def look(workspace: Workspace, pin: Pin, path: str, ring: Keyring) -> Standing:
    """A file, opened. Raises `Locked` for one of which only a part is, and `NotTrusted`."""
    data = read(workspace, path)
    kinds = {record.kind for record in document.parse(data or b"")}
    is_open = pin.name not in workspace.access.locked and not workspace.access.is_closed
    if is_open and not smudge.is_closed(data or b""):
        if Kind.TOKEN in kinds:
            raise Locked(f"{printable(path)} is not open", f"gitenv unlock {pin.name}")
        return Standing(path, data, data or b"", None)
    if not kinds.isdisjoint((*document.TEXT, Kind.LOOKALIKE)):
        hint = f"gitenv unlock {pin.name}"
        if workspace.access.is_closed:
            hint = ", then ".join(remedies.close_again([path], is_linked=not workspace.access.pins.is_closed))
        raise Locked(f"{printable(path)} is not open, and has lines that are not encrypted", hint)
    try:
        stored = clean.unmarked(data or b"")
        text = smudge.smudge(stored, [ring])
    except NotTrusted as error:
        raise type(error)(f"{printable(path)}: {error.message}", error.hint) from None
    if any(record.kind is Kind.TOKEN for record in document.parse(text)):
        raise NotTrusted(f"{printable(path)}: what its lines hold cannot stand there", "gitenv status")
    return Standing(path, data, text, stored)


def check_merged(path: str, text: bytes) -> None:
    """Raise `NotInOrder` for a file in conflict: of two values of one name none is the last, and git's markers would stay."""
    if smudge.is_in_conflict(text):
        raise NotInOrder(f"{printable(path)} is in conflict", f"take git's markers out, then: git add {from_top(path)}")


def write(
    workspace: Workspace, standing: Standing, text: bytes, ring: Keyring, decided: Collection[str] = ()
) -> Unstaged | None:
    """Put a text into its place, and stage it; return why it was not staged.

    What stands for nothing in the index becomes a value only under the names that the user decided about. Raises `Changed` if
    an editor has saved meanwhile.
    """
    stored = workspace.repository.objects.read(f":0:{standing.path}", document.MAX_BYTES)
    path, new, blobs = standing.path, text, {}
    if standing.stored is not None:
        made = cleaned(standing.stored, text, ring, decided)
        new = smudge.smudge(made, None)
        blobs = {path: made} if stored == standing.stored else {}
    elif stored is not None and decided and smudge.smudge(stored, [ring]) == standing.data:
        blobs = {path: cleaned(stored, text, ring, decided)}
    return save.save(workspace, {path: new}, {path: standing.data}, blobs).get(path)


def cleaned(stored: bytes, text: bytes, ring: Keyring, decided: Collection[str] = ()) -> bytes:
    """What a commit is to have of a text, where it has `stored` now; `decided` is as for `write`. Raises `NotTrusted`."""
    return save.cleaned(text, stored, ring, lambda record: record.name.decode("ascii") in decided)


def change(
    workspace: Workspace, path: str, environment: str, edit: Callable[[bytes], bytes], decided: Collection[str]
) -> Unstaged | None:
    """Change a file that is there, for who can read it; the rest is as for `write`. Raises what `edit` does, and `Locked`."""
    follow.refresh(workspace)
    pin = workspace.need_pin(environment)
    ring = workspace.access.ring_though_locked(pin)
    for _ in range(TRIES):
        standing = look(workspace, pin, path, ring)
        if standing.data is None:
            raise Missing(f"there is no file {printable(path)}", "gitenv status")
        check_merged(path, standing.text)
        with contextlib.suppress(Changed):
            return write(workspace, standing, edit(standing.text), ring, decided)
    raise Changed(printable(path))
