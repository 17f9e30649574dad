"""Opening environments: from the pins, the tree at hand and the device key to a keyring. No signature while nothing changes.

What the filter and the commands share. It reads; the only thing it ever writes is a pin that moves forward.
"""

import itertools
import os
import time
from collections.abc import Callable, Iterable, Iterator

from gitenv.errors import GitenvError, Locked, NotTrusted, joined
from gitenv.git.layout import Layout
from gitenv.identity import device
from gitenv.model import environment, grant, statements
from gitenv.model.environment import Environment
from gitenv.model.grant import Grant
from gitenv.model.keyring import Keyring
from gitenv.model.statements import Holder
from gitenv.repo import clone
from gitenv.repo.snapshot import Snapshot
from gitenv.trust import chain
from gitenv.trust.pins import Pin, Pins
from gitenv.trust.trusted import Answer, Trusted, Verdict
from gitenv.tuples import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitenv.model.membership import Membership
    from gitenv.trust.history import History
    from gitenv.trust.verified import Verified

FEW = 200
"""Grants whose signatures are verified sooner than one more file is read."""


class Judged(NamedTuple):
    """A tree's statement against the pin: what may be done with files of this environment there."""

    environment: Environment  # as that tree has it
    is_earlier: bool  # behind the pinned one
    moves: Pin | None  # the pin after the good steps that lead to it, if there are any
    verdict: Verdict

    def is_below(self, pin: Pin) -> bool:
        """Whether it is of an earlier generation, whose key people may have who have left: good for reading only."""
        return self.environment.generation.number < pin.environment.generation.number


