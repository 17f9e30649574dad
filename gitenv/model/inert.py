"""Marks: what stands in an encrypted file and no key vouches for, kept harmless and lossless.

`EVIL=1`, pasted into an encrypted file by whoever can push, must not become a value, and must not be lost. In a work tree it is
the comment `#gitenv-unverified:TAG:EVIL%3D1`: one word, without a quote, an assignment, or what some reader takes for the end
of a line. A blank is enough for `export $(cat .env | xargs)` to export what stands behind it.

TAG is a hash of the line. It finds a mark that was edited, and needs no key: only `gitenv accept` makes a value of a mark.
"""

from __future__ import annotations

import re

from gitenv.model import base64url, cipher

MARK = b"#gitenv-unverified:"
WHOLE = b"#gitenv-unverified-file:"
_TAG = 12
_ESCAPED = rb"[^A-Za-z0-9+,./:@_-]"


def mark(raw: bytes) -> bytes:
    """Every line of `raw` as a mark: a quoted value over several lines must not come alive again."""
    return b"\n".join(MARK + _tag(line) + b":" + re.sub(_ESCAPED, _escape, line) for line in raw.split(b"\n"))


def unmark(line: bytes) -> bytes | None:
    """The line that was marked, or None if it was edited. An editor may have given it a CR at its end."""
    original = behind(line)
    return original if mark(original) == line.removesuffix(b"\r") else None


def behind(line: bytes) -> bytes:
    """What a mark shows, whether its TAG is right or not: one line, whatever somebody wrote there."""
    escaped = line.removesuffix(b"\r")[len(MARK) + _TAG + 1 :]
    shown = re.sub(rb"%([0-9A-F]{2})", lambda found: bytes.fromhex(found[1].decode("ascii")), escaped)
    return shown.replace(b"\n", b" ")


def mark_file(blob: str, sha256: bytes) -> bytes:
    """The line for a whole file that cannot be marked line by line. `blob` is its id, or "" where git does not say it."""
    return b"%b%b:%b\n" % (WHOLE, (blob or "-").encode("ascii"), base64url.encode(sha256))


def _tag(line: bytes) -> bytes:
    return base64url.encode(cipher.sha256(line))[:_TAG]


def _escape(found: re.Match[bytes]) -> bytes:
    return b"%%%02X" % found[0][0]
