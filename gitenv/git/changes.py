"""How files changed, commit by commit, by git's own walk: which blobs stood where, and which went away."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from gitenv.git import log

_WORDS = ("-z", "--raw", "--no-abbrev", "--no-renames", "--format=%H")
_PATHS_A_CALL = 500  # what a command line holds, however long they are


class Change(NamedTuple):
    """One file that a commit changed, as it was and as it is then. Object ids; "" where there was, or is, no file."""

    path: str
    before: str
    after: str


class Step(NamedTuple):
    """What one commit changed, compared with one of its parents."""

    commit: str
    changes: list[Change]


def steps(root: str, patterns: Iterable[str]) -> Iterator[Step]:
    """The changes of files that fit path patterns, in all that HEAD reaches, parents before children.

    A merge is compared with each of its parents. Raises `NotInOrder` where git cannot say.
    """
    yield from _steps(log.plain(root, *_WORDS, "--topo-order", "--reverse", "--", *map(_pathspec, patterns)))


def newest(root: str, paths: Sequence[str], head: str, limit: int) -> Iterator[Step]:
    """The last `limit` changes of files, by their paths, in all that the commit `head` reaches; children before parents.

    A merge is compared with each of its parents. Raises `NotInOrder` where git cannot say.
    """
    for start in range(0, len(paths), _PATHS_A_CALL):
        some = paths[start : start + _PATHS_A_CALL]
        words = (*_WORDS, "--topo-order", f"--max-count={limit}", "--", *(f":(top,literal){path}" for path in some))
        yield from _steps(log.plain(root, *words, heads=[head]))


def _steps(output: bytes) -> Iterator[Step]:
    fields = iter(os.fsdecode(output).split("\0"))
    step: Step | None = None
    for field in fields:
        meta = field.lstrip("\n")
        if meta.startswith(":"):
            _, mode, before, after, _ = meta.split(" ")
            assert step is not None
            # A link's target or a submodule's commit is no document.
            step.changes.append(Change(next(fields), _blob(before), _blob(after) if mode.startswith("100") else ""))
        elif meta:
            if step:
                yield step
            step = Step(meta, [])
    if step:
        yield step


def _blob(object_id: str) -> str:
    return object_id if object_id.strip("0") else ""


def _pathspec(pattern: str) -> str:
    return f":(glob){pattern}" if "/" in pattern else f":(glob)**/{pattern}"
