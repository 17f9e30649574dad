"""What leaves by accident, in whatever file: a private key of gitenv's kind, and copies of values that are encrypted elsewhere.

Hooks ask this of every blob that a commit brings, so files come in pieces, nothing slow is loaded at the start, and one pass
of C goes over what is in order.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Set

# How a P-256 key begins in PKCS#8 (RFC 5958): as PEM, as PEM in base64 once more, which variables of CI often are, as DER.
TEXT_MARKS = (
    b"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg",
    b"LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCk1JR0hBZ0VBTUJNR0J5cUdT",
)
KEY_MARKS = (*TEXT_MARKS, bytes.fromhex("308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420"))
MARKS = tuple(mark.replace(b"\0", b"") for mark in KEY_MARKS)
"""The same as they stand in chunks."""
SHORTEST = 12
"""A value of fewer characters is no secret that could be told from a word."""
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_FOLLOWING = 16  # characters of the key itself that must stand behind a mark: documents show keys with dots there
_LONGEST_LINE = 1024 * 1024
_OVERLAP = 128  # longer than any mark and what follows it
_BLANKS = b" \t\r\v\f'\"`\xef\xbb\xbf\xfe\xff"  # with the marks that Windows writes before a text
_SECRET_NAMES = (b"pass", b"pwd", b"secret", b"token", b"key", b"cred", b"auth", b"salt", b"private", b"dsn")


def chunks(pieces: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Pieces as chunks of whole lines, each with the number of its first line. A line without end is cut, with an overlap.

    Without NULs: `>` of PowerShell writes UTF-16, which is ASCII with one after each letter.
    """
    rest, number = b"", 1
    for piece in pieces:
        whole, newline, last = (rest + piece.replace(b"\0", b"")).rpartition(b"\n")
        if newline:
            yield number, whole + newline
            number += whole.count(b"\n") + 1
        rest = last
        if len(rest) > _LONGEST_LINE:
            yield number, rest
            rest = rest[-_OVERLAP:]
    if rest:
        yield number, rest


def key_lines(pieces: Iterable[bytes]) -> Iterator[int]:
    """The lines in which a private key begins, each mark once a line: a file may be full of them."""
    for number, chunk in chunks(pieces):
        for mark in MARKS:
            start, counted, line = chunk.find(mark), 0, number
            while start >= 0:
                end = start + len(mark)
                following = chunk[end : end + _FOLLOWING]
                if len(following) == _FOLLOWING and (mark not in TEXT_MARKS or not following.translate(None, _BASE64)):
                    line += chunk.count(b"\n", counted, start)
                    counted = start
                    yield line
                    end = chunk.find(b"\n", end) + 1 or len(chunk)
                start = chunk.find(mark, end)


def assigned(chunk: bytes) -> set[bytes]:
    """The names that lines set, as dotenv files or YAML do, to something that is long enough to be a secret."""
    found = set()
    for line in chunk.replace(b":", b"=").split(b"\n"):
        name, equals, value = line.partition(b"=")
        if equals and len(value) >= SHORTEST:
            name = name.strip(_BLANKS)
            found.add(name[7:].strip(_BLANKS) if name.startswith(b"export ") else name)
    return found


def settings(chunk: bytes, names: Set[bytes]) -> set[tuple[bytes, bytes]]:
    """What lines set these names to, without all that a copy may have more or less of."""
    found = set()
    for line in chunk.replace(b":", b"=").translate(None, _BLANKS).split(b"\n"):
        name, equals, value = line.partition(b"=")
        name = name if name in names else name.removeprefix(b"export")
        if equals and name in names:
            found.add((name, value.rstrip(b",;")))
    return found


def is_telling(name: bytes, value: bytes) -> bool:
    """Whether a value would be a secret's: 12 characters or more, and no plain word, number or path.

    A path is also an address without a password, and a name of words (`eu-central-1`), unless the key is called like a secret:
    then words are a pass phrase.
    """
    import re

    value = value.strip()
    value = value if value[:1] in b"'\"`" else value.partition(b" #")[0]
    value = re.sub(rb"\$\{[^}]*\}", b"", value.translate(None, b"'\"`")).strip()
    if len(value) < SHORTEST or re.fullmatch(rb"[A-Za-z]+|[0-9.,:+*_/ xXTZ-]+", value):
        return False
    address = re.fullmatch(rb"[A-Za-z][A-Za-z0-9+.-]*://([^/]*)(.*)", value, re.DOTALL)
    is_path = bool(address or re.match(rb"\.{0,2}/|~/|[A-Za-z]:[\\/]|-|(?:,?[a-z0-9.-]+:[0-9]{2,5})+\Z", value))
    if address and (b"@" in address[1] or b"?" in address[2]):
        return True
    if not is_path and any(word in name.lower() for word in _SECRET_NAMES):
        return True
    words = re.split(rb"[^A-Za-z0-9]+", value)
    return not all(_is_plain(word, in_path=is_path) for word in words)


def _is_plain(word: bytes, *, in_path: bool) -> bool:
    """Whether letters and digits are a word, or a small number; in paths `x86`, `s3` and `512m` as well."""
    import re

    words = rb"(?:[A-Z]{1,16}|[A-Z]?[a-z]{1,20}(?:[A-Z][a-z]{1,20}){0,5})?"
    if in_path:
        return bool(re.fullmatch(rb"[0-9]{0,3}" + words + rb"[0-9]{0,5}[a-z]?", word))
    return bool(re.fullmatch(words + rb"|[0-9]{1,3}", word))


class Copies:
    """Assignments that stand opened somewhere, to be looked for in other files."""

    def __init__(self) -> None:
        self._lines: dict[bytes, tuple[str, str]] = {}
        self._longer: dict[bytes, tuple[str, str]] = {}

    def add(self, path: str, name: bytes, raw: bytes) -> None:
        """Add the assignment `raw` of a protected file, if its value is telling."""
        value = raw[min(place for place in (raw.find(b"="), raw.find(b":")) if place >= 0) + 1 :]
        if not is_telling(name, value):
            return
        value = value.translate(None, _BLANKS + b"\n")
        known = self._longer if b"\n" in raw else self._lines
        for start in (name, b"export" + name):
            for between in (b"=", b":"):
                for end in (b"", b",", b";"):  # a line of a dump, of YAML, of JSON
                    known.setdefault(start + between + value + end, (name.decode("ascii"), path))

    def __bool__(self) -> bool:
        return bool(self._lines or self._longer)

    def names(self) -> set[str]:
        """The keys that are looked for."""
        return {name for name, _ in (*self._lines.values(), *self._longer.values())}

    def found(self, pieces: Iterable[bytes]) -> Iterator[tuple[int, str, str]]:
        """The copies in a file: the line, the name of the key, and the protected file that it is from."""
        for number, chunk in chunks(pieces):
            lines = chunk.translate(None, _BLANKS).split(b"\n")
            if not self._lines.keys().isdisjoint(lines):
                for offset, line in enumerate(lines):
                    if line in self._lines:
                        yield number + offset, *self._lines[line]
            flat = b"".join(lines) if self._longer else b""
            for text, (name, path) in self._longer.items():
                if text in flat:
                    first = next((n for n, line in enumerate(lines) if line and text.startswith(line[:SHORTEST])), 0)
                    yield number + first, name, path
