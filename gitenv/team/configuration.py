"""What is not as gitenv sets it in git's configuration of a clone, for `status` and `doctor` alike."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator

from gitenv.git.repository import Repository
from gitenv.team import installation, setup


def wrong(repository: Repository) -> Iterator[tuple[str, str]]:
    """The code and the text of each thing that is wrong, once; of a clone where somebody ran `gitenv init`."""
    said: set[str] = set()
    for key, value in setup.settings(repository).items():
        there = repository.config(key)
        if there == value:
            continue
        code, text = _about(repository, key, there, value)
        if code not in said:
            said.add(code)
            yield code, text


def _about(repository: Repository, key: str, there: str, wanted: str) -> tuple[str, str]:
    if key.endswith(".required"):
        return "not-required", "filter.gitenv.required is not true: a filter that dies stages plain text"
    if key.startswith("merge."):
        return "merge-driver", f"{key} is not set as gitenv sets it: merges are by line and not by key"
    if key.startswith("diff.") and there.endswith(wanted):
        return "textconv", "gitenv.maskDiff is set since gitenv was set up: git shows values in diffs"
    if key.startswith("diff."):
        return "textconv", f"{key} is not as gitenv sets it: diffs are encrypted, masked or slow"
    if not there:
        return "filter-missing", f"{key} is not set: git does not call gitenv"
    if not _is_there(repository, there):
        return "filter-gone", f"{key} starts a program that is not there any more"
    return "filter-elsewhere", f"{key} starts another installation of gitenv than this one"


def _is_there(repository: Repository, command: str) -> bool:
    if installation.is_command(command):
        return any(each.is_there for each in installation.noted(repository))
    try:
        words = shlex.split(command)
    except ValueError:
        return False
    return bool(words) and os.path.isabs(words[0]) and os.access(words[0], os.X_OK)
