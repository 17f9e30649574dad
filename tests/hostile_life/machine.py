"""The rules by which hypothesis makes up what a team, those who left it, who can push and the host do; and what must hold."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from gitenv.model.grant import HOLDER, READER
from gitenv.trust import chain
from tests.hostile_life.clones import ENVIRONMENT
from tests.hostile_life.model import Commit
from tests.hostile_life.world import PEOPLE, TEAM, Files, World

T = TypeVar("T")
_MOST_PINS = 3

BEGINNING: list[World] = []
"""The world that every example goes on from."""

FIGURES: Counter[str] = Counter()
"""How often each rule did what, over all examples."""

places = st.integers(0, 30)
acts = st.sampled_from(("let in", "rotate", "take out", "take out", "demote", "policy"))
sides = st.sampled_from(("rotate", "take out", "take out", "demote", "policy", "let in and rotate"))
rarely = st.sampled_from((False, False, False, True))
forms = st.sampled_from(("", "", "", "squashed", "alone", "shallow"))


class HostileLife(RuleBasedStateMachine):
    """Four people with clones, and anybody against them.

    What is done against them is shown at once to clones that have pinned different statements, and to a new one; none of them
    goes there, so that the life goes on. People pull only where they do something: the others are behind.
    """

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="hostile", dir=os.environ.get("HOSTILE_LIFE_FOLDER")))
        self.world = BEGINNING[0].copied(self.folder / "world")

    def _count(self, what: str, came: str) -> None:
        self.world.done[f"{what}: {came}"] += 1

    def _pull(self, who: str) -> None:
        """Whoever is behind goes on; of two statements, one is redone before."""
        world, head = self.world, self.world.heads[who]
        if head in self._others():
            self._bring_in(who, head)
        if world.heads[who] is not world.main:
            self._count("pull", world.show(who, world.main))

    def _bring_in(self, who: str, other: Commit) -> None:
        """A merge into what was pushed last, by who holds both."""
        world = self.world
        both = [name for name in self._holders() if world.members(other).get(name) == HOLDER]
        name = who if who in both or not both else both[0]
        if world.heads[name] is not world.main:
            self._count("pull", world.show(name, world.main))
        self._count("merge", world.merge(name, other))

    def _holders(self) -> list[str]:
        inside = self.world.members(self.world.main)
        return [name for name in TEAM if inside.get(name) == HOLDER]

    def _others(self) -> list[Commit]:
        """What was pushed to other branches, and main does not have."""
        history = self.world.main.history
        return [each for each in self.world.commits if each.is_honest and each not in history]

    def _do(self, who: str, what: str, place: int, against: str = "") -> None:
        """Something that changes something, with somebody whom it can be done to: mostly `against` that one."""
        inside = self.world.members(self.world.heads[who])
        out = [name for name in PEOPLE if name not in inside]
        first, _, then = what.partition(" and ")
        people = {"let in": out, "take out": sorted(inside), "demote": [name for name in inside if inside[name] == HOLDER]}
        other = _one(people[first], place) if people.get(first) else ""
        if against in people.get(first, ()) and place % 4:
            other = against
        if first == "let in" and other:
            self._count(first, self.world.let_in(who, other, _one((HOLDER, HOLDER, READER), place)))
        elif first == "take out" and other:
            self._count(first, self.world.take_out(who, other))
        elif first == "demote" and other:
            self._count(first, self.world.demote(who, other))
        elif first == "policy":
            self._count(first, self.world.set_policy(who, 1 + place))
        else:
            self._count("rotate", self.world.rotate(who))
        if then:
            self._do(who, then, place)

    def _judged(self, what: str, commit: Commit, form: str, place: int, fetched: Commit | None = None) -> None:
        """What clones say to something that an attacker made."""
        for who in self.world.one_for_each_pin()[:_MOST_PINS]:
            self._count(what, self.world.shown_aside(who, commit, form, fetched))
        honest = [each for each in self.world.model.signed.values() if each.is_honest]
        named = _one(honest, place)
        trusts = _one(("", "", PEOPLE[named.by].key.fingerprint(), named.hash), place)
        self._count(f"first sight of {what}", self.world.first_sight(_one(TEAM, place), commit, form, trusts, fetched))

    @rule(place=places, what=acts, other=places)
    def act(self, place: int, what: str, other: int) -> None:
        """Somebody does what they may, at what was pushed last."""
        who = _one(self._holders() or TEAM, place)
        self._pull(who)
        self._do(who, what, other)

    @initialize(who=st.permutations(TEAM), one=sides, two=sides, place=places, is_redone=st.sampled_from((True, True, False)))
    def begin(self, who: list[str], one: str, two: str, place: int, is_redone: bool) -> None:
        """What follows is about something: who was taken out, and who has another statement."""
        self._at_once(who, one, two, place, is_redone)

    @rule(who=st.permutations(TEAM), one=sides, two=sides, place=places, is_redone=st.sampled_from((True, True, False)))
    def two_at_once(self, who: list[str], one: str, two: str, place: int, is_redone: bool) -> None:
        """Two people sign something at the same time; and one side is redone on top of the other."""
        self._at_once(who, one, two, place, is_redone)

    def _at_once(self, who: list[str], one: str, two: str, place: int, is_redone: bool) -> None:
        able = [name for name in who if name in self._holders()]
        if len(able) < 2:
            return
        for name in able[:2]:
            self._pull(name)
        self._do(able[0], one, place)
        first = self.world.heads[able[0]]
        self._do(able[1], two, place, against=able[0])
        if is_redone:
            self._bring_in(_one(able, place), first)
        if self._others():
            self._brought_along(place, "")
        else:
            self._vandalised(place, "tree", "")

    @precondition(lambda self: len(self._others()) > 0)
    @rule(who=places, place=places)
    def merge(self, who: int, place: int) -> None:
        """Somebody brings in what else was pushed."""
        self._bring_in(_one(self._holders() or TEAM, who), _one(self._others(), place))

    @precondition(lambda self: any(head is not self.world.main for head in self.world.heads.values()))
    @rule(place=places)
    def pull(self, place: int) -> None:
        """Somebody who is behind comes to what was pushed last."""
        self._pull(_one([who for who, head in self.world.heads.items() if head is not self.world.main], place))

    @precondition(lambda self: not self.world.commits[-1].is_honest)
    @rule(place=places, which=places, form=forms)
    def go_anywhere(self, place: int, which: int, form: str) -> None:
        """A host shows somebody any commit, and they stay there."""
        self._count("go", self.world.show(_one(TEAM, place), _one(self.world.commits, which), form))

    @rule(
        who=places,
        base=st.sampled_from((0, 0, 0, 1, 1, 2, 3)),
        beside=st.lists(places, max_size=2),
        rotates=st.booleans(),
        proves=rarely,
        path=st.sampled_from(("", "", "web/.env.production")),
        on=st.sampled_from(("main", "main", "there", "side")),
        form=forms,
    )
    def forge(self, who: int, base: int, beside: list[int], rotates: bool, proves: bool, path: str, on: str, form: str) -> None:
        """Somebody who is no holder signs what follows a statement: mostly one that they held."""
        world = self.world
        signed = list(world.statements.values())[::-1]
        may = [name for name in PEOPLE if world.may_forge(name)]
        were = [name for name in may if any(PEOPLE[name].keyholder in each.keyholders for each in signed)]
        name = _one(were if were and who % 4 else may, who)
        held = [each for each in signed if PEOPLE[name].keyholder in each.keyholders] or signed
        before = _one(held, base)
        there = [each for each in world.commits if each.newest == before.hash] or [world.main]
        commit = {"main": world.main, "there": there[0], "side": _one(self._others() or [world.main], who)}[on]
        besides = [_one(signed, each) for each in beside]
        forged = world.forge(name, commit, before, besides, rotates=rotates, proves=proves, path=path)
        self._judged("forge", forged, form, who, world.main if on == "there" else None)

    @precondition(lambda self: len(self._others()) > 0)
    @rule(place=places, form=forms)
    def bring_along(self, place: int, form: str) -> None:
        """Whoever can push merges two sides, and keeps one of them as it is: mostly what takes nobody out."""
        self._brought_along(place, form)

    def _brought_along(self, place: int, form: str) -> None:
        side, main = _one(self._others()[::-1], place // 5), self.world.main
        kept, brought = (side, main) if self.world.takes_out(side, main) < self.world.takes_out(main, side) else (main, side)
        self._judged("bring along", self.world.push_files(kept, {}, kept, brought), form, place)

    @rule(place=places, how=st.sampled_from(("tree", "tree", "statement", "grants", "past gone", "past edited")), form=forms)
    def vandalise(self, place: int, how: str, form: str) -> None:
        """Whoever can push puts an earlier state on top of what was pushed last, or breaks what lies there."""
        self._vandalised(place, how, form)

    def _vandalised(self, place: int, how: str, form: str) -> None:
        main = self.world.main
        earlier = [each for each in self.world.commits[::-1] if each in main.history and each.newest != main.newest]
        source = _one(earlier, place // 3)
        files = _damage(main.files, source.files, how, place)
        self._judged(how, self.world.push_files(main, files, source if how == "tree" else None), form, place)

    def teardown(self) -> None:
        try:
            if sys.exc_info()[0] is None:
                self.world.check_knowledge()
        finally:
            FIGURES.update(self.world.done)
            shutil.rmtree(self.folder, ignore_errors=True)


def _one(found: Sequence[T], place: int) -> T:
    return found[place % len(found)]


def _damage(here: Mapping[str, bytes], earlier: Mapping[str, bytes], how: str, place: int) -> Files:
    """What is changed on top of a tree, or away."""
    past = sorted(path for path in here if "/past/" in path)[: 1 + place % 3]
    given = [path for path in {**here, **earlier} if path.endswith(".grant")]
    now = chain.path(ENVIRONMENT)
    if how == "statement":
        return {now: earlier.get(now)}
    if how == "grants":
        return {now: earlier.get(now), **{path: earlier.get(path) for path in given}}
    if how == "past gone":
        return dict.fromkeys(past)
    return {path: here[path].replace(b"a", b"b") for path in past} if how == "past edited" else {}
