"""Fetched branches that HEAD does not have, and which files they changed since they left it."""

from __future__ import annotations

import sys

import pytest

from gitenv.git import branches
from tests.conftest import NewLab
from tests.lab import Person


def test_only_what_a_branch_changed_itself_counts(new_lab: NewLab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not what it merged, nor a branch of another history; a path with a line feed stays one; and all of it has bounds."""
    alice = new_lab("founded").person("alice")
    alice.cwd = alice.home / "app"
    folder = str(alice.cwd)
    assert branches.unmerged(folder) == []
    mine = ["d/x.env", *([] if sys.platform == "win32" else ["d/line\n.env"])]
    _commit(alice, "topic", *mine, "other")
    alice.must("git", "switch", "-q", "--orphan", "alone")
    _commit(alice, "alone", "y.env")
    alice.must("git", "switch", "-q", "main")
    _commit(alice, "main", "z.env")
    alice.must("git", "switch", "-qc", "merged", "main~1")
    alice.must("git", "merge", "-q", "--no-ff", "main")
    _commit(alice, "merged", "w.env")
    alice.must("git", "switch", "-q", "main")
    alice.must("git", "push", "-q", "--no-verify", "origin", "topic", "alone", "merged")
    found = branches.unmerged(folder)
    assert {each.name for each in found} == {"origin/topic", "origin/alone", "origin/merged"}
    changed = branches.changed(folder, found, ["*.env"])
    assert changed == {"origin/topic": set(mine), "origin/merged": {"w.env"}}
    assert branches.changed(folder, found, ["d/x.env"]) == {"origin/topic": {"d/x.env"}, "origin/merged": set()}
    monkeypatch.setattr(branches, "MOST", 1)
    assert len(branches.unmerged(folder)) == 2
    monkeypatch.setattr(branches, "MOST_COMMITS", 2)
    assert branches.changed(folder, found, ["*.env"]) == {}


def test_a_tag_named_like_a_merge_hides_no_branch(new_lab: NewLab) -> None:
    """Whoever pushes `MERGE_HEAD` as a tag is merging nothing; who merges the same branch is, also with the tag there."""
    alice = new_lab("founded").person("alice")
    alice.cwd = alice.home / "app"
    _commit(alice, "topic", "x.env")
    alice.must("git", "push", "-q", "--no-verify", "origin", "topic")
    alice.must("git", "switch", "-q", "main")
    alice.must("git", "tag", "MERGE_HEAD", "topic")
    assert [each.name for each in branches.unmerged(str(alice.cwd))] == ["origin/topic"]
    alice.must("git", "merge", "-q", "--no-ff", "--no-commit", "topic")
    assert branches.unmerged(str(alice.cwd)) == []


def _commit(person: Person, branch: str, *paths: str) -> None:
    person.run(["git", "switch", "-qc", branch])
    for path in paths:
        (person.cwd / path).parent.mkdir(exist_ok=True)
        (person.cwd / path).write_bytes(b"")
        person.must("git", "add", "-f", path)
    person.must("git", "commit", "-nqm", branch)
