"""Commits by the thousand, as `git fast-import` takes them."""

from __future__ import annotations

import base64
import random
from collections.abc import Iterable, Mapping

from tests import fast_import

MAIN = "refs/heads/main^0"
"""The commit that a repository has already, for a stream to go on from."""


def of_values(commits: int, keys: int) -> bytes:
    """The branch `long`, on which each commit changes one value of `.env`. The tokens are made up: a log needs no key."""
    source = random.Random(commits)
    values = [_token(source) for _ in range(keys)]
    stream = []
    for number in range(commits):
        values[source.randrange(keys)] = _token(source)
        text = b"".join(b"KEY_%d=%b\n" % pair for pair in enumerate(values))
        stream.append(fast_import.commit("long", {".env": text}, () if number else (MAIN,), number))
    return b"".join(stream)


def of_statements(statements: Iterable[Mapping[str, bytes]], commits: int, every: int, branch: str = "long") -> bytes:
    """A branch without a parent: one commit in `every` has what the next of `statements` writes."""
    waiting = iter(statements)
    stream = []
    for number in range(commits):
        files = next(waiting, {}) if number % every == 0 else {}
        other = {f"src/{number % 97}/{number % 1_009}.txt": b"%d\n" % number}
        stream.append(fast_import.commit(branch, files or other, (), number))
    return b"".join(stream)


def _token(source: random.Random) -> bytes:
    return b"gitenv1:1.abcdef:" + base64.urlsafe_b64encode(source.randbytes(48))
