"""The statement `.recipients/NAME/environment`: what an environment is, who may let others in, which DEK is current."""

from collections.abc import Sequence
from typing import NamedTuple

from gitenv.errors import NotTrusted
from gitenv.model import base64url, names
from gitenv.model.cipher import Dek, EnvironmentId, Generation
from gitenv.model.keyring import Keyring, Older, first_generation
from gitenv.model.kinds import PublicKey, Signer
from gitenv.model.kinds.p256 import P256Identity
from gitenv.model.statements import (
    Holder,
    Lines,
    generation_text,
    key_text,
    sign,
)
from gitenv.model.token import hint

_FIRST = b"gitenv-environment 1"


class Environment(NamedTuple):
    """One environment as one statement has it. `text` is the file, byte for byte."""

    name: str
    id: EnvironmentId
    revision: int
    paths: tuple[str, ...]
    generation: Generation
    older: tuple[Older, ...]
    seal: PublicKey
    holders: tuple[Holder, ...]
    by: Holder
    at: str
    text: bytes

    def claims(self, path: str) -> bool:
        """Whether the file at `path` (from the top of the work tree, with `/`) is this environment's."""
        return names.claimed(self.paths, path)

    def keyring(self, dek: Dek) -> Keyring:
        """What `dek` opens. Raises `NotTrusted` if it is not this environment's."""
        return Keyring(self.id, self.generation, dek, self.older)


def read(data: bytes, where: str) -> Environment:
    """Parse a statement; the signature is not looked at. Raises `Malformed`."""
    lines = Lines(data, _FIRST, where)
    name = lines.name(lines.one(b"name"))
    identity = EnvironmentId(lines.bytes_of(lines.one(b"id"), 16))
    revision = lines.number(lines.one(b"revision"))
    paths = lines.many(b"path")
    if not paths or len(paths) > names.MAX_PATTERNS or not all(map(names.is_pattern, paths)):
        raise lines.error(f"not 1 to {names.MAX_PATTERNS} path patterns")
    generation = lines.generation(lines.one(b"generation"))
    older = [_older(lines, text) for text in lines.many(b"older")]
    numbers = [generation.number, *(link.generation.number for link in older)]
    if numbers != sorted(numbers, reverse=True) or numbers[1:2] == [generation.number]:
        raise lines.error("generations are not listed newest first")
    if len({(link.generation.number, hint(link.generation.commitment)) for link in older}) < len(older):
        raise lines.error("two older generations that no token tells apart")
    seal = lines.key(lines.one(b"seal"))
    holders = [lines.holder(text) for text in lines.many(b"holder")]
    if not holders or len({holder.name for holder in holders}) < len(holders):
        raise lines.error("no holder, or one twice")
    by = lines.holder(lines.one(b"by"))
    at = lines.moment(lines.one(b"at"))
    lines.signature(lines.one(b"signature"))
    lines.end()
    return Environment(name, identity, revision, tuple(paths), generation, tuple(older), seal, tuple(holders), by, at, data)


def write(
    name: str,
    identity: EnvironmentId,
    revision: int,
    paths: Sequence[str],
    ring: Keyring,
    older: Sequence[Older],
    holders: Sequence[Holder],
    *,
    by: Holder,
    at: str,
    signer: Signer,
) -> Environment:
    """Sign a statement for the generation that `ring` has as its current one."""
    lines = [
        _FIRST.decode(),
        f"name {name}",
        f"id {base64url.encode(identity).decode()}",
        f"revision {revision}",
        *(f"path {path}" for path in paths),
        f"generation {generation_text(ring.current)}",
        *(link.line().decode() for link in older),
        f"seal {key_text(P256Identity.derived(ring.keys.seal_seed()).public)}",
        *(f"holder {holder}" for holder in sorted(holders)),
        f"by {by}",
        f"at {at}",
    ]
    return read(sign(lines, signer), f"{name}/environment")


def found(name: str, paths: Sequence[str], by: Holder, at: str, signer: Signer) -> tuple[Environment, Dek]:
    """A new environment with a new DEK, whose only holder is the founder."""
    dek, identity = Dek.fresh(), EnvironmentId.fresh()
    ring = Keyring(identity, first_generation(dek, identity), dek, [])
    return write(name, identity, 1, paths, ring, [], [by], by=by, at=at, signer=signer), dek


def check_seal(environment: Environment, ring: Keyring) -> None:
    """Raise `NotTrusted` unless `seal` is what the DEK gives: values sealed to another key would be somebody else's to read."""
    if P256Identity.derived(ring.keys.seal_seed()).public != environment.seal:
        raise NotTrusted(f"{environment.name}/environment: its seal key does not belong to its data key")


def _older(lines: Lines, text: str) -> Older:
    generation, _, wrapped = text.rpartition(" ")
    return Older(lines.generation(generation), lines.bytes_of(wrapped, 60))
