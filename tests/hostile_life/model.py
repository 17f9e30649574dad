"""Who signed what, whom each data key was given to, and what a clone may believe. Knows no signature, no key and no pin."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from gitenv.model.cipher import Generation


class Signed(NamedTuple):
    """One statement, by its hash."""

    hash: str
    previous: str
    beside: tuple[str, ...]
    by: str
    generation: Generation
    holders: frozenset[str]  # by name
    has_proof: bool
    is_honest: bool
    gone: frozenset[str] = frozenset()  # whom an honest one took out


class Commit:
    """A commit, as history shows it. `found` are the statements that it has, the newest and those in `past/`."""

    def __init__(self, sha: str, parents: Iterable[Commit], newest: str, found: Collection[str], *, is_honest: bool) -> None:
        self.sha, self.newest, self.found, self.is_honest = sha, newest, frozenset(found), is_honest
        self.files: dict[str, bytes] = {}
        self.history: frozenset[Commit] = frozenset({self}).union(*(parent.history for parent in parents))


class Model:
    """All statements, and whom each key was ever wrapped for. A generation is told by its commitment."""

    def __init__(self) -> None:
        self.signed: dict[str, Signed] = {}
        self.given: dict[Generation, set[str]] = {}
        self.leads: dict[Generation, set[Generation]] = {}  # to which older ones a key leads

    def sign(self, new: Signed, opens: Iterable[Generation], to: Iterable[str]) -> None:
        """Somebody signed a statement; its key opens older ones, and was given to some. Who made it knows it in any case."""
        self.signed[new.hash] = new
        self.given.setdefault(new.generation, set()).update(to)
        self.leads.setdefault(new.generation, set()).update(opens)

    def known_to(self, who: str) -> set[Generation]:
        """The generations that somebody can open: whose keys they were given, and what those lead to."""
        found: set[Generation] = set()
        waiting = [generation for generation, people in self.given.items() if who in people]
        while waiting:
            if (generation := waiting.pop()) not in found:
                found.add(generation)
                waiting += self.leads[generation]
        return found

    def before(self, statement: str) -> Iterator[Signed]:
        """A statement and those before it, newest first."""
        while found := self.signed.get(statement):
            yield found
            statement = found.previous

    def later(self, statement: str, shown: Iterable[str]) -> bool:
        """Whether anything is shown to which honest steps lead from a statement."""
        for each in shown:
            way = itertools.takewhile(lambda one: one.is_honest and one.hash != statement, self.before(each))
            first = list(way)[-1:]
            if first and first[0].previous == statement:
                return True
        return False

    def honest_past(self, statement: str) -> set[str]:
        """What honest people went on from to reach a statement, and what they gave up on the way; it itself included.

        Of a forged one: nothing. What somebody signed on top of honest ones says nothing about those.
        """
        found: set[str] = set()
        waiting = [statement]
        while waiting:
            each = self.signed.get(waiting.pop())
            if each and each.is_honest and each.hash not in found:
                found.add(each.hash)
                waiting += [each.previous, *each.beside]
        return found

    def must_not_read(self, statement: str, shown: Iterable[str]) -> set[str]:
        """Who must not read what is encrypted under a statement's key by somebody who was shown these statements."""
        past = self.honest_past(statement)
        out = (self.signed[each].gone for each in shown if each in self.signed and each not in past)
        return set().union(*out)

    def aside(self, newest: str, shown: Iterable[str]) -> list[Signed]:
        """What history shows beside a statement and all that honest people gave up for it."""
        past = self.honest_past(newest)
        return [self.signed[each] for each in shown if each in self.signed and each not in past]

    def may_stop(self, newest: str, believed: Collection[str] | None, shown: Iterable[str]) -> bool:
        """Whether the design lets what history shows stop a clone that has `believed` as holders; None: at first sight.

        Something beside by a holder of what is believed, or by who says that one let them in; at first sight by anybody.
        """
        beside = self.aside(newest, shown)
        return any(believed is None or each.by in believed or each.has_proof for each in beside)
