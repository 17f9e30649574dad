"""What statements a history has: one walk for all environments, and the same as for each of them alone."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from gitenv.git import program, spawn
from gitenv.git.objects import Objects
from gitenv.git.spawn import Done
from gitenv.trust import chain
from gitenv.trust.history import History
from tests.model.builders import statement

_NAMES = ("development", "production", "staging")


def _text(name: str, number: int) -> bytes:
    return statement(name=name, revision=number).text


def _commit(top: Path, number: int, names: tuple[str, ...]) -> str:
    for name in names:
        for path, text in (
            (chain.path(name), _text(name, number)),
            (chain.past_path(name, f"{number:064}"), _text(name, number + 10)),
            (f".recipients/{name}/alice.grant", _text(name, 9)),  # no statement stands there
        ):
            (top / path).parent.mkdir(parents=True, exist_ok=True)
            (top / path).write_bytes(text)
    program.run(str(top), "add", ".")
    program.run(str(top), "-c", "user.name=eve", "-c", "user.email=eve@example.com", "commit", "-qm", "x")
    return program.run(str(top), "rev-parse", "HEAD").decode().strip()


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """A repository without a commit."""
    program.run(str(tmp_path), "init", "-q")
    return tmp_path


def test_each_environment_has_its_own(top: Path) -> None:
    """All that ever stood as its statement or in its `past/`, with what went away again, and nothing of the others."""
    objects = Objects(str(top))
    assert not History(str(top), objects).head
    assert not History(str(top), objects).statements("production", ["HEAD"])
    since = _commit(top, 1, _NAMES)
    _commit(top, 2, ("production",))
    _commit(top, 3, ("development", "production"))
    history = History(str(top), objects)
    for name, all_of_them, new in (("development", {1, 3}, {3}), ("production", {1, 2, 3}, {2, 3}), ("staging", {1}, set())):
        # A statement that was replaced in what is new stood there before, and is found with it.
        for heads, expected in (([history.head], all_of_them), (history.since(history.head, since), new and all_of_them)):
            found = history.statements(name, heads).values()
            paths = {number: chain.past_path(name, f"{number:064}") for number in (1, 2, 3)}
            past = {n for n, path in paths.items() if history.ever_had(name, path, _text(name, n + 10), heads)}
            assert {each.revision for each in found} == expected | {number + 10 for number in past}
            assert past == (all_of_them if heads == [history.head] else new)
            assert not history.ever_had(name, paths[1], _text(name, 12), heads)
    assert history.since(history.head, "0" * 40) == [history.head]  # git collected it
    objects.close()


def test_all_are_looked_at_at_once(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One walk for any number of environments, and another one only for other heads."""
    _commit(top, 1, _NAMES)
    started: list[str] = []
    real = spawn.stream

    def stream(commands: list[list[str]], *others: Any) -> Generator[bytes, None, Done]:
        started.append(commands[0][-1])
        return real(commands, *others)

    monkeypatch.setattr(spawn, "stream", stream)
    objects = Objects(str(top))
    history = History(str(top), objects)
    assert all(history.statements(name, [history.head]) for name in (*_NAMES, *_NAMES))
    assert len(started) == 1
    assert all(history.statements(name, [history.head, "--glob=refs/remotes/*/HEAD"]) for name in _NAMES)
    assert len(started) == 2
    objects.close()
