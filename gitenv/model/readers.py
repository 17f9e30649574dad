"""How other programs read a .env file: Node's dotenv and Ruby's, by their own patterns, and Python's, which replaces `${NAME}`.

Each gives what a text sets: None for a value that hangs on variables or commands, and None for a text that it refuses. gitenv
itself reads by `model.dialect`. tests/model/test_readers.py asks the programs whether all this is so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from gitenv.errors import NotTrusted
from gitenv.model import dialect, interpolation

Read = Mapping[str, str | None]

# Their patterns as they are, but for two things that change nothing and make them linear: a line does not begin with the empty
# ones above it, and text in quotes, there `(?:\\'|[^'])*`, is gone through from backslash to backslash.
_QUOTED = r"\s*{0}[^{0}\\]*+(?:\\{0}?[^{0}\\]*+)*{0}"
_SINGLE, _DOUBLE, _BACKTICK = (_QUOTED.format(quote) for quote in "'\"`")
_NODE = (
    r"(?m)(?:^|(?<=[\u2028\u2029]))(?:(?![\n\u2028\u2029])\s)*(?:export\s+)?([A-Za-z0-9_.-]+)(?:\s*=\s*?|:\s+?)"
    rf"({_SINGLE}|{_DOUBLE}|{_BACKTICK}|[^#\n]+)?\s*(?:#[^\n\u2028\u2029]*)?(?=[\n\u2028\u2029]|\Z)"
).replace(r"\s", r"[\t-\r \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]")
_RUBY = (
    r"(?m)^(?:(?!\n)\s)*(export\s+)?([A-Za-z0-9_.]+)"
    rf"(?:(?:\s*=\s*?|:\s+?)({_SINGLE}|{_DOUBLE}|[^#\n]+)?)?\s*(?:#.*)?$"
).replace(r"\s", r"[\t-\r ]")
_TRIMMED_BY_NODE = "\t\n\v\f\r \xa0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(map(chr, range(0x2000, 0x200B)))
_NODE_ESCAPES = (("\\n", "\n"), ("\\r", "\r"))


def node(text: bytes) -> Read | None:
    """What `dotenv` of npm reads. It gives bytes that are no UTF-8 another look."""
    found: dict[str, str | None] = {}
    for line in re.finditer(_NODE, _normal(text.decode("utf-8", "replace"))):
        value = (line[2] or "").strip(_TRIMMED_BY_NODE)
        inner = _without_quotes(value, "'\"`")
        for escape, meant in _NODE_ESCAPES if value[:1] == '"' else ():
            inner = inner.replace(escape, meant)
        # For its `^` and `$` these two end a line, and it takes quotes off each.
        found[line[1]] = None if inner == value and ("\u2028" in value or "\u2029" in value) else inner
    return found


def ruby(text: bytes) -> Read | None:
    """What the gem `dotenv` reads, from version 3 on. It runs commands, and refuses `export` of what is nothing yet."""
    try:
        data = _normal(text.decode("utf-8").removeprefix("\ufeff"))
    except UnicodeDecodeError:
        return None
    found: dict[str, str | None] = {}
    for line in re.finditer(_RUBY, data):
        if not line[1] or line[3]:
            found[line[2]] = _ruby_value((line[3] or "").strip("\t\n\v\f\r \0"))
        elif line[2] not in found:
            return None
    return found


def _ruby_value(text: str) -> str | None:
    value = _without_quotes(text, "'\"")
    quote = text[0] if value != text else ""
    if quote == "'":
        return value
    if quote == '"':
        value = re.sub(r"\\(?=[nr])", r"\\\\", value)
    value = re.sub(r"\\([^$])", r"\1", value)
    return None if re.search(r"\$(?:\(|\{?[A-Za-z0-9_])", value) else value.replace("\\$", "$")


def python(text: bytes) -> Read | None:
    """What python-dotenv reads where it is not told `interpolate=False`, and no variables are set."""
    try:
        text.decode("utf-8")
        return interpolation.expand(dialect.read(text), {}, override=True)
    except (UnicodeDecodeError, NotTrusted):
        return None


OTHERS: Mapping[str, Callable[[bytes], Read | None]] = {
    "Node's dotenv": node,
    "Ruby's dotenv": ruby,
    "Python's dotenv (without interpolate=False)": python,
}
"""Who else reads, as it is called in a sentence."""


def otherwise(text: bytes) -> list[str]:
    """Who reads something else in a text than gitenv does."""
    ours = dialect.values(text)
    return [who for who, read in OTHERS.items() if read(text) != ours]


def _normal(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _without_quotes(text: str, quotes: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] in quotes and text[-1] == text[0] else text
