"""Which change of an environment is an honest step. Pure functions over statements: for the pin, for reviews, for history.

Whoever can push can write anything into the repository, so nothing in it is believed because it is there. A statement is
believed if it is the one that was pinned, or if a holder of the one before signed it as the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum
from typing import NamedTuple

from gitenv.errors import NotTrusted
from gitenv.model.cipher import Generation
from gitenv.model.environment import Environment
from gitenv.model.grant import Grant
from gitenv.model.kinds import PublicKey
from gitenv.model.reasons import (
    ForeignEnvironment,
    Forked,
    NotAHolder,
    NotLater,
    NotSigned,
    OffChain,
    OtherKey,
    OtherText,
    Severed,
    TooFarAhead,
    UnknownKey,
)
from gitenv.model.statements import Holder, is_signed_by

_MAX_ORIGINS = 20

KeyOf = Callable[[Holder], PublicKey | None]
"""Finds a key by its owner and fingerprint. Where it comes from does not matter: the fingerprint binds it."""

HoldersOf = Callable[[Environment], frozenset[Holder]]
"""Everybody who held an environment while a statement was its newest: its own holders, and those who came in by grants."""


class Step(Enum):
    """How a statement stands to the one before."""

    SAME = "same"
    BELOW = "below"  # of an earlier generation: an older commit, or a branch that has not been merged
    EARLIER = "earlier"  # of the same generation, with an earlier revision
    WITHIN = "within"  # of the same generation, with a later revision
    NEXT = "next"  # the next generation


class State(NamedTuple):
    """What is believed: a statement, and who holds the environment."""

    environment: Environment
    holders: frozenset[Holder]


def check_signed(statement: Environment | Grant, key_of: KeyOf, where: str) -> None:
    """Raise `NotSigned` unless the statement carries the signature of the person and key it names."""
    key = key_of(statement.by)
    if key is None:
        raise UnknownKey(f"{where}: signed by {statement.by}, whose key is not in .recipients/")
    if key.fingerprint() != statement.by.fingerprint or not is_signed_by(statement.text, key):
        raise NotSigned(f"{where}: was changed after {statement.by.name} signed it, or never signed by them")


def step(old: State, new: Environment, key_of: KeyOf) -> Step:
    """Say how `new` follows from `old`. Raises one of the `reasons` if it does not.

    `BELOW` and `EARLIER` need nobody's signature: nothing of such a statement is used but its generation, which is one of ours.
    """
    pinned, where = old.environment, f"{new.name}/environment"
    if new.text == pinned.text:
        return Step.SAME
    if new.id != pinned.id or new.name != pinned.name:
        raise ForeignEnvironment(
            f"{where}: another environment under a known name, signed by {new.by}",
            f"ask your team who replaced it; gitenv trust {pinned.name} shows both. Nothing was encrypted for it",
        )
    if new.generation.number < pinned.generation.number:
        return _below(pinned, new, where)
    if new.generation.number == pinned.generation.number and new.generation != pinned.generation:
        raise OtherKey(
            f"{where}: another key for generation {new.generation.number}, signed by {new.by}", f"gitenv trust {pinned.name}"
        )
    if new.generation == pinned.generation and new.revision <= pinned.revision:
        if new.revision == pinned.revision:
            raise OtherText(
                f"{where}: another text for revision {new.revision}, signed by {new.by}", f"gitenv trust {pinned.name}"
            )
        return Step.EARLIER
    if new.by not in old.holders:
        raise NotAHolder(
            f"{where}: revision {new.revision} is signed by {new.by}, who is no holder known here",
            f"gitenv unlock {pinned.name}, which looks at the commits in between",
        )
    check_signed(new, key_of, where)
    return _forward(pinned, new, where)


def _below(pinned: Environment, new: Environment, where: str) -> Step:
    if new.generation not in [older.generation for older in pinned.older]:
        raise OffChain(
            f"{where}: generation {new.generation.number} is none of the pinned ones", f"git log -- .recipients/{where}"
        )
    return Step.BELOW


def _forward(pinned: Environment, new: Environment, where: str) -> Step:
    if new.revision <= pinned.revision:
        raise NotLater(f"{where}: generation {new.generation.number} with revision {new.revision}, which is no later one")
    if new.generation == pinned.generation:
        return Step.WITHIN
    if new.generation.number != pinned.generation.number + 1:
        times = new.generation.number - pinned.generation.number
        how = f"rotated {times} times" if times > 1 else "exchanged"
        raise TooFarAhead(
            f"{where}: its data key was {how} since it was last seen here",
            f"gitenv unlock {pinned.name}, which looks at the commits in between",
        )
    if pinned.generation not in [older.generation for older in new.older]:
        raise Severed(f"{where}: generation {new.generation.number} does not go back to the pinned one")
    return Step.NEXT


class Lineage(NamedTuple):
    """All that honest steps lead to from one statement, and for the rest the reasons why none does."""

    start: Environment
    holders_of: HoldersOf
    key_of: KeyOf
    before: dict[bytes, Environment]  # a statement's text → the one it follows from
    refused: dict[bytes, NotTrusted]  # a statement's text → why it does not follow from the nearest that was reached

    def way_to(self, goal: Environment) -> list[Environment]:
        """The steps from `start` to `goal`, each signed by a holder of the one before. Raises the reason why there are none.

        There are none to `start` itself, and to what is earlier than it.
        """
        if goal.text in self.refused:
            raise self.refused[goal.text]
        way, at = [], goal
        while at.text in self.before:
            way.append(at)
            at = self.before[at.text]
        return way[::-1]

    def reaches(self, goal: Environment) -> bool:
        """Whether `goal` follows, or is where it all starts."""
        return goal.text in self.before or goal.text == self.start.text

    def check_one_line(self, goal: Environment, versions: Iterable[Environment]) -> None:
        """Raise `Forked` if honest steps also lead to a statement that neither leads to `goal` nor follows from it.

        Somebody who was removed can still sign a next generation of the one they were in, and list in it whatever they like as
        older. So only steps are asked: a generation that really brings two together is signed by somebody who is in both.
        """
        way = [self.start, *self.way_to(goal)]
        texts = {statement.text for statement in way}
        for version in versions:
            if version.text not in self.before or version.text in texts:
                continue
            is_after = goal.text in {self.start.text, *(statement.text for statement in self.way_to(version))}
            if not is_after and not self._joins(version, way):
                raise Forked(
                    f"{goal.name}/environment: generation {version.generation.number} by {version.by} and "
                    f"generation {goal.generation.number} by {goal.by} do not go back to each other",
                    f"gitenv trust {goal.name}",
                )

    def _joins(self, aside: Environment, way: list[Environment]) -> bool:
        """Whether a statement of `way` is an honest step from `aside` as well. For a new key, the one that brought that key."""
        brought: set[Generation] = set()
        for statement in way:
            try:
                how = _follows(aside, statement, self.holders_of, self.key_of)
            except NotTrusted:
                how = None
            is_new = statement.generation not in brought
            if how is Step.WITHIN or (how is Step.NEXT and is_new):
                return True
            if is_new and _brings_in(aside, statement, self.holders_of, self.key_of):
                return True
            brought.add(statement.generation)
        return False

    def furthest(self, versions: Iterable[Environment]) -> Environment:
        """The latest of `versions` that was reached; `start`, if none was."""
        return max([self.start, *(version for version in versions if version.text in self.before)], key=_age)


def lineage(
    start: Environment,
    versions: Iterable[Environment],
    holders_of: HoldersOf,
    key_of: KeyOf,
    *,
    may_reunite: bool = True,
) -> Lineage:
    """Follow honest steps from `start` through `versions`: all that ever stood there, in any order, honest or not.

    Where two rotations met, the next generation is the higher number plus one, and so several ahead of the lower one. With
    `may_reunite` that is a step as well, if it is one from the other side.
    """
    found = Lineage(start, holders_of, key_of, {}, {})
    ways = [start]
    everything = sorted({version.text: version for version in versions}.values(), key=_age)
    for new in everything:
        refusal: NotTrusted | None = None
        for known in reversed(ways):  # the nearest first: its reason says most
            try:
                how = _follows(known, new, holders_of, key_of)
            except NotTrusted as error:
                refusal = refusal or error
                continue
            if how in (Step.WITHIN, Step.NEXT):
                found.before[new.text] = known
                ways.append(new)
            refusal = None  # or it is an earlier one
            break
        if isinstance(refusal, TooFarAhead) and may_reunite and (side := _reunited(ways, new, everything, found)):
            found.before[new.text] = side
            ways.append(new)
        elif refusal:
            found.refused[new.text] = refusal
    return found


def _reunited(ways: list[Environment], new: Environment, versions: list[Environment], found: Lineage) -> Environment | None:
    """The statement of `ways` that `new` brings together with a line of the same origin, from which it is an honest step."""
    for known in reversed(ways):
        if not _brings_in(known, new, found.holders_of, found.key_of):
            continue
        origins = [older.generation for older in known.older]
        for origin in [version for version in reversed(versions) if version.generation in origins][:_MAX_ORIGINS]:
            other = lineage(origin, versions, found.holders_of, found.key_of, may_reunite=False)
            if other.reaches(known) and other.reaches(new):
                return known
    return None


def _brings_in(aside: Environment, new: Environment, holders_of: HoldersOf, key_of: KeyOf) -> bool:
    """Whether a later generation was made by a holder of `aside` and has its key on the chain, however many numbers later."""
    if (new.id, new.name) != (aside.id, aside.name) or aside.generation not in [older.generation for older in new.older]:
        return False
    is_later = new.revision > aside.revision and new.generation.number > aside.generation.number
    if not is_later or (new.by not in aside.holders and new.by not in holders_of(aside)):
        return False
    try:
        check_signed(new, key_of, new.name)
    except NotTrusted:
        return False
    return True


def _age(statement: Environment) -> tuple[int, int]:
    return statement.generation.number, statement.revision


def _follows(known: Environment, new: Environment, holders_of: HoldersOf, key_of: KeyOf) -> Step:
    signed = frozenset(known.holders)
    # Who came in by grants is only asked where it matters: it means reading everybody's.
    return step(State(known, signed if new.by in signed else holders_of(known)), new, key_of)
