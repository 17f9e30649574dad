"""What history says of environments: one walk for all of them, and the same as for each alone."""

from __future__ import annotations

import tracemalloc
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path

import pytest

from gitenv.git import walk
from gitenv.git.objects import Objects
from gitenv.git.walk import Commit
from gitenv.repo.founding import Founding
from tests.fast_import import Repo

_NAMES = ("merged", "gone", "elsewhere", "slipped-in", "never")
_MANY = [f"stage-{number}" for number in range(30)]  # more than git gets by their names


def _path(name: str, file: str = "environment") -> str:
    return f".recipients/{name}/{file}"


@pytest.fixture
def top(tmp_path: Path) -> str:
    """A main line with two merges, and a branch beside it."""
    repo = Repo(tmp_path)
    first = repo.commit({"README": b"1\n"})
    main = repo.commit({"README": b"2\n", _path("gone"): b"1\n"})
    side = repo.commit({_path("merged"): b"1\n", _path("merged", "alice.grant"): b"1\n"}, [first], branch="side")
    main = repo.commit({_path("gone"): None}, [main])
    main = repo.commit({_path("merged"): b"1\n", _path("merged", "alice.grant"): b"1\n"}, [main, side])
    other = repo.commit({"README": b"3\n"}, [first], branch="other")
    main = repo.commit({_path("slipped-in"): b"1\n"}, [main, other])  # which is in none of the parents
    repo.commit({_path("never", "alice.grant"): b"1\n"}, [main])  # no statement
    repo.commit({_path("elsewhere"): b"1\n"}, [first], branch="beside")
    folder = repo.written()
    repo.git("reset", "-q", "--hard", "main")
    return folder


@pytest.fixture
def objects(top: str) -> Iterator[Objects]:
    """What is asked, and ended."""
    found = Objects(top)
    yield found
    found.close()


@pytest.mark.parametrize("more", [[], _MANY], ids=["few", "many"])
def test_each_environment_has_its_own(top: str, objects: Objects, more: list[str]) -> None:
    """What came by a merge, what is gone again, what is on another branch only, and what was never there."""
    founding = Founding(top, objects, [*_NAMES, *more])
    assert [name for name in _NAMES if founding.is_uncommitted(name)] == ["elsewhere", "never"]
    assert [name for name in _NAMES if founding.is_in(["HEAD", "MERGE_HEAD"], name)] == ["merged", "gone", "slipped-in"]
    assert [name for name in _NAMES if founding.was_ever_committed(name)] == ["merged", "gone", "elsewhere", "slipped-in"]
    assert founding.changed(["main", "^main~1"]).folders == {"never"}
    assert not founding.changed(["main", "^main~1"]).statements


@pytest.mark.parametrize("more", [[], _MANY], ids=["few", "many"])
def test_only_what_all_foundings_go_back_to_is_before(top: str, objects: Objects, more: list[str]) -> None:
    """A branch off from before a founding is not, and nothing is where a statement is in no commit and not here."""
    founding = Founding(top, objects, [*_NAMES, *more])
    commits = ("main~5", "main~3", "other", "main")
    assert [commit for commit in commits if founding.is_before("gone", commit)] == ["main~5"]
    assert [commit for commit in commits if founding.is_before("merged", commit)] == ["main~5"]
    assert [commit for commit in commits if founding.is_before("slipped-in", commit)] == ["main~5", "main~3", "other"]
    assert not any(founding.is_before("never", commit) for commit in commits)
    Path(top, _path("never")).write_bytes(b"1\n")
    assert all(founding.is_before("never", commit) for commit in commits)


