"""Made-up lives of a team with enemies: nobody is stuck, and nothing is encrypted for whoever was taken out."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.conftest import ALL
from tests.hostile_life import machine
from tests.hostile_life.world import World

steadily = settings(
    max_examples=100 if ALL else 5,
    stateful_step_count=30 if ALL else 8,
    derandomize=not ALL,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def test_whom_each_clone_believes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What each clone believes, refuses and encrypts, wherever the host leads it, is what the model allows."""
    monkeypatch.setattr(machine, "BEGINNING", [World(tmp_path / "beginning")])
    monkeypatch.setenv("HOSTILE_LIFE_FOLDER", str(tmp_path))
    run_state_machine_as_test(machine.HostileLife, settings=steadily)


def test_a_refused_step_stops_the_one_before_as_well(tmp_path: Path) -> None:
    """bob signs within the generation that he was taken out of: who is behind stays there, and encrypts nothing."""
    world = World(tmp_path)
    before = world.statements[world.main.newest]
    world.take_out("alice", "bob")
    forged = world.forge("bob", world.main, before, [], rotates=False, proves=False, path="")
    world.done.clear()
    assert world.show("carol", forged) == "Forked"
    assert world.done == {"encrypts: refused": 1}
