"""Commits by the thousand, as `git fast-import` takes them."""

from __future__ import annotations

import base64
import random
from collections.abc import Iterable, Mapping

_FIRST = 1_700_000_000


def commit(branch: str, files: Mapping[str, bytes], number: int = 0, start: str = "refs/heads/main^0") -> bytes:
    """A commit of `files` on top of `start`, or on the branch itself if that is empty."""
    who = b"Alice <alice@example.com> %d +0000" % (_FIRST + number)
    head = b"commit refs/heads/%b\nauthor %b\ncommitter %b\ndata 5\nMany\n\n" % (branch.encode(), who, who)
    parent = b"from %b\n" % start.encode() if start else b""
    return (
        head
        + parent
        + b"".join(b"M 100644 inline %b\ndata %d\n%b\n" % (name.encode(), len(text), text) for name, text in files.items())
    )


def of_values(commits: int, keys: int) -> bytes:
    """The branch `long`, on which each commit changes one value of `.env`. The tokens are made up: a log needs no key."""
    source = random.Random(commits)
    values = [_token(source) for _ in range(keys)]
    stream = []
    for number in range(commits):
        values[source.randrange(keys)] = _token(source)
        text = b"".join(b"KEY_%d=%b\n" % pair for pair in enumerate(values))
        stream.append(commit("long", {".env": text}, number, "" if number else "refs/heads/main^0"))
    return b"".join(stream)


def of_statements(statements: Iterable[Mapping[str, bytes]], commits: int, every: int, branch: str = "long") -> bytes:
    """A branch without a parent: one commit in `every` has what the next of `statements` writes."""
    waiting = iter(statements)
    stream = []
    for number in range(commits):
        files = next(waiting, {}) if number % every == 0 else {}
        other = {f"src/{number % 97}/{number % 1_009}.txt": b"%d\n" % number}
        stream.append(commit(branch, files or other, number, ""))
    return b"".join(stream)


def _token(source: random.Random) -> bytes:
    return b"gitenv1:1.abcdef:" + base64.urlsafe_b64encode(source.randbytes(48))
