"""P-256: wraps by HPKE (RFC 9180), signatures by ECDSA. The first kind, and that of every device key.

Of a private key HPKE needs one operation, so it may lie where nothing gets it out: see `P256Key.unwrap`.
"""

from __future__ import annotations

import contextlib
from binascii import Error, a2b_base64
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from gitenv.errors import Usage
from gitenv.model.cipher import Unopened
from gitenv.model.kinds import Identity, PublicKey

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hpke import Suite

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_PRIME = 2**256 - 2**224 + 2**192 + 2**96 - 1
_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B  # y² = x³ - 3x + b (SEC 2, 2.4.2)
POINT = 65
"""Bytes of an uncompressed point (SEC 1, 2.3.3)."""
# PKCS#8 (RFC 5958) of a P-256 key (RFC 5915) as every library writes it: these bytes, 32 of the scalar, these, 65 of the point.
DER_HEAD = bytes.fromhex("308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420")
DER_MIDDLE = bytes.fromhex("a144034200")
# What stands before the point (RFC 5656, 3.1): the name of the kind, that of the curve, and 65; each string behind its length.
_WIRE = b"\0\0\0\x13ecdsa-sha2-nistp256\0\0\0\x08nistp256\0\0\0\x41"
_MOST = 32_768
_whole: dict[bytes, bytes] = {}  # keys that somebody gave us uncompressed: to decompress one takes ten times as long


class P256Key(PublicKey):
    """A P-256 public key as its compressed point: 33 bytes (SEC 1, 2.3.3)."""

    KIND = "p256"
    SIZE = 33
    WRAP = "p256-hkdf-sha256-aes256gcm"
    OVERHEAD = POINT + 16  # HPKE's encapsulated key before, a GCM tag behind
    SIGNATURE = 64  # r and s
    SSH = b"ecdsa-sha2-nistp256"

    @classmethod
    def of(cls, key: ec.EllipticCurvePublicKey) -> P256Key:
        """The compressed form of a `cryptography` key."""
        return cls.compressed(_uncompressed(key))

    @classmethod
    def compressed(cls, point: bytes) -> P256Key:
        """The key whose uncompressed point this is. Raises IndexError for fewer than 65 bytes."""
        return cls(bytes([2 + (point[64] & 1)]) + point[1:33])

    @classmethod
    def from_wire(cls, wire: bytes) -> P256Key:
        key = cls.compressed(wire[-POINT:])
        if _is_on_curve(wire[-POINT:]):
            if len(_whole) >= _MOST:
                _whole.clear()
            _whole[bytes(key)] = wire[-POINT:]
        return key

    def wire(self) -> bytes:
        return _WIRE + (_whole.get(bytes(self)) or _uncompressed(self.point()))

    def point(self) -> ec.EllipticCurvePublicKey:
        """The key for `cryptography`. Raises ValueError if the bytes are no point on the curve."""
        return _point(bytes(self))

    def wrap(self, secret: bytes, info: bytes) -> bytes:
        """HPKE in base mode, with a fresh ephemeral key."""
        return _suite().encrypt(secret, self.point(), info)

    def unwrap(self, wrapped: bytes, info: bytes, identity: Identity) -> bytes:
        """Open an HPKE message. `dh` gets a point on the curve, uncompressed, and returns the x coordinate (SEC 1, 3.3.1)."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.asymmetric import ec

        ec.EllipticCurvePrivateKey.register(_Exchange)
        private = _Exchange(self, identity)
        try:
            return _suite().decrypt(wrapped, cast("ec.EllipticCurvePrivateKey", private), info)
        except (InvalidTag, ValueError):
            if private.failure:
                raise private.failure from None
            raise Unopened from None

    def verifies(self, signature: bytes, signed: bytes) -> bool:
        """64 bytes, r and s: ECDSA with SHA-256."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        if len(signature) != self.SIGNATURE or s > ORDER // 2:
            return False  # (r, n - s) verifies as well: it would be a second text for one statement, in the signer's name
        try:
            self.point().verify(encode_dss_signature(r, s), signed, _with_sha256())
        except (InvalidSignature, ValueError):
            return False
        return True


