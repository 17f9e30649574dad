"""Public keys of people: their spellings, their fingerprints, and the signatures they make."""

from __future__ import annotations

from binascii import Error, a2b_base64, b2a_base64
from functools import lru_cache
from typing import TYPE_CHECKING

from gitenv.errors import Usage
from gitenv.model.cipher import P256_ORDER, sha256

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec

MAX_BYTES = 64 * 1024
_SSH_TYPE, _SSH_CURVE = b"ecdsa-sha2-nistp256", b"nistp256"
_SECOND = "whoever came second takes another name: gitenv init --name NAME"
_ACCEPTED = "give a P-256 public key: PEM, or an OpenSSH line that begins with ecdsa-sha2-nistp256"


class PublicKey(bytes):
    """A P-256 public key as its compressed point: 33 bytes (SEC 1, 2.3.3)."""

    def point(self) -> ec.EllipticCurvePublicKey:
        """The key for `cryptography`. Raises ValueError if the bytes are no point on the curve."""
        return _point(bytes(self))

    def fingerprint(self) -> str:
        """`SHA256:…` of the key in OpenSSH's wire form, as `ssh-keygen -lf` prints it."""
        return _fingerprint(self)

    def line(self, comment: str) -> bytes:
        """The OpenSSH line that stands in a `.pub` file, with its line end."""
        return b"%b %b %b\n" % (_SSH_TYPE, b2a_base64(self._wire(), newline=False), comment.encode("ascii"))

    def verifies(self, signature: bytes, signed: bytes) -> bool:
        """Whether `signature` (64 bytes, r and s) is this key's ECDSA signature with SHA-256 over `signed`."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        if len(signature) != 64 or s > P256_ORDER // 2:
            return False  # (r, n - s) verifies as well: it would be a second text for one statement, in the signer's name
        try:
            self.point().verify(encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))
        except (InvalidSignature, ValueError):
            return False
        return True

    def _wire(self) -> bytes:
        numbers = self.point().public_numbers()
        point = b"\x04" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")
        return b"".join(len(part).to_bytes(4, "big") + part for part in (_SSH_TYPE, _SSH_CURVE, point))


@lru_cache(maxsize=32_768)
def _point(compressed_point: bytes) -> ec.EllipticCurvePublicKey:
    """Decompressing takes a square root, and ten thousand people's keys are each asked for several times."""
    from cryptography.hazmat.primitives.asymmetric import ec

    if len(compressed_point) != 33:
        raise ValueError("not a compressed P-256 point")
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), compressed_point)


@lru_cache(maxsize=32_768)
def _fingerprint(key: PublicKey) -> str:
    return "SHA256:" + b2a_base64(sha256(key._wire()), newline=False).rstrip(b"=").decode("ascii")


def compressed(point: bytes) -> PublicKey:
    """The key whose uncompressed point (65 bytes, SEC 1, 2.3.3) this is."""
    return PublicKey(bytes([2 + (point[64] & 1)]) + point[1:33])


def of(key: ec.EllipticCurvePublicKey) -> PublicKey:
    """The compressed form of a `cryptography` key."""
    numbers = key.public_numbers()
    return PublicKey(bytes([2 + (numbers.y & 1)]) + numbers.x.to_bytes(32, "big"))


def read_public(data: bytes, where: str) -> list[PublicKey]:
    """All keys of a `.pub` file. Raises `Usage` for every other kind of key, and for a private one before it is parsed."""
    if len(data) > MAX_BYTES:
        raise Usage(f"{where}: too large for a public key", _ACCEPTED)
    if b"PRIVATE KEY" in data:
        raise Usage(f"{where} holds a private key; nothing was copied", "give the public key: gitenv key show")
    if b"<<<<<<< " in data:
        raise Usage(f"{where}: two people ask under one name, and git has put both keys there", _SECOND)
    text = data.strip()
    if text.startswith(b"-----BEGIN"):
        if text.count(b"-----") > 4 or (b"-----END" in text and not text.endswith(b"-----")):
            raise Usage(f"{where}: more than one key in PEM", _ACCEPTED)
        return [_from_pem(text, where)]
    keys = [_from_openssh(line, where) for line in text.splitlines() if line.strip() and not line.startswith(b"#")]
    if not keys:
        raise Usage(f"{where} holds no key", _ACCEPTED)
    return keys


def _from_pem(text: bytes, where: str) -> PublicKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(text)
    except (ValueError, UnsupportedAlgorithm):
        raise Usage(f"{where}: not a public key in PEM", _ACCEPTED) from None
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise Usage(f"{where}: not an elliptic-curve key", _ACCEPTED)
    if not isinstance(key.curve, ec.SECP256R1):
        raise Usage(f"{where}: a key on the curve {key.curve.name}", _ACCEPTED)
    return of(key)


def _from_openssh(line: bytes, where: str) -> PublicKey:
    kind, _, rest = line.strip().partition(b" ")
    if kind.startswith(b"sk-"):
        raise Usage(f"{where}: a security key (sk-…) signs, but cannot open what is wrapped for it", _ACCEPTED)
    if kind != _SSH_TYPE:
        raise Usage(f"{where}: not a key of a kind that gitenv can wrap for", _ACCEPTED)
    try:
        field = rest.split(b" ", 1)[0]
        wire = a2b_base64(field, strict_mode=True)
        key = compressed(wire[-65:])
        # One spelling: base64 alone would let unused bits be anything.
        if wire != key._wire() or b2a_base64(wire, newline=False) != field:
            raise ValueError
    except (Error, ValueError, IndexError):
        raise Usage(f"{where}: a damaged ecdsa-sha2-nistp256 line", _ACCEPTED) from None
    return key
