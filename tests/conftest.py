"""What the tests share: a lab for each test, begun from a state that is made once and copied."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.lab import Lab
from tests.sessions import runner

NewLab = Callable[[str], Lab]


@pytest.fixture(scope="session")
def beginnings(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Labs that many tests begin from, each played once: see tests/sessions/beginnings/."""
    made: dict[str, Path] = {}

    def beginning(name: str) -> Path:
        if name not in made:
            session = runner.read(runner.BEGINNINGS / f"{name}.txt")
            made[name] = tmp_path_factory.mktemp(name)
            runner.play(session, lambda earlier: Lab(made[name], beginning(earlier) if earlier else None))
        return made[name]

    return beginning


@pytest.fixture
def new_lab(tmp_path: Path, beginnings: Callable[[str], Path]) -> NewLab:
    """Make this test's lab, from a beginning by name, or an empty one for ""."""

    def make(beginning: str) -> Lab:
        return Lab(tmp_path / "lab", beginnings(beginning) if beginning else None)

    return make
