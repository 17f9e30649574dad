"""What a commit calls a file never leads out of the work tree."""

from __future__ import annotations

import os
import pathlib
import sys

import pytest

from gitenv.errors import NotTrusted
from gitenv.git import program, scratch
from gitenv.system import files

_NAMES = [
    *("../.env", "a/../../.env", "..", "/tmp/.env", "//.env", "a//.env", ".git/.env", "a/.GIT/hooks/.env"),
    *("git~1/.env", "GIT~1/.env", ".git /.env", ".git../.env", ".git::$INDEX_ALLOCATION/.env", ".git\\hooks/.env"),
]


@pytest.mark.parametrize("path", _NAMES)
def test_a_name_that_leads_out_of_the_work_tree_is_refused(tmp_path: pathlib.Path, path: str) -> None:
    """An ancestor's tree may have such names: `git checkout` refuses them, `git ls-tree` lists them."""
    with pytest.raises(NotTrusted):
        files.check_inside(str(tmp_path), path)


def test_what_git_refuses_on_macos_is_refused_there(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """HFS+ leaves a zero-width letter out of a name; elsewhere git checks it out, and it stops nobody."""
    monkeypatch.setattr(sys, "platform", "linux")
    files.check_inside(str(tmp_path), ".g\u200cit/.env")
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(NotTrusted):
        files.check_inside(str(tmp_path), ".g\u200cit/.env")


def test_ordinary_names_are_inside(tmp_path: pathlib.Path) -> None:
    """Dots in a name, and git's own files in a work tree, are nothing to refuse."""
    found = [".env", "a/..b/.env", ".github/.env", "./.", ".gitignore", "git~2/.env", "...", "a/.env ", "ä/.env"]
    for path in [*found, *(["\\x/.env", "a\\..\\b/.env", "a:b/.env"] if os.name != "nt" else [])]:
        files.check_inside(str(tmp_path), path)


def test_one_name_that_leads_out_does_not_stop_what_is_asked_of_others(tmp_path: pathlib.Path) -> None:
    """Else one pushed tree would end the gate with git's own words, whatever else it holds."""
    program.run(str(tmp_path), "init", "-q")
    text = program.run(str(tmp_path), "hash-object", "-w", "--stdin", stdin=b".env filter=gitenv\n").decode().strip()
    found = scratch.attributes(
        scratch.store(str(tmp_path)), {".gitattributes": text, "../.gitattributes": text}, ["../.env", "/a/.env", ".env"]
    )
    assert [values["filter"] for values in found.values()] == ["unspecified", "unspecified", "gitenv"]
