"""What a program reads in a .env file: what python-dotenv does with the file where it is told `interpolate=False`.

`model.document` says what a line is for gitenv, and so what of it a reviewer may see. This says what it sets. It does without
patterns, which take longer to compile than most files to read.
"""

from __future__ import annotations

import re

from gitenv.model import document
from gitenv.tuples import NamedTuple

ENCRYPTED = ("gitenv1:", "gitenv1-sealed:")
"""How what is no value begins: whoever reads a file that nobody opened would take it for one."""

_ESCAPES = {"'": r"\\([\\'])", '"': r"\\([\\'\"abfnrtv])"}
_ESCAPED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


class Assignment(NamedTuple):
    """One name that a document sets, as it stands there. It may be none that a variable can have."""

    name: str  # "" for a line that cannot be read: python-dotenv warns of it, and goes on
    value: str | None  # None for a name without `=`
    line: int  # where the name stands, from 1


def values(text: bytes) -> dict[str, str]:
    """The variables that a document sets: of several with one name the last one, and none where that has no `=`."""
    last = {each.name: each.value for each in read(text) if each.name}
    return {name: value for name, value in last.items() if value is not None}


def read(text: bytes) -> list[Assignment]:
    """The assignments of a document in their order, in time linear in its length.

    Bytes that are no UTF-8 are kept (`surrogateescape`). CR LF and CR are LF, as in any text that Python reads from a file.
    Raises `NotTrusted` beyond the limits of a document.
    """
    document.check_size(len(text))
    data = text.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    if "\r" in data:
        data = data.replace("\r\n", "\n").replace("\r", "\n")
    found: list[Assignment] = []
    at, line = 0, 1
    while at < len(data):
        if data[at] == "\n":
            at, line = at + 1, line + 1
            continue
        end = _end_of_line(data, at)
        statement = data[at:end].lstrip()
        if statement.startswith("export") and statement[6:7].isspace():
            statement = statement[6:].lstrip() or "="  # no name
        if statement and statement[0] != "#":
            name, value, end = _statement(data, end - len(statement), end)
            found.append(Assignment(name, value, line))
            document.check_count(len(found))
        line += data.count("\n", at, end) + 1
        at = end + 1
    return found


def _statement(data: str, at: int, end: int) -> tuple[str, str | None, int]:
    """The name that stands at a position, its value, and where the line ends in which they do. No name if it cannot be read."""
    if data[at] == "'":
        closed = data.find("'", at + 1)
        name, at = data[at + 1 : max(closed, 0)], closed + 1
        end = _end_of_line(data, closed) if name else end
    else:
        name = "".join(data[at:end].partition("=")[0].partition("#")[0].split(None, 1)[:1])
        at += len(name)
    if not name:
        return "", None, end
    rest = data[at:end].lstrip()
    value = None
    if rest.startswith("="):
        text = rest[1:].lstrip()
        if text[:1] in ("'", '"'):
            return _quoted(name, data, end - len(text), end)
        value = "" if text[:1] == "#" and len(rest) > len(text) + 1 else _without_comment(text)
    elif rest[:1] not in ("", "#"):
        name = ""
    return name, value, end


def _quoted(name: str, data: str, at: int, end: int) -> tuple[str, str | None, int]:
    """A statement whose value begins at a position with a quote. Behind the closing one there is nothing but a comment."""
    closed = _closing(data, at)
    if closed < 0:
        return "", None, end
    end = _end_of_line(data, closed)
    if data[closed + 1 : end].lstrip()[:1] not in ("", "#"):
        return "", None, end
    text = data[at + 1 : closed]
    if "\\" in text:
        text = re.sub(_ESCAPES[data[at]], lambda found: _ESCAPED.get(found[1], found[1]), text)
    return name, text, end


def _closing(data: str, at: int) -> int:
    """Where the quote at a position closes; -1 for nowhere, which happens once a document: a later one would close it."""
    start = at + 1
    while (closed := data.find(data[at], start)) > 0:
        between = data[start:closed]
        if (len(between) - len(between.rstrip("\\"))) % 2 == 0:
            break
        start = closed + 1
    return closed


def _without_comment(text: str) -> str:
    at = text.find("#", 1)
    while at > 0 and not text[at - 1].isspace():
        at = text.find("#", at + 1)
    return (text[:at] if at > 0 else text).rstrip()


def _end_of_line(data: str, at: int) -> int:
    end = data.find("\n", at)
    return len(data) if end < 0 else end
