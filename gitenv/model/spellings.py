"""How programs write a value that they show: in base64, URLs, JSON and shells, each in the ways that are in use.

All of them together are what `redaction` looks for. None is shorter than eight bytes.
"""

from __future__ import annotations

import functools
import re
from binascii import b2a_base64
from collections.abc import Callable, Iterator

SHORTEST = 8  # characters. What is shorter stands by chance in what anybody prints

_PLAIN = re.compile(rb"[A-Za-z0-9_.-]*")  # spelled alike by all but base64
_PASSWORD = re.compile(rb"://[^\s/:@]*:([^\s/@]+)@")
_TO_URL = bytes.maketrans(b"+/", b"-_")
# Characters of base64 that have bits of what stands before the value, where it begins at byte 0, 1, 2 of three.
_PARTIAL = (0, 2, 3)
_WIDTHS = 64, 76  # columns where base64 goes on in the next line: PEM, and MIME with base64(1)

_CONTROLS = [chr(code) for code in (*range(32), 127)]
_BACKSLASH = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})

_UNRESERVED = [  # what stays as it is in a URL, beside letters and digits
    "-_.~",  # RFC 3986, Go
    "-_.~/",  # Python's quote
    "-_.!~*'()",  # encodeURIComponent
    "-_.!~*'();/?:@&=+$,#",  # encodeURI
    "-_.~$&+,;=",  # a password in Go's and the WHATWG's URL
    "-_.~$&+,;=:@",  # a segment of a path
    "-_.*",  # a form
]
_URLS = [
    {code: hexadecimal.format(code) for code in range(256) if not (chr(code).isascii() and chr(code).isalnum())}
    | {ord(character): character for character in unreserved}
    | {ord(" "): blank}
    for unreserved in _UNRESERVED
    for blank in ("%20", "+")
    for hexadecimal in ("%{:02X}", "%{:02x}")
]

_UNITS = "\\u{:04x}", "\\u{:04X}"  # RFC 8259 lets a writer choose
_JSON_BEYOND = [  # what is escaped beside control characters
    "",
    "<>&\u2028\u2029",  # Go
    "\"'&<>+`",  # .NET
]
_JSON = [
    str.maketrans(
        {c: unit.format(ord(c)) for c in _CONTROLS}
        | {"\\": "\\\\", '"': '\\"', "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
        | {c: unit.format(ord(c)) for c in beyond}
    )
    for unit in _UNITS
    for beyond in _JSON_BEYOND
]
_JAVASCRIPT = [
    str.maketrans({c: unit.format(ord(c)) for c in _CONTROLS}) | _BACKSLASH | str.maketrans({"'": "\\'"})
    for unit in ("\\x{:02x}", "\\x{:02X}")
]
_DOLLAR = [
    str.maketrans({c: f"\\{ord(c):03o}" for c in _CONTROLS})
    | _BACKSLASH
    | str.maketrans({"'": "\\'", "\a": "\\a", "\b": "\\b", "\v": "\\v", "\f": "\\f", "\x1b": escape})
    for escape in ("\\E", "\\e")
]


def spellings(value: bytes) -> set[bytes]:
    """Every spelling of a value, of its lines and of the password in a URL; the empty set if they are too short."""
    whole = {piece for piece in _wholes(value) if _is_long(piece)}
    found = whole | {line for line in _lines(value) if _is_long(line)}
    for piece in [*found]:
        if not _PLAIN.fullmatch(piece):
            for form in (_url, _json, _literal, _shell):
                found.update(each.encode("utf-8", "surrogateescape") for each in form(piece))
    for piece in whole:
        found.update(_base64(piece))
    return found


def _is_long(piece: bytes) -> bool:
    return len(piece) >= SHORTEST and len(_text(piece)) >= SHORTEST


def _wholes(value: bytes) -> set[bytes]:
    """The value as it is, with the line ends of a terminal and without blanks around it; and passwords."""
    stripped = value.strip()
    if not stripped:
        return set()
    return {value, value.replace(b"\n", b"\r\n"), stripped, *_PASSWORD.findall(value)}


def _lines(value: bytes) -> set[bytes]:
    """Without their indentation, and without those of one character: they stand in any output."""
    lines = value.splitlines()
    return {line.strip() for line in lines if len(set(line.strip())) > 1} if len(lines) > 1 else set()


def _text(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")


def _base64(value: bytes) -> Iterator[bytes]:
    """At the end of a text, with `echo`'s line end, and what is the same in any longer one, wherever the value begins."""
    alone = b2a_base64(value, newline=False)
    texts = [b2a_base64(value + b"\n", newline=False).rstrip(b"=")]
    for before, partial in enumerate(_PARTIAL):
        whole = b2a_base64(bytes(before) + value, newline=False)[partial:]
        texts += [whole, whole.rstrip(b"="), whole[: (before + len(value)) * 8 // 6 - partial]]
    for width in _WIDTHS:
        if len(alone) > width:
            lines = (alone[at : at + width] for at in range(0, len(alone), width))
            texts += (line for line in lines if len(line) >= SHORTEST)
    for text in texts:
        yield text
        yield text.translate(_TO_URL)


def _url(value: bytes) -> Iterator[str]:
    characters = value.decode("latin-1")
    return (characters.translate(table) for table in _URLS)


def _json(value: bytes) -> Iterator[str]:
    text = _text(value)
    for table in _JSON:
        written = text.translate(table)
        for each in {written, *(_in_ascii(written, functools.partial(_utf16, unit)) for unit in _UNITS)}:
            yield each
            yield each.replace("/", "\\/")


def _literal(value: bytes) -> Iterator[str]:
    """As Python and JavaScript show text, for one in a list of variables."""
    text = _text(value)
    for shown in (repr(text), ascii(text), repr(value)[1:]):
        yield shown[1:-1]
    yield from (text.translate(table) for table in _JAVASCRIPT)


def _shell(value: bytes) -> Iterator[str]:
    text = _text(value)
    yield text.replace("'", "'\\''")
    yield text.replace("'", "'\"'\"'")  # dash, and Python's shlex
    yield text.replace("\\", "\\\\").replace("'", "\\'")  # fish
    yield re.sub(r'(["$`\\])', r"\\\1", text)
    yield re.sub(r'(["$`\\!])', r"\\\1", text)
    yield re.sub(r"""([\s!"$&'()*,;<>?[\\\]^`{|}]|^[#~]|(?<=[:=])~)""", r"\\\1", text)  # bash's printf %q
    yield re.sub(r"""([\s"#$&'()*;<>?[\\\]^`{|}]|^[=~])""", r"\\\1", text)  # zsh's ${(q)…}
    for table in _DOLLAR:
        written = text.translate(table)
        yield written
        yield _in_ascii(written, _octal)


def _in_ascii(text: str, escape: Callable[[str], str]) -> str:
    return text if text.isascii() else "".join(c if c.isascii() else escape(c) for c in text)


def _utf16(unit: str, character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(unit.format(int.from_bytes(units[at : at + 2], "big")) for at in range(0, len(units), 2))


def _octal(character: str) -> str:
    return "".join(f"\\{byte:03o}" for byte in character.encode("utf-8", "surrogateescape"))