class Access:
    """The environments of one clone, as one person may use them."""

    def __init__(self, layout: Layout | None, key: device.DeviceKey | None = None) -> None:
        """Without a layout nothing is pinned: there is no clone, only a folder. `key` takes the place of the device key."""
        self.pins = Pins(clone.identity(layout.common_dir) if layout else "")
        self._layout = layout
        self._is_closed: bool | None = None
        self._name: str | None = None
        self.locked = clone.locked(layout.git_dir) if layout else frozenset()
        self._pinned = {pin.name: pin for pin in self.pins.all()}
        self._rings: dict[bytes, Keyring] = {}
        self._judged: dict[tuple[str, bytes], Judged | NotTrusted] = {}
        self._device = key
        self._device_asked = key is not None
        self._verified: Verified | None = None

    @property
    def name(self) -> str:
        """What the user is called in this clone; "" where that is not known. Nothing that git starts asks, but for news."""
        if self._name is None:
            self._name = self.pins.owner()
        return self._name

    @property
    def is_closed(self) -> bool:
        """Whether nothing that a key opens may be written here (see `trust.closing`). Only linked work trees ask git for it."""
        if self._layout and self._is_closed is None:
            self._is_closed = self.pins.is_closed
            if not self._is_closed and self._layout.git_dir != self._layout.common_dir:
                from gitenv.trust import closing

                self._is_closed = closing.is_closed_by_git(self._layout)
        return bool(self._is_closed)

    def check_may_be_written(self) -> None:
        """Raise `Locked` where what a key opens must not be written into the work tree."""
        if self.is_closed:
            raise Locked("this work tree is closed", "gitenv unlock, in a terminal of your own")

    def pinned(self) -> list[Pin]:
        """The pins, by name of the environment."""
        return list(self._pinned.values())

    def pin(self, name: str) -> Pin | None:
        return self._pinned.get(name)

    def claimant(self, path: str) -> Pin | None:
        """The pinned environment that a path belongs to. Raises `NotTrusted` if two claim it."""
        claiming = [pin for pin in self._pinned.values() if pin.claims(path)]
        if len(claiming) > 1:
            # Whoever asks names the path: the filter says a reason once, however many files it is about.
            raise NotTrusted(f"both {claiming[0].name} and {claiming[1].name} claim this path", "gitenv status")
        return claiming[0] if claiming else None

    def device(self) -> device.DeviceKey | None:
        """The device key, read once; None if there is none."""
        if not self._device_asked:
            self._device, self._device_asked = device.load(), True
        return self._device

    def ring(self, pin: Pin) -> Keyring:
        """The DEKs of a pinned environment. Raises `Locked` (no key, no grant, `gitenv lock`) or `NotTrusted`."""
        if pin.name in self.locked:
            raise Locked(f"{pin.name} is locked in this clone", f"gitenv unlock {pin.name}")
        return self.ring_though_locked(pin)

    def ring_though_locked(self, pin: Pin) -> Keyring:
        """The same also after `gitenv lock`, which keeps values out of the work tree, and from nobody who has the key."""
        if pin.grant is None:
            raise self.no_grant(pin)
        if pin.environment.text not in self._rings:
            self._rings[pin.environment.text] = open_grant(pin.environment, pin.grant, self.device())
        return self._rings[pin.environment.text]

    def can_open(self, pin: Pin) -> bool:
        """Whether `ring` would give a keyring."""
        try:
            self.ring(pin)
        except GitenvError:
            return False
        return True

    def no_grant(self, *pins: Pin) -> Locked:
        """The error for environments that this person was not let into, with whom to ask."""
        key = self.device()
        if key is None:
            return device.missing()
        mine = Holder(self.name, key.public.fingerprint())
        holders = {holder.name for pin in pins for holder in pin.holders if holder.name != self.name}
        who = " or ".join(sorted(holders)[:3]) or "a holder"
        command = f"gitenv add-recipient {self.name or 'NAME'}"
        if len(pins) == 1:
            command += f" -e {pins[0].name}"
        where = joined([pin.name for pin in pins])
        known = {person for pin in pins for person in pin.holders | pin.seen}
        if any(person.name == self.name and person != mine for person in known):  # in with another key
            if mine in known:  # which took the place of this one: a holder who was asked again would be shown that one
                text = f"no grant for this device's key in {where}, where another one is in as {self.name}"
                return Locked(text, "for a device of its own beside that one: gitenv init --name NAME")
            command += " --replace"
        me = f'"{self.name}"' if self.name else "this device's key"
        return Locked(f"no grant for {me} in {where}", f"ask {who} to run: {command}")

    def membership(self, tree: Snapshot, statement: Environment, day: str | None = None) -> "Membership":
        """`membership_in`, where no signature is verified that was once, in this clone and for this user."""
        return membership_in(tree, statement, day, self._noted)

    def trusted(self, pin: Pin, tree: Snapshot) -> Trusted:
        """The rules of trust for one environment and one tree."""
        return Trusted(pin.name, pin, tree, lambda wanted: self.pins.text(pin.name, wanted))

    def first_sight(self, name: str, tree: Snapshot) -> Trusted:
        """The same where nothing is pinned. What a pin went back to is known by its hash all the same."""
        return Trusted(name, None, tree, lambda wanted: self.pins.text(name, wanted))

    def judge(self, pin: Pin, tree: Snapshot) -> Judged | None:
        """What the tree's statement is to the pinned one; None if the tree has none. Raises `NotTrusted`."""
        text = tree.read(chain.path(pin.name), statements.MAX_BYTES)
        if text is None:
            return None
        if text == pin.environment.text:
            return Judged(pin.environment, False, None, Verdict(Answer.SAME, pin.environment))
        known = self._judged.get((pin.name, text))
        if known is None:
            try:
                known = self._judge(pin, text, tree)
            except NotTrusted as error:
                known = error
            self._judged[pin.name, text] = known
        if isinstance(known, NotTrusted):
            raise known
        return known

    def advance(self, pin: Pin, way: Iterable[Environment] = ()) -> None:
        """Move a pin forward, for this process and for all that come. `way` are the steps that lead there."""
        self.pins.put(pin, self._texts(pin, way))
        self._pinned[pin.name] = pin
        self.forget_judgements()  # they were about the pin before

    def advance_all(self, pins: list[Pin]) -> None:
        """The same for pins that nothing came before."""
        self.pins.put_all([(pin, ()) for pin in pins])
        self._pinned.update((pin.name, pin) for pin in pins)
        self.forget_judgements()

    def put_back(self, pin: Pin, way: Iterable[Environment] = ()) -> None:
        """Set a pin to whatever the user decided, backwards as well."""
        self.put_back_all([(pin, way)])

    def put_back_all(self, pins: list[tuple[Pin, Iterable[Environment]]]) -> None:
        """The same for many, each with the steps that lead there."""
        self.pins.put_back_all([(pin, self._texts(pin, way)) for pin, way in pins])
        self._pinned.update((pin.name, pin) for pin, _ in pins)
        self.forget_judgements()

    def forget(self, name: str) -> None:
        """Remove the pin of an environment that is no more, and what this clone noted about it. The user was asked."""
        self.pins.forget_one(name)
        self._pinned.pop(name, None)
        self.forget_judgements()

    def forget_judgements(self) -> None:
        """A checkout has written `.recipients/`, or a pin has moved: what was judged before may be out of date."""
        self._judged.clear()
        self._is_closed = None  # a pin that came may have closed it

    def _noted(self) -> "Verified":
        if self._verified is None:
            from gitenv.trust.verified import Verified

            self._verified = Verified(self.pins.verified)
        return self._verified

    def _judge(self, pin: Pin, text: bytes, tree: Snapshot) -> Judged:
        new = environment.read(text, f"{pin.name}/environment")
        verdict = self.trusted(pin, tree).about(new)
        if verdict.answer is not Answer.NEXT:
            return Judged(new, verdict.answer is Answer.PAST, None, verdict)
        is_same_key = new.generation == pin.environment.generation
        own = pin.grant if is_same_key else own_grant(new, tree, self.device(), pin.grant.to if pin.grant else "")
        return Judged(new, False, Pin.of(new, own, frozenset(), pin.seen, verdict.past, waiting(pin, new)), verdict)

    def _texts(self, pin: Pin, way: Iterable[Environment]) -> list[bytes]:
        """The statements before a pin, as far as they have to be kept: the one that was pinned, and the steps since."""
        was = self._pinned.get(pin.name)
        return [each.text for each in (*([was.environment] if was else []), *way) if pin.is_past(each.hash)]


