"""No sequence of hostile edits leads a clone to a statement that nobody signed who held the one before.

Honest people sign, let in and take out; an adversary has every text that was ever seen, a key of their own, and the key of
somebody who was in for a while. Clones follow. Whose key made which signature is noted beside: gitenv does not judge itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from gitenv.errors import Malformed, NotTrusted
from gitenv.model import environment, grant
from gitenv.model.environment import Environment
from gitenv.model.grant import HOLDER, READER, Grant
from gitenv.model.keyring import Keyring, Older
from gitenv.model.standing import standing
from gitenv.model.statements import Holder, generation_text, sign
from gitenv.model.trust import KeyOf, State, Step, lineage, step
from tests.model.builders import (
    ALICE,
    BOB,
    CAROL,
    EVE,
    EVERYBODY,
    IDENTITY,
    TODAY,
    Person,
    dek,
    grant_for,
    key_of,
    ring_of,
    statement,
)

HONEST = (ALICE, BOB)
ADVERSARY = (CAROL, EVE)  # carol is in until somebody takes her out; eve is never more than a reader
PRETENDERS = tuple(Person(person.name, EVE.device) for person in HONEST)
FOUNDING = statement()
OWN_KEY = ring_of(250).current.commitment

T = TypeVar("T")
_which = st.integers(0, 2) | st.integers(0, 1_000)  # of however many there are by then, counted from the newest
_theirs = st.sampled_from(ADVERSARY)
_signer = st.sampled_from([None, *ADVERSARY, *ADVERSARY])
_name = st.sampled_from([None, None, None, *EVERYBODY, *PRETENDERS])  # None: their own
_edit = st.sampled_from(["take", "drop", "twice"])


class Version(NamedTuple):
    """A statement as it came about."""

    statement: Environment
    signer: Person | None  # whose key made its signature; None: nobody's
    ring: Keyring | None = None  # of an honest one


class Team(RuleBasedStateMachine):
    """alice has founded an environment and let carol in; there are two clones of it."""

    def __init__(self) -> None:
        super().__init__()
        self.versions = {FOUNDING.text: Version(FOUNDING, ALICE, ring_of())}
        self.grants: list[tuple[Grant, Person]] = [(grant_for(CAROL), ALICE)]
        self.clones = [[FOUNDING], [FOUNDING]]  # all that each of them ever believed
        self.deks = 1

    # Honest people.

    @rule(which=_which, who=_which, path=st.sampled_from([".env.production", ".env.live"]))
    def revise(self, which: int, who: int, path: str) -> None:
        """A holder signs the next revision, with everybody in it who is a holder by now."""
        old, ring = self._honest(which)
        holders = self._entitled(old)
        self._sign(ring, old.older, old.revision + 1, _one([p for p in HONEST if p in holders], who), holders, path)

    @rule(which=_which, who=_which, without=st.sampled_from([CAROL, CAROL, BOB, None]))
    def rotate(self, which: int, who: int, without: Person | None) -> None:
        """A holder makes the next generation, perhaps without somebody."""
        old, ring = self._honest(which)
        holders = [person for person in self._entitled(old) if person is not without]
        signers = [person for person in HONEST if person in holders]
        if signers:
            new, chain = self._next(ring)
            self._sign(new, chain, old.revision + 1, _one(signers, who), holders, old.paths[0])

    @rule(which=_which, other=_which)
    def merge(self, which: int, other: int) -> None:
        """alice goes on from two branches that have a rotation each: the keys of both are older ones then."""
        (one, ring), (two, others_ring) = self._honest(which), self._honest(other)
        if one.generation.number != two.generation.number or one.generation == two.generation:
            return
        holders = [person for person in self._entitled(one) if person in self._entitled(two)]
        if ALICE in holders:
            new, chain = self._next(ring)
            _, others_chain = others_ring.next_generation(new.dek)
            older = {link.generation: link for link in (*others_chain, *chain)}.values()
            merged = sorted(older, key=lambda link: -link.generation.number)
            revision = max(one.revision, two.revision) + 1
            self._sign(Keyring(IDENTITY, new.current, new.dek, merged), merged, revision, ALICE, holders, one.paths[0])

    @rule(which=_which, who=_which, to=st.sampled_from([BOB, CAROL, EVE]))
    def let_in(self, which: int, who: int, to: Person) -> None:
        """A holder lets somebody in."""
        old, ring = self._honest(which)
        by = _one([person for person in HONEST if person in self._entitled(old)], who)
        self.grants.append((grant_for(to, by, old, role=READER if to is EVE else HOLDER, data_key=ring.dek), by))

    # The adversary.

    @rule(
        which=_which,
        further=st.sampled_from([0, 0, 0, 1, 1, 1, 2, -1]),
        is_own_key=st.booleans(),
        revision=st.sampled_from([1, 1, 1, 2, 0, -1]),
        by=_name,
        signer=_signer,
        lists=st.booleans(),
        other=st.sampled_from(["", "", "id", "name"]),
    )
    def forge(
        self,
        which: int,
        further: int,
        is_own_key: bool,
        revision: int,
        by: Person | None,
        signer: Person | None,
        lists: bool,
        other: str,
    ) -> None:
        """A statement after any that was seen, with eve among its holders, in anybody's name and with the adversary's keys."""
        old = self._any(which)
        generation = old.generation._replace(number=max(1, old.generation.number + further))
        if is_own_key:
            generation = generation._replace(commitment=OWN_KEY)
        chain = [Older(old.generation, bytes(60)), *old.older] if lists else list(old.older)
        lines = [
            "gitenv-environment 1",
            "name staging" if other == "name" else f"name {old.name}",
            "id " + "A" * 22 if other == "id" else _line(old, "id"),
            f"revision {max(1, old.revision + revision)}",
            *(f"path {path}" for path in old.paths),
            f"generation {generation_text(generation)}",
            *(link.line().decode() for link in chain if link.generation.number < generation.number),
            _line(old, "seal"),
            *(f"holder {holder}" for holder in sorted({EVE.holder, *old.holders})),
            f"by {(by or signer or EVE).holder}",
            _line(old, "at"),
        ]
        self._seen([*lines, _line(old, "signature")], signer)

    @rule(
        which=_which, other=_which, position=st.integers(1, 20), signer=_signer, edit=st.sampled_from(["take", "drop", "twice"])
    )
    def tamper(self, which: int, other: int, position: int, signer: Person | None, edit: str) -> None:
        """Any line of any statement is taken from another one, left out or doubled."""
        lines, others = (version.text.decode("ascii").splitlines() for version in (self._any(which), self._any(other)))
        at = position % len(lines)
        word = lines[at].partition(" ")[0]
        taken = [line for line in others if line.startswith(word + " ")][:1]
        lines[at : at + 1] = {"take": taken, "drop": [], "twice": [lines[at]] * 2}[edit]
        self._seen(lines, signer)

    @rule(
        which=_which,
        to=st.sampled_from(ADVERSARY),
        by=_name,
        signer=st.sampled_from(ADVERSARY),
    )
    def forge_grant(self, which: int, to: Person, by: Person | None, signer: Person) -> None:
        """A grant in anybody's name; a reader has the key to put there."""
        self.grants.append((grant_for(to, by or signer, self._any(which), signer=signer), signer))

    @rule(which=_which)
    def promote(self, which: int) -> None:
        """A reader makes a holder of themselves with an editor."""
        if self.grants:
            given, _ = _one(self.grants, which)
            edited = given.text.replace(b"role reader", b"role holder")
            self.grants.append((grant.read(edited, "here"), EVE))

    # Clones, which are shown whatever the adversary likes.

    @rule(clone=st.integers(0, 1), which=_which, swapped=st.booleans())
    def pull(self, clone: int, which: int, swapped: bool) -> None:
        """A clone meets one statement."""
        self._meet(self.clones[clone], self._any(which), _keys(swapped))

    @rule(clone=st.integers(0, 1), which=st.lists(_which, max_size=12), swapped=st.booleans())
    def follow(self, clone: int, which: list[int], swapped: bool) -> None:
        """A clone meets many at once, in any order."""
        believed, shown = self.clones[clone], [self._any(one) for one in which]
        found = lineage(believed[-1], shown, self._holders_of, _keys(swapped))
        for new in found.way_to(found.furthest(shown)):
            self._believe(believed, new, most=self.deks)  # what brings two sides together is several ahead of the lower one

    def _meet(self, believed: list[Environment], new: Environment, keys: KeyOf) -> None:
        try:
            how = step(State(believed[-1], self._holders_of(believed[-1])), new, keys)
        except NotTrusted:
            return
        if how in (Step.WITHIN, Step.NEXT):
            self._believe(believed, new)

    def _believe(self, believed: list[Environment], new: Environment, most: int = 1) -> None:
        """Go on to a statement, at most so many generations ahead, after looking at who signed it and what it goes on from."""
        old, version, entitled = believed[-1], self.versions[new.text], self._entitled(believed[-1])
        assert version.signer in entitled
        assert version.ring or any(person in entitled for person in ADVERSARY)
        assert (new.id, new.name) == (old.id, old.name)
        assert new.revision > old.revision
        is_later = 0 < new.generation.number - old.generation.number <= most
        assert new.generation == old.generation or (is_later and old.generation in [link.generation for link in new.older])
        believed.append(new)

    def _entitled(self, version: Environment) -> list[Person]:
        """Whose keys may sign what comes after: by its own words, and by grants that such keys really made."""
        entitled = [person for person in EVERYBODY if person.holder in version.holders]
        for by in entitled:  # grows while it is walked
            for given, signer in self.grants:
                is_real = signer is by and given.by == by.holder and given.role == HOLDER
                if is_real and (given.id, given.generation) == (version.id, version.generation):
                    entitled += [person for person in EVERYBODY if person.name == given.to and person not in entitled]
        return entitled

    def _holders_of(self, version: Environment) -> frozenset[Holder]:
        return standing(version, [given for given, _ in self.grants], key_of(*EVERYBODY), TODAY).holders

    def _any(self, which: int) -> Environment:
        believed = [everything[-1] for everything in self.clones]
        return _one([*(version.statement for version in self.versions.values()), *believed], which)

    def _honest(self, which: int) -> tuple[Environment, Keyring]:
        return _one([(version.statement, version.ring) for version in self.versions.values() if version.ring], which)

    def _next(self, ring: Keyring) -> tuple[Keyring, list[Older]]:
        self.deks += 1
        generation, chain = ring.next_generation(dek(self.deks))
        return Keyring(IDENTITY, generation, dek(self.deks), chain), chain

    def _sign(
        self, ring: Keyring, older: Sequence[Older], revision: int, by: Person, holders: Sequence[Person], path: str
    ) -> None:
        new = statement(ring, older, revision=revision, holders=holders, by=by, paths=(path,))
        self.versions.setdefault(new.text, Version(new, by, ring))

    def _seen(self, lines: list[str], signer: Person | None) -> None:
        text = "".join(line + "\n" for line in lines).encode("ascii")
        if signer:
            text = sign([line for line in lines if not line.startswith("signature ")], signer.device)
        try:
            self.versions.setdefault(text, Version(environment.read(text, "here"), signer))
        except Malformed:
            return
        for believed in self.clones:
            self._meet(believed, self.versions[text].statement, key_of(*EVERYBODY))


def _one(among: Sequence[T], which: int) -> T:
    return among[-1 - which % len(among)]


def _line(version: Environment, word: str) -> str:
    return next(line for line in version.text.decode("ascii").splitlines() if line.startswith(word + " "))


def _keys(swapped: bool) -> KeyOf:
    """What finds signers' keys in a repository: there, whoever can push may have put eve's in anybody's place."""
    return (lambda _: EVE.key) if swapped else key_of(*EVERYBODY)


TestTeam = Team.TestCase
TestTeam.settings = settings(max_examples=150, stateful_step_count=50)
