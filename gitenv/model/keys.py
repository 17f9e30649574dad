"""`.pub` files: the public keys of people, in the spellings that other programs give them."""

from __future__ import annotations

from binascii import Error, a2b_base64, b2a_base64

from gitenv.errors import Usage
from gitenv.model.kinds import PublicKey, registry
from gitenv.model.kinds.p256 import P256Key

MAX_BYTES = 64 * 1024
_SECOND = "whoever came second takes another name: gitenv init --name NAME"
_ACCEPTED = "give a P-256 public key: PEM, or an OpenSSH line that begins with ecdsa-sha2-nistp256"


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
    return P256Key.of(key)


def _from_openssh(line: bytes, where: str) -> PublicKey:
    word, _, rest = line.strip().partition(b" ")
    if word.startswith(b"sk-"):
        raise Usage(f"{where}: a security key (sk-…) signs, but cannot open what is wrapped for it", _ACCEPTED)
    kind = next((each for each in registry.every() if word == each.SSH), None)
    if kind is None:
        raise Usage(f"{where}: not a key of a kind that gitenv can wrap for", _ACCEPTED)
    try:
        field = rest.split(b" ", 1)[0]
        wire = a2b_base64(field, strict_mode=True)
        key = kind.from_wire(wire)
        # One spelling: base64 alone would let unused bits be anything.
        if wire != key.wire() or b2a_base64(wire, newline=False) != field:
            raise ValueError
    except (Error, ValueError, IndexError):
        raise Usage(f"{where}: a damaged {kind.SSH.decode()} line", _ACCEPTED) from None
    return key
