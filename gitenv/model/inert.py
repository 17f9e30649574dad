"""Unverified lines: what stands in an encrypted file and no key vouches for, kept harmless and lossless.

`EVIL=1`, pasted into an encrypted file by whoever can push, must not become a value, and must not be lost. In an open work tree
it is the comment `#gitenv-unverified:TAG EVIL=1`. TAG is a MAC, or the mark would be a way to write plain text into a commit.
"""

from __future__ import annotations

from collections.abc import Iterable

from gitenv.model import base64url
from gitenv.model.cipher import Keys

MARK = b"#gitenv-unverified:"


def mark(raw: bytes, keys: Keys) -> bytes:
    """Every line of `raw` as an unverified one: a quoted value over several lines must not come alive again."""
    return b"\n".join(MARK + base64url.encode(keys.inert_tag(line)) + b" " + line for line in raw.split(b"\n"))


def unmark(line: bytes, keyrings: Iterable[Keys]) -> bytes | None:
    """The line that was marked with one of the keys, or None if the TAG is not right."""
    from cryptography.hazmat.primitives.constant_time import bytes_eq

    tag, _, original = line[len(MARK) :].partition(b" ")
    for keys in keyrings:
        if bytes_eq(base64url.encode(keys.inert_tag(original)), tag):
            return original
    return None
