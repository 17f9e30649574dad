"""The keys that a review may use where it has them: never asked for, and nothing is written."""

from __future__ import annotations

import contextlib

from gitenv.errors import GitenvError, Locked, printable
from gitenv.git.layout import Layout
from gitenv.git.objects import Objects
from gitenv.model import clean, document, token
from gitenv.model.document import OpenOf, Record
from gitenv.model.keyring import Keyring
from gitenv.repo.founding import Founding
from gitenv.repo.snapshot import Snapshot
from gitenv.trust.access import Access
from gitenv.trust.pins import Pin

_WITHOUT = "gitenv diff, without --values"


class KeysAtHand:
    """The environments of this clone that its user can open. Which file is whose comes from the pins, never from the tree."""

    def __init__(self, layout: Layout | None, tree: Snapshot, objects: Objects) -> None:
        """`layout` is None in a bare repository. `tree` is the newer state."""
        self._layout, self._tree, self._objects = layout, tree, objects
        self._access: Access | None = None
        self._rings: dict[str, Keyring | None] = {}
        self._founding: Founding | None = None

    def ring_of(self, path: str) -> Keyring | None:
        """The keyring for a file; None without a key."""
        try:
            access = self._opened()
            pin = access.claimant(path) if access else None
        except GitenvError:  # a damaged pin, two environments that claim it: no key that anybody should use
            return None
        if access is None or pin is None:
            return None
        if pin.name not in self._rings:
            self._rings[pin.name] = self._ring(access, pin)
        return self._rings[pin.name]

    def opener_of(self, path: str) -> OpenOf:
        """What opens the tokens of a file. The key is looked for when the first token asks."""

        def open_of(record: Record) -> bytes | None:
            ring, found = self.ring_of(path), token.read(record)
            return ring.text_of(found) if ring and found else None

        return open_of

    def as_committed(self, path: str, data: bytes, before: bytes) -> bytes | None:
        """A file of the work tree as a commit would have it, made in memory; None without a key, and for what clean refuses."""
        ring = self.ring_of(path)
        if ring is None:
            return None
        try:
            staged = document.parse(self._objects.read(f":0:{path}", document.MAX_BYTES) or before)
            stands = frozenset(record.raw for record in [*staged, *document.parse(before)])
            return clean.clean(data, ring, lambda: stands, lambda: () if self._is_new(path) else staged)
        except GitenvError:
            return None

    def _is_new(self, path: str) -> bool:
        """Whether the file's environment is in no commit yet: until then all plain text is its owner's."""
        access = self._opened()
        pin = access.claimant(path) if access else None
        if not access or not pin or not self._layout:
            return False
        if not self._founding:
            self._founding = Founding(self._layout.work_tree, self._objects, [each.name for each in access.pinned()])
        return self._founding.is_uncommitted(pin.name)

    def no_key(self, path: str, environment: str) -> Locked:
        """The error for a file that cannot be opened, with whom to ask."""
        access = self._opened()
        if access is None:
            return Locked("a bare repository has no keys, and shows no values", _WITHOUT)
        if not access.pinned():
            return Locked("there is no key in this clone", "gitenv init")
        pin = access.claimant(path)
        if pin is None:
            what = f"{environment} is" if environment else "its environment is"
            return Locked(f"{what} new to this clone", f"gitenv unlock {environment}".strip())
        try:
            access.ring(pin)
        except Locked as error:
            return error
        except GitenvError as error:
            return Locked(error.message, error.hint)
        return Locked(f"{printable(path)}: no key of {pin.name} opens what stands there", _WITHOUT)

    def _opened(self) -> Access | None:
        if self._access is None and self._layout:
            self._access = Access(self._layout)
        return self._access

    def _ring(self, access: Access, pin: Pin) -> Keyring | None:
        """The newest that can be opened: rotations may have been pulled, or fetched, that no command has followed yet."""
        moved: Pin | None = None
        with contextlib.suppress(GitenvError):
            judged = access.judge(pin, self._tree)
            moved = judged.moves if judged else None
        for each in (moved, pin):
            with contextlib.suppress(GitenvError):
                if each is not None:
                    return access.ring(each)
        return None
