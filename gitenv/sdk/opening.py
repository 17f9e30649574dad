"""One file after the other: used as it is, opened with what this user may open, or refused. Never ciphertext for a value.

In a clone that goes by a pin, the filter has marked what nobody vouches for, and a file without tokens is an open one.
Elsewhere (a fresh clone, a folder without git) nobody has looked at it: there a file that is an environment's has tokens, or is
refused. Whoever can write there could else take them off.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from gitenv.errors import Locked, NotTrusted, from_top, printable
from gitenv.git.objects import Objects
from gitenv.identity import device
from gitenv.model import document, inert, smudge
from gitenv.model.document import Kind
from gitenv.model.environment import Environment
from gitenv.model.grant import Grant
from gitenv.model.keyring import Keyring
from gitenv.repo import recipients
from gitenv.repo.snapshot import Snapshot, SparseSnapshot, WorkSnapshot
from gitenv.sdk import refusing
from gitenv.sdk.places import Top
from gitenv.system import files
from gitenv.trust import access, vouchers
from gitenv.trust.access import Access
from gitenv.trust.pins import Pin
from gitenv.values import NamedTuple

_CLOSED = frozenset((Kind.TOKEN, Kind.SEALED, Kind.LOOKALIKE))

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitenv.trust.trusted import Verdict


class ReadFile(NamedTuple):
    """A file that may be read."""

    path: str  # from the top
    environment: str  # whose it is; "" for the user's own
    text: bytes
    statement: Environment | None  # that it was opened by; None for what was open
    grant: Grant | None
    said: tuple[str, ...]  # what the user should know of that


class _Key(NamedTuple):
    """What opens an environment's files here."""

    statement: Environment
    grant: Grant
    rings: Sequence[Keyring]
    said: tuple[str, ...]


