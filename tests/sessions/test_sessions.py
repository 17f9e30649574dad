"""Every .txt file beside this one is a session with real git: see tests.sessions.runner for what they are written in."""

from __future__ import annotations

import pytest

from tests.conftest import NewLab
from tests.sessions import runner

SESSIONS = sorted(runner.FOLDER.glob("*.txt"))


@pytest.mark.parametrize("name", [path.stem for path in SESSIONS])
def test_session(name: str, new_lab: NewLab) -> None:
    """The session goes as it is written."""
    runner.play(runner.read(runner.FOLDER / f"{name}.txt"), new_lab)


@pytest.mark.parametrize("name", [path.stem for path in SESSIONS])
def test_session_looks_for_its_secrets(name: str) -> None:
    """A session that has a secret ends by looking for it in every object."""
    session = runner.read(runner.FOLDER / f"{name}.txt")
    has_secret = session.beginning or b"hunter2" in session.path.read_bytes()
    assert not has_secret or session.lines[-1][1].startswith("no-secret-in-objects hunter2")
