"""Sealed values: written by somebody who cannot read the environment, for its holders to open.

`NAME=gitenv1-sealed:3.kQ7xAa:bob:BODY` in a commit. BODY is the contributor's key, an HPKE message (RFC 9180) to the key that
the environment's statement names as `seal`, and the contributor's signature. Nobody can open it but who has the DEK, not even
the contributor. It is never a value by itself: in an open work tree it is an unverified line, until a holder accepts it.
"""

from __future__ import annotations

from gitenv.model import base64url, document, names, statements
from gitenv.model.cipher import EnvironmentId, Generation, Unopened, pad, padded_size, sha256, unpad
from gitenv.model.document import Kind, Record
from gitenv.model.environment import Environment, seal_key
from gitenv.model.keyring import Keyring
from gitenv.model.kinds import Identity, PublicKey, Signer
from gitenv.model.kinds.p256 import P256Key
from gitenv.model.reasons import CannotStand, ForgedSeal, SealedElsewhere
from gitenv.model.statements import Holder
from gitenv.model.token import hint
from gitenv.tuples import NamedTuple

MARK = b"gitenv1-sealed:"
_KEY, _SIGNATURE = P256Key.SIZE, P256Key.SIGNATURE  # no kind is named here: the mark stands for P-256, too
_SMALLEST = _KEY + P256Key.OVERHEAD + 32 + _SIGNATURE


class Sealed(NamedTuple):
    """What a sealed value says of itself. Nothing of it is believed before `check_signed`."""

    name: str  # the key name it is for
    number: int
    hint: bytes
    by: str
    key: PublicKey  # the contributor's
    message: bytes
    signature: bytes

    @property
    def contributor(self) -> Holder:
        """Who says to have sealed it. Raises ValueError if the key is no point on the curve."""
        return Holder(self.by, self.key.fingerprint())

    def line(self) -> bytes:
        """The record, without a line end."""
        head = b"%b=%b%d.%b:%b:" % (self.name.encode("ascii"), MARK, self.number, self.hint, self.by.encode("ascii"))
        return head + base64url.encode(self.key + self.message + self.signature)


def read(record: Record) -> Sealed | None:
    """Take a `SEALED` record apart. None if it has not the form of what `seal` writes."""
    head, _, text = record.raw.rpartition(b":")
    mark, _, by = head.rpartition(b":")
    number, _, key_hint = mark.rpartition(b":")[2].partition(b".")
    try:
        body = base64url.decode(text)
    except ValueError:
        return None
    padded = len(body) - _SMALLEST + 32
    # The length is looked at here, where nobody needs a key: a value that does not hide its own is none that `seal` writes.
    if padded < 32 or padded_size(padded - 1) != padded or not names.is_name(by.decode("ascii")):
        return None
    key, message, signature = body[:_KEY], body[_KEY:-_SIGNATURE], body[-_SIGNATURE:]
    name = record.name.decode("ascii")
    return Sealed(name, int(number), key_hint, by.decode("ascii"), P256Key(key), message, signature)


def seal(environment: Environment, raw: bytes, name: str, contributor: str, signer: Signer) -> bytes:
    """Seal a record, `NAME=value`, to the environment's holders; return its line, without a line end."""
    identity, generation = environment.id, environment.generation
    new = Sealed(name, generation.number, hint(generation.commitment), contributor, signer.public, b"", b"")
    message = environment.seal.wrap(pad(raw), _info(new, identity, generation))
    return signed(new._replace(message=message), identity, generation, signer).line()


def signed(sealed: Sealed, identity: EnvironmentId, generation: Generation, signer: Signer) -> Sealed:
    """The same with a signature by its contributor, whose key that is."""
    return sealed._replace(signature=signer.sign(_text(sealed, identity, generation)))


def check_signed(sealed: Sealed, identity: EnvironmentId, generation: Generation, where: str) -> None:
    """Raise `ForgedSeal` unless the key in it signed this value for this name, environment and generation.

    Whose key that is, is another question.
    """
    if not sealed.key.verifies(sealed.signature, _text(sealed, identity, generation)):
        raise ForgedSeal(f"{where}: was changed, moved, or never sealed by {sealed.by}")


def open_with(sealed: Sealed, ring: Keyring, where: str) -> bytes:
    """The record that was sealed. Raises `SealedElsewhere` if no key of the environment opens it, and `CannotStand`.

    The latter for a record that is not the one that its name says: the contributor can seal any bytes.
    """
    found = ring.generation(sealed.number, sealed.hint)
    if found is None:
        raise SealedElsewhere(f"{where}: sealed for a generation that this environment never had")
    generation, keys = found
    try:
        raw = decrypt(sealed, ring.id, generation, seal_key(keys))
    except Unopened:
        raise SealedElsewhere(f"{where}: sealed for another name, environment or key than this one") from None
    # `raw` whole: a line feed at its end would be the end of a record, and the next line one that nobody sealed.
    if document.parse(raw) != [Record(Kind.ASSIGNMENT, sealed.name.encode("ascii"), raw, b"")]:
        raise CannotStand(f"{where}: holds another line than its name says", f"gitenv reject {sealed.name}")
    return raw


def opens(record: Record, ring: Keyring) -> bool:
    """Whether a `SEALED` record is for this environment."""
    sealed = read(record)
    found = ring.generation(sealed.number, sealed.hint) if sealed else None
    if not sealed or not found:
        return False
    generation, keys = found
    try:
        decrypt(sealed, ring.id, generation, seal_key(keys))
    except Unopened:
        return False
    return True


def decrypt(sealed: Sealed, identity: EnvironmentId, generation: Generation, seal: Identity) -> bytes:
    """The padding taken off, nothing else: whoever sealed it can have sealed any bytes. Raises `Unopened`."""
    try:
        return unpad(seal.public.unwrap(sealed.message, _info(sealed, identity, generation), seal))
    except ValueError:
        raise Unopened from None


def _about(sealed: Sealed, identity: EnvironmentId, generation: Generation) -> bytes:
    """What it is for and by whom, as lines like a statement's: bound into the encryption, and signed."""
    lines = [
        "gitenv-sealed 1",
        f"environment {base64url.encode(identity).decode()}",
        f"generation {statements.generation_text(generation)}",
        f"name {sealed.name}",
        f"by {sealed.by}",
        f"key {statements.key_text(sealed.key)}",
    ]
    return "".join(line + "\n" for line in lines).encode("ascii")


def _info(sealed: Sealed, identity: EnvironmentId, generation: Generation) -> bytes:
    return b"gitenv/1/sealed" + sha256(_about(sealed, identity, generation))


def _text(sealed: Sealed, identity: EnvironmentId, generation: Generation) -> bytes:
    """What its contributor signs."""
    message = b"message " + base64url.encode(sealed.message) + b"\n"
    return b"gitenv/1/sealed-signature\n" + _about(sealed, identity, generation) + message
