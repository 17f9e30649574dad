"""What is believed of the environments below a top, and what opens their files: by the clone's pins, else by the tree itself.

All rules are those of `trust`. The filter asks them for git (drivers.smudging), and this asks them for programs: also where
`gitenv lock` closed a work tree, in a fresh clone, and in a folder that git knows nothing of.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from gitenv.errors import GitenvError, Locked, NotInOrder, NotTrusted, printable
from gitenv.git.layout import RECIPIENTS
from gitenv.git.objects import Objects
from gitenv.identity import device, home
from gitenv.model.environment import Environment
from gitenv.model.grant import Grant
from gitenv.model.keyring import Keyring
from gitenv.repo.snapshot import Snapshot, SparseSnapshot, WorkSnapshot
from gitenv.sdk.places import Top
from gitenv.trust import access
from gitenv.trust.access import Access
from gitenv.trust.pins import Pin
from gitenv.tuples import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitenv.trust.history import History
    from gitenv.trust.trusted import Verdict


class Opener(NamedTuple):
    """What opens an environment's files here."""

    statement: Environment
    grant: Grant
    rings: Sequence[Keyring]
    said: tuple[str, ...]  # what the user should know of that


class Belief:
    """The environments below one top, as one user may use them."""

    def __init__(self, top: Top, objects: Objects, key: device.DeviceKey | None, *, is_old: bool) -> None:
        self._top, self._objects, self._is_old = top, objects, is_old
        self._access = Access(top.layout, key)
        if not self.is_begun():
            from gitenv.git import fetching

            fetching.look(top.layout)
        self._is_guest = key is not None or bool(os.environ.get(device.VARIABLE))
        self._tree: Snapshot | None = None
        self._unpinned: dict[str, Environment] | None = None
        self._broken: list[GitenvError] = []
        self._keys: dict[str, Opener] = {}

    def owner(self, path: str) -> str:
        """The environment that claims a path: by the pins, else by the statements at hand; "" if none does."""
        if pinned := self.pinned_owner(path):
            return pinned
        claiming = [each.name for each in self._statements().values() if each.claims(path)]
        if len(claiming) > 1:
            both = f"{printable(path)}: both {claiming[0]} and {claiming[1]} claim it"
            raise NotTrusted(both, "ask your team which is right")
        if self._broken and not claiming:  # it could be theirs
            raise self._broken[0]
        return claiming[0] if claiming else ""

    def is_of(self, name: str, path: str) -> bool:
        """Whether a path is an environment's that is known here. Of one that is pinned nothing is read for it."""
        return (self.pinned_owner(path) if self._access.pin(name) else self.owner(path)) == name

    def pinned_owner(self, path: str) -> str:
        """The pinned environment that claims a path; "" if none does. Its filter has looked at what git wrote there."""
        pin = self._access.claimant(path)
        return pin.name if pin else ""

    def is_known(self, name: str) -> bool:
        """Whether there is an environment of that name here."""
        return self._access.pin(name) is not None or name in self._statements()

    def names(self) -> list[str]:
        """The environments that there are."""
        return sorted({pin.name for pin in self._access.pinned()}.union(self._statements()))

    def is_begun(self) -> bool:
        """Whether this clone believes anything yet."""
        return bool(self._access.pinned())

    def is_closed(self, statement: Environment) -> bool:
        """Whether what opens here is not for everybody who asks: the work tree is closed, or the environment was elsewhere."""
        if self._access.is_closed or self._access.pin(statement.name):
            return self._access.is_closed
        from gitenv.trust import closing

        return closing.is_listed(statement.id)

    def check_allowed(self, environment: str, command: Sequence[str]) -> None:
        """Raise `Locked` for a command that the user has not allowed here."""
        from gitenv.trust import allowed

        allowed.check(self._access.pins, environment, command)

    def key(self, name: str) -> Opener:
        """What opens an environment's files. Raises `Locked`, and `NotTrusted` for a statement that is not believed."""
        if name not in self._keys:
            if not (self._is_guest or home.is_anywhere()):  # a container: there is no key either
                raise device.missing()
            pin = self._access.pin(name)
            self._keys[name] = self._by_pin(pin) if pin else self._by_first_sight(name)
        return self._keys[name]

    @property
    def _at_hand(self) -> Snapshot:
        """The `.recipients/` at hand; of a sparse checkout that leaves them out, the index's."""
        if self._tree is None:
            is_here = self._top.layout is None or os.path.lexists(self._top.path(RECIPIENTS))
            self._tree = WorkSnapshot(self._top.folder) if is_here else SparseSnapshot(self._objects)
        return self._tree

    def _statements(self) -> dict[str, Environment]:
        """The statements at hand of what is not pinned. Nobody vouches for them here."""
        if self._unpinned is None:
            from gitenv.repo import recipients

            known = {pin.name for pin in self._access.pinned()}
            found = recipients.read(self._at_hand, known)
            unpinned = {name: each for name, each in found.items() if name not in known}
            self._unpinned = {name: each for name, each in unpinned.items() if isinstance(each, Environment)}
            self._broken = [each for each in unpinned.values() if isinstance(each, GitenvError)]
            if count := recipients.too_many(self._at_hand, known):
                self._broken.append(NotTrusted(recipients.too_many_text(count), "gitenv unlock NAME, one by one"))
        return self._unpinned

    def _by_pin(self, pin: Pin) -> Opener:
        judged = self._access.judge(pin, self._at_hand)
        if judged is None:
            raise Locked(f"{pin.name} is not in the commit you are on", "check out a newer one")
        newest, statement = judged.moves or pin, judged.environment
        own = self._grant(newest)
        ring = access.open_grant(newest.environment, own, self._access.device())
        if not judged.is_earlier:
            return Opener(statement, own, [ring], ())
        if not self._is_old:
            access.check_not_rolled_back(self._history(), pin, judged)
        if (before := ring.at(statement.generation)) is None:
            raise NotTrusted(f"the key of generation {statement.generation.number} cannot be opened", "gitenv status")
        said = f"{pin.name}: by revision {statement.revision} of {statement.at} by {statement.by}, which is an earlier one"
        return Opener(statement, own, [ring] if self._is_old else [before, ring], (said,) if self._is_old else ())

    def _by_first_sight(self, name: str) -> Opener:
        """What the tree itself proves, and history does not speak against. Raises `Locked` where this clone believes others."""
        from gitenv.trust import vouchers

        if self._access.pinned():
            raise Locked(f"{name} is new to this clone", f"gitenv unlock {name}")
        verdict = self._access.first_sight(name, self._at_hand).judge()
        if verdict is None:
            raise Locked(f"{name} is not here", "gitenv status")
        statement = verdict.statement
        if trusted := vouchers.vouchers():
            vouchers.check_vouched(verdict, trusted)
        is_vouched = bool(trusted) or self._is_pinned_elsewhere(statement)
        self._look_at_history(verdict, is_named=is_vouched)
        own = self._grant(Pin.of(statement, None, frozenset(), frozenset(), verdict.past))
        ring = access.open_grant(statement, own, self._access.device())
        return Opener(statement, own, [ring], () if is_vouched else (f"{name} is taken on trust from {statement.by}",))

    def _is_pinned_elsewhere(self, statement: Environment) -> bool:
        """Whether a clone of this user's believes a statement: this is a copy. Raises `NotTrusted` where it refuses it."""
        from gitenv.trust.pins import Pins
        from gitenv.trust.trusted import Answer, Trusted

        if (known := Pins.elsewhere(statement.name, statement.id)) is None:
            return False
        pins, pin = known
        verdict = Trusted(pin.name, pin, self._at_hand, lambda wanted: pins.text(pin.name, wanted)).about(statement)
        if verdict.answer is Answer.PAST and self._top.layout is None and not self._is_old:
            from gitenv.trust import forks

            raise forks.rolled_back(pin.environment, statement, "take a newer copy; if this one is meant: --old")
        return True

    def _look_at_history(self, verdict: Verdict, *, is_named: bool) -> None:
        """It may refuse, and vouches for nothing. In an image without git there is none."""
        if self._top.layout is None:
            return
        from gitenv.model.reasons import RolledBack
        from gitenv.trust import forks

        try:
            history = self._history()
            forks.check_first_sight(history, verdict, history.known_heads, is_named=is_named)
        except RolledBack:
            if not self._is_old:
                raise
        except NotInOrder as error:
            import shutil

            if shutil.which("git"):
                raise NotInOrder(error.message, error.hint or "gitenv init") from None

    def _history(self) -> History:
        from gitenv.trust.history import History

        return History(self._top.folder, self._objects)

    def _grant(self, pin: Pin) -> Grant:
        """The user's grant: the pinned one, or the tree's for a key that is a guest here. Raises `Locked`."""
        key = self._access.device()
        if pin.grant and (key is None or pin.grant.key == key.public or not self._is_guest):
            return pin.grant
        if (found := access.own_grant(pin.environment, self._at_hand, key, self._access.name)) is None:
            raise self._access.no_grant(pin)
        return found
