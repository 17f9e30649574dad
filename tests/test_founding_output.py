"""What founding prints: one line a topic, however much there is to say."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from gitenv.cli import founding
from gitenv.git.repository import Ignored, Repository
from gitenv.model.foreign import Tool
from gitenv.repo.exposed import Exposed
from gitenv.team.discover import ReadableComment
from gitenv.team.hooks import HookLine
from gitenv.team.init import Founded

_MANY = [f"apps/{number}/.env" for number in range(40)]
_IGNORED = [Ignored(path, ".gitignore", 3, ".env*") for path in _MANY]
_LEFT = [HookLine(name, f".husky/{name}", f'gitenv hook {name} "$@"') for name in ("pre-commit", "pre-push", "post-merge")]


@pytest.mark.parametrize("waiting", [[], _MANY])
def test_founding_says_at_most_fifteen_lines(waiting: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Forty files of every kind and forty environments, in one step or in two, take no more lines than one of each."""
    environments = {f"app{number}": [path] for number, path in enumerate(_MANY)}
    comments = [ReadableComment(path, 1, "## for reviewers") for path in _MANY]
    exposed = [Exposed(path, 3, "0" * 40) for path in _MANY]
    ignored = [] if waiting else _IGNORED
    done = Founded(
        *("alice", "SHA256:x", True, environments, _MANY, waiting),
        *(_MANY, _MANY, ignored, comments, exposed, _MANY),
        foreign=dict.fromkeys(_MANY, Tool("sops", "sops {}")),
    )
    if waiting:
        founding.show_ignored(_IGNORED)
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    founding.show_founded(Repository(str(tmp_path)), done, _LEFT)
    said = capsys.readouterr()
    lines = [line for line in (said.out + said.err).splitlines() if line]
    assert len(lines) <= 15, "\n".join(lines)
