"""Base64url without padding characters, in its one canonical spelling (RFC 4648, sections 3.5 and 5).

Written on `binascii`, because the `base64` module costs the filter a millisecond at every start.
"""

from __future__ import annotations

from binascii import Error, a2b_base64, b2a_base64
from collections.abc import Iterable, Sequence

_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_+/=", b"+/!!!")
_FILLED = b"", b"!", b"AA", b"A"  # to whole bytes, with zeros; nothing has one character more than a multiple of four


def encode(data: bytes) -> bytes:
    """Spell `data`; the result has no `=`, no line end, and is never longer than needed."""
    return b2a_base64(data, newline=False).translate(_TO_URL, b"=")


def decode(text: bytes) -> bytes:
    """Undo `encode`. Raises ValueError for every spelling that `encode` would not have written.

    Two spellings of one token would be two blobs for one value, and a place to hide bits in.
    """
    try:
        data = a2b_base64(text.translate(_FROM_URL) + b"=" * (-len(text) % 4), strict_mode=True)
    except Error:
        raise ValueError("not base64url") from None
    # Only what the last few characters of an uneven length hold can be spelled in several ways.
    if (uneven := len(text) % 4) and encode(data[-(uneven - 1) :]) != text[-uneven:]:
        raise ValueError("not canonical base64url")
    return data


def encode_each(pieces: Iterable[bytes]) -> list[bytes]:
    """`encode` for many."""
    return b"".join(map(b2a_base64, pieces)).translate(_TO_URL, b"=").split(b"\n")[:-1]


def decode_each(texts: Sequence[bytes]) -> list[bytes]:
    """`decode` for many, all of them or none."""
    filled = [text + _FILLED[len(text) % 4] for text in texts]
    try:
        data = a2b_base64(b"".join(filled).translate(_FROM_URL), strict_mode=True)
    except Error:
        raise ValueError("not base64url") from None
    found, start = [], 0
    for text, whole in zip(texts, filled, strict=True):
        end, following = start + len(text) * 3 // 4, start + len(whole) * 3 // 4
        if end != following and any(data[end:following]):
            raise ValueError("not canonical base64url")
        found.append(data[start:end])
        start = following
    return found
