"""What a data key (DEK) is made into, and how a record is encrypted. Primitives come from `cryptography`.

AES-256-SIV (RFC 5297) is deterministic: git must see the same bytes for the same text, or every `git status` would find a
change. Determinism shows which values of one key are equal; the associated data keeps it to that.
"""

# No `from __future__ import annotations` here: typing would compile each field, 2.5 ms at every start.

import os
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag

from gitenv.tuples import NamedTuple

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV
    from cryptography.hazmat.primitives.hashes import Hash
else:
    try:
        # The public module has these very classes, and loads all other ciphers beside them, at every start of the filter.
        from cryptography.hazmat.bindings._rust import openssl

        AESGCM, AESSIV = openssl.aead.AESGCM, openssl.aead.AESSIV
    except (ImportError, AttributeError):  # they are nobody's promise there
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV

SIV_TAG = 16
_BLOCK = 32


class Dek(bytes):
    """32 random bytes: whoever has them reads and writes one generation of one environment."""

    @classmethod
    def fresh(cls) -> "Dek":
        return cls(os.urandom(32))


class EnvironmentId(bytes):
    """16 random bytes that name an environment for ever; salt and associated data of all it encrypts."""

    @classmethod
    def fresh(cls) -> "EnvironmentId":
        return cls(os.urandom(16))


class Commitment(bytes):
    """32 bytes that only one DEK of one environment gives, so that nobody can be handed another key unnoticed."""


class Generation(NamedTuple):
    """One DEK's place in an environment's life, without the DEK."""

    number: int
    commitment: Commitment


class Unopened(Exception):
    """A ciphertext that does not verify under this key for this purpose: never says why, there is nothing to tell."""


class Keys:
    """The keys that one DEK of one environment gives, each derived when it is first asked for."""

    def __init__(self, dek: Dek, environment_id: EnvironmentId) -> None:
        self._dek = dek
        self._id = environment_id
        self._values = AESSIV(self._derive(b"value", 64))
        self._hidden = [b"gitenv/1/value", environment_id, b"line", b"-"]

    def encrypt(self, kind: bytes, name: bytes, raw: bytes) -> bytes:
        """Encrypt one record: `kind` is b"kv" or b"line", `name` the visible name or b"-"."""
        return self._values.encrypt(raw + _padding(len(raw)), [b"gitenv/1/value", self._id, kind, name])

    def decrypt(self, kind: bytes, name: bytes, body: bytes) -> bytes:
        """Undo `encrypt`. Raises `Unopened` if one bit, the name, the kind or the environment is another."""
        try:
            return unpad(self._values.decrypt(body, [b"gitenv/1/value", self._id, kind, name]))
        except (InvalidTag, ValueError):
            raise Unopened from None

    def encrypt_lines(self, lines: Iterable[tuple[bytes, bytes]]) -> list[bytes]:
        """`encrypt` for many, each with its name; without one it is a hidden line."""
        seal, assignment, line = self._values.encrypt, (b"gitenv/1/value", self._id, b"kv"), self._hidden
        return [seal(raw + _padding(len(raw)), [*assignment, name] if name else line) for raw, name in lines]

    def decrypt_lines(self, lines: Iterable[tuple[bytes, bytes]]) -> list[bytes]:
        """Undo it, for what has been encrypted, each with its name. Raises `Unopened` if one of them does not verify."""
        unseal, assignment, line = self._values.decrypt, (b"gitenv/1/value", self._id, b"kv"), self._hidden
        try:
            return [unpad(unseal(body, [*assignment, name] if name else line)) for body, name in lines]
        except (InvalidTag, ValueError):
            raise Unopened from None

    def commitment(self) -> Commitment:
        return Commitment(self._derive(b"commitment", 32))

    def wrap_older(self, dek: Dek, about: bytes) -> bytes:
        """Encrypt an older DEK (60 bytes: nonce, DEK, tag); `about` is the line that carries it, up to here."""
        nonce = os.urandom(12)
        return nonce + AESGCM(self._derive(b"chain", 32)).encrypt(nonce, bytes(dek), about)

    def unwrap_older(self, wrapped: bytes, about: bytes) -> Dek:
        """Undo `wrap_older`. Raises `Unopened`."""
        try:
            return Dek(AESGCM(self._derive(b"chain", 32)).decrypt(wrapped[:12], wrapped[12:], about))
        except (InvalidTag, ValueError):
            raise Unopened from None

    def seal_seed(self) -> bytes:
        """48 bytes that the key is made of to which values are sealed by people who cannot read the environment."""
        return self._derive(b"seal", 48)

    def _derive(self, purpose: bytes, length: int) -> bytes:
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        kdf = HKDF(hashes.SHA256(), length, salt=bytes(self._id), info=b"gitenv/1/" + purpose)
        return kdf.derive(bytes(self._dek))


def sha256(data: bytes) -> bytes:
    """SHA-256 from `cryptography`, which is loaded anyway; `hashlib` is not."""
    digest = _sha256().copy()
    digest.update(data)
    return digest.finalize()


def sha256_each(each: Iterable[bytes]) -> Iterator[bytes]:
    """The same of many."""
    fresh = _sha256().copy
    for data in each:
        digest = fresh()
        digest.update(data)
        yield digest.finalize()


@lru_cache(maxsize=1)
def _sha256() -> "Hash":
    from cryptography.hazmat.primitives import hashes

    return hashes.Hash(hashes.SHA256())


@lru_cache(maxsize=1024)
def padded_size(size: int) -> int:
    """The size that `size` bytes with at least one byte of padding have: what a ciphertext shows of a length.

    Multiples of 32 up to 256, then four steps an octave: 320, 384, 448, 512, 640, …
    """
    size += 1
    step = _BLOCK if size <= 256 else 1 << ((size - 1).bit_length() - 3)
    return -(-size // step) * step


def pad(raw: bytes) -> bytes:
    """`raw` with padding to its `padded_size`, so that a ciphertext shows a rounded length only."""
    return raw + _padding(len(raw))


@lru_cache(maxsize=1024)
def _padding(size: int) -> bytes:
    return b"\x80" + bytes(padded_size(size) - size - 1)


def unpad(padded: bytes) -> bytes:
    """Undo `pad`. Raises ValueError for padding that it would not have made."""
    raw = padded.rstrip(b"\0")
    if raw[-1:] != b"\x80" or padded_size(len(raw) - 1) != len(padded):
        raise ValueError("padding")
    return raw[:-1]
