"""Commits one by one, with the files that each changed: what a walk gives, and git's own walk, which works everywhere.

`git.walk` gives the same by libgit2, which is quicker and knows neither SHA-256 nor reftable repositories.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from gitenv.git import log, program
from gitenv.git.layout import RECIPIENTS
from gitenv.git.objects import Objects

_AUTHOR = re.compile(rb"author (?:(.*) )?<(.*)> (-?[0-9]{1,20}) [+-][0-9]+")
_MAX_NAME = 200  # characters: a commit may name its author as long as it likes
_YEAR_10000 = 253_402_300_800


class Author(NamedTuple):
    """What a commit says of itself. Whoever makes one writes what they like into it."""

    name: str
    email: str
    seconds: int  # since 1970, UTC; -1 where it has no date that a calendar knows
    is_signed: bool  # it carries a signature; nobody has verified it
    parents: tuple[str, ...]


class FileChange(NamedTuple):
    """A file that a commit has in another form than each of its parents. Object ids; "" where there is no file."""

    path: str
    before: tuple[str, ...]  # one for each parent; one "" in a commit without parents
    after: str


class Visit(NamedTuple):
    """One commit of a walk. What a merge has from one of its parents is no change."""

    commit: str
    parents: tuple[str, ...]  # as far as the clone has them
    changes: list[FileChange]


class GitCommits:
    """Commits by `git log`."""

    def __init__(self, folder: str, objects: Objects) -> None:
        self._folder, self._objects = folder, objects

    def walk(self, heads: Sequence[str], hidden: Sequence[str]) -> Iterator[Visit]:
        """All that `heads` reach and `hidden` do not, newest first, children before parents. Raises `NotInOrder`."""
        words = ("-z", "--raw", "-c", "--no-abbrev", "--no-renames", "--date-order", "--format=%H %P")
        said = log.plain(self._folder, *words, *(f"^{commit}" for commit in hidden), "--", heads=heads)
        fields = iter(os.fsdecode(said).split("\0"))
        visit: Visit | None = None
        for field in fields:
            meta = field.lstrip("\n")
            if meta.startswith(":"):
                assert visit is not None
                visit.changes.append(_change(meta, next(fields)))
            elif meta:
                if visit:
                    yield visit
                commit, *parents = meta.split()
                visit = Visit(commit, tuple(parents), [])
        if visit:
            yield visit

    def author(self, commit: str) -> Author:
        """Who made a commit, and when."""
        return author(self._objects.commit(commit) or b"")

    def recipients(self, commit: str) -> str:
        """The id of a commit's `.recipients/`, or ""."""
        return self._objects.id(f"{commit}:{RECIPIENTS}")

    def blob(self, object_id: str, limit: int) -> bytes | None:
        """The contents of a blob; None if it cannot be read, or is larger than `limit` bytes."""
        return self._objects.read(object_id, limit)


def _change(meta: str, path: str) -> FileChange:
    """`:MODE MODE ID ID M`, in a merge with a colon, a mode and an id more for each further parent."""
    count = len(meta) - len(meta.lstrip(":"))
    words = meta[count:].split(" ")
    ids = [_blob(mode, blob) for mode, blob in zip(words[: count + 1], words[count + 1 : 2 * count + 2], strict=True)]
    return FileChange(path, tuple(ids[:-1]), ids[-1])


def _blob(mode: str, object_id: str) -> str:
    # A link's target or a submodule's commit is no document.
    return object_id if mode.startswith("100") else ""


def author(raw: bytes) -> Author:
    """Read the header of a commit. What is not as it should be comes out empty."""
    lines = raw.partition(b"\n\n")[0].split(b"\n")
    found = next(filter(None, map(_AUTHOR.fullmatch, lines)), None)
    name, email, seconds = found.groups() if found else (b"", b"", b"-1")
    moment = int(seconds)
    return Author(
        *(_text(name or b"").strip(), _text(email).strip()),
        moment if 0 <= moment < _YEAR_10000 else -1,
        any(line.startswith((b"gpgsig ", b"gpgsig-sha256 ")) for line in lines),
        tuple(line[7:].decode("ascii", "replace") for line in lines if line.startswith(b"parent ")),
    )


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")[:_MAX_NAME]
    except UnicodeDecodeError:
        return data.decode("latin-1")[:_MAX_NAME]


def count(folder: str, heads: Sequence[str], hidden: Sequence[str]) -> int:
    """How many commits a walk visits; 0 if git cannot say."""
    done = program.attempt(folder, "rev-list", "--count", *heads, *(f"^{commit}" for commit in hidden), "--")
    return int(done.stdout) if done.returncode == 0 and heads else 0


def merge_bases(folder: str, one: str, other: str) -> list[str]:
    """The commits in which two lines of history part; none where they have nothing in common."""
    return program.attempt(folder, "merge-base", "--all", one, other).stdout.decode("ascii", "replace").split()


def git_dir(folder: str) -> str:
    """git's own folder for the repository around a folder, bare or not. Raises `NotInOrder` where there is none."""
    return os.fsdecode(program.run(folder, "rev-parse", "--absolute-git-dir")).rstrip("\n")
