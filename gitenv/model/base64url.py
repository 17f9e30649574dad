"""Base64url without padding characters, in its one canonical spelling (RFC 4648, sections 3.5 and 5).

Written on `binascii`, because the `base64` module costs the filter a millisecond at every start.
"""

from __future__ import annotations

from binascii import Error, a2b_base64, b2a_base64

_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_+/=", b"+/!!!")


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
