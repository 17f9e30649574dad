"""No eight bytes of a secret show in a commit, however a person wrote it into the file."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gitenv.model import document
from tests.model.builders import committed, ring_of

RING = ring_of()
PRINTABLE = bytes(range(33, 127))
BOM = b"\xef\xbb\xbf"


def _secret(kind: str, seed: int, size: int) -> bytes:
    """A random secret of at least 16 characters; real entropy, which hypothesis' own bytes do not have."""
    random = Random(seed)
    raw = random.randbytes(size)
    if kind == "printable":
        return bytes(random.choice(PRINTABLE) for _ in range(size))
    return {"base64": base64.b64encode, "base64url": base64.urlsafe_b64encode, "hex": base64.b16encode}[kind](raw)


def _wrapped(secret: bytes, width: int) -> list[bytes]:
    return [secret[start : start + width] for start in range(0, len(secret), width)]


def _pem(secret: bytes) -> bytes:
    return b"\n".join([b"-----BEGIN PRIVATE KEY-----", *_wrapped(secret, 64), b"-----END PRIVATE KEY-----"])


def _quoted(quote: bytes, secret: bytes) -> bytes:
    return quote + secret.replace(b"\\", b"\\\\").replace(quote, b"\\" + quote) + quote


def _json(secret: bytes) -> bytes:
    return json.dumps({"id": 1, "key": secret.decode(), "more": [secret.decode()]}, indent=2).encode()


def _continued(secret: bytes) -> bytes:
    """Split over lines with a backslash at the end of each, where that backslash is not escaped itself."""
    pieces = [secret[:9]]
    for start in range(9, len(secret), 11):
        pieces.append(secret[start : start + 11])
        if pieces[-2].endswith(b"\\"):
            pieces[-2:] = [b"".join(pieces[-2:])]
    return b"\\\n".join(pieces)


# One line, or lines that need no wrapping: for secrets of every kind.
WAYS: dict[str, Callable[[bytes], bytes]] = {
    "unquoted": lambda s: b"KEY=" + s,
    "double quotes": lambda s: b"KEY=" + _quoted(b'"', s),
    "single quotes": lambda s: b"KEY=" + _quoted(b"'", s),
    "backticks": lambda s: b"KEY=" + _quoted(b"`", s),
    "quotes that the secret may break": lambda s: b"KEY='" + s + b"'",
    "quotes over lines": lambda s: b'KEY="\n' + s.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'\n"',
    "a hash inside": lambda s: b"KEY=" + s[:8] + b"#" + s[8:],
    "a hash inside quotes": lambda s: b"KEY=" + _quoted(b'"', s[:8] + b" # " + s[8:]),
    "after a blank and a hash": lambda s: b"KEY=pass #" + s,
    "inline comment": lambda s: b"KEY=1 # was " + s,
    "inline comment after quotes": lambda s: b"KEY='1' # was " + s,
    "exported": lambda s: b"export KEY=" + s,
    "exported in quotes": lambda s: b"export\tKEY=" + _quoted(b'"', s),
    "blanks around": lambda s: b"  KEY = " + s + b"  ",
    "colon": lambda s: b"KEY: " + s,
    "colon without a blank": lambda s: b"KEY:" + s,
    "no name": lambda s: b"=" + s,
    "name with a blank": lambda s: b"MY KEY=" + s,
    "name that is none": lambda s: b"1KEY=" + s,
    "url": lambda s: b"KEY=postgres://me:" + s + b"@host/db",
    "bare url": lambda s: b"postgres://me:" + s + b"@host/db",
    "commented out": lambda s: b"# OLD=" + s,
    "commented out twice": lambda s: b"## OLD=" + s,
    "unclosed quote": lambda s: b'KEY="' + s.replace(b'"', b""),
    "byte order mark": lambda s: BOM + b"KEY=" + s,
    "byte order mark in quotes": lambda s: BOM + b"export KEY=" + _quoted(b"'", s),
    "json": lambda s: b"KEY=" + _json(s),
    "json on the next line": lambda s: b"KEY=\n" + _json(s),
    "json in quotes": lambda s: b"KEY='" + _json(s) + b"'",
    "continuation": lambda s: b"KEY=" + _continued(s),
    "continuation of nothing": lambda s: b"KEY=\\\n" + _continued(s),
    "continued quotes": lambda s: b"KEY='" + s[:8].replace(b"'", b"").replace(b"\\", b"") + b"'\\\n" + _continued(s[8:]),
    "triple quotes": lambda s: b'KEY="""\n' + s.replace(b'"', b"") + b'\n"""',
    "carriage returns only": lambda s: b"A=1\rKEY=" + s + b"\rB=2",
    "nul": lambda s: b"KEY=\0" + s + b"\0",
    "no utf-8": lambda s: b"KEY=\xff\xfe" + s,
    "key of a set": lambda s: b"set KEY=" + s,
    "added to": lambda s: b"KEY+=" + s,
}

