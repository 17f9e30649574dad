"""The statement `.recipients/ENVIRONMENT/NAME.grant`: a DEK wrapped for one person, signed by whoever let them in."""

import re

from gitenv.errors import Malformed
from gitenv.model import base64url
from gitenv.model.cipher import Dek, EnvironmentId, Generation, Unopened, sha256
from gitenv.model.environment import Environment
from gitenv.model.kinds import Identity, PublicKey, Signer
from gitenv.model.statements import (
    Holder,
    Lines,
    generation_text,
    key_text,
    sign,
)
from gitenv.tuples import NamedTuple

HOLDER, READER = "holder", "reader"
_FIRST = b"gitenv-grant 1"
_DEK = 32  # bytes
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


def read(data: bytes, where: str) -> Grant:
    """Parse a grant; the signature is not looked at. Raises `Malformed`."""
    lines = Lines(data, _FIRST, where)
    environment, environment_id = lines.common(b"environment", _environment)
    generation = lines.common(b"generation", Lines.generation)
    to = lines.name(lines.one(b"to"))
    key = lines.key(lines.one(b"key"))
    role = lines.chosen(lines.one(b"role"), HOLDER, READER)
    expires = lines.maybe(b"expires") or ""
    if expires and not re.fullmatch(_DATE, expires):
        raise lines.error("not a date like 2027-01-31")
    by = lines.common(b"by", Lines.holder)
    at = lines.moment(lines.one(b"at"))
    how, _, wrapped = lines.one(b"wrap").partition(" ")
    lines.chosen(how, key.WRAP)
    wrap = lines.bytes_of(wrapped, _DEK + key.OVERHEAD)
    lines.signature(lines.one(b"signature"))
    lines.end()
    return Grant(environment, environment_id, generation, to, key, role, expires, by, at, wrap, data)


def _environment(lines: Lines, text: str) -> tuple[str, EnvironmentId]:
    name, _, identity = text.partition(" ")
    return lines.name(name), EnvironmentId(lines.bytes_of(identity, 16))


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
    """Wrap `dek` for `key` and sign. `expires`: its last day, or ""."""
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
    wrapped = key.wrap(bytes(dek), _info(above))
    lines.append(f"wrap {key.WRAP} {base64url.encode(wrapped).decode()}")
    return read(sign(lines, signer), f"{environment.name}/{to}.grant")


def unwrap(grant: Grant, device: Identity, where: str) -> Dek:
    """The DEK that `grant` holds for `device`. Raises `Malformed` if it was not wrapped for this grant's words and key.

    Whether it is the environment's DEK is for its commitment to say: see `Environment.keyring`.
    """
    above = grant.text[: grant.text.rindex(b"\nwrap ") + 1]
    try:
        return Dek(device.public.unwrap(grant.wrap, _info(above), device))
    except Unopened:
        raise Malformed(f"{where}: the key in it was not wrapped for these words") from None


def _info(above: bytes) -> bytes:
    return b"gitenv/1/grant" + sha256(above)
