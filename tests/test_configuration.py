"""Reading git's configuration as git reads it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from gitenv.git import program
from gitenv.git.repository import Repository

_CONFIG = """
[Gitenv]
\tMaskDiff
\thooks = first
\thooks = last
\tempty =
\tlines = "one\\ntwo"
[filter "Some.Thing"]
\tClean = cat
[include]
\tpath = more
[words]
\tyes = On
\tone = 1
\tno = off
\tzero = 0
\tother = perhaps
"""


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A repository with a configuration of its own."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    with (tmp_path / ".git" / "config").open("a") as file:
        file.write(_CONFIG)
    (tmp_path / ".git" / "more").write_text("[gitenv]\n\tincluded = there\n")
    return Repository(str(tmp_path))


@pytest.mark.parametrize(
    "key",
    [
        *(
            "gitenv.maskDiff",
            "gitenv.hooks",
            "GITENV.Hooks",
            "gitenv.empty",
            "gitenv.lines",
            "gitenv.included",
            "gitenv.absent",
        ),
        *("filter.Some.Thing.clean", "filter.some.thing.clean", "filter.Some.Thing.CLEAN", "words.yes", "words.other"),
    ],
)
def test_a_value_is_what_git_says(repository: Repository, key: str) -> None:
    """Sections, subsections and names in whatever case, the last of several, lines, and files that are included."""
    said = subprocess.run(["git", "config", "--get", key], cwd=repository.root, capture_output=True, check=False).stdout
    assert repository.config(key) == said.decode().rstrip("\n")


@pytest.mark.parametrize(
    "key", ["gitenv.maskDiff", "gitenv.empty", "words.yes", "words.one", "words.no", "words.zero", "words.absent"]
)
def test_yes_is_what_git_takes_for_it(repository: Repository, key: str) -> None:
    """A name without a value is yes, and an empty value is no."""
    command = ["git", "config", "--type=bool", "--get", key]
    said = subprocess.run(command, cwd=repository.root, capture_output=True, check=False).stdout
    assert repository.is_set(key) is (said == b"true\n")


def test_all_is_read_at_once(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """One process for all values; another one only after something was set."""
    asked: list[str] = []
    real = program.paths

    def paths(folder: str, *words: str) -> list[str]:
        asked.append(words[0])
        return list(real(folder, *words))

    monkeypatch.setattr(program, "paths", paths)
    assert [repository.config(key) for key in ("gitenv.hooks", "gitenv.lines", "gitenv.absent")] == ["last", "one\ntwo", ""]
    assert len(asked) == 1
    repository.set_config("gitenv.hooks", "new")
    assert repository.config("gitenv.hooks") == "new"
    repository.unset_config("gitenv.hooks")
    assert repository.config("gitenv.hooks") == ""
    repository.remove_section("words")
    assert not repository.is_set("words.yes")
    assert len(asked) == 4
