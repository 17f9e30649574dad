"""How files changed, commit by commit, by git's own walk: which blobs stood where, and which went away."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from gitenv.git import log


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
    words = ("-z", "--raw", "--no-abbrev", "--no-renames", "--topo-order", "--reverse", "--format=%H")
    fields = iter(os.fsdecode(log.plain(root, *words, "--", *map(_pathspec, patterns))).split("\0"))
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
