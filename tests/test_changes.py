"""How files changed, commit by commit: what the revocation report and the look for replayed values are made of."""

from __future__ import annotations

import os
import sys

import pytest

from gitenv.git import changes
from gitenv.git.walk import FileChange
from tests.lab import Person


def _commit(alice: Person, **files: bytes | None) -> str:
    for name, data in files.items():
        path = alice.cwd / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(exist_ok=True)
        path.unlink() if data is None else path.write_bytes(data)
    alice.must("git", "add", "-A")
    alice.must("git", "commit", "-qm", "x")
    return alice.must("git", "rev-parse", "HEAD").said


def _steps(alice: Person, *patterns: str) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """Each step, with contents in the place of object ids."""
    found = changes.steps(str(alice.cwd), patterns or [".env"])
    return [(step.id, [_read(alice, change) for change in step.changes]) for step in found]


def _read(alice: Person, change: FileChange) -> tuple[str, str, str]:
    before, after = (
        alice.must("git", "cat-file", "blob", each).stdout.decode() if each else "" for each in (*change.before, change.after)
    )
    return change.path, before, after


def test_before_the_first_commit(alice: Person) -> None:
    """There is nothing to tell."""
    assert _steps(alice) == []


def test_one_line_of_history(alice: Person) -> None:
    """Oldest first: made, changed, deleted, made again, and no commit that changed something else."""
    made = _commit(alice, _env=b"1")
    _commit(alice, other=b"x")
    changed = _commit(alice, _env=b"2")
    gone = _commit(alice, _env=None)
    again = _commit(alice, _env=b"1")
    assert _steps(alice) == [
        (made, [(".env", "", "1")]),
        (changed, [(".env", "1", "2")]),
        (gone, [(".env", "2", "")]),
        (again, [(".env", "", "1")]),
    ]


def test_patterns(alice: Person) -> None:
    """A base name fits in any folder, a path from the top only there; a star crosses no folder."""
    commit = _commit(alice, _env=b"1", a___env=b"2", a__x=b"3")
    assert _steps(alice, ".env") == [(commit, [(".env", "", "1"), ("a/.env", "", "2")])]
    assert _steps(alice, "a/.env") == [(commit, [("a/.env", "", "2")])]
    assert _steps(alice, "*/.env") == [(commit, [("a/.env", "", "2")])]
    assert _steps(alice, "a/x", ".env") == [(commit, [(".env", "", "1"), ("a/.env", "", "2"), ("a/x", "", "3")])]
    assert _steps(alice, "nosuch") == []


def test_moves(alice: Person) -> None:
    """A moved file is gone in one place and there in another, whatever git is set to make of it."""
    alice.must("git", "config", "diff.renames", "copies")
    _commit(alice, _env=b"1")
    alice.must("git", "mv", ".env", "new")
    commit = _commit(alice)
    assert _steps(alice, ".env", "new")[1:] == [(commit, [(".env", "1", ""), ("new", "", "1")])]


def test_merges(alice: Person) -> None:
    """A merge is told for each parent that it differs from; what only a merge brought is told as well."""
    base = _commit(alice, _env=b"1")
    alice.must("git", "switch", "-qc", "topic")
    topic = _commit(alice, _env=b"2")
    alice.must("git", "switch", "-q", "main")
    main = _commit(alice, a___env=b"3")
    alice.must("git", "merge", "-q", "--no-commit", "topic")
    merge = _commit(alice, _env=b"by the merge")
    found = _steps(alice)
    assert found[0] == (base, [(".env", "", "1")])
    assert {commit for commit, _ in found} == {base, topic, main, merge}
    told = [change for commit, listed in found if commit == merge for change in listed]
    assert (".env", "1", "by the merge") in told
    assert (".env", "2", "by the merge") in told
    assert ("a/.env", "", "3") in told


def test_a_side_that_was_thrown_away(alice: Person) -> None:
    """Merged and not taken, it is told all the same: somebody could read it."""
    _commit(alice, _env=b"1")
    alice.must("git", "switch", "-qc", "topic")
    topic = _commit(alice, _env=b"2")
    alice.must("git", "switch", "-q", "main")
    _commit(alice, other=b"x")
    alice.must("git", "merge", "-q", "--no-edit", "-s", "ours", "topic")
    assert (topic, [(".env", "1", "2")]) in _steps(alice)


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_links_and_submodules(alice: Person) -> None:
    """A link's target is no document, and neither is a submodule's commit; what was a file before them is told."""
    first = _commit(alice, _env=b"1")
    (alice.cwd / ".env").unlink()
    (alice.cwd / ".env").symlink_to("elsewhere")
    link = _commit(alice)
    (alice.cwd / ".env").unlink()
    alice.must("git", "rm", "-q", "--cached", ".env")
    alice.must("git", "update-index", "--add", "--cacheinfo", f"160000,{first},.env")
    alice.must("git", "commit", "-qm", "x")
    found = _steps_raw(alice)
    assert [after for _, _, after in found] == ["1", "", ""]
    assert found[1][0] == link


def _steps_raw(alice: Person) -> list[tuple[str, str, str]]:
    found = []
    for step in changes.steps(str(alice.cwd), [".env"]):
        (change,) = step.changes
        after = alice.must("git", "cat-file", "blob", change.after).said if change.after else ""
        found.append((step.id, change.before[0], after))
    return found


@pytest.mark.skipif(sys.platform == "win32", reason="no file can have such a name there")
def test_odd_paths(alice: Person) -> None:
    """Line ends, blanks and bytes that are no UTF-8 in a path split nothing."""
    paths = sorted([b"a\nb", b":100644 x", b" ", b"\xff", b'"q"', b"\n"])
    for path in paths:
        folder = os.path.join(os.fsencode(alice.cwd), path)
        os.mkdir(folder)
        with open(os.path.join(folder, b".env"), "wb") as file:
            file.write(b"1")
    commit = _commit(alice)
    assert _steps(alice) == [(commit, [(os.fsdecode(path + b"/.env"), "", "1") for path in paths])]


def test_settings_of_the_user(alice: Person) -> None:
    """What people set for their own log changes nothing."""
    base = _commit(alice, _env=b"1")
    for name, value in (
        ("log.follow", "true"),
        ("log.showRoot", "false"),
        ("log.diffMerges", "off"),
        ("diff.relative", "true"),
        ("diff.noprefix", "true"),
        ("log.abbrevCommit", "true"),
        ("format.pretty", "oneline"),
        ("core.quotePath", "true"),
        ("color.ui", "always"),
    ):
        alice.must("git", "config", name, value)
    assert _steps(alice) == [(base, [(".env", "", "1")])]
