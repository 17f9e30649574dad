"""Which gitenv may be the one that git starts: it stays, and no commit can change it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gitenv.errors import NotInOrder
from gitenv.git.repository import Repository
from gitenv.team import setup


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """An empty repository."""
    (tmp_path / "app").mkdir()
    subprocess.run(["git", "init", "-q"], cwd=tmp_path / "app", check=True)
    return Repository(str(tmp_path / "app"))


def test_an_installation_elsewhere_is_good(repository: Repository) -> None:
    """What runs these tests is outside the repository, and may be started by git."""
    setup.check_interpreter(repository)
    assert setup.filter_command("clean %f").endswith(" -E -P -m gitenv clean %f")


@pytest.mark.parametrize("linked", [False, True])
def test_one_inside_a_work_tree_is_refused(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, linked: bool
) -> None:
    """A branch could bring `.venv/…/evil.pth` into this work tree, or into a linked one, and git would run it."""
    top = Path(repository.root)
    if linked:
        top = tmp_path / "linked"
        monkeypatch.setattr(Repository, "work_trees", lambda self: [self.root, str(top)])
    monkeypatch.setattr(sys, "prefix", str(top / ".venv"))
    with pytest.raises(NotInOrder, match="inside this work tree"):
        setup.check_interpreter(repository)


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for Python is a shell script")
def test_one_that_imports_from_a_work_tree_is_refused(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An editable install elsewhere puts the project's own folder on the module path, where a branch can plant modules."""
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\nprintf '%s\\0' /usr/lib {repository.root}/src\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    with pytest.raises(NotInOrder, match="inside this work tree"):
        setup.check_interpreter(repository)


@pytest.mark.parametrize(
    "path",
    [
        "/home/alice/.cache/uv/archive-v0/Ab3/bin/python",
        "/home/alice/.cache/uv/environments-v2/gitenv/bin/python",
        "/home/alice/.local/pipx/.cache/1f2/bin/python",
    ],
)
def test_one_in_a_throw_away_cache_is_refused(repository: Repository, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    """What `uvx` and `pipx run` start is gone tomorrow, and with `required` every checkout would stop."""
    monkeypatch.setattr(sys, "executable", path)
    with pytest.raises(NotInOrder, match="throw-away"):
        setup.check_interpreter(repository)
