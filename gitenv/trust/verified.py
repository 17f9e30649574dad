"""Signatures that were verified once: of ten thousand grants no command verifies each anew.

The note lies beside the pins: whoever can write there can write those, and nobody who pushes can. What is noted is a hash over
the signer's key and the whole signed text, so it cannot go stale: with a letter changed, or with another signer, it is a text
that was never verified. It says who signed a text, and nothing else: whether a grant counts is judged each time.
"""

from __future__ import annotations

import contextlib
from functools import lru_cache

from gitenv.errors import GitenvError
from gitenv.model.cipher import sha256
from gitenv.model.kinds import PublicKey
from gitenv.model.statements import is_signed_by, key_text
from gitenv.system import files

MOST = 64 * 1024
"""Signatures that are noted. Beyond that the note begins anew."""
_HASH = 32  # whole: a shorter one could be met by whoever tries for long
_WHAT = b"gitenv/1/verified\n"  # another number, should a later gitenv refuse what this one takes


class Verified:
    """The signatures that one user's clone has verified."""

    def __init__(self, path: str) -> None:
        """`path` may be "": such a clone has no pins, and notes nothing."""
        self._path = path
        self._known: frozenset[bytes] | None = None  # not read yet
        self._new: set[bytes] = set()

    def is_signed_by(self, text: bytes, key: PublicKey) -> bool:
        """`statements.is_signed_by`, for whom it is not noted. Nobody notes that a signature is wrong."""
        if self._known is None:
            self._known = self._read()
        noted = sha256(_signer(key) + text)
        if noted in self._known or noted in self._new:
            return True
        if not is_signed_by(text, key):
            return False
        self._new.add(noted)
        return True

    def save(self) -> None:
        """Write down what is new, if that can be: what is not noted is verified once more."""
        if not self._new:
            return
        known = (self._known or frozenset()) | self._new
        self._known, self._new = known if len(known) <= MOST else frozenset(self._new), set()
        if self._path:
            with contextlib.suppress(GitenvError):  # no such folder, a full disk, a link: nobody waits for it
                files.replace(self._path, b"".join(self._known), 0o600, is_elsewhere=True)

    def _read(self) -> frozenset[bytes]:
        data = b""
        if self._path:
            with contextlib.suppress(GitenvError):
                data = files.read(self._path, MOST * _HASH) or b""
        if len(data) % _HASH:  # damaged, and as good as none
            return frozenset()
        return frozenset(data[start : start + _HASH] for start in range(0, len(data), _HASH))


@lru_cache(maxsize=1024)
def _signer(key: PublicKey) -> bytes:
    """What stands before a text: its signer's key, by kind and bytes, up to the end of a line."""
    return _WHAT + f"{key_text(key)}\n".encode("ascii")
