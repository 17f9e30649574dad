"""The device key: one P-256 key a device, which opens wraps and signs statements. It never leaves its file.

It lies in the user's configuration folder as PKCS#8 PEM, or in `GITENV_PRIVATE_KEY` for CI.
"""

from __future__ import annotations

import contextlib
import os
from binascii import Error, a2b_base64
from typing import TYPE_CHECKING

from gitenv import files
from gitenv.errors import GitenvError, Locked, Usage, printable
from gitenv.identity import home
from gitenv.model.cipher import P256_ORDER, Unopened
from gitenv.model.keys import PublicKey, compressed, of

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hpke import Suite

VARIABLE = "GITENV_PRIVATE_KEY"
_MAX_BYTES = 64 * 1024
# PKCS#8 (RFC 5958) of a P-256 key (RFC 5915) as every library writes it: these bytes, 32 of the scalar, these, 65 of the point.
_DER_HEAD = bytes.fromhex("308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420")
_DER_MIDDLE = bytes.fromhex("a144034200")


class DeviceKey:
    """A private key, and what may be done with it."""

    def __init__(self, private: ec.EllipticCurvePrivateKey, public: PublicKey) -> None:
        self._private = private
        self.public = public

    def sign(self, signed: bytes) -> bytes:
        """ECDSA with SHA-256 and the nonce of RFC 6979: r and the smaller s, 64 bytes."""
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

        r, s = decode_dss_signature(self._private.sign(signed, ec.ECDSA(hashes.SHA256(), deterministic_signing=True)))
        return r.to_bytes(32, "big") + min(s, P256_ORDER - s).to_bytes(32, "big")

    def unwrap(self, suite: Suite, wrapped: bytes, info: bytes) -> bytes:
        """Open an HPKE message. Raises `Unopened`: it is for another key, or was changed."""
        from cryptography.exceptions import InvalidTag

        try:
            return suite.decrypt(wrapped, self._private, info)
        except (InvalidTag, ValueError):
            raise Unopened from None

    def pem(self) -> bytes:
        """The private key as unencrypted PKCS#8 PEM."""
        from cryptography.hazmat.primitives.serialization import (
            Encoding,
            NoEncryption,
            PrivateFormat,
        )

        return self._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def path() -> str:
    """Where the device key lies, whether or not there is one."""
    return os.path.join(home.folder(), "device.pem")


def load() -> DeviceKey | None:
    """The device key, or None if there is none. Raises `Usage` if what is there is no P-256 key."""
    if text := os.environ.get(VARIABLE):
        return parse(text.encode("utf-8", "surrogateescape"), VARIABLE)
    data = files.read(path(), _MAX_BYTES)
    return parse(data, printable(path())) if data is not None else None


def need() -> DeviceKey:
    """The device key. Raises `Locked` if there is none."""
    if (key := load()) is None:
        raise Locked("there is no device key here", "make one: gitenv init (or gitenv key new)")
    return key


def make() -> DeviceKey:
    """A new key, written to its file (0600). Raises `Usage` if there is one."""
    key = _fresh()
    save(key)
    return key


def load_or_make() -> tuple[DeviceKey, bool]:
    """The device key, and whether it was made just now. Of several that ask at once one makes it, for all of them."""
    if key := load():
        return key, False
    key = _fresh()
    return (key, True) if _create(path(), key) else (need(), False)


def _fresh() -> DeviceKey:
    from cryptography.hazmat.primitives.asymmetric import ec

    private = ec.generate_private_key(ec.SECP256R1())
    return DeviceKey(private, of(private.public_key()))


def _create(place: str, key: DeviceKey) -> bool:
    """Write a key where none is yet; False, and nothing is done, where something is."""
    home.make()
    return files.create(place, key.pem(), 0o600)


def save(key: DeviceKey) -> None:
    """Write a key to where the device key lies. Raises `Usage` if another one is there: a lost key cannot be made again."""
    if not _create(path(), key):
        raise Usage("there is a device key already", "see it with: gitenv key show")


