"""Pins: what this user last saw and believed of every environment of a clone, in the user's own configuration folder.

A pin is one text file: a head line with a check sum and three lengths, then the newest statement, the user's own grant, the
hashes of the statements before it, and the people that came in by grants. The filter reads it at every start and believes it;
it checks no signature while nothing changes. The statements before it lie beside it, each named by its hash: what somebody took
out of `past/` can be named, and put back.
"""

import contextlib
import os
from collections.abc import Iterable, Sequence, Set

from gitenv.errors import FirstEdition, GitenvError, Malformed, NotInOrder, printable
from gitenv.identity import home
from gitenv.model import base64url, environment, grant, names, statements
from gitenv.model.cipher import sha256
from gitenv.model.environment import Environment
from gitenv.model.grant import READER, Grant
from gitenv.model.statements import Holder
from gitenv.system import files
from gitenv.tuples import NamedTuple

_HEAD, _FIRST_EDITION = b"gitenv-pin 2 ", b"gitenv-pin 1 "
_CLOSED = "closed"
_MAX_BYTES = 4 * 1024 * 1024
_MAX_FILES = 10_000
_NAME = 32  # letters of a hash, as many as an id has


class Pin(NamedTuple):
    """One environment as it was pinned."""

    environment: Environment
    grant: Grant | None  # the user's own
    past: bytes  # hashes, a line each, oldest first
    people: bytes  # lines, taken apart when somebody asks: there may be ten thousand, and the filter starts often

    @classmethod
    def of(
        cls,
        environment: Environment,
        grant: Grant | None,
        granted: Set[Holder],
        seen: Set[Holder],
        past: Iterable[str] = (),
        waiting: Iterable[str] = (),
    ) -> "Pin":
        """A pin with the holders beyond the statement's, and everybody whose grant ever counted in this environment.

        That somebody was seen is never a reason to trust them, only one to notice another key. `past` are the hashes of what
        the statement goes back to, oldest first, and of sides that were given up. `waiting` are path patterns that came with a
        later statement, and that the user has not said yes to.
        """
        lines = [*(f"holder {holder}\n" for holder in sorted(granted)), *(f"seen {person}\n" for person in sorted(seen))]
        lines += [f"waits {pattern}\n" for pattern in waiting]
        before = "".join(f"{each}\n" for each in past)
        return cls(environment, grant, before.encode("ascii"), "".join(lines).encode("ascii"))

    @property
    def earlier(self) -> list[str]:
        """The hashes of the statements before it, oldest first. Exactly these are earlier ones."""
        return self.past.decode("ascii").split()

    def is_past(self, statement_hash: str) -> bool:
        """Whether a statement is one of those before it."""
        return statement_hash.encode("ascii") + b"\n" in self.past

    @property
    def name(self) -> str:
        return self.environment.name

    @property
    def holders(self) -> frozenset[Holder]:
        return self._people("holder").union(self.environment.holders)

    @property
    def seen(self) -> frozenset[Holder]:
        return self._people("seen")

    @property
    def is_reader(self) -> bool:
        """Whether the user may read, and decide about nothing: a reader's grant, and no holder's statement names them."""
        own = self.grant
        return own is not None and own.role == READER and Holder(own.to, own.key.fingerprint()) not in self.holders

    @property
    def waiting(self) -> tuple[str, ...]:
        """The path patterns that wait for the user's yes: who holds another environment's key could have written them."""
        if b"waits " not in self.people:
            return ()
        listed = (line.partition(" ") for line in self.people.decode("ascii").splitlines())
        return tuple(pattern for word, _, pattern in listed if word == "waits")

    @property
    def paths(self) -> tuple[str, ...]:
        """The path patterns that the user believes."""
        waiting = self.waiting
        return tuple(each for each in self.environment.paths if each not in waiting) if waiting else self.environment.paths

    def claims(self, path: str) -> bool:
        """Whether a file is this environment's, by those."""
        return names.claimed(self.paths, path)

    def _people(self, wanted: str) -> frozenset[Holder]:
        listed = [line.split(" ") for line in self.people.decode("ascii").splitlines()]
        return frozenset(Holder(*line[1:]) for line in listed if line[0] == wanted)


