"""What a commit says of itself, and which of them lie between two."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

from gitenv.git import program
from gitenv.tuples import NamedTuple

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

    @property
    def called(self) -> str:
        """What people know them by."""
        return self.name or self.email

    @property
    def moment(self) -> str:
        """The date in UTC, like 2026-11-21T10:00:00Z; "" if there is none."""
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.seconds)) if self.seconds >= 0 else ""


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