def waiting(pin: Pin, new: Environment) -> list[str]:
    """The path patterns of a next statement that the user has not said yes to: new ones, and those that waited before."""
    return [path for path in new.paths if path in pin.waiting or path not in pin.environment.paths]


def check_not_rolled_back(history: "History", pin: Pin, judged: Judged, head: str = "HEAD") -> None:
    """Raise `RolledBack` if a tree has an earlier statement, and its own history a later one: no older branch has that.

    `head` is the commit whose tree it is.
    """
    if judged.is_earlier:
        from gitenv.trust import rollback

        if rollback.went_back(history, judged.environment, head):
            raise rollback.error(history, pin.environment, judged.environment, head)


def open_grant(statement: Environment, own: Grant, key: device.DeviceKey | None) -> Keyring:
    """The keyring behind a grant. Raises `Locked` if it has expired or is for another key, `NotTrusted` if it was edited."""
    where = f"{statement.name}/{own.to}.grant"
    if key is None:
        raise device.missing()
    if own.key != key.public and (key := device.former(own.key)) is None:
        is_guest = os.environ.get(device.VARIABLE)
        way = f"unset {device.VARIABLE}" if is_guest else f"gitenv init, or that key in {device.VARIABLE}"
        raise Locked(f"{where} is for another key than this device's", way)
    if own.expires and own.expired(today()):
        raise Locked(
            f"{where} expired on {own.expires}", f"ask {own.by.name} to run: {renewal(own.environment, own.to, own.role)}"
        )
    return statement.keyring(grant.unwrap(own, key, where))


def renewal(environment: str, name: str, role: str) -> str:
    """The command that lets somebody in again, as what they were: a reader must not become a holder by a hint."""
    as_role = "" if role == grant.HOLDER else f" --role {role}"
    return f"gitenv add-recipient {name} -e {environment}{as_role} --expires 30d"


def membership_in(
    tree: Snapshot, statement: Environment, day: str | None = None, noted: "Callable[[], Verified] | None" = None
) -> "Membership":
    """Who is in an environment by a tree's grants, today or on another day (like 2026-11-21; "": before any expiry).

    `noted` are signatures that need not be verified once more. They are asked for where there are many grants.
    """
    from gitenv.model.membership import who_is_in
    from gitenv.repo import recipients

    malformed: dict[str, GitenvError] = {}
    given, day = list(recipients.grants(tree, statement.name, malformed)), today() if day is None else day
    if noted is None or len(given) <= FEW:
        found = who_is_in(statement, given, day)
    else:
        verified = noted()
        found = who_is_in(statement, given, day, verified.is_signed_by)
        verified.save()
    return found._replace(malformed=malformed)


def own_grant(statement: Environment, tree: Snapshot, key: device.DeviceKey | None, name: str = "") -> Grant | None:
    """This device's grant in a tree, if there is one that counts and fits the statement.

    `name` is what this person is probably called there: with it, one file is read, however many people there are. The others'
    grants are read only if the signer is no holder by the statement itself. A grant under that name for a former key of this
    device is good as well.
    """
    from gitenv.model.membership import check_signed
    from gitenv.model.reasons import NotAHolder
    from gitenv.repo import recipients

    if key is None:
        return None
    refused: NotTrusted | None = None
    mine = recipients.grants_for(tree, statement.name, key.public, name)
    for found in itertools.chain(mine, _for_former_key(tree, statement.name, name)):
        if found.generation != statement.generation or found.id != statement.id:
            continue
        try:
            if signer := statement.key_of(found.by):
                check_signed(found, signer)
            elif found.to not in membership_in(tree, statement).counted:
                where = f"{statement.name}/{found.to}.grant"
                raise NotAHolder(f"{where} does not count: signed by {found.by}, who is no holder")
            return found
        except NotTrusted as error:  # somebody may have put it there to hide the right one
            refused = error
    if refused:
        raise refused
    return None


def _for_former_key(tree: Snapshot, environment_name: str, name: str) -> Iterator[Grant]:
    from gitenv.repo import recipients

    found = recipients.grant_of(tree, environment_name, name) if name else None
    if found is not None and device.former(found.key) is not None:
        yield found


def today() -> str:
    """Today's date in UTC, like 2026-11-21. Whoever asks whether something is over asks this, and nothing else."""
    return time.strftime("%Y-%m-%d", time.gmtime())
