"""How files changed, commit by commit, by git's own walk: which blobs stood where, and which went away."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, NamedTuple

from gitenv.errors import NotInOrder
from gitenv.git import log, program

_WORDS = ("-z", "--raw", "--no-abbrev", "--no-renames", "--format=%H")
_PATHS_A_CALL = 500  # what a command line holds, however long they are


class Change(NamedTuple):
    """One file that a commit changed, as it was and as it is then. Object ids; "" where there was, or is, no file."""

    path: str
    before: str
    after: str


class Brought(NamedTuple):
    """One file as a commit brought it: no parent of the commit has it so."""

    commit: str
    path: str
    mode: str
    object_id: str


class Step(NamedTuple):
    """What one commit changed, compared with one of its parents."""

    commit: str
    changes: list[Change]


def steps(root: str, patterns: Iterable[str]) -> Iterator[Step]:
    """The changes of files that fit path patterns, in all that HEAD reaches, parents before children.

    A merge is compared with each of its parents. Raises `NotInOrder` where git cannot say.
    """
    yield from _steps(log.plain(root, *_WORDS, "--topo-order", "--reverse", "--", *map(_pathspec, patterns)))


def newest(root: str, paths: Sequence[str], head: str, limit: int, *, is_main_line: bool = False) -> Iterator[Step]:
    """The last `limit` changes of files, by their paths, in all that the commit `head` reaches; children before parents.

    A merge is compared with each of its parents, on the main line with the first. Raises `NotInOrder` where git cannot say.
    """
    line = ("--first-parent",) if is_main_line else ()
    for start in range(0, len(paths), _PATHS_A_CALL):
        some = paths[start : start + _PATHS_A_CALL]
        words = (*_WORDS, "--topo-order", *line, f"--max-count={limit}", "--", *(f":(top,literal){path}" for path in some))
        yield from _steps(log.plain(root, *words, heads=[head]))


def brought(
    folder: str, revisions: Sequence[str], pathspecs: Sequence[str] = (), *, is_newest_first: bool = False
) -> Iterator[Brought]:
    """What the commits that `revisions` name (as `git log` reads them) brought, read while git walks: any number of them.

    Raises `NotInOrder` where git cannot say, or stops in the middle.
    """
    # `-c` shows of a merge only what is like in no parent: what somebody slipped into it.
    words = ["log", "--no-show-signature", "--no-color", "--full-history", "-c", *_WORDS]
    words += [] if is_newest_first else ["--reverse"]
    command, env = program.command(*log.SETTINGS, *words, *revisions, "--", *pathspecs), program.environment()
    with subprocess.Popen(
        command, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as git:
        assert git.stdout is not None
        fields = _fields(git.stdout)
        commit = ""
        for field in fields:
            meta = field.lstrip("\n")
            if meta.startswith(":"):
                parents = len(meta) - len(meta.lstrip(":"))
                parts = meta[parents:].split(" ")
                mode, object_id = parts[parents], parts[2 * parents + 1]
                path = next(fields)
                if _blob(object_id):
                    yield Brought(commit, path, mode, object_id)
            elif meta:
                commit = meta
    if git.returncode:
        raise NotInOrder("git log: the commits cannot be read")


def in_tree(folder: str, tree: str, base: str) -> Iterator[Brought]:
    """The files of a tree that another one ("": none) has not so, as if a commit with the tree's id had brought them."""
    words = ("diff-tree", "-r", "-z", "--raw", "--no-abbrev", "--no-renames", "--diff-filter=d", base, tree, "--")
    fields = iter(program.paths(folder, *words) if base else ())
    for meta in fields:
        _, mode, _, object_id, _ = meta.split(" ")
        yield Brought(tree, next(fields), mode, object_id)
    for line in program.paths(folder, "ls-tree", "-r", "-z", "--full-tree", tree) if not base else ():
        meta, _, path = line.partition("\t")
        mode, _, object_id = meta.split(" ")
        yield Brought(tree, path, mode, object_id)


def _fields(stream: IO[bytes]) -> Iterator[str]:
    rest = b""
    while piece := stream.read(65536):
        *whole, rest = (rest + piece).split(b"\0")
        yield from map(os.fsdecode, whole)
    if rest:
        yield os.fsdecode(rest)


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
