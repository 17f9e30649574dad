"""Two and eight of all commands that write, of git's and of an editor's, at once in one clone.

Every pair, in one work tree and in two. Half an hour, so with GITENV_TEST_ALL=1 only; some eights are always in test_at_once.
"""

from __future__ import annotations

import itertools
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.conftest import NewLab
from tests.lab import Lab, Person

if sys.platform == "win32":
    pytest.skip("git there refuses what somebody else has open", allow_module_level=True)
if not os.environ.get("GITENV_TEST_ALL"):
    pytest.skip("takes half an hour", allow_module_level=True)

from tests.cut_off.cases import at_home, prepare_all
from tests.cut_off.test_at_once import at_once

GITENV = [
    "gitenv init",
    "gitenv add-recipient eve -e production --yes",
    "gitenv remove-recipient carol",
    "gitenv rotate development --yes",
    "gitenv set A1",
    "gitenv rename HELLO HI",
    "gitenv accept KEY -f .env.production --yes",
    "gitenv unlock",
    "gitenv lock",
    "gitenv key rotate --yes",
    "gitenv uninstall",
    "gitenv doctor --fix",
]
OTHERS = ["git add -A", "git commit -qam Typed", "git checkout -q -B other", "git stash -q", "git gc -q", "sh ../editor.sh"]
PAIRS = [
    (first, second, place)
    for first, second in [*itertools.combinations_with_replacement(GITENV, 2), *itertools.product(GITENV, OTHERS)]
    for place in ("one", "two")
]
EIGHTS = [
    (GITENV[1], GITENV[2], GITENV[4], GITENV[6], GITENV[9], *OTHERS[:3]),
    (GITENV[0], GITENV[3], GITENV[4], GITENV[5], GITENV[7], GITENV[8], OTHERS[4], OTHERS[5]),
    (GITENV[0], GITENV[4], GITENV[10], GITENV[10], GITENV[11], OTHERS[0], OTHERS[1], OTHERS[5]),
]
EDITOR = """\
for i in 1 2 3 4 5 6 7 8; do
    cp .env .env.swp~ && echo "TYPED$i=hunter2-typed" >> .env.swp~ && mv .env.swp~ .env
done
"""


@pytest.fixture(scope="module")
def beginning(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where what was prepared once is kept."""
    yield (folder := tmp_path_factory.mktemp("pairs"))
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def bob(beginning: Path, new_lab: NewLab, tmp_path: Path) -> Person:
    """bob, who holds both environments, with somebody to let in and a value to accept, and two work trees of one clone."""
    if not (beginning / "homes").exists():
        prepare_all(lab := new_lab("crowd"))
        shutil.copytree(lab.root / "homes" / "bob", beginning / "homes" / "bob", symlinks=True)
    root = tmp_path / "pair"
    shutil.copytree(beginning, root, symlinks=True)
    bob = at_home(Lab(root), "bob")
    bob.must("git", "worktree", "add", "-q", "../two", "-b", "two")
    (bob.home / "editor.sh").write_text(EDITOR, encoding="utf-8")
    return bob


def check(bob: Person, commands: Sequence[str], places: Sequence[str]) -> None:
    """Run them at once; nothing crashes, nothing is half, nothing is stored in plain text, and everything goes on."""
    runs = at_once(bob, *[(words, bob.home / place) for words, place in zip(commands, places, strict=True)])
    for run in runs:
        assert run.code in (0, 1, 2, 3, 4, 5, 128), runs
        assert not run.words.startswith("gitenv") or run.code == 0 or "error: " in run.said, runs
    objects = ("git", "cat-file", "--batch", "--batch-all-objects", "--unordered", "--buffer")
    assert b"hunter2" not in bob.must(*objects).stdout, runs
    if "gitenv uninstall" in commands:
        bob.must("gitenv", "init")
    for place in ("app", "two"):
        bob.cwd = bob.home / place
        lines = [line for line in (bob.cwd / ".env").read_bytes().splitlines() if b"=" in line and line[:1] != b"#"]
        values = [line for line in lines if not line.startswith((b"TYPED", b"A1"))]
        assert sum(b"gitenv1" in line for line in values) in (0, len(values)), (runs, lines)
        assert not (bob.cwd / ".git" / "index.lock").exists(), runs
        unlocked = bob.run(["gitenv", "unlock"])
        added = bob.run(["git", "add", "-A"])
        status = bob.run(["gitenv", "status"])
        if b"merge the main branch" in unlocked.stderr + added.stderr + status.stdout:
            continue  # a rotation in one work tree: the other one is behind until that is merged, and it is said
        assert (unlocked.exit_code, added.exit_code) == (0, 0), (place, unlocked.said, added.said, runs)
        bob.must("git", "commit", "-q", "--allow-empty", "-m", "Go on")
        assert not bob.must("git", "status", "--porcelain").said, runs
    assert b"hunter2" not in bob.must(*objects).stdout, runs
    shown = bob.must("git", "log", "--all", "-p", "--textconv", "--reflog", "--", ".env").stdout
    shown += b"".join((bob.home / place / ".env").read_bytes() for place in ("app", "two"))
    for run in runs:
        assert run.words != "gitenv set A1" or run.code or b"A1=" in shown or "sh ../editor.sh" in commands, runs
    assert not [path for path in bob.home.rglob("*.tmp") if path.name.startswith(".env")], runs
    bob.must("git", "fsck", "--connectivity-only", "--no-dangling")


@pytest.mark.parametrize(("first", "second", "place"), PAIRS)
def test_pairs(bob: Person, first: str, second: str, place: str) -> None:
    """Each command beside each other one."""
    check(bob, [first, second], ["app", "app" if place == "one" else "two"])


@pytest.mark.parametrize("commands", EIGHTS)
def test_eights(bob: Person, commands: Sequence[str]) -> None:
    """Eight of them, half in each work tree."""
    check(bob, commands, ["app", "two"] * 4)
