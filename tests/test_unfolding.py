"""Commits whose folders unfold into billions of names, from a dozen objects: git has no bound there, and gitenv ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gitenv.errors import NotInOrder
from gitenv.git.levels import Levels
from gitenv.git.walk import Pair
from tests.conftest import NewLab
from tests.fast_import import Repo
from tests.lab import Person

_PATIENCE = 120  # seconds: what has no end is an error, and no test that waits


def _unfolding(repo: Repo, leaf: str) -> str:
    """A tree of 10 ** 12 files, or of as many empty folders, of which git says nothing."""
    blob = repo.git("hash-object", "-w", "--stdin", stdin=b"1\n")
    tree = repo.git("mktree", stdin=b"" if leaf == "nothing" else f"100644 blob {blob}\tenvironment\n".encode())
    for _ in range(12):
        tree = repo.git("mktree", stdin="".join(f"040000 tree {tree}\tn{number}\n" for number in range(10)).encode())
    return tree


def _pushed(folder: Path, leaf: str, *where: str) -> str:
    """Two commits on top of HEAD: one with such a folder in the place of another one, and one without; the first of them."""
    repo = Repo(folder)
    tree, places = _unfolding(repo, leaf), ["", *where[:-1]]
    for depth in reversed(range(len(where))):
        listed = repo.git("ls-tree", "HEAD:" + "/".join(places[1 : depth + 1])).splitlines()
        lines = [line for line in listed if line.partition("\t")[2] != where[depth]]
        tree = repo.git(
            "mktree", stdin="".join(f"{line}\n" for line in [*lines, f"040000 tree {tree}\t{where[depth]}"]).encode()
        )
    evil = repo.git("commit-tree", tree, "-p", "HEAD", "-m", "Evil")
    repo.git("reset", "-q", "--soft", repo.git("commit-tree", "HEAD^{tree}", "-p", evil, "-m", "Nothing"))
    return evil


@pytest.fixture
def person(new_lab: NewLab) -> Person:
    """alice, in a clone with two people in."""
    person = new_lab("team").person("alice")
    person.cwd = person.home / "app"
    return person


@pytest.mark.parametrize("leaf", ["nothing", "environment"])
def test_nobody_is_kept_from_working(person: Person, leaf: str) -> None:
    """Whatever such commits had in `.recipients/`, the next one is worked on as if nothing had been."""
    before = person.must("gitenv", "status").stdout
    for where in ("x", "development/past", "development/environment"):
        _pushed(person.cwd, leaf, ".recipients", *where.split("/"))
        assert person.must("gitenv", "status").stdout == before, where
    (person.cwd / ".env").write_bytes((person.cwd / ".env").read_bytes() + b"NEW=1\n")
    person.must("git", "add", ".env")
    person.must("git", "commit", "-qm", "New")
    person.must("gitenv", "check")
    person.must("gitenv", "rotate", "development")
    person.must("git", "commit", "-qm", "Rotate")
    person.must("gitenv", "lock")
    person.must("gitenv", "unlock")


@pytest.mark.skipif(sys.platform != "linux", reason="bounds no other process")
@pytest.mark.parametrize("leaf", ["nothing", "environment"])
@pytest.mark.parametrize(
    "question",
    [
        "list(walk.commits('.', ['HEAD'], merges=walk.NEW))",
        "list(walk.commits('.', ['HEAD'], [':(glob)**/.env'], merges=walk.EACH_PARENT))",
        "CommitSnapshot(Objects('.'), EVIL).entries()",
        "CommitSnapshot(Objects('.'), EVIL).matching([':(glob)**/.env'])",
        "differing(CommitSnapshot(Objects('.'), EVIL), CommitSnapshot(Objects('.'), 'HEAD'))",
        "list(changes.in_tree('.', EVIL, ''))",
    ],
)
def test_what_looks_at_all_names_ends(tmp_path: Path, leaf: str, question: str) -> None:
    """Wherever in a commit they are, who reads or judges all of it is told so."""
    repo = Repo(tmp_path)
    repo.commit({"README": b"1\n"})
    repo.written()
    evil = _pushed(tmp_path, leaf, "x")
    code = (
        "from gitenv.git import changes, spawn, walk; from gitenv.git.objects import Objects\n"
        "from gitenv.repo.snapshot import CommitSnapshot, differing\n"
        f"EVIL = {evil!r}; spawn.MOST_MEMORY = spawn.MOST_SAID = 1 << 24\n{question}"
    )
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=_PATIENCE)
    assert "TooManyNames: " in done.stderr.splitlines()[-1]


def test_folders_are_compared_one_by_one(tmp_path: Path) -> None:
    """What differs between two, by name, and nothing from below; names that no file of ours has are left out."""
    repo = Repo(tmp_path)
    repo.commit({"a/environment": b"1\n", "a/past/x": b"1\n", "a/ä": b"1\n", 'a/"': b"1\n"})
    repo.commit({"a/environment": b"2\n", "a/past/y": b"1\n", "b": b"1\n"})
    levels, (one, two) = Levels(repo.written()), (repo.git("rev-parse", f"main{each}:a") for each in ("~1", ""))
    pairs = [Pair(one, two), Pair("", two), Pair(two, ""), Pair(two, two), Pair("", ""), Pair(one, two)]
    assert [{each.path for each in found} for found in levels.between(pairs).values()] == [
        {"environment", "past"},
        {"environment", "past"},
        {"environment", "past"},
        set(),
    ]
    (change,) = levels.between([Pair("", two)], ("environment",))[Pair("", two)]
    assert (change.before, change.after) == (("",), repo.git("rev-parse", "main:a/environment"))
    many = [Pair("", repo.git("mktree", stdin=f"100644 blob {change.after}\tn{number}\n".encode())) for number in range(70)]
    assert [[each.path for each in found] for found in levels.between(many).values()] == [[f"n{n}"] for n in range(70)]
    with pytest.raises(NotInOrder, match="cannot be read"):
        levels.between([Pair(one, "1" * 40)])
    assert levels.between([Pair(one, two)])
    levels.close()
