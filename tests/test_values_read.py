"""What the readers of other languages take from a file, and from what gitenv writes: the real ones, each in one process."""

from __future__ import annotations

import io
import itertools
import logging
import os
import random
from functools import cache

import pytest
from dotenv import dotenv_values

from gitenv.model import dialect, editing, quoting, readers
from tests.conftest import ALL
from tests.model import documents
from tests.readers import values

_PIECES = [
    *documents.PIECES,
    *(
        ": ",
        "d-e=",
        "\n\n\n",
        "\\r",
        "\\$",
        "${A}",
        "$A",
        "${",
        "KEY=",
        "K='",
        'K="',
        "K=`",
        "B=1\n",
        "C='x y' # c\n",
        "\udcff",
    ),
]
_LINES = [
    *(
        "A=1",
        "export B='two words'",
        'C="x\\ny"',
        "D=p#q",
        "E=a b # note",
        "# note",
        "",
        "F='one",
        "two'",
        "G=",
        "H= x ",
        "I=it's",
    ),
    *(
        'J="it\'s"',
        "K=$A",
        "L=${A}-x",
        "M='$A'",
        "N=a\\b",
        'O="\\$x"',
        "P=`x`",
        "Q: y",
        "R",
        "  S=1",
        "T=a=b",
        "U='a' b",
        'V="a',
        "W='\\''",
    ),
]
_VALUES = [
    "",
    "a b",
    "a#b",
    " a ",
    "it's",
    'say "x"',
    'it\'s "x"',
    '{"k": "it\'s"}',
    "$HOME",
    "${HOME}",
    "$(id)",
    "it's $5",
    "a$",
    "ä",
]
_NASTY = ["a", " ", "'", '"', "`", "\\", "\n", "\r", "#", "$", "{", "}", "(", "n", "=", "ä", "\u2028", "\xa0", "\t"]
_FEW = random.Random(os.urandom(8) if ALL else "values")


def _soup(pieces: list[str], size: int, joint: str = "") -> bytes:
    return joint.join(_FEW.choice(pieces) for _ in range(_FEW.randint(0, size))).encode("utf-8", "surrogateescape")


@pytest.mark.parametrize("reader", values.NAMES)
def test_readers(reader: str) -> None:
    """Each reads as gitenv says it does; what it says to hang on variables may be anything."""
    texts = [_soup(_PIECES, 14) for _ in range(20_000 if ALL else 2_000)]
    for text, there in zip(texts, values.read(reader, texts), strict=True):
        ours = readers.OTHERS[reader](text)
        if ours is None or there is None:
            assert ours == there, text
        else:
            assert {name: there[name] if value is None else value for name, value in ours.items()} == there, text


@cache
def _spelled() -> list[tuple[str, quoting.Spelling]]:
    few = itertools.chain(
        _VALUES, map("".join, itertools.product(_NASTY, repeat=2)), (_soup(_NASTY, 9).decode() for _ in range(2_000))
    )
    return [(value, quoting.spellings("A", value.encode())[0]) for value in few]


@pytest.mark.parametrize("reader", values.NAMES)
def test_quoting(reader: str) -> None:
    """Each reads what gitenv writes, or is named; and who is named reads something else, but for what looks like a command."""
    spelled = _spelled()
    # Ruby's of Debian 12 reads no value of several lines.
    old = [(value, spelling) for value, spelling in spelled if "\n" not in value and not spelling.others]
    for each, read in zip(old, values.read(reader, [spelling.raw for _, spelling in old], modern=False), strict=True):
        assert read == {"A": each[0]}, each
    there = values.read(reader, [spelling.raw for _, spelling in spelled])
    for (value, spelling), read in zip(spelled, there, strict=True):
        assert (read == {"A": value}) == (reader not in spelling.others) or "$(" in value, (value, spelling)


def test_quoting_of_several_lines() -> None:
    """PHP's reads them in double quotes only, else it refuses the whole file. A shell runs what stands in them."""
    for value, spelled in {b"a\nb": b'"a\nb"', b"a\n$b": b"'a\n$b'", b"a\n`b`": b"'a\n`b`'", b"a b": b"'a b'"}.items():
        assert quoting.spellings("A", value)[0].raw == b"A=" + spelled


def test_quoting_for_python() -> None:
    """Python's reads every value; with `${NAME}` replaced, too, or that is said."""
    for value, spelling in _spelled():
        text = spelling.raw.decode().replace("\r\n", "\n")
        assert dotenv_values(stream=io.StringIO(text), interpolate=False) == {"A": value}
        expanded = dotenv_values(stream=io.StringIO(text))
        assert (expanded == {"A": value}) == ("Python's dotenv (without interpolate=False)" not in spelling.others)


def test_one_spelling_for_all() -> None:
    """Where any quoting, with whatever is escaped in it, is read alike by all, the one that is chosen is."""
    for value, spelling in _spelled():
        if spelling.others:
            forms = [
                value,
                value.replace("\\", "\\\\"),
                value.replace("\n", "\\n").replace("\r", "\\r"),
                value.replace("$", "\\$"),
            ]
            forms += [form.replace(quote, "\\" + quote) for form in list(forms) for quote in "'\""]
            for form, quote in itertools.product(forms, ["", "'", '"', "`"]):
                text = f"A={quote}{form}{quote}".encode()
                assert dialect.values(text) != {"A": value} or text.endswith(b"\\") or readers.otherwise(text), (value, text)


def test_generated_files(caplog: pytest.LogCaptureFixture) -> None:
    """Where Python's and Node's agree about a file, gitenv agrees with them."""
    caplog.set_level(logging.CRITICAL)
    texts = [_soup(_LINES, 12, "\n") for _ in range(5_000 if ALL else 500)]
    agreed = 0
    for text, node in zip(texts, values.read("Node's dotenv", texts), strict=True):
        python = dotenv_values(stream=io.StringIO(text.decode()), interpolate=False)
        read = {name: value for name, value in python.items() if value is not None}
        if read == node:
            agreed += bool(read)
            assert dialect.values(text) == read
    assert agreed > len(texts) / 20


@pytest.mark.parametrize("reader", values.NAMES)
def test_what_set_writes_for_all(reader: str) -> None:
    """Values put into one file, one after the other, are read back together."""
    text = b""
    wanted = {f"KEY_{n}": value for n, (value, spelling) in enumerate(_spelled()[:300]) if not spelling.others}
    for name, value in wanted.items():
        text = editing.with_value(text, name, value.encode())
    assert dialect.values(text) == wanted
    assert values.read(reader, [text]) == [wanted]
