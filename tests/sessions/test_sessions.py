"""Every .txt file beside this one is a session with real git: see tests.sessions.runner for what they are written in.

Some are played again under what people have set for git. `GITENV_TEST_GIT=habits pytest tests/sessions/test_sessions.py` plays
all of them so, and `GITENV_TEST_GIT=habits/3` those whose number ends in 3.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gitenv.cli import commands
from tests.conftest import NewLab
from tests.lab import ALL_SETTINGS, Lab
from tests.sessions import runner

_TENTH = ALL_SETTINGS.partition("/")[2]
SESSIONS = sorted(runner.FOLDER.glob("*.txt"))[int(_TENTH or 0) :: 10 if _TENTH else 1]
_AGAIN = {
    "windows": ("attack_nested_attributes_clone", "pasted_attributes", "two_rotations"),
    "habits": ("rebase", "rotated_stash", "unlock_edited"),
}
_QUICK = ("accept", "hooks", "lock", "merge", "rebase", "remove", "rotate", "set")
# Each command in one of them at least, and what git starts: filter, hooks, merge driver, textconv.
_REAL = (
    "completion",
    "matrix",
    *(
        "attack_other_person",
        "closed_allow",
        "copies",
        "demo",
        "key_rotate_two_work_trees",
        "log_rotated",
        "mask_diff",
        "merge",
    ),
    *("not_in_order", "reissue_policy", "reject_closing", "remove_environment_branch", "rotated_cherry_pick", "seal_exposed"),
    *(
        "edit",
        "example",
        "export",
        "get",
        "list",
        "mcp",
        "rename_key",
        "run",
        "set_role",
        "shallow",
        "stash",
        "unset",
        "viewing",
    ),
)


def _marks(name: str) -> list[pytest.MarkDecorator]:
    return [*[pytest.mark.quick] * (name in _QUICK), *[pytest.mark.real] * (name in _REAL)]


@pytest.mark.parametrize("name", [pytest.param(path.stem, marks=_marks(path.stem)) for path in SESSIONS])
def test_session(name: str, new_lab: NewLab) -> None:
    """The session goes as it is written."""
    runner.play(runner.read(runner.FOLDER / f"{name}.txt"), new_lab)


@pytest.mark.skipif(bool(ALL_SETTINGS), reason="all are played under one of them")
@pytest.mark.parametrize(("settings", "name"), [(settings, name) for settings, names in _AGAIN.items() for name in names])
def test_session_under_settings(settings: str, name: str, tmp_path: Path, beginnings: Callable[[str], Path]) -> None:
    """The session goes as it is written, whatever somebody has set for git."""

    def new_lab(beginning: str) -> Lab:
        return Lab(tmp_path / "lab", beginnings(beginning) if beginning else None, settings)

    runner.play(runner.read(runner.FOLDER / f"{name}.txt"), new_lab)


def test_each_command_has_a_real_start() -> None:
    """Some session starts it as users do, and not by a fork of what has loaded all of gitenv."""
    lines = (line for name in _REAL for _, line in runner.read(runner.FOLDER / f"{name}.txt").lines)
    started = {
        words[1] for words in (line.removeprefix("! ").removeprefix("? ").split() for line in lines) if words[0] == "gitenv"
    }
    assert set(commands.names()) <= started


@pytest.mark.parametrize("name", [path.stem for path in SESSIONS])
def test_session_looks_for_its_secrets(name: str) -> None:
    """A session that has a secret ends by looking for it in every object."""
    session = runner.read(runner.FOLDER / f"{name}.txt")
    has_secret = session.beginning or b"hunter2" in session.path.read_bytes()
    assert not has_secret or session.lines[-1][1].startswith("no-secret-in-objects hunter2")
