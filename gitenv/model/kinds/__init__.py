"""Kinds of keys: the one seam between a key and everything else.

A kind is one module beside this one, its vectors in tests/vectors, and a row in docs/format.md. It says how its keys are
spelled, how something is wrapped for them, and what their signatures are. A private key may lie anywhere: in a file, a smart
card, a TPM, a service. Opening a wrap asks it for `dh`, letting others in for `sign`.
"""

from binascii import b2a_base64
from functools import lru_cache
from typing import Protocol

from gitenv.model.cipher import sha256


class PublicKey(bytes):
    """Somebody's public key: what a `key` line has behind the kind's name. Each kind is a subclass.

    The bytes come from the repository and need not be a key. Where that matters, ValueError is raised.
    """

    KIND = ""
    """Its name in `key` and `seal` lines."""
    SIZE = 0
    """Bytes of a key."""
    WRAP = ""
    """The name of what `wrap` does, in `wrap` lines."""
    OVERHEAD = 0
    """Bytes by which a wrap is longer than what is in it."""
    SIGNATURE = 0
    """Bytes of a signature. 0 for a kind that signs nothing: its people are readers."""
    SSH = b""
    """How a line of a `.pub` file begins."""

    # Without these, keys of two kinds that have the same bytes would be one key.

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and bytes.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = bytes.__hash__

    @classmethod
    def from_wire(cls, wire: bytes) -> "PublicKey":
        """The key whose `wire` form this may be: for the caller to compare."""
        raise NotImplementedError

    def wire(self) -> bytes:
        """OpenSSH's form of the key (RFC 4253, 6.6), which fingerprints are made of. Raises ValueError."""
        raise NotImplementedError

    def wrap(self, secret: bytes, info: bytes) -> bytes:
        """Encrypt `secret` so that only the private half opens it, and only with this `info`. Raises ValueError."""
        raise NotImplementedError

    def unwrap(self, wrapped: bytes, info: bytes, identity: "Identity") -> bytes:
        """Undo `wrap` with the private half of this key. Raises `Unopened`, and whatever `identity` itself raises."""
        raise NotImplementedError

    def verifies(self, signature: bytes, signed: bytes) -> bool:  # noqa: ARG002
        """Whether `signature` is this key's over `signed`, in the one spelling that it has. No, if the kind never signs."""
        return False

    def fingerprint(self) -> str:
        """`SHA256:…`, as `ssh-keygen -lf` prints it. Raises ValueError."""
        return _fingerprint(self)

    def line(self, comment: str) -> bytes:
        """The line that stands in a `.pub` file, with its line end. Raises ValueError."""
        return b"%b %b %b\n" % (self.SSH, b2a_base64(self.wire(), newline=False), comment.encode("ascii"))


class Identity(Protocol):
    """A private key, wherever it is: what opening a wrap asks of it."""

    @property
    def public(self) -> PublicKey: ...

    def dh(self, point: bytes) -> bytes:
        """The secret shared with whoever has the private half of `point`, as long as the kind has it: 32 bytes for P-256."""
        ...


class Signer(Protocol):
    """A private key that can sign, as who is to be a holder needs one. Not every identity can."""

    @property
    def public(self) -> PublicKey: ...

    def sign(self, signed: bytes) -> bytes:
        """What `public` verifies. The same bytes for the same text, each time."""
        ...


@lru_cache(maxsize=32_768)
def _fingerprint(key: PublicKey) -> str:
    """Ten thousand people's keys are each asked for several times."""
    return "SHA256:" + b2a_base64(sha256(key.wire()), newline=False).rstrip(b"=").decode("ascii")
