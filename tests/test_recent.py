"""What history did to statements since the last look: the same as for each environment alone, and one walk for all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gitenv.git import log, program, spawn
from gitenv.git.objects import Objects
from gitenv.git.spawn import Done
from gitenv.trust.recent import Recent

_NAMES = ("development", "production", "staging")


def _commit(top: Path, number: int, names: tuple[str, ...]) -> str:
    for name in names:
        folder = top / ".recipients" / name
        (folder / "past").mkdir(parents=True, exist_ok=True)
        (folder / "environment").write_text(f"{name} {number}\n")
        (folder / "past" / f"{number:064}").write_text(f"{name} {number} past\n")
        (folder / "alice.grant").write_text(f"{number}\n")
    program.run(str(top), "add", ".")
    program.run(str(top), "-c", "user.name=eve", "-c", "user.email=eve@example.com", "commit", "-qm", "x")
    return program.run(str(top), "rev-parse", "HEAD").decode().strip()


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """A repository without a commit."""
    program.run(str(tmp_path), "init", "-q")
    return tmp_path


def test_each_environment_has_its_own(top: Path) -> None:
    """What came and went at its statements, in the order in which `forks` reads it, and nothing of the others."""
    objects = Objects(str(top))
    recent = Recent(str(top), objects, lambda: _NAMES)
    assert not recent.blobs("production", "")  # there is no HEAD
    since = _commit(top, 1, _NAMES)
    _commit(top, 2, ("production",))
    _commit(top, 3, ("development", "production"))
    for name in _NAMES:
        folder = f".recipients/{name}"
        for searched, heads in (("", ["HEAD"]), (since, ["HEAD", f"^{since}"])):
            found = recent.blobs(name, searched)
            assert list(found) == log.blobs(str(top), [f"{folder}/environment", f"{folder}/past"], heads)
            assert {path.rpartition("/")[0] for paths in found.values() for path in paths} <= {folder, f"{folder}/past"}
    assert recent.blobs("staging", "")
    assert not recent.blobs("staging", since)
    objects.close()


def test_all_are_looked_at_at_once(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One walk for any number of environments, another one only for another HEAD; and none where HEAD was looked at."""
    head = _commit(top, 1, _NAMES)
    started: list[str] = []
    real = spawn.run

    def run(words: list[str], *others: Any) -> Done:
        started.append(words[-1])
        return real(words, *others)

    monkeypatch.setattr(spawn, "run", run)
    objects = Objects(str(top))
    recent = Recent(str(top), objects, lambda: _NAMES)
    assert not any(recent.blobs(name, head) for name in _NAMES)
    assert not started
    assert all(recent.blobs(name, "") for name in _NAMES)
    assert len(started) == 1
    _commit(top, 2, _NAMES)
    started.clear()
    assert all(recent.blobs(name, head) for name in (*_NAMES, *_NAMES))
    assert len(started) == 1
    objects.close()
