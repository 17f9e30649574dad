"""The rules by which hypothesis makes up what a team, those who left it, who can push and the host do; and what must hold."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from gitenv.model.grant import HOLDER, READER
from gitenv.trust import chain
from tests.hostile_life.clones import ENVIRONMENT
from tests.hostile_life.model import Commit
from tests.hostile_life.world import PEOPLE, TEAM, Files, World

BEGINNING: list[World] = []
"""The world that every example goes on from."""

FIGURES: Counter[str] = Counter()
"""How often each rule did what, over all examples."""

members = st.sampled_from(TEAM)
anybody = st.sampled_from(sorted(PEOPLE))
places = st.integers(0, 30)
rarely = st.sampled_from((False, False, False, True))
forms = st.sampled_from(("", "", "squashed", "alone", "shallow"))


class HostileLife(RuleBasedStateMachine):
    """Four people with clones, and anybody against them."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="hostile", dir=os.environ.get("HOSTILE_LIFE_FOLDER")))
        self.world = BEGINNING[0].copied(self.folder / "world")

    def _count(self, what: str, came: str) -> None:
        self.world.done[f"{what}: {came}"] += 1

    def _commit(self, place: int) -> Commit:
        """Counted from the newest."""
        return self.world.commits[-1 - place % len(self.world.commits)]

    def _clone(self, place: int) -> str:
        return list(self.world.clones)[place % len(self.world.clones)]

    def _ready(self, who: str, is_behind: bool) -> str:
        """Mostly at what was pushed last."""
        if not is_behind and self.world.heads[who] is not self.world.main:
            self._count("pull", self.world.show(who, self.world.main))
        return who

    @rule(who=members, is_behind=rarely, other=anybody, role=st.sampled_from((HOLDER, READER)))
    def let_in(self, who: str, is_behind: bool, other: str, role: str) -> None:
        self._count("let in", self.world.let_in(self._ready(who, is_behind), other, role))

    @rule(who=members, is_behind=rarely)
    def rotate(self, who: str, is_behind: bool) -> None:
        self._count("rotate", self.world.rotate(self._ready(who, is_behind)))

    @rule(who=members, is_behind=rarely, other=anybody)
    def take_out(self, who: str, is_behind: bool, other: str) -> None:
        self._count("take out", self.world.take_out(self._ready(who, is_behind), other))

    @rule(who=members, is_behind=rarely, other=anybody)
    def demote(self, who: str, is_behind: bool, other: str) -> None:
        self._count("demote", self.world.demote(self._ready(who, is_behind), other))

    @rule(who=members, is_behind=rarely, days=st.integers(1, 3))
    def set_policy(self, who: str, is_behind: bool, days: int) -> None:
        self._count("policy", self.world.set_policy(self._ready(who, is_behind), days))

    @rule(who=members, place=places)
    def merge(self, who: str, place: int) -> None:
        self._count("merge", self.world.merge(who, self._commit(place)))

    @rule(which=places, place=places, form=forms, fetched=st.one_of(st.none(), places))
    def show(self, which: int, place: int, form: str, fetched: int | None) -> None:
        default = None if fetched is None else self._commit(fetched)
        self._count("show", self.world.show(self._clone(which), self._commit(place), form, default))

    @rule()
    def everybody_pulls(self) -> None:
        for who in list(self.world.clones):
            self._count("pull", self.world.show(who, self.world.main))

    @rule(who=members, place=places, form=forms, names=st.sampled_from(("", "", "signer", "floor")), which=places)
    def first_sight(self, who: str, place: int, form: str, names: str, which: int) -> None:
        if len(self.world.clones) > len(TEAM) + 2:
            return
        commit = self._commit(place)
        honest = [each for each in self.world.model.signed.values() if each.is_honest]
        trusts = {
            "": "",
            "signer": PEOPLE[honest[which % len(honest)].by].key.fingerprint(),
            "floor": honest[which % len(honest)].hash,
        }[names]
        self._count("first sight", self.world.first_sight(who, commit, form, trusts))

    @rule(
        who=anybody,
        place=places,
        base=places,
        beside=st.lists(places, max_size=2),
        rotates=st.booleans(),
        proves=rarely,
        path=st.sampled_from(("", "", "web/.env.production")),
    )
    def forge(self, who: str, place: int, base: int, beside: list[int], rotates: bool, proves: bool, path: str) -> None:
        if not self.world.may_forge(who):
            return
        signed = list(self.world.statements.values())
        named = [signed[-1 - each % len(signed)] for each in beside]
        self.world.forge(
            who, self._commit(place), signed[-1 - base % len(signed)], named, rotates=rotates, proves=proves, path=path
        )
        self._count("forge", "done")

    @rule(
        place=places,
        other=places,
        how=st.sampled_from(("past gone", "past edited", "swapped", "statement", "tree", "merge", "all")),
    )
    def vandalise(self, place: int, other: int, how: str) -> None:
        on, source = self._commit(place), self._commit(other)
        files: Files = {}
        past = sorted(path for path in on.files if "/past/" in path)
        given = sorted(path for path in on.files if path.endswith(".grant"))
        if how == "past gone":
            files = dict.fromkeys(past[: 1 + other % 3])
        elif how == "past edited":
            files = {path: on.files[path].replace(b"a", b"b") for path in past[: 1 + other % 3]}
        elif how == "swapped" and len(given) > 1:
            files = {given[0]: on.files[given[-1]], given[-1]: on.files[given[0]]}
        elif how == "statement" and chain.path(ENVIRONMENT) in source.files:
            files = {chain.path(ENVIRONMENT): source.files[chain.path(ENVIRONMENT)]}
        elif how == "all":
            files = {".recipients": None}
        replaced = source if how in ("tree", "merge") else None
        self.world.push_files(on, files, replaced, source if how == "merge" else None)
        self._count("vandalise", how)

    def teardown(self) -> None:
        try:
            if sys.exc_info()[0] is None:
                self.world.check_knowledge()
        finally:
            FIGURES.update(self.world.done)
            shutil.rmtree(self.folder, ignore_errors=True)