class P256Identity:
    """A private key in memory, and what may be done with it."""

    def __init__(self, private: ec.EllipticCurvePrivateKey) -> None:
        self._private = private
        self.public = P256Key.of(private.public_key())

    @classmethod
    def fresh(cls) -> P256Identity:
        from cryptography.hazmat.primitives.asymmetric import ec

        return cls(ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def derived(cls, seed: bytes) -> P256Identity:
        """The key that 48 secret bytes give: a 32-byte order leaves a bias below 2^-128 (FIPS 186-5, A.2.1)."""
        from cryptography.hazmat.primitives.asymmetric import ec

        return cls(ec.derive_private_key(int.from_bytes(seed, "big") % (ORDER - 1) + 1, ec.SECP256R1()))

    @classmethod
    def from_pem(cls, pem: bytes, where: str) -> P256Identity:
        """Read a private key. Raises `Usage`.

        Our own form goes by hand: `serialization` costs 16 ms, more than all else at the start.
        """
        with contextlib.suppress(ValueError, Error):
            return cls(_own_form(pem))
        return cls(_other_form(pem, where))

    def dh(self, point: bytes) -> bytes:
        from cryptography.hazmat.primitives.asymmetric import ec

        return self._private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point))

    def sign(self, signed: bytes) -> bytes:
        """ECDSA with SHA-256 and the nonce of RFC 6979: r and the smaller s, 64 bytes."""
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

        r, s = decode_dss_signature(self._private.sign(signed, ec.ECDSA(hashes.SHA256(), deterministic_signing=True)))
        return r.to_bytes(32, "big") + min(s, ORDER - s).to_bytes(32, "big")

    def pem(self) -> bytes:
        """The private key as unencrypted PKCS#8 PEM."""
        from cryptography.hazmat.primitives.serialization import (
            Encoding,
            NoEncryption,
            PrivateFormat,
        )

        return self._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


class _Exchange:
    """An identity as `cryptography`'s HPKE sees it, which asks a private key for these three and nothing else."""

    def __init__(self, public: P256Key, identity: Identity) -> None:
        self._public = public
        self._identity = identity
        self.failure: BaseException | None = None

    @property
    def curve(self) -> ec.EllipticCurve:
        return self._public.point().curve

    def public_key(self) -> ec.EllipticCurvePublicKey:
        return self._public.point()

    def exchange(self, _: ec.ECDH, peer: ec.EllipticCurvePublicKey) -> bytes:
        """HPKE makes `InvalidTag` of whatever is raised here, as if a card that was pulled out were somebody else's."""
        try:
            shared = self._identity.dh(_uncompressed(peer))
            if len(shared) != 32:
                raise ValueError(f"a shared secret of {len(shared)} bytes")
        except BaseException as failure:
            self.failure = failure
            raise
        return shared


def _is_on_curve(point: bytes) -> bool:
    """Whether these are an uncompressed point: then it is the one that its compressed form means, and no other has that."""
    x, y = int.from_bytes(point[1:33], "big"), int.from_bytes(point[33:], "big")
    is_formed = len(point) == POINT and point[0] == 4 and x < _PRIME and y < _PRIME
    return is_formed and (y * y - (x * x - 3) * x - _B) % _PRIME == 0


@lru_cache(maxsize=_MOST)
def _point(compressed_point: bytes) -> ec.EllipticCurvePublicKey:
    """Decompressing takes a square root, and ten thousand people's keys are each asked for several times."""
    from cryptography.hazmat.primitives.asymmetric import ec

    if len(compressed_point) != P256Key.SIZE:
        raise ValueError("not a compressed P-256 point")
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), compressed_point)


def _uncompressed(key: ec.EllipticCurvePublicKey) -> bytes:
    numbers = key.public_numbers()
    return b"\x04" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")


@lru_cache(1)
def _with_sha256() -> ec.ECDSA:
    """ECDSA with SHA-256, to verify with. cryptography's own loads OpenSSL's back end, to ask about nonces."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    class Verifying(ec.ECDSA):
        algorithm = hashes.SHA256()
        deterministic_signing = False

        def __init__(self) -> None:
            pass

    return Verifying()


def _suite() -> Suite:
    """HPKE as gitenv uses it: DHKEM(P-256), HKDF-SHA256, AES-256-GCM."""
    from cryptography.hazmat.primitives import hpke

    return hpke.Suite(hpke.KEM.P256, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


def _own_form(pem: bytes) -> ec.EllipticCurvePrivateKey:
    """Raises ValueError or binascii's Error for every other form, and for halves of two keys."""
    from cryptography.hazmat.primitives.asymmetric import ec

    lines = pem.split()
    if lines[:3] != [b"-----BEGIN", b"PRIVATE", b"KEY-----"] or lines[-3:] != [b"-----END", b"PRIVATE", b"KEY-----"]:
        raise ValueError
    der = a2b_base64(b"".join(lines[3:-3]), strict_mode=True)
    scalar, point = der[len(DER_HEAD) :][:32], der[-POINT:]
    if der != DER_HEAD + scalar + DER_MIDDLE + point:
        raise ValueError
    private = ec.derive_private_key(int.from_bytes(scalar, "big"), ec.SECP256R1())
    if P256Key.of(private.public_key()) != P256Key.compressed(point):
        raise ValueError
    return private


def _other_form(pem: bytes, where: str) -> ec.EllipticCurvePrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    hint = "give an unencrypted P-256 private key in PEM: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256"
    try:
        private = load_pem_private_key(pem, None)
    except TypeError:
        raise Usage(f"{where}: the key has a passphrase; gitenv cannot ask for it inside git", hint) from None
    except (ValueError, UnsupportedAlgorithm):
        raise Usage(f"{where}: not a private key in PEM", hint) from None
    if not isinstance(private, ec.EllipticCurvePrivateKey) or not isinstance(private.curve, ec.SECP256R1):
        raise Usage(f"{where}: a key of another kind or curve", hint)
    return private