def test_a_tag_named_like_a_merge_has_no_founding(tmp_path: Path) -> None:
    """Nobody who pushes `MERGE_HEAD` makes an environment look committed; a merge does, also with the tag there."""
    repo = Repo(tmp_path)
    first = repo.commit({"README": b"1\n"})
    repo.commit({_path("tagged"): b"1\n"}, [first], branch="topic")
    top = repo.written()
    repo.git("reset", "-q", "--hard", "main")
    repo.git("tag", "MERGE_HEAD", "topic")
    objects = Objects(top)
    assert Founding(top, objects, ["tagged"]).is_uncommitted("tagged")
    repo.git("merge", "-q", "--no-ff", "--no-commit", "topic")
    assert not Founding(top, objects, ["tagged"]).is_uncommitted("tagged")
    objects.close()


def test_every_branch_of_a_merge_counts(tmp_path: Path) -> None:
    """Where git brings several together, an environment of the last one is not new in the work tree."""
    repo = Repo(tmp_path)
    first = repo.commit({"README": b"1\n"})
    for name in ("one", "two", "three"):
        repo.commit({_path(name): b"1\n"}, [first], branch=name)
    top = repo.written()
    repo.git("reset", "-q", "--hard", "main")
    repo.git("merge", "-q", "--no-ff", "--no-commit", "one", "two", "three")
    objects = Objects(top)
    founding = Founding(top, objects, ["one", "two", "three", "four"])
    assert [name for name in founding.names if founding.is_uncommitted(name)] == ["four"]
    objects.close()


def test_a_commit_of_any_size_is_not_in_memory(tmp_path: Path) -> None:
    """A dozen pushed objects can unfold into as many names as somebody likes."""
    repo = Repo(tmp_path)
    repo.commit({_path("one"): b"1\n"})
    top = repo.written()
    tree = repo.git("rev-parse", "main:.recipients/one")
    for _ in range(4):
        tree = repo.git("mktree", stdin=b"".join(b"040000 tree %b\t%d\n" % (tree.encode(), number) for number in range(10, 22)))
    for name in ("one", ".recipients"):
        tree = repo.git("mktree", stdin=f"040000 tree {tree}\t{name}\n".encode())
    repo.git("reset", "-q", "--soft", repo.git("commit-tree", tree, "-p", "main", "-m", "Many"))
    objects = Objects(top)
    tracemalloc.start()
    assert Founding(top, objects, ["one"]).changed(["HEAD"]).folders == {"one"}
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    objects.close()
    assert peak < 2_000_000


def test_git_walks_once(top: str, objects: Objects, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many environments are asked about."""
    started: list[Sequence[str]] = []
    top_folder = walk.top_folder

    def counted(folder: str, revisions: Sequence[str], name: str, words: Sequence[str]) -> Generator[Commit]:
        started.append(revisions)
        return top_folder(folder, revisions, name, words)

    monkeypatch.setattr(walk, "top_folder", counted)
    founding = Founding(top, objects, [*_NAMES, *_MANY])
    for name in (*_NAMES, *_MANY):
        founding.is_uncommitted(name)
        founding.was_ever_committed(name)
        founding.is_before(name, "HEAD")
    assert len(started) == 3


def test_nobody_is_taken_for_never_founded(top: str, objects: Objects) -> None:
    """One that was not named when it began is asked about all the same: an empty answer would let plain text through."""
    founding = Founding(top, objects, [])
    assert not founding.is_uncommitted("merged")
    assert founding.was_ever_committed("merged")
    assert founding.is_in(["HEAD"], "merged")
    assert not founding.is_before("merged", "main")


def test_what_was_put_before_the_founding_is_not_before_it(tmp_path: Path) -> None:
    """A `refs/replace/` can give the founding another parent; it is asked what that goes back to, and not what it seems to."""
    repo = Repo(tmp_path)
    first = repo.commit({"README": b"1\n"})
    repo.commit({"README": b"2\n"}, [first], branch="evil")
    repo.commit({_path("one"): b"1\n"}, [first])
    top = repo.written()
    repo.git("replace", "--graft", "main", "main~1", "evil")
    objects = Objects(top)
    founding = Founding(top, objects, ["one"])
    assert [founding.is_before("one", commit) for commit in ("main~1", "evil")] == [True, False]
    objects.close()
