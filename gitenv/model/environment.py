"""The statement `.recipients/NAME/environment`: what an environment is, who may let others in, which DEK is current.

Each names the hash of the one before, which lies beside it in `past/`: so a tree alone proves its newest statement.
"""

from collections.abc import Sequence
from functools import lru_cache

from gitenv.errors import NotTrusted
from gitenv.model import base64url, names
from gitenv.model.cipher import Dek, EnvironmentId, Generation, Keys, sha256
from gitenv.model.keyring import Keyring, Older, first_generation
from gitenv.model.kinds import PublicKey, Signer
from gitenv.model.kinds.p256 import P256Identity
from gitenv.model.statements import (
    Holder,
    Keyholder,
    Lines,
    generation_text,
    key_text,
    sign,
)
from gitenv.model.token import hint
from gitenv.tuples import NamedTuple

MAX_PROOF = 16
"""Grants that one statement may carry along, from its signer's own to one by a holder of the statement before."""
MAX_LISTED = 400
"""People whom one statement lists as holders, or as those who left: it has a limit, a team has none."""
_FIRST = b"gitenv-environment 1"


class Left(NamedTuple):
    """Somebody who was taken out, and the last generation that they could open."""

    name: str
    key: PublicKey
    generation: int

    def __str__(self) -> str:
        return f"{self.name} {key_text(self.key)} {self.generation}"


class Environment(NamedTuple):
    """One environment as one statement has it. `text` is the file, byte for byte."""

    name: str
    id: EnvironmentId
    revision: int
    previous: str  # the hash of the statement before; "" in revision 1
    beside: tuple[str, ...]  # hashes of the statements of a side that was given up
    paths: tuple[str, ...]
    generation: Generation
    older: tuple[Older, ...]
    known: str  # the hash of the file `known`; "" where there is none
    left: tuple[Left, ...]
    reissue_within: int  # days; 0 where no policy says so
    seal: PublicKey
    keyholders: tuple[Keyholder, ...]
    by: Holder
    proof: tuple[bytes, ...]  # grants, byte for byte
    at: str
    text: bytes

    @property
    def hash(self) -> str:
        """SHA-256 of the file in hexadecimal, as `sha256sum` prints it: its name in `past/`."""
        return hash_of(self.text)

    @property
    def holders(self) -> tuple[Holder, ...]:
        """Who held it when it was signed. Each key's fingerprint takes a square root, so nothing hot asks."""
        return tuple(_by_holder(self.keyholders))

    def key_of(self, holder: Holder) -> PublicKey | None:
        """The key that a `holder` line gives somebody."""
        return _by_holder(self.keyholders).get(holder)

    def claims(self, path: str) -> bool:
        """Whether the file at `path` (from the top of the work tree, with `/`) is this environment's."""
        return names.claimed(self.paths, path)

    def is_behind(self, other: "Environment") -> bool:
        """Whether another statement of the same environment lists this one's key as an earlier one."""
        return self.id == other.id and any(self.generation == link.generation for link in other.older)

    def keyring(self, dek: Dek) -> Keyring:
        """What `dek` opens. Raises `NotTrusted` if it is not this environment's."""
        return Keyring(self.id, self.generation, dek, self.older)


class Draft(NamedTuple):
    """What the next statement says that is not the same as before."""

    ring: Keyring
    older: Sequence[Older]
    keyholders: Sequence[Keyholder]
    paths: Sequence[str]
    beside: Sequence[str] = ()
    known: str = ""
    left: Sequence[Left] = ()
    reissue_within: int = 0
    proof: Sequence[bytes] = ()


def hash_of(text: bytes) -> str:
    """The name of a statement in `past/`."""
    return sha256(text).hex()


def read(data: bytes, where: str) -> Environment:
    """Parse a statement; the signature is not looked at. Raises `Malformed`, or `FirstEdition`."""
    lines = Lines(data, _FIRST, where)
    name = lines.name(lines.one(b"name"))
    identity = EnvironmentId(lines.bytes_of(lines.one(b"id"), 16))
    revision = lines.number(lines.one(b"revision"))
    previous = lines.maybe(b"previous")
    beside = [lines.hash(text) for text in lines.many(b"beside")]
    paths = lines.many(b"path")
    if not paths or len(paths) > names.MAX_PATTERNS or not all(map(names.is_pattern, paths)):
        raise lines.error(f"not 1 to {names.MAX_PATTERNS} path patterns")
    generation = lines.generation(lines.one(b"generation"))
    older = lines.each(b"older", _older)
    _check_order(lines, generation, older)
    known = lines.maybe(b"known")
    left = lines.each(b"left", _left)
    policy = lines.maybe(b"policy")
    seal = lines.key(lines.one(b"seal"))
    keyholders = lines.each(b"holder", Lines.keyholder)
    if not keyholders or len({each.name for each in keyholders}) < len(keyholders):
        raise lines.error("no holder, or one twice")
    if (previous is None) != (revision == 1):
        raise lines.error("revision 1 has no previous one, and every other has one")
    by = lines.holder(lines.one(b"by"))
    proof = [lines.bytes_in(text) for text in lines.many(b"proof")]
    if len(proof) > MAX_PROOF:
        raise lines.error(f"more than {MAX_PROOF} grants")
    at = lines.moment(lines.one(b"at"))
    lines.signature(lines.one(b"signature"))
    lines.end()
    return Environment(
        *(name, identity, revision, lines.hash(previous) if previous else "", tuple(beside), tuple(paths), generation),
        *(tuple(older), lines.hash(known) if known else "", tuple(left), _days(lines, policy) if policy else 0, seal),
        *(tuple(keyholders), by, tuple(proof), at, data),
    )


