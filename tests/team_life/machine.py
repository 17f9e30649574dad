"""The rules by which hypothesis makes up a team's life, and what must hold after each."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from tests.lab import Lab
from tests.team_life.model import FILES, HOLDER, READER, is_holder
from tests.team_life.team import PEOPLE, Team

BEGINNING: list[Path] = []
"""Where the beginning `life` was played, once."""

FIGURES: Counter[str] = Counter()
"""How often each rule did what, over all examples."""

anybody = st.sampled_from(PEOPLE)
environments = st.sampled_from(sorted(FILES))
roles = st.sampled_from((HOLDER, READER))
keys = st.sampled_from(("A", "B", "D", "E"))
usually = st.sampled_from((True, True, True, False))
positions = st.integers(0, 11)
nobody_or = st.sampled_from(("", "", *PEOPLE))


class TeamLife(RuleBasedStateMachine):
    """A few people, each with a clone that may be behind, two environments, one hub."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="life", dir=os.environ.get("TEAM_LIFE_FOLDER")))
        self.team = Team(Lab(self.folder / "lab", BEGINNING[0]))
        FIGURES["examples"] += 1

    def _count(self, what: str, came: str) -> None:
        FIGURES[f"{what}: {came}"] += 1
        FIGURES["steps"] += 1

    def _has(self, who: str) -> str:
        """Somebody with a clone: alice does it for those who have none."""
        return who if who in self.team.clones else "alice"

    def _able(self, who: str, environment: str, mostly: bool) -> str:
        """Mostly a holder, the next one after `who`: else most of what is tried would be refused."""
        at = PEOPLE.index(who)
        order = [name for name in (*PEOPLE[at:], *PEOPLE[:at]) if name in self.team.clones]
        holders = [name for name in order if is_holder(self.team.tree(name), environment, name)]
        return (holders if mostly and holders else order)[0]

    @rule(who=anybody)
    def ask(self, who: str) -> None:
        self._count("ask", self.team.ask(who))

    @rule(who=anybody, mostly=usually, other=anybody, environment=environments, role=roles)
    def let_in(self, who: str, mostly: bool, other: str, environment: str, role: str) -> None:
        self._count("let in", self.team.let_in(self._able(who, environment, mostly), other, environment, role))

    @rule(who=anybody, mostly=usually, environment=environments)
    def rotate(self, who: str, mostly: bool, environment: str) -> None:
        self._count("rotate", self.team.rotate(self._able(who, environment, mostly), environment))

    @rule(who=anybody, mostly=usually, other=anybody, environment=environments)
    def remove(self, who: str, mostly: bool, other: str, environment: str) -> None:
        self._count("remove", self.team.remove(self._able(who, environment, mostly), other, environment))

    @rule(who=anybody, mostly=usually, other=anybody, environment=environments, role=roles)
    def set_role(self, who: str, mostly: bool, other: str, environment: str, role: str) -> None:
        self._count("set role", self.team.set_role(self._able(who, environment, mostly), other, environment, role))

    @rule(who=anybody, mostly=usually, environment=environments, position=positions, key=keys)
    def edit(self, who: str, mostly: bool, environment: str, position: int, key: str) -> None:
        self._count("edit", self.team.edit(self._able(who, environment, mostly), environment, position, key))

    @rule(who=anybody, environment=environments, key=keys)
    def set_value(self, who: str, environment: str, key: str) -> None:
        self._count("set", self.team.set_value(self._has(who), environment, key))

    @rule(who=anybody, mostly=usually, environment=environments, which=positions, verb=st.sampled_from(("accept", "reject")))
    def decide(self, who: str, mostly: bool, environment: str, which: int, verb: str) -> None:
        self._count(verb, self.team.decide(self._able(who, environment, mostly), environment, which, verb))

    @rule(who=anybody)
    def pull(self, who: str) -> None:
        self._count("pull", self.team.pull(self._has(who)))

    @rule(who=anybody)
    def push(self, who: str) -> None:
        self._count("push", self.team.push(self._has(who)))

    @rule()
    def everybody_pushes(self) -> None:
        for who in list(self.team.clones):
            self._count("push", self.team.push(who))

    @rule(
        who=anybody,
        mostly=usually,
        environment=environments,
        position=positions,
        key=keys,
        other=nobody_or,
    )
    def cut(self, who: str, mostly: bool, environment: str, position: int, key: str, other: str) -> None:
        self._count("branch", self.team.cut(self._able(who, environment, mostly), environment, position, key, other))

    @precondition(lambda self: any(clone.topics for clone in self.team.clones.values()))
    @rule(which=positions)
    def merge(self, which: int) -> None:
        who = next(name for name, clone in self.team.clones.items() if clone.topics)
        self._count("merge", self.team.merge_topic(who, which))

    @precondition(lambda self: any(clone.topics for clone in self.team.clones.values()))
    @rule(environment=environments)
    def edit_behind(self, environment: str) -> None:
        who = next(name for name, clone in self.team.clones.items() if clone.topics)
        self._count("edit behind", self.team.edit_behind(who, environment))

    @rule(who=anybody, which=st.integers(0, 30))
    def look_back(self, who: str, which: int) -> None:
        self._count("look back", self.team.look_back(self._has(who), which))

    def teardown(self) -> None:
        """In the end, everybody knows what they were let into, and nothing else."""
        try:
            if sys.exc_info()[0] is None:
                self.team.check_knowledge()
        finally:
            if os.environ.get("TEAM_LIFE_SHOW"):
                print(*self.team.said, sep="\n")
            shutil.rmtree(self.folder, ignore_errors=True)
