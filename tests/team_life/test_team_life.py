"""The bounded run: the same lives each time. `python -m tests.team_life` makes others, for as long as you like."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.conftest import NewLab
from tests.team_life import lives, machine
from tests.team_life.team import Team

steadily = settings(
    max_examples=3,
    stateful_step_count=12,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def test_what_each_person_can_read_is_what_the_model_says(
    beginnings: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made-up lives: files are open for whom they should be, and everybody knows just their part."""
    monkeypatch.setattr(machine, "BEGINNING", [beginnings("life")])
    monkeypatch.setenv("TEAM_LIFE_FOLDER", str(tmp_path))
    run_state_machine_as_test(machine.TeamLife, settings=steadily)


@pytest.mark.parametrize("name", lives.LIVES)
def test_a_life_that_was_hard_once(name: str, new_lab: NewLab) -> None:
    """Each brings together what rarely meets by chance."""
    team = Team(new_lab("life"))
    lives.LIVES[name](team)
    team.check_knowledge()