def previous_of(data: bytes, where: str) -> str:
    """The hash of the one before a statement, of which nothing else is read; "" at a founding. Raises `Malformed`."""
    lines = Lines(b"".join(line + b"\n" for line in data.split(b"\n", 5)[:5]), _FIRST, where)
    for word in (b"name", b"id", b"revision"):
        lines.one(word)
    previous = lines.maybe(b"previous")
    return lines.hash(previous) if previous else ""


def following(before: Environment, draft: Draft, *, by: Holder, at: str, signer: Signer) -> Environment:
    """Sign the statement after `before`, for the generation that the draft's `ring` has as its current one."""
    return write(before.name, before.id, before.revision + 1, before.hash, draft, by=by, at=at, signer=signer)


def found(name: str, paths: Sequence[str], by: Keyholder, at: str, signer: Signer) -> tuple[Environment, Dek]:
    """A new environment with a new DEK, whose only holder is the founder."""
    dek, identity = Dek.fresh(), EnvironmentId.fresh()
    ring = Keyring(identity, first_generation(dek, identity), dek, [])
    draft = Draft(ring, [], [by], paths)
    return write(name, identity, 1, "", draft, by=by.holder, at=at, signer=signer), dek


def check_seal(environment: Environment, ring: Keyring) -> None:
    """Raise `NotTrusted` unless `seal` is what the DEK gives: values sealed to another key would be somebody else's to read."""
    if seal_key(ring.keys).public != environment.seal:
        raise NotTrusted(f"{environment.name}/environment: its seal key does not belong to its data key")


def seal_key(keys: Keys) -> P256Identity:
    """The key pair that values are sealed to: whoever has the data key has it."""
    return P256Identity.derived(keys.seal_seed())


def write(
    name: str,
    identity: EnvironmentId,
    revision: int,
    previous: str,
    draft: Draft,
    *,
    by: Holder,
    at: str,
    signer: Signer,
) -> Environment:
    """Sign a statement, whatever it says: `following` and `found` say what is right."""
    lines = [
        _FIRST.decode(),
        f"name {name}",
        f"id {base64url.encode(identity).decode()}",
        f"revision {revision}",
        *([f"previous {previous}"] if previous else []),
        *(f"beside {each}" for each in sorted(draft.beside)),
        *(f"path {path}" for path in draft.paths),
        f"generation {generation_text(draft.ring.current)}",
        *(link.line().decode() for link in draft.older),
        *([f"known {draft.known}"] if draft.known else []),
        *(f"left {each}" for each in sorted(draft.left)),
        *([f"policy reissue-within {draft.reissue_within}d"] if draft.reissue_within else []),
        f"seal {key_text(seal_key(draft.ring.keys).public)}",
        *(f"holder {each}" for each in sorted(draft.keyholders)),
        f"by {by}",
        *(f"proof {base64url.encode(each).decode()}" for each in draft.proof),
        f"at {at}",
    ]
    return read(sign(lines, signer), f"{name}/environment")


@lru_cache(maxsize=512)
def _by_holder(keyholders: tuple[Keyholder, ...]) -> dict[Holder, PublicKey]:
    found: dict[Holder, PublicKey] = {}
    for each in keyholders:
        try:
            found[each.holder] = each.key
        except ValueError:  # no point on the curve: it signs nothing
            continue
    return found


def _check_order(lines: Lines, generation: Generation, older: Sequence[Older]) -> None:
    """Where a side was given up, its generations are listed as well: two may share a number, or have a later one than ours."""
    numbers = [link.generation.number for link in older]
    if numbers != sorted(numbers, reverse=True):
        raise lines.error("older generations are not listed newest first")
    spelled = {(each.number, hint(each.commitment)) for each in (generation, *(link.generation for link in older))}
    if len(spelled) <= len(numbers):
        raise lines.error("two generations that no token tells apart")


def _older(lines: Lines, text: str) -> Older:
    generation, _, wrapped = text.rpartition(" ")
    return Older(lines.generation(generation), lines.bytes_of(wrapped, 60))


def _left(lines: Lines, text: str) -> Left:
    name, _, rest = text.partition(" ")
    key, _, generation = rest.rpartition(" ")
    return Left(lines.name(name), lines.key(key), lines.number(generation))


def _days(lines: Lines, text: str) -> int:
    word, _, days = text.partition(" ")
    if word != "reissue-within" or not days.endswith("d"):
        raise lines.error("a policy that this gitenv does not know")
    return lines.number(days.removesuffix("d"))