class Pins:
    """The pins of one clone."""

    is_agreed = False  # whether a person said to this process that its clone is to be open; pins may be read again after that

    def __init__(self, clone_id: str) -> None:
        """`clone_id` may be "": such a clone has none, and cannot be given any. Nor can whoever has no home.

        The folder is called by the hash of it: who lists the folders knows no id, and cannot write one into a closed clone.
        """
        self._folder = ""
        if clone_id:
            with contextlib.suppress(NotInOrder):
                self._folder = os.path.join(_clones(), sha256(clone_id.encode("ascii")).hex()[:_NAME])

    @classmethod
    def elsewhere(cls, name: str, environment_id: bytes) -> "tuple[Pins, Pin] | None":
        """The furthest pin that this user has of one environment, in whatever clone: for a copy of a tree, which has none.

        One that is damaged is no reason to stop here; its own clone says so.
        """
        found: list[tuple[Pins, Pin]] = []
        with contextlib.suppress(GitenvError):
            for folder in files.entries(clones := _clones(), _MAX_FILES):
                pins = cls("")
                pins._folder = os.path.join(clones, folder)
                with contextlib.suppress(GitenvError):
                    if (pin := pins.get(name)) and pin.environment.id == environment_id:
                        found.append((pins, pin))
        return max(found, key=lambda each: each[1].environment.revision, default=None)

    def owner(self) -> str:
        """What this user is called in this clone's `.recipients/`; "" where they did not run `gitenv init`.

        Noted here and not in the clone: another user of it, or a container with a home of its own, is somebody else.
        """
        data = files.read(os.path.join(self._folder, "name"), _MAX_BYTES) if self._folder else None
        name = (data or b"").decode("ascii", "replace").strip()
        return name if names.is_name(name) else ""

    def set_owner(self, name: str) -> None:
        """Remember it."""
        if name and name != self.owner():
            home.make()
            files.make_folder(self._folder, 0o700)
            files.replace(os.path.join(self._folder, "name"), f"{name}\n".encode("ascii"))

    @property
    def is_closed(self) -> bool:
        """Whether the user has closed this clone (see `trust.closing`)."""
        return bool(self._folder) and os.path.lexists(self.beside(_CLOSED))

    def close(self) -> None:
        """Close this clone, and its environments wherever they turn up; those that are pinned later, too."""
        home.make()
        files.make_folder(self._folder, 0o700)
        files.replace(self.beside(_CLOSED), b"files of this clone stay closed; to open them: gitenv unlock\n")
        self._list_closed(self.all())

    def open(self) -> None:
        """A person said that this clone is to be open. Its environments stay closed elsewhere."""
        Pins.is_agreed = True
        if self.is_closed:
            os.unlink(self.beside(_CLOSED))

    def _close_for(self, pins: Iterable[Pin]) -> None:
        """Close this clone where a closed environment comes in, and nobody agreed: it may be open for others only."""
        if self.is_agreed or self.is_closed or not os.path.lexists(home.closed_list()):
            return
        from gitenv.trust import closing

        known = {pin.environment.id for pin in self.all()}
        if any(closing.is_listed(pin.environment.id) for pin in pins if pin.environment.id not in known):
            self.close()

    def _list_closed(self, pins: Iterable[Pin]) -> None:
        from gitenv.trust import closing

        closing.add_to_list([pin.environment.id for pin in pins])

    @property
    def is_anybodys(self) -> bool:
        """Whether there can be pins: the clone has an id, and its user a home."""
        return bool(self._folder)

    def beside(self, name: str) -> str:
        """Where something lies that is noted beside the pins."""
        return os.path.join(self._folder, name)

    @property
    def verified(self) -> str:
        """Where signatures are noted that were verified (see `trust.verified`); "" for whoever has no pins."""
        return self._folder and os.path.join(self._folder, "verified")

    def all(self) -> list[Pin]:
        """Every pin, by name. Raises `Malformed` for a damaged one: it must not look like none."""
        if not self._folder:
            return []
        found = [name for name in files.entries(self._folder, _MAX_FILES) if name.endswith(".pin")]
        pins = [self.get(name.removesuffix(".pin")) for name in found]
        return [pin for pin in pins if pin is not None]

    def get(self, name: str) -> Pin | None:
        """One pin, or None. Raises `Malformed`."""
        path = self._path(name)
        data = files.read(path, _MAX_BYTES) if self._folder else None
        return _read(data, name, printable(path)) if data is not None else None

    def put(self, pin: Pin, before: Iterable[bytes] = ()) -> None:
        """Pin, or move a pin. Never backwards: of two processes, the one that is behind changes nothing.

        `before` are texts of statements that it goes back to, as far as they are not there yet.
        """
        self.put_all([(pin, before)])

    def put_all(self, pins: Iterable[tuple[Pin, Iterable[bytes]]]) -> None:
        """The same for many, each with its texts."""
        from gitenv.system.locking import Briefly

        with Briefly(self._folder):
            self.put_back_all([(pin, before) for pin, before in pins if self._moves(pin)])

    def _moves(self, pin: Pin) -> bool:
        old = self.get(pin.name)
        return old is None or not (old == pin or old.is_past(pin.environment.hash))

    def put_back(self, pin: Pin, before: Iterable[bytes] = ()) -> None:
        """Pin, whatever was pinned before: only where the user was asked."""
        self.put_back_all([(pin, before)])

    def put_back_all(self, pins: Sequence[tuple[Pin, Iterable[bytes]]]) -> None:
        """The same for many, each with its texts; in one go, since the disk takes a second for a few hundred files."""
        if not pins:
            return
        home.make()
        files.make_folder(self._folder, 0o700)
        self._close_for([pin for pin, _ in pins])
        texts: dict[str, bytes] = {}
        for pin, before in pins:
            texts |= self._missing(pin.name, before)
            texts[self._path(pin.name)] = _write(pin)
        files.replace_all(texts, 0o600)
        if self.is_closed:
            self._list_closed([pin for pin, _ in pins])

    def text(self, name: str, statement_hash: str) -> bytes | None:
        """A statement before the pinned one; None where it is not kept, or was damaged."""
        data = files.read(os.path.join(self._past(name), statement_hash), statements.MAX_BYTES) if self._folder else None
        return data if data is not None and environment.hash_of(data) == statement_hash else None

    def _missing(self, name: str, before: Iterable[bytes]) -> dict[str, bytes]:
        """What is to be written of the texts before a pin, by path."""
        paths = {os.path.join(self._past(name), environment.hash_of(text)): text for text in before}
        missing = {path: text for path, text in paths.items() if not os.path.lexists(path)}
        if missing:
            files.make_folder(self._past(name), 0o700)
        return missing

    def _past(self, name: str) -> str:
        return f"{self._path(name)[: -len('.pin')]}.past"

    def clear_leftovers(self) -> None:
        """Remove what runs that were killed left beside the pins."""
        from gitenv.system import leftovers

        if self._folder:
            leftovers.clear(self._folder)
            for name in files.entries(self._folder, _MAX_FILES):
                if name.endswith(".past"):
                    leftovers.clear(os.path.join(self._folder, name))

    def forget(self) -> None:
        """Remove all pins of this clone."""
        import shutil

        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)

    def forget_one(self, name: str) -> None:
        """Remove the pin of one environment: only where the user was asked."""
        import shutil

        if self._folder and os.path.lexists(self._path(name)):
            os.unlink(self._path(name))
            shutil.rmtree(self._past(name), ignore_errors=True)

    def _path(self, name: str) -> str:
        return os.path.join(self._folder, f"{names.check_name(name, 'environment')}.pin")