# Wrapped at some width, and so on lines of their own: for base64 and hex.
WRAPPED: dict[str, Callable[[bytes, int], bytes]] = {
    "pem": lambda s, _: b"KEY=" + _pem(s),
    "pem on the next line": lambda s, _: b"KEY=\n" + _pem(s),
    "pem indented": lambda s, _: b"KEY: |\n  " + _pem(s).replace(b"\n", b"\n  "),
    "pem in an unclosed quote": lambda s, _: b'KEY="' + _pem(s),
    "pem half commented out": lambda s, _: b"# KEY=" + _pem(s),
    "pem without an end": lambda s, _: b"KEY=" + _pem(s).rpartition(b"\n")[0],
    "pem with headers": lambda s, _: b"KEY=" + _pem(s).replace(b"\n", b"\nProc-Type: 4\n", 1),
    "pem where a backslash ends no quote": lambda s, _: b"A='C:\\'\nB='" + _pem(s) + b"'",
    "from the name's line on": lambda s, w: b"KEY=" + b"\n".join(_wrapped(s, w)),
    "from the next line on": lambda s, w: b"KEY=\n" + b"\n".join(_wrapped(s, w)),
    "whole on the next line": lambda s, _: b"KEY=\n" + s,
    "first line longer": lambda s, w: b"KEY=" + b"\n".join([s[:70], *_wrapped(s[70:], w)]),
    "first line shorter": lambda s, w: b"KEY=" + b"\n".join([s[:21], *_wrapped(s[21:], w)]),
    "indented": lambda s, w: b"KEY=" + b"\n    ".join(_wrapped(s, w)),
    "yaml": lambda s, w: b"KEY: |\n  " + b"\n  ".join(_wrapped(s, w)),
    "with a prefix": lambda s, w: b"KEY=base64:" + b"\n".join(_wrapped(s, w)),
    "with blanks at the ends": lambda s, w: b"KEY=" + b" \n".join(_wrapped(s, w)),
    "exported and wrapped": lambda s, w: b"export KEY = " + b"\n".join(_wrapped(s, w)),
    "in an unclosed quote": lambda s, w: b'KEY="' + b"\n".join(_wrapped(s, w)),
    "in triple quotes": lambda s, w: b'KEY="""\n' + b"\n".join(_wrapped(s, w)) + b'\n"""',
    "in quotes": lambda s, w: b"KEY='" + b"\n".join(_wrapped(s, w)) + b"'",
    "in quotes on lines of their own": lambda s, w: b"KEY=`\n" + b"\n".join(_wrapped(s, w)) + b"\n`",
    "first line commented out": lambda s, w: b"# KEY=" + b"\n".join(_wrapped(s, w)),
    "all commented out": lambda s, w: b"# KEY=" + b"\n# ".join(_wrapped(s, w)),
    "continued": lambda s, w: b"KEY=" + b"\\\n".join(_wrapped(s, w)),
    "where a backslash ends no quote": lambda s, w: b"A='C:\\'\nB='\n" + b"\n".join(_wrapped(s, w)) + b"'",
    "byte order mark": lambda s, w: BOM + b"KEY=" + b"\n".join(_wrapped(s, w)),
}

