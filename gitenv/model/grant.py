"""The statement `.recipients/ENVIRONMENT/NAME.grant`: a DEK wrapped for one person, signed by whoever let them in."""

import re
from typing import TYPE_CHECKING, NamedTuple, Protocol

from gitenv.errors import Malformed
from gitenv.model import base64url
from gitenv.model.cipher import Dek, EnvironmentId, Generation, Unopened, sha256
from gitenv.model.environment import Environment
from gitenv.model.keys import PublicKey
from gitenv.model.statements import (
    Holder,
    Lines,
    Signer,
    generation_text,
    key_text,
    sign,
)

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.hpke import Suite

HOLDER, READER = "holder", "reader"
_FIRST = b"gitenv-grant 1"
_WRAP = "p256-hkdf-sha256-aes256gcm"
_WRAPPED_SIZE = 113  # an uncompressed point (65), the DEK (32), a GCM tag (16)
_DATE = r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"


class Grant(NamedTuple):
    """One grant as it stands. `text` is the file, byte for byte; `wrap` is the DEK, for `key` only."""

    environment: str
    id: EnvironmentId
    generation: Generation
    to: str
    key: PublicKey
    role: str
    expires: str  # a date, or empty
    by: Holder
    at: str
    wrap: bytes
    text: bytes

    def expired(self, today: str) -> bool:
        """Whether the last day lies before `today`, both like 2027-01-31. A matter of policy, not of cryptography."""
        return bool(self.expires) and self.expires < today


class Unwrapper(Protocol):
    """Whoever can open a wrap: a device key."""

    @property
    def public(self) -> PublicKey: ...

    def unwrap(self, suite: "Suite", wrapped: bytes, info: bytes) -> bytes:
        """The DEK. Raises `Unopened`."""
        ...


def read(data: bytes, where: str) -> Grant:
    """Parse a grant; the signature is not looked at. Raises `Malformed`."""
    lines = Lines(data, _FIRST, where)
    environment, _, identity = lines.one(b"environment").partition(" ")
    environment_id = EnvironmentId(lines.bytes_of(identity, 16))
    generation = lines.generation(lines.one(b"generation"))
    to = lines.name(lines.one(b"to"))
    key = lines.key(lines.one(b"key"))
    role = lines.chosen(lines.one(b"role"), HOLDER, READER)
    expires = lines.maybe(b"expires") or ""
    if expires and not re.fullmatch(_DATE, expires):
        raise lines.error("not a date like 2027-01-31")
    by = lines.holder(lines.one(b"by"))
    at = lines.moment(lines.one(b"at"))
    how, _, wrapped = lines.one(b"wrap").partition(" ")
    lines.chosen(how, _WRAP)
    wrap = lines.bytes_of(wrapped, _WRAPPED_SIZE)
    lines.bytes_of(lines.one(b"signature"), 64)
    lines.end()
    return Grant(lines.name(environment), environment_id, generation, to, key, role, expires, by, at, wrap, data)


def write(
    environment: Environment,
    dek: Dek,
    to: str,
    key: PublicKey,
    role: str,
    *,
    by: Holder,
    at: str,
    signer: Signer,
    expires: str = "",
) -> Grant:
    """Wrap `dek` for `key` with a fresh ephemeral key (HPKE, RFC 9180, base mode) and sign. `expires`: its last day, or ""."""
    lines = [
        _FIRST.decode(),
        f"environment {environment.name} {base64url.encode(environment.id).decode()}",
        f"generation {generation_text(environment.generation)}",
        f"to {to}",
        f"key {key_text(key)}",
        f"role {role}",
        *([f"expires {expires}"] if expires else []),
        f"by {by}",
        f"at {at}",
    ]
    above = "".join(line + "\n" for line in lines).encode("ascii")
    wrapped = suite().encrypt(bytes(dek), key.point(), _info(above))
    lines.append(f"wrap {_WRAP} {base64url.encode(wrapped).decode()}")
    return read(sign(lines, signer), f"{environment.name}/{to}.grant")


def unwrap(grant: Grant, device: Unwrapper, where: str) -> Dek:
    """The DEK that `grant` holds for `device`. Raises `Malformed` if it was not wrapped for this grant's words and key.

    Whether it is the environment's DEK is for its commitment to say: see `Environment.keyring`.
    """
    above = grant.text[: grant.text.rindex(b"\nwrap ") + 1]
    try:
        return Dek(device.unwrap(suite(), grant.wrap, _info(above)))
    except Unopened:
        raise Malformed(f"{where}: the key in it was not wrapped for these words") from None


def _info(above: bytes) -> bytes:
    return b"gitenv/1/grant" + sha256(above)


def suite() -> "Suite":
    """HPKE as gitenv uses it: DHKEM(P-256), HKDF-SHA256, AES-256-GCM."""
    from cryptography.hazmat.primitives import hpke

    return hpke.Suite(hpke.KEM.P256, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