def _clones() -> str:
    return os.path.join(home.folder(), "clones")


def _write(pin: Pin) -> bytes:
    own = pin.grant.text if pin.grant else b""
    body = pin.environment.text + own + pin.past + pin.people
    sizes = b"%d %d %d" % (len(pin.environment.text), len(own), len(pin.past))
    return _HEAD + base64url.encode(sha256(sizes + b"\n" + body)) + b" " + sizes + b"\n" + body


def _read(data: bytes, name: str, where: str) -> Pin:
    head, _, body = data.partition(b"\n")
    if head.startswith(_FIRST_EDITION):
        raise FirstEdition(f"the pin {where} is of gitenv's first edition", "remove it, and run: gitenv init")
    check, _, sizes = head.removeprefix(_HEAD).partition(b" ")
    if not head.startswith(_HEAD) or base64url.encode(sha256(sizes + b"\n" + body)) != check:
        raise Malformed(f"the pin {where} is damaged", "compare fingerprints with your team, remove it, and run: gitenv unlock")
    first, second, third = map(int, sizes.split(b" "))
    statement = environment.read(body[:first], where)
    own = grant.read(body[first : first + second], where) if second else None
    if statement.name != name:
        raise Malformed(f"the pin {where} is another environment's")
    past = body[first + second : first + second + third]
    return Pin(statement, own, past, body[first + second + third :])