_BEFORE = st.sampled_from([b"", b"", b"# note\n", b"OTHER=1\n", b"who knows\n", b'Q="a\nb"\n', b"## heading\n\n"])
_AFTER = st.sampled_from([b"", b"\n", b"\nNEXT=1\n", b'\nNEXT="1"\n', b"\nNEXT=\n"])
_SEEDS = st.integers(0, 2**32)


def _show(secret: bytes, commit: bytes) -> list[bytes]:
    return [window for start in range(len(secret) - 7) if (window := secret[start : start + 8]) in commit]


@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=40)
@given(
    st.sampled_from(["base64", "base64url", "hex", "printable"]), _SEEDS, st.integers(16, 60), _BEFORE, _AFTER, st.booleans()
)
def test_secrets_do_not_show(way: str, kind: str, seed: int, size: int, before: bytes, after: bytes, has_crlf: bool) -> None:
    """A secret of any kind, written in one of the ways people write values, comments and mistakes."""
    secret = _secret(kind, seed, size)
    data = before + WAYS[way](secret) + after
    assert _show(secret, committed(data.replace(b"\n", b"\r\n") if has_crlf else data, RING)) == []


@pytest.mark.parametrize("way", WRAPPED)
@settings(max_examples=60)
@given(
    st.sampled_from(["base64", "base64", "base64url", "hex"]),
    _SEEDS,
    st.integers(16, 150),
    st.sampled_from([64, 76, 60, 50, 33]),
    _BEFORE,
    _AFTER,
    st.booleans(),
)
@example("base64", 1, 56, 64, b"", b"\n", False)  # a whole line, and a tail of eleven and one "="
@example("base64", 1, 53, 64, b"", b"\n", False)  # … of seven and one "="
@example("base64url", 4, 56, 64, b"", b"\n", True)
@example("base64", 1, 17, 64, b"", b"\n", False)  # one line that ends in one "="
def test_wrapped_secrets_do_not_show(
    way: str, kind: str, seed: int, size: int, width: int, before: bytes, after: bytes, has_crlf: bool
) -> None:
    """A secret over lines: the last line of base64 reads like a name and its equals sign, and is none."""
    secret = _secret(kind, seed, size)
    data = before + WRAPPED[way](secret, width) + after
    assert _show(secret, committed(data.replace(b"\n", b"\r\n") if has_crlf else data, RING)) == []


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_does_not_show(encoding: str) -> None:
    """What PowerShell's `>` writes shows nothing at all, not even names."""
    text = "KEY=hunter2hunter2\r\n# OLD=hunter2hunter2\r\nB: hunter2hunter2\r\n".encode(encoding)
    commit = committed(text, RING)
    assert "hunter2".encode("utf-16-le") not in commit
    assert [record.name for record in document.parse(commit) if record.name] == []


@pytest.mark.parametrize("tail", [b"QUJDREV=", b"QUJDREV", b"Q1JDREVG=", b"cXVpZXQ="])
def test_short_tails_do_not_show(tail: bytes) -> None:
    """A tail that could be a short name in upper case shows no eight bytes either, its equals sign counted."""
    assert tail[:8] not in committed(b"KEY=" + b"QUJDabcd" * 8 + b"\n" + tail + b"\n", RING)


def test_names_of_the_next_lines_show() -> None:
    """Hiding has an end: after a hidden key, ordinary assignments are read as such again."""
    commit = committed(b"KEY=" + _pem(b"QUJDabcd" * 16) + b"\nDB_HOST=1\n# note\nDB_PORT=\n", RING)
    assert b"\nDB_HOST=gitenv1:" in commit
    assert b"\nDB_PORT=gitenv1:" in commit
