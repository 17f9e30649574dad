"""A token: one encrypted record as it is spelled in a commit, `NAME=gitenv1:3.kQ7xAa:BASE64URL` or `#gitenv1:…`."""

from gitenv.model import base64url
from gitenv.model.cipher import SIV_TAG, Commitment, Generation, Keys, Unopened
from gitenv.model.document import Kind, Record
from gitenv.tuples import NamedTuple

MARK = b"gitenv1:"
HINT_SIZE = 6


class Token(NamedTuple):
    """What a token says of itself. `hint` finds a key and proves nothing; the commitment decides."""

    name: bytes  # empty: a hidden line
    number: int
    hint: bytes
    body: bytes


def hint(commitment: Commitment) -> bytes:
    """The first six characters of a commitment, for finding the key and for readers."""
    return base64url.encode(commitment)[:HINT_SIZE]


def head(generation: Generation) -> bytes:
    """What all tokens of a generation have between the name and the ciphertext: `gitenv1:3.kQ7xAa:`."""
    return b"%b%d.%b:" % (MARK, generation.number, hint(generation.commitment))


def spell(keys: Keys, head: bytes, record: Record) -> bytes:
    """Encrypt a record and write its token, without a line end."""
    if record.kind is Kind.ASSIGNMENT:
        name = record.name
        return name + b"=" + head + base64url.encode(keys.encrypt(b"kv", name, record.raw))
    return b"#" + head + base64url.encode(keys.encrypt(b"line", b"-", record.raw))


def read(record: Record) -> Token | None:
    """Take a `TOKEN` record apart. None if its base64 is not canonical or too short to be what `spell` writes."""
    head, _, text = record.raw.rpartition(b":")
    number, _, key_hint = head.rpartition(b":")[2].partition(b".")
    try:
        body = base64url.decode(text)
    except ValueError:
        return None
    if len(body) < SIV_TAG + 32:
        return None
    return Token(record.name, int(number), key_hint, body)


def open_with(keys: Keys, token: Token) -> bytes:
    """The record that was encrypted. Raises `Unopened`."""
    raw = keys.decrypt(b"kv", token.name, token.body) if token.name else keys.decrypt(b"line", b"-", token.body)
    if not raw:
        raise Unopened  # no record is empty
    return raw