class Opening:
    """The files below one top, for one user."""

    def __init__(self, top: Top, key: device.DeviceKey | None = None, *, is_old: bool = False) -> None:
        """`is_old`: values that a later statement retired are wanted."""
        self.top, self._is_old = top, is_old
        self.access = Access(top.layout, key)
        self._objects = Objects(top.folder)
        self._tree: Snapshot | None = None
        self._unpinned: dict[str, Environment] | None = None
        self._keys: dict[str, _Key] = {}

    def close(self) -> None:
        """End the git that was asked, if one was."""
        self._objects.close()

    def owner(self, path: str) -> str:
        """The environment that claims a path: by the pins, else by the statements at hand; "" if none does."""
        if pin := self.access.claimant(path):
            return pin.name
        claiming = [each.name for each in self._statements().values() if each.claims(path)]
        if len(claiming) > 1:
            hint = "ask your team which is right"
            raise NotTrusted(f"{printable(path)}: both {claiming[0]} and {claiming[1]} claim it", hint)
        return claiming[0] if claiming else ""

    def is_known(self, name: str) -> bool:
        """Whether there is an environment of that name here."""
        return self.access.pin(name) is not None or name in self._statements()

    def claims(self, name: str, path: str) -> bool:
        """Whether an environment that is known here claims a path; others may, too: see `owner`."""
        pin = self.access.pin(name)
        return pin.claims(path) if pin else self._statements()[name].claims(path)

    def read(self, path: str, *, is_named: bool = False) -> ReadFile | None:
        """A file, opened; None if there is none. `is_named`: the user said which, and not only of which environment."""
        data = files.read_inside(self.top.folder, path, document.MAX_BYTES)
        if data is None:
            return None
        if not smudge.is_encrypted(data):
            return ReadFile(path, self._plain(path, is_named), data, None, None, ())
        if not (name := self.owner(path)):
            raise NotTrusted(f"{printable(path)} is encrypted, and no environment here claims it", "gitenv status")
        kinds = {record.kind for record in document.parse(data)}
        if (Kind.UNVERIFIED in kinds and not self._is_old) or data.startswith(inert.WHOLE):
            raise refusing.unvouched(path, data)
        key = self._key(name)
        opened = self._opened(data, key.rings) if kinds & _CLOSED else _with_retired(data, key.rings[-1])
        if smudge.is_encrypted(opened):
            raise refusing.unvouched(path, opened)
        return ReadFile(path, name, opened, key.statement, key.grant, key.said)

    def _opened(self, data: bytes, rings: Sequence[Keyring]) -> bytes:
        if not self._is_old:
            return smudge.smudge(data, rings)
        from gitenv.model import clean

        return smudge.smudge(clean.unmarked(data), rings, is_viewing=True)

    def own(self, path: str) -> ReadFile | None:
        """A file of the user's own. Raises `NotTrusted` where it is in the commit: whoever can push wrote it."""
        data = files.read_inside(self.top.folder, path, document.MAX_BYTES)
        if data is None:
            return None
        specs = [f":{stage}:{path}" for stage in range(4)] if self.top.layout else []
        if any(self._objects.id(spec) or self._objects.read(spec) is not None for spec in specs):
            hint = f"git rm --cached {from_top(path)}, or leave such files out: --no-local"
            raise NotTrusted(f"{printable(path)} is in the commit, so it is nobody's own", hint)
        return ReadFile(path, "", data, None, None, ())

    def _plain(self, path: str, is_named: bool) -> str:
        """Whose a file without tokens is. Raises `NotTrusted` where nobody has looked at what stands there."""
        if pin := self.access.claimant(path):
            return pin.name
        name = self.owner(path)
        if name or vouchers.vouchers() or (os.environ.get(device.VARIABLE) and not is_named):
            where = f"{printable(path)}, of {name}," if name else printable(path)
            hint = "gitenv init" if self.top.layout else "copy it from a commit: git archive"
            raise NotTrusted(f"{where} has no tokens: nobody vouches for what stands in it", hint)
        return ""

    @property
    def tree(self) -> Snapshot:
        """The `.recipients/` at hand; of a sparse checkout that leaves them out, the index's."""
        if self._tree is None:
            here = WorkSnapshot(self.top.folder)
            is_here = os.path.lexists(self.top.path(".recipients")) or self.top.layout is None
            self._tree = here if is_here else SparseSnapshot(self._objects)
        return self._tree

    def _statements(self) -> dict[str, Environment]:
        """The statements at hand of what is not pinned. Nobody vouches for them here."""
        if self._unpinned is None:
            found = recipients.statements_in(self.tree)
            self._unpinned = {name: each for name, each in found.items() if self.access.pin(name) is None}
        return self._unpinned

    def _key(self, name: str) -> _Key:
        if name not in self._keys:
            pin = self.access.pin(name)
            self._keys[name] = self._by_pin(pin) if pin else self._by_first_sight(name)
        return self._keys[name]

    def _by_pin(self, pin: Pin) -> _Key:
        """What the pin and the tree's statement say, as the filter asks them (drivers.smudging)."""
        judged = self.access.judge(pin, self.tree)
        if judged is None:
            raise Locked(f"{pin.name} is not in the commit you are on", "check out a newer one")
        newest = judged.moves or pin
        own, statement = self._grant(newest), judged.environment
        ring = access.open_grant(newest.environment, own, self.access.device())
        if not judged.is_earlier:
            return _Key(statement, own, [ring], ())
        if not self._is_old:
            from gitenv.trust.history import History

            access.check_not_rolled_back(History(self.top.folder, self._objects), pin, judged)
        if (before := ring.at(statement.generation)) is None:
            raise NotTrusted(f"the key of generation {statement.generation.number} cannot be opened", "gitenv status")
        rings = [ring] if self._is_old else [before, ring]
        said = f"{pin.name}: by revision {statement.revision} of {statement.at} by {statement.by}, which is an earlier one"
        return _Key(statement, own, rings, (said,))

    def _by_first_sight(self, name: str) -> _Key:
        """What the tree itself proves, and history does not speak against. Raises `Locked` where this clone believes others."""
        if self.access.pinned():
            raise Locked(f"{name} is new to this clone", f"gitenv unlock {name}")
        verdict = self.access.first_sight(name, self.tree).judge()
        if verdict is None:
            raise Locked(f"{name} is not here", "gitenv status")
        statement = verdict.statement
        said: tuple[str, ...] = ()
        if trusted := vouchers.vouchers():
            vouchers.check_vouched(verdict, trusted)
        else:
            said = (f"{name} is taken on trust from {statement.by}",)
        self._look_at_history(verdict, is_named=bool(trusted))
        pin = Pin.of(statement, None, frozenset(), frozenset(), verdict.past)
        own = self._grant(pin)
        return _Key(statement, own, [access.open_grant(statement, own, self.access.device())], said)

    def _look_at_history(self, verdict: Verdict, *, is_named: bool) -> None:
        if self.top.layout is None:
            return
        from gitenv.trust import forks
        from gitenv.trust.history import History

        history = History(self.top.folder, self._objects)
        forks.check_first_sight(history, verdict, history.known_heads, is_named=is_named)

    def _grant(self, pin: Pin) -> Grant:
        """The user's grant: the pinned one, or the tree's for a key that is a guest here. Raises `Locked`."""
        key = self.access.device()
        if pin.grant and (key is None or pin.grant.key == key.public or not os.environ.get(device.VARIABLE)):
            return pin.grant
        if (found := access.own_grant(pin.environment, self.tree, key, self.access.name)) is None:
            raise self.access.no_grant(pin)
        return found


def _with_retired(data: bytes, ring: Keyring) -> bytes:
    """An open document with the values behind marks that are of an earlier generation."""
    from gitenv.model import unverified

    return unverified.accept(data, unverified.retired(document.parse(data), ring), ring)
