"""Base64url without padding characters, in its one canonical spelling (RFC 4648, sections 3.5 and 5).

Written on `binascii`, because the `base64` module costs the filter a millisecond at every start.
"""

from __future__ import annotations

from binascii import Error, a2b_base64, b2a_base64
from collections.abc import Iterable, Sequence

_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_+/=", b"+/!!!")
_LAST = b"", b"", b"AQgw", b"AEIMQUYcgkosw048"  # what a text of an uneven length ends in, where no bits are left over


def encode(data: bytes) -> bytes:
    """Spell `data`; the result has no `=`, no line end, and is never longer than needed."""
    return b2a_base64(data, newline=False).translate(_TO_URL, b"=")


def encode_each(pieces: Iterable[bytes]) -> list[bytes]:
    """`encode` for many."""
    return b"".join(map(b2a_base64, pieces)).translate(_TO_URL, b"=").split(b"\n")[:-1]


def decode(text: bytes) -> bytes:
    """Undo `encode`. Raises ValueError for every spelling that `encode` would not have written.

    Two spellings of one token would be two blobs for one value, and a place to hide bits in.
    """
    return decode_each([text])[0]


def has(text: bytes, size: int) -> bool:
    """Whether `decode` would give so many bytes or more of a text that has its letters only."""
    uneven = len(text) % 4
    return len(text) * 3 // 4 >= size and (not uneven or text[-1] in _LAST[uneven])


def decode_each(texts: Sequence[bytes]) -> list[bytes]:
    """`decode` for many, all of them or none."""
    found: list[bytes] = []
    try:
        for text in b"\n".join(texts).translate(_FROM_URL).split(b"\n") if texts else ():
            uneven = len(text) % 4
            if uneven and text[-1] not in _LAST[uneven]:
                raise ValueError("not canonical base64url")
            found.append(a2b_base64(text + b"=" * (4 - uneven) if uneven else text, strict_mode=True))
    except Error:
        raise ValueError("not base64url") from None
    if len(found) != len(texts):  # one has a line feed
        raise ValueError("not base64url")
    return found