def exchange(key: DeviceKey) -> str:
    """Put a key in the place of the device key and return where that one is kept. At every moment one of them is in place."""
    aside = _keep()
    files.replace(path(), key.pem(), 0o600)
    return aside


def _keep() -> str:
    """Copy the device key to where `former` looks for it; nothing is ever deleted."""
    data = files.read(path(), _MAX_BYTES) or b""
    aside = _aside(parse(data, printable(path())).public.fingerprint())
    files.replace(aside, data, 0o600)
    return aside


def former(public: PublicKey) -> DeviceKey | None:
    """The private half of a key that is not the device key any more (or not yet), if it is kept here.

    Clones on this machine may have grants for it. With the variable set there is none: that names the one key to use.
    """
    if os.environ.get(VARIABLE):
        return None
    for place in (*_asides(public), next_path()):
        with contextlib.suppress(GitenvError):  # what somebody put there need not be a key
            data = files.read(place, _MAX_BYTES)
            if data is not None and (key := parse(data, printable(place))).public == public:
                return key
    return None


def is_mine(fingerprint: str) -> bool:
    """Whether a key is the device key, or one that it took over from on this machine."""
    from gitenv.model.statements import is_fingerprint

    key = load()
    if key is None or not is_fingerprint(fingerprint):
        return False
    if key.public.fingerprint() == fingerprint:
        return True
    with contextlib.suppress(GitenvError):
        data = None if os.environ.get(VARIABLE) else files.read(_aside(fingerprint), _MAX_BYTES)
        return data is not None and parse(data, VARIABLE).public.fingerprint() == fingerprint
    return False


def next_path() -> str:
    """Where the key lies that takes over as soon as all is wrapped for it."""
    return f"{path()}.next"


def has_next() -> bool:
    """Whether an exchange of the device key was begun and not finished."""
    return not os.environ.get(VARIABLE) and os.path.lexists(next_path())


def need_next() -> DeviceKey:
    """The key that is to take over. It is on the disk before anything is wrapped for it, and made once, for all runs."""
    data = files.read(next_path(), _MAX_BYTES)
    if data is not None:
        return parse(data, printable(next_path()))
    key = _fresh()
    return key if _create(next_path(), key) else need_next()


def take_over() -> str:
    """Make the next key the device key and return where the old one is kept. At every moment one of them is in place."""
    aside = _keep()
    try:
        os.replace(next_path(), path())
    except OSError as error:
        from gitenv import refusal

        raise refusal.refused(error, "replaced", path()) from None
    return aside


def _aside(fingerprint: str) -> str:
    return f"{path()}.{fingerprint[7:15].translate({43: 45, 47: 95})}"


def _asides(public: PublicKey) -> list[str]:
    try:
        return [_aside(public.fingerprint())]
    except ValueError:  # a grant may hold a key that is no point
        return []


def parse(pem: bytes, where: str) -> DeviceKey:
    """Read a private key. gitenv's own form goes by hand: `serialization` costs 16 ms, more than all else at the start."""
    with contextlib.suppress(ValueError, Error):
        return _parse_own(pem)
    return _parse_other(pem, where)


def _parse_own(pem: bytes) -> DeviceKey:
    from cryptography.hazmat.primitives.asymmetric import ec

    lines = pem.split()
    if lines[:3] != [b"-----BEGIN", b"PRIVATE", b"KEY-----"] or lines[-3:] != [b"-----END", b"PRIVATE", b"KEY-----"]:
        raise ValueError
    der = a2b_base64(b"".join(lines[3:-3]), strict_mode=True)
    scalar, point = der[len(_DER_HEAD) :][:32], der[-65:]
    if der != _DER_HEAD + scalar + _DER_MIDDLE + point:
        raise ValueError
    private = ec.derive_private_key(int.from_bytes(scalar, "big"), ec.SECP256R1())
    if of(private.public_key()) != compressed(point):
        raise ValueError  # two halves of different keys
    return DeviceKey(private, of(private.public_key()))


def _parse_other(pem: bytes, where: str) -> DeviceKey:
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
    return DeviceKey(private, of(private.public_key()))
