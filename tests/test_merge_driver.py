"""The merge driver as git starts it: its answer, its labels, and what it does with files that cannot be merged by key."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitenv.drivers import merge
from gitenv.model import document, merging
from gitenv.model.document import Kind


@pytest.fixture(autouse=True)
def _somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


def _merge(base: bytes, ours: bytes, theirs: bytes, *words: str) -> tuple[int, bytes]:
    for name, data in (("base", base), ("ours", ours), ("theirs", theirs)):
        Path(name).write_bytes(data)
    return merge.merge("base", "ours", "theirs", *(words or ("7", ".env"))), Path("ours").read_bytes()


def test_labels_are_those_that_git_gives() -> None:
    """Where git knows names of the sides they stand at the markers, harmlessly; where its words come as they are, ours do."""
    sides = b"A=0\n", b"A=1\n", b"A=2\n"
    new = _merge(*sides, "9", ".env", "abc123", "HEAD", "0a1b2c3 (fix: to\x1bpic, $(x)=*)")
    assert new == (1, b"<<<<<<<<< HEAD\nA=1\n=========\nA=2\n>>>>>>>>> 0a1b2c3 fix tox1bpic, x\n")
    assert {record.kind for record in document.parse(new[1])} == {Kind.PLAIN, Kind.ASSIGNMENT}
    assert _merge(*sides, "0", ".env", "%S", "%X", "%Y") == (1, b"<<<<<<< ours\nA=1\n=======\nA=2\n>>>>>>> theirs\n")
    assert _merge(b"A=0\nB=0\n", b"A=1\nB=0\n", b"A=0\nB=1\n") == (0, b"A=1\nB=1\n")


def test_markers_are_such_that_everybody_sees_them() -> None:
    """`conflict-marker-size` is anybody's: whatever it says, git add and the gate take the markers for what they are."""
    for size in ("1", "30", "999999999999"):
        code, text = _merge(b"A=0\n", b"A=1\n", b"A=2\n", size, ".env")
        assert code == 1
        kinds = [record.kind for record in document.parse(text)]
        assert kinds == [Kind.PLAIN, Kind.ASSIGNMENT, Kind.PLAIN, Kind.ASSIGNMENT, Kind.PLAIN]


def test_what_is_no_document_is_merged_as_git_does(capfd: pytest.CaptureFixture[str]) -> None:
    """Too many records merge as text; bytes that git takes for binary stay ours, and in conflict."""
    many = b"".join(b"A%d=1\n" % number for number in range(document.MAX_RECORDS))
    assert _merge(many + b"Z=1\n", b"NEW=1\n" + many + b"Z=1\n", many + b"Z=2\n") == (0, b"NEW=1\n" + many + b"Z=2\n")
    large = b"\0" * (document.MAX_BYTES + 1)
    assert _merge(b"", large, b"A=1\n") == (1, large)
    capfd.readouterr()


def test_a_bug_of_ours_loses_nothing(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """Whatever breaks in the merge by key, git's own merge of text takes its place, and no value is in what is said."""

    def broken(*_: object) -> None:
        raise ValueError("hunter2")

    monkeypatch.setattr(merging, "merge", broken)
    code, text = _merge(b"A=0\n", b"A=hunter2\n", b"A=2\n")
    assert (code, text) == (1, b"<<<<<<< ours\nA=hunter2\n=======\nA=2\n>>>>>>> theirs\n")
    said = capfd.readouterr().err
    assert "a bug in gitenv: ValueError at test_merge_driver.py:" in said
    assert "hunter2" not in said
