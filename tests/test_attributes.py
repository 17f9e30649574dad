"""gitenv's lines in attributes and .gitignore files: written once, in the line ends that the file has."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from gitenv.git import attributes
from gitenv.git.repository import Ignored, Repository
from gitenv.repo.snapshot import WorkSnapshot
from gitenv.team import gitignore


@pytest.fixture
def clone(unconfigured: Path) -> Path:
    """An empty repository, with nothing of the machine's configuration."""
    subprocess.run(["git", "init", "-q", str(unconfigured / "app")], check=True)
    return unconfigured / "app"


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_the_block_has_the_line_ends_of_its_file(end: bytes) -> None:
    """A file with CR LF stays one, and writing the block again changes nothing."""
    text = b"* text=auto" + end
    block = attributes.committed([".env", "apps/web/.env"], guard=True)
    written = attributes.with_block(text, block)
    assert written.count(b"\n") == written.count(end)
    assert attributes.with_block(written, block) == written
    assert attributes.without_block(written) == text
    assert attributes.has_block(written)
    assert attributes.has_guard(written)
    assert attributes.patterns_in(written) == attributes.patterns_in(block)


def _values(folder: Path, path: str) -> dict[str, str]:
    asked = subprocess.run(["git", "check-attr", "-a", "--", path], cwd=folder, capture_output=True, check=True)
    return dict(line.split(": ")[1:] for line in asked.stdout.decode().splitlines())


def test_control_files_are_nobody_elses(clone: Path) -> None:
    """No line before gitenv's, and none of a team's wide patterns, converts, filters or merges a signed file."""
    before = b"* text=auto eol=crlf ident filter=annex working-tree-encoding=UTF-16\n"
    (clone / ".gitattributes").write_bytes(attributes.with_block(before, attributes.committed(["conf*", "*env*"], guard=True)))
    statement = {"text": "unset", "ident": "unset", "merge": "unset"}
    assert _values(clone, ".recipients/development/environment") == statement
    assert _values(clone, ".recipients/configurator.pub") == {"text": "unset", "ident": "unset"}
    assert _values(clone, ".env")["text"] == _values(clone, ".env")["ident"] == "unset"


def test_control_files_of_a_work_tree_are_read_without_cr(clone: Path) -> None:
    """One CR before each LF comes off; a CR elsewhere is the file's."""
    (clone / ".recipients").mkdir()
    (clone / ".recipients/bob.pub").write_bytes(b"one\r\ntwo\r\r\nthree\r")
    assert WorkSnapshot(str(clone)).read(".recipients/bob.pub", 100) == b"one\ntwo\r\nthree\r"


def test_a_gitignore_with_cr_keeps_them(clone: Path) -> None:
    """What stays private is named once, in the file's own line ends."""
    (clone / ".gitignore").write_bytes(b".env*\r\n.env.local\r\n")
    gitignore.take_out(Repository(str(clone)), [Ignored(".env", ".gitignore", 1, ".env*")])
    assert (clone / ".gitignore").read_bytes() == b".env.*.local\r\n.env.keys\r\n.env.local\r\n"
