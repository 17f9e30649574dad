"""What a statement in a repository is to the one that this clone has pinned. All rules of trust stand here, and only here."""

import contextlib
import itertools
from collections.abc import Sequence, Set
from enum import Enum

from gitenv.errors import GitenvError, NotTrusted
from gitenv.git.layout import RECIPIENTS
from gitenv.model.environment import Environment, hash_of
from gitenv.repo.snapshot import Snapshot
from gitenv.trust import chain
from gitenv.trust.pins import Pin
from gitenv.tuples import NamedTuple

_Step = tuple[Environment, Environment]
"""A statement, and the one after it."""


class Answer(Enum):
    """What a statement is to the pinned one."""

    SAME = "same"
    PAST = "past"
    NEXT = "next"


class Verdict(NamedTuple):
    """The answer about one statement. What is refused has none: its reason is raised."""

    answer: Answer
    statement: Environment
    way: Sequence[Environment] = ()  # the steps that lead to it, oldest first; empty unless it is next
    past: Sequence[str] = ()  # hashes of all that it goes back to, oldest first; empty unless it is next


class Trusted:
    """One environment: its pin, and a snapshot that somebody else may have written.

    The rules, in the order in which they are asked. Nothing is believed because of history: see `trust.forks` for what history
    may refuse.

    1. **Same**: the very bytes that are pinned.
    2. **Past**: its hash is among those that the pinned one goes back to. Exactly these, and nothing else, are earlier.
    3. **Next**: the statements of `past/` lead from it back to the pinned one, and each is a good step: the hash of the one
       before, revision + 1, the same name and id; signed by a `holder` of the one before, or by who has a `proof`, grants that
       lead to such a holder; the same key and no holder fewer, or the next generation, with all keys before it on its chain.
    4. **Next**, too, where they lead back to an earlier one and name the pinned one in `beside`: its side was given up. Only if
       who signed that is a `holder` both of the pinned one and of the one before their own: anybody can write the word.
    5. Anything else is **refused** with a reason of `model.reasons`: another id, a fork, an edited text, a missing past.

    At first sight (no pin) the chain is good from revision 1, which one of its own holders signed; whose word that is, is for
    the user to compare.
    """

    def __init__(self, name: str, pin: Pin | None, snapshot: Snapshot, kept: chain.TextOf | None = None) -> None:
        """`kept` finds what the pin goes back to, by hash: the snapshot's `past/` may lack it, or have another text there."""
        self._name, self._pin = name, pin
        in_snapshot = chain.finder(snapshot, name)
        self._snapshot = snapshot
        self._text_of: chain.TextOf = lambda wanted: (kept(wanted) if kept else None) or in_snapshot(wanted)

    @classmethod
    def since(cls, before: Snapshot, after: Snapshot, old: Environment) -> "Trusted":
        """The rules for what follows a statement that stands in a tree, and is believed."""
        text_of = chain.finder(before, old.name)
        past: list[str] = []
        with contextlib.suppress(GitenvError):  # then nothing is earlier
            _, texts = chain.before(old, text_of, lambda _: False)
            past = [hash_of(text) for text in texts[:-1]]
        return cls(old.name, Pin.of(old, None, frozenset(), frozenset(), past), after, text_of)

    def judge(self) -> Verdict | None:
        """The answer about the snapshot's statement; None if it has none. Raises `NotTrusted`, a reason for each rule."""
        statement = chain.newest(self._snapshot, self._name)
        if statement is None:
            return None
        return self.about(statement)

    def about(self, statement: Environment) -> Verdict:
        """The answer about any statement, whose past is looked for in the snapshot. Raises `NotTrusted`."""
        pin = self._pin
        if pin is None:
            return self._first_sight(statement)
        if statement.text == pin.environment.text:
            return Verdict(Answer.SAME, statement)
        if pin.is_past(statement.hash):
            return Verdict(Answer.PAST, statement)
        try:
            return self._next(pin, statement)
        except NotTrusted as error:
            hint = f"gitenv trust {self._name} shows both; who did it: git log -- :/{RECIPIENTS}/{self._name}"
            raise type(error)(error.message, error.hint or hint) from None

    def _first_sight(self, statement: Environment) -> Verdict:
        _, texts = chain.before(statement, self._text_of, lambda _: False)
        way = chain.follow(self._name, texts, None)
        return Verdict(Answer.NEXT, statement, way, self._with_given_up([each.hash for each in way[:-1]], way))

    def _next(self, pin: Pin, statement: Environment) -> Verdict:
        from gitenv.model.reasons import ForeignEnvironment

        pinned = pin.environment
        if statement.id != pinned.id:
            raise ForeignEnvironment(
                f"{statement.name}/environment: another environment under a known name, signed by {statement.by}",
                f"ask your team who replaced it; gitenv trust {pinned.name} shows both. Nothing was encrypted for it",
            )
        common, texts = chain.before(statement, self._text_of, lambda each: each == pinned.hash or pin.is_past(each))
        if common == pinned.hash:
            base = pinned
        elif common and any(_beside(pinned) in text for text in texts):
            base = chain.read(self._name, common, self._text_of)
        else:
            raise _aside(pinned, statement)
        way = self._way(texts, base, pinned, statement)
        past = [*pin.earlier, pinned.hash, *(each.hash for each in way[:-1])]
        return Verdict(Answer.NEXT, statement, way, self._with_given_up(past, [base, *way]))

    def _way(self, texts: Sequence[bytes], base: Environment, pinned: Environment, statement: Environment) -> list[Environment]:
        """The good steps from the pinned statement, or from one before it if one of them gives the pinned one up."""
        try:
            way = chain.follow(self._name, texts, base)
        except NotTrusted:
            if base is pinned:
                raise
            raise _aside(pinned, statement) from None
        if base is not pinned and not gives_up(pinned, [base, *way]):
            raise _aside(pinned, statement)
        return way

    def _with_given_up(self, past: list[str], way: Sequence[Environment]) -> list[str]:
        """The past, with the statements of sides that were given up behind the one from which they went.

        What is not there, or no good step, is left out: nothing of it is opened, then. All sides together have the bound of one
        chain, whatever is named: a holder could else keep everybody busy with made-up ones.
        """
        known, found, bounds = set(past), list(past), chain.Bounds(self._name)
        for before, new in _pairs(way):
            for wanted in new.beside:
                if wanted in known:
                    continue
                try:
                    base, aside = self._side(wanted, (before, new), known, bounds)
                except NotTrusted:
                    continue
                at = found.index(base) + 1
                found[at:at] = [each.hash for each in aside]
                known.update(each.hash for each in aside)
        return found

    def _side(self, wanted: str, by: _Step, known: Set[str], bounds: chain.Bounds) -> tuple[str, list[Environment]]:
        """What is known, and the good steps from there up to one given up. Raises `NotTrusted` if that does not count."""
        from gitenv.model.reasons import Unlinked

        named = chain.read(self._name, wanted, self._text_of)
        common, texts = chain.before(named, self._text_of, known.__contains__, bounds)
        if not common or not _gives_up(named, *by):
            raise Unlinked(f"{self._name}/environment: gives up what it does not go back to, or by who did not hold both")
        return common, chain.follow(self._name, texts, chain.read(self._name, common, self._text_of))


def gives_up(named: Environment, statements: Sequence[Environment]) -> bool:
    """Whether a chain (oldest first) names a statement in a `beside` that counts."""
    return any(_gives_up(named, *pair) for pair in _pairs(statements))


def _gives_up(named: Environment, before: Environment, new: Environment) -> bool:
    return named.hash in new.beside and new.by in named.holders and new.by in before.holders


def _beside(named: Environment) -> bytes:
    return b"\nbeside " + named.hash.encode("ascii")


def _aside(pinned: Environment, statement: Environment) -> NotTrusted:
    """The error for a statement that does not go back to the pinned one."""
    from gitenv.model.reasons import Forked, OtherText

    where = f"{statement.name}/environment"
    if statement.revision == pinned.revision and statement.generation == pinned.generation:
        return OtherText(f"{where}: another text for revision {statement.revision}, signed by {statement.by}")
    return Forked(
        f"{where}: revision {statement.revision} by {statement.by} does not go back to revision {pinned.revision} "
        f"by {pinned.by}, which is pinned",
        f"gitenv trust {pinned.name}",
    )


def _pairs(statements: Sequence[Environment]) -> list[_Step]:
    return list(itertools.pairwise(statements))
