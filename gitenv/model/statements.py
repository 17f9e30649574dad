"""Statements: signed text, `word value`, one a line, in a fixed order. The form that environments and grants share.

Read by splitting lines: TOML or JSON would cost every start of the filter more than all its cryptography, and would read one
text in more than one way. Everything unknown is refused, so that a later version cannot be taken for this one.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

from gitenv.errors import FirstEdition, Malformed
from gitenv.model import base64url, names
from gitenv.model.cipher import Commitment, Generation
from gitenv.model.kinds import PublicKey, Signer, registry
from gitenv.tuples import NamedTuple

T = TypeVar("T")

MAX_BYTES = 256 * 1024
_MAX_REMEMBERED = 8_192
_HASH = re.compile(r"[0-9a-f]{64}")
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")
_AT = re.compile(r"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]Z")
_SIGNED = b"gitenv/1/signature\n"
_ANEW = "who put it there: git log -- :/.recipients; if all is of that edition: take gitenv out as it says, then: gitenv init"
_taken_apart: dict[Callable[["Lines", str], Any], dict[str, Any]] = {}


class Holder(NamedTuple):
    """A person with one key: what `holder` and `by` lines say."""

    name: str
    fingerprint: str

    def __str__(self) -> str:
        return f"{self.name} {self.fingerprint}"


class Keyholder(NamedTuple):
    """A person with their key: what `holder` lines say, so that the next step is verified with what stood there before."""

    name: str
    key: PublicKey

    @property
    def holder(self) -> Holder:
        """Raises ValueError if the key is no point on the curve."""
        return Holder(self.name, self.key.fingerprint())

    def __str__(self) -> str:
        return f"{self.name} {key_text(self.key)}"


def is_fingerprint(text: str) -> bool:
    """Whether `text` has the form `SHA256:…`."""
    return bool(_FINGERPRINT.fullmatch(text))


def is_hash(text: str) -> bool:
    """Whether `text` is a SHA-256 in hexadecimal, as `sha256sum` prints it."""
    return bool(_HASH.fullmatch(text))


class Lines:
    """A statement's lines, taken one after the other. Whatever is not as expected raises `Malformed` with the line."""

    def __init__(self, data: bytes, first: bytes, where: str) -> None:
        """`where` names the file in errors. Raises for size, bytes that are not printable ASCII, and another version."""
        self._where = where
        if len(data) > MAX_BYTES:
            raise Malformed(f"{where}: {len(data):,} bytes, a statement has at most {MAX_BYTES:,}")
        if not data.endswith(b"\n") or not data.isascii() or not data[:-1].replace(b"\n", b"").decode().isprintable():
            raise Malformed(f"{where}: not lines of printable ASCII")
        self._lines = data[:-1].split(b"\n")
        self._next = 0
        if self._lines[0] != first:
            known = self._lines[0].rpartition(b" ")[0] == first.rpartition(b" ")[0]
            hint = "a newer gitenv wrote it: update yours" if known else ""
            raise Malformed(f"{where}: does not begin with {first.decode()!r}", hint)
        self._next = 1

    def one(self, word: bytes) -> str:
        """The value of the next line, which must have this word."""
        value = self.maybe(word)
        if value is None:
            raise self.error(f"expected '{word.decode()} …'")
        return value

    def maybe(self, word: bytes) -> str | None:
        """The value of the next line if it has this word."""
        if self._next < len(self._lines):
            found, _, value = self._lines[self._next].partition(b" ")
            if found == word and value:
                self._next += 1
                return value.decode("ascii")
        return None

    def many(self, word: bytes) -> list[str]:
        """The values of all lines with this word that follow."""
        values = []
        while (value := self.maybe(word)) is not None:
            values.append(value)
        return values

    def each(self, word: bytes, read: Callable[["Lines", str], T]) -> list[T]:
        """All lines with this word that follow, as `read` takes their values apart, by nothing but their text.

        Each text is taken apart once: the statements of a chain have nearly all of these lines in common.
        """
        return [self._apart(text, read) for text in self.many(word)]

    def common(self, word: bytes, read: Callable[["Lines", str], T]) -> T:
        """The same for the next line, where the grants of a team have it in common."""
        return self._apart(self.one(word), read)

    def _apart(self, text: str, read: Callable[["Lines", str], T]) -> T:
        known: dict[str, T] = _taken_apart.setdefault(read, {})
        if text not in known:
            if len(known) >= _MAX_REMEMBERED:
                known.clear()
            known[text] = read(self, text)
        return known[text]

    def end(self) -> None:
        """Nothing may follow."""
        if self._next < len(self._lines):
            self._next += 1
            raise self.error("an unknown or misplaced line")

    def error(self, what: str) -> Malformed:
        """The error for the line that was taken last."""
        return Malformed(f"{self._where}: line {max(self._next, 1)}: {what}")

    # What the values of several words are made of.

    def bytes_of(self, text: str, *sizes: int) -> bytes:
        data = self.bytes_in(text)
        if len(data) not in sizes:
            raise self.error(f"{len(data)} bytes where {' or '.join(map(str, sizes))} belong")
        return data

    def bytes_in(self, text: str) -> bytes:
        try:
            return base64url.decode(text.encode("ascii"))
        except ValueError as error:
            raise self.error(str(error)) from None

    def number(self, text: str) -> int:
        if not re.fullmatch("[1-9][0-9]{0,8}", text):
            raise self.error("not a number from 1 to 999999999")
        return int(text)

    def name(self, text: str) -> str:
        if not names.is_name(text):
            raise self.error("not a name")
        return text

    def keyholder(self, text: str) -> Keyholder:
        name, _, key = text.partition(" ")
        if is_fingerprint(key):
            raise FirstEdition(f"{self._where}: of gitenv's first edition, whose statements form no chain", _ANEW)
        return Keyholder(self.name(name), self.key(key))

    def hash(self, text: str) -> str:
        if not is_hash(text):
            raise self.error("not a SHA-256 in hexadecimal")
        return text

    def holder(self, text: str) -> Holder:
        name, _, fingerprint = text.partition(" ")
        if not is_fingerprint(fingerprint):
            raise self.error("not a name and a fingerprint")
        return Holder(self.name(name), fingerprint)

    def generation(self, text: str) -> Generation:
        number, _, commitment = text.partition(" ")
        return Generation(self.number(number), Commitment(self.bytes_of(commitment, 32)))

    def key(self, text: str) -> PublicKey:
        name, _, key = text.partition(" ")
        kind = registry.named(name)
        if kind is None:
            raise self.error("a key of a kind that this gitenv does not know")
        return kind(self.bytes_of(key, kind.SIZE))

    def signature(self, text: str) -> bytes:
        """Its kind is that of the signer's key. A text that named one would choose how it is verified."""
        return self.bytes_of(text, *_signature_sizes())

    def moment(self, text: str) -> str:
        if not _AT.fullmatch(text):
            raise self.error("not a moment like 2026-11-21T10:00:00Z")
        return text

    def chosen(self, text: str, *choices: str) -> str:
        if text not in choices:
            raise self.error(f"not one of: {', '.join(choices)}")
        return text


@lru_cache(1)
def _signature_sizes() -> tuple[int, ...]:
    return tuple(kind.SIGNATURE for kind in registry.every())


def generation_text(generation: Generation) -> str:
    return f"{generation.number} {base64url.encode(generation.commitment).decode()}"


def key_text(key: PublicKey) -> str:
    return f"{key.KIND} {base64url.encode(key).decode()}"


def sign(lines: list[str], signer: Signer) -> bytes:
    """The whole statement: `lines`, and the signature over all of them."""
    body = "".join(line + "\n" for line in lines).encode("ascii")
    signature = signer.sign(_SIGNED + body)
    return body + b"signature " + base64url.encode(signature) + b"\n"


@lru_cache(maxsize=32_768)
def is_signed_by(data: bytes, key: PublicKey) -> bool:
    """Whether the last line of the statement `data` is this key's signature over all lines above it."""
    body, _, last = data[:-1].rpartition(b"\n")
    try:
        signature = base64url.decode(last.removeprefix(b"signature "))
    except ValueError:
        return False
    return key.verifies(signature, _SIGNED + body + b"\n")
