"""What a commit calls a file never leads out of the work tree."""

from __future__ import annotations

import pathlib

import pytest

from gitenv import files
from gitenv.errors import NotTrusted
from gitenv.git import program, scratch

_NAMES = [
    *("../.env", "a/../../.env", "..", "/tmp/.env", "//.env", "a//.env", ".git/.env", "a/.GIT/hooks/.env"),
    *("git~1/.env", "GIT~1/.env", ".git /.env", ".git../.env", ".git::$INDEX_ALLOCATION/.env", ".g\u200cit/.env"),
    *("a\\..\\..\\.env", ".git\\hooks/.env", "\\tmp/.env"),
]


@pytest.mark.parametrize("path", _NAMES)
def test_a_name_that_leads_out_of_the_work_tree_is_refused(tmp_path: pathlib.Path, path: str) -> None:
    """An ancestor's tree may have such names: `git checkout` refuses them, `git ls-tree` lists them."""
    with pytest.raises(NotTrusted):
        files.check_inside(str(tmp_path), path)


def test_ordinary_names_are_inside(tmp_path: pathlib.Path) -> None:
    """Dots in a name, and git's own files in a work tree, are nothing to refuse."""
    for path in (".env", "a/..b/.env", ".github/.env", "./.", ".gitignore", "git~2/.env", "...", "a/.env ", "ä/.env"):
        files.check_inside(str(tmp_path), path)


def test_one_name_that_leads_out_does_not_stop_what_is_asked_of_others(tmp_path: pathlib.Path) -> None:
    """Else one pushed tree would end the gate with git's own words, whatever else it holds."""
    program.run(str(tmp_path), "init", "-q")
    text = program.run(str(tmp_path), "hash-object", "-w", "--stdin", stdin=b".env filter=gitenv\n").decode().strip()
    found = scratch.attributes(
        str(tmp_path), {".gitattributes": text, "../.gitattributes": text}, ["../.env", "/a/.env", ".env"]
    )
    assert [values["filter"] for values in found.values()] == ["unspecified", "unspecified", "gitenv"]
