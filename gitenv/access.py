"""Opening environments: from the pins, the tree at hand and the device key to a keyring. No signature while nothing changes.

What the filter and the commands share. It reads; the only thing it ever writes is a pin that moves forward.
"""

import time
from typing import NamedTuple

from gitenv import clone
from gitenv.errors import GitenvError, Locked, NotTrusted
from gitenv.git.layout import Layout
from gitenv.git.trees import RECIPIENTS, Tree
from gitenv.identity import device
from gitenv.model import environment, grant, statements
from gitenv.model.environment import Environment
from gitenv.model.grant import Grant
from gitenv.model.keyring import Keyring
from gitenv.pins import Pin, Pins

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitenv.model.trust import KeyOf, Standing


class Judged(NamedTuple):
    """A tree's statement against the pin: what may be done with files of this environment there."""

    environment: Environment  # as that tree has it
    is_below: bool  # of an earlier generation: good for reading only
    moves: Pin | None  # the pin after this honest step, if it is one


class Access:
    """The environments of one clone, as one person may use them."""

    def __init__(self, layout: Layout) -> None:
        note = clone.note(layout.common_dir)
        self.name = note.name
        self.pins = Pins(note.id)
        self.locked = clone.locked(layout.git_dir)
        self._pinned = {pin.name: pin for pin in self.pins.all()}
        self._rings: dict[bytes, Keyring] = {}
        self._judged: dict[tuple[str, bytes], Judged | NotTrusted] = {}
        self._device: device.DeviceKey | None = None
        self._device_asked = False

    def pinned(self) -> list[Pin]:
        """The pins, by name of the environment."""
        return list(self._pinned.values())

    def pin(self, name: str) -> Pin | None:
        return self._pinned.get(name)

    def claimant(self, path: str) -> Pin | None:
        """The pinned environment that a path belongs to. Raises `NotTrusted` if two claim it."""
        claiming = [pin for pin in self._pinned.values() if pin.environment.claims(path)]
        if len(claiming) > 1:
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

    def no_grant(self, pin: Pin) -> Locked:
        """The error for an environment that this person was not let into, with whom to ask."""
        if self.device() is None:
            return no_device_key()
        who = " or ".join(sorted(holder.name for holder in pin.holders if holder.name != self.name)[:3]) or "a holder"
        command = f"gitenv add-recipient {self.name or 'NAME'} -e {pin.name}"
        if any(person.name == self.name for person in pin.holders | pin.seen):  # in with a key that is not this one
            command += " --replace"
        me = f'"{self.name}"' if self.name else "this device's key"
        return Locked(f"no grant for {me} in {pin.name}", f"ask {who} to run: {command}")

    def judge(self, pin: Pin, tree: Tree) -> Judged | None:
        """What the tree's statement is to the pinned one; None if the tree has none. Raises `NotTrusted`."""
        text = tree.read(f"{RECIPIENTS}/{pin.name}/environment", statements.MAX_BYTES)
        if text is None:
            return None
        if text == pin.environment.text:
            return Judged(pin.environment, False, None)
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

    def advance(self, pin: Pin) -> None:
        """Move a pin forward, for this process and for all that come."""
        self.pins.put(pin)
        self._pinned[pin.name] = pin

    def forget_judgements(self) -> None:
        """A checkout has written `.recipients/`: what was judged before may be out of date."""
        self._judged.clear()

    def _judge(self, pin: Pin, text: bytes, tree: Tree) -> Judged:
        from gitenv import recipients
        from gitenv.model.trust import Step, step

        new = environment.read(text, f"{RECIPIENTS}/{pin.name}/environment")
        key_of = recipients.key_finder(tree, pin.name)
        holders = pin.holders
        if new.by not in holders:
            holders = self._standing(pin.environment, tree, key_of).holders
        how = step(pin.environment, holders, new, key_of)
        if how is Step.BELOW:
            chain = [pin.environment.generation, *(older.generation for older in pin.environment.older)]
            if new.generation not in chain:  # nobody need have signed it, so it must at least be one of ours
                raise NotTrusted(f"{pin.name}/environment: generation {new.generation.number} is none of the pinned ones")
            return Judged(new, new.generation.number < pin.environment.generation.number, None)
        own = (
            pin.grant if how is Step.WITHIN else own_grant(new, tree, key_of, self.device(), pin.grant.to if pin.grant else "")
        )
        return Judged(new, False, Pin.of(new, own, frozenset(), pin.seen if how is Step.WITHIN else frozenset()))

    def _standing(self, pinned: Environment, tree: Tree, key_of: "KeyOf") -> "Standing":
        from gitenv import recipients
        from gitenv.model.trust import standing

        return standing(pinned, recipients.grants(tree, pinned.name), key_of, today())


def open_grant(statement: Environment, own: Grant, key: device.DeviceKey | None) -> Keyring:
    """The keyring behind a grant. Raises `Locked` if it has expired or is for another key, `NotTrusted` if it was edited."""
    where = f"{statement.name}/{own.to}.grant"
    if key is None:
        raise no_device_key()
    if own.key != key.public:
        raise Locked(f"{where} is for another key than this device's", "gitenv status")
    if own.generation != statement.generation:
        raise Locked(f"{where} is for generation {own.generation.number}", f"gitenv unlock {statement.name}")
    if own.expires and own.expired(today()):
        raise Locked(f"{where} expired on {own.expires}", f"ask {own.by.name} for a new one")
    return statement.keyring(grant.unwrap(own, key, where))


def own_grant(
    statement: Environment, tree: Tree, key_of: "KeyOf", key: device.DeviceKey | None, name: str = ""
) -> Grant | None:
    """This device's grant in a tree, if there is one that counts and fits the statement.

    `name` is what this person is probably called there: with it, one file is read and its signer looked up, however many people
    there are. The others' grants are read only if the signer is no holder by the statement itself.
    """
    from gitenv import recipients
    from gitenv.model.trust import check_signed, standing

    if key is None:
        return None
    refused: NotTrusted | None = None
    for found in recipients.grants_for(tree, statement.name, key.public, name):
        if found.generation != statement.generation or found.id != statement.id:
            continue
        where = f"{statement.name}/{found.to}.grant"
        try:
            if found.by in statement.holders:
                check_signed(found, key_of, where)
            elif found.to not in standing(statement, recipients.grants(tree, statement.name), key_of, today()).counted:
                raise NotTrusted(f"{where} does not count: signed by {found.by}, who is no holder")
            return found
        except NotTrusted as error:  # somebody may have put it there to hide the right one
            refused = error
    if refused:
        raise refused
    return None


def no_device_key() -> Locked:
    """The error for a machine without a key."""
    return Locked(
        "there is no device key here", f"gitenv init, or gitenv key import FILE, or in CI the variable {device.VARIABLE}"
    )


def today() -> str:
    """Today's date in UTC, like 2026-11-21."""
    return time.strftime("%Y-%m-%d", time.gmtime())
