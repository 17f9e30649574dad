"""What a program reads: python-dotenv is the oracle, for what people write and for what nobody should."""

from __future__ import annotations

import io
import logging
from contextlib import suppress

import pytest
from dotenv import dotenv_values
from dotenv.parser import parse_stream
from hypothesis import given, settings
from hypothesis import strategies as st

from gitenv.errors import NotTrusted
from gitenv.model import dialect, document
from gitenv.model.dialect import Assignment
from tests.conftest import some
from tests.model import documents

_PIECES = [
    *documents.PIECES,
    *("\0", "export\t", "\udcff", "KEY=", "K='", 'K="', "'k'=", "B=1\n", "C='x y' # c\n", "${A}"),
]
SOUP = st.lists(st.sampled_from(_PIECES), max_size=25).map(lambda parts: "".join(parts).encode("utf-8", "surrogateescape"))


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)


def as_text(data: bytes) -> io.TextIOWrapper:
    """A file as python-dotenv opens it, but for bytes that are no UTF-8."""
    return io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", errors="surrogateescape")


def _statements(data: bytes) -> list[Assignment]:
    """All that python-dotenv finds. A statement's line is for it that of the empty lines before."""
    found = []
    for each in parse_stream(as_text(data)):
        text = each.original.string
        line = each.original.line + text[: len(text) - len(text.lstrip())].count("\n")
        if each.error:
            found.append(Assignment("", None, line))
        elif each.key is not None:
            found.append(Assignment(each.key, each.value, line))
    return found


@settings(max_examples=some(300))
@given(st.one_of(SOUP, documents.plain(), st.binary(max_size=60)))
def test_the_oracle(data: bytes) -> None:
    """Names, values, lines and what cannot be read are python-dotenv's, statement by statement and all together."""
    assert dialect.read(data) == _statements(data)
    read = dotenv_values(stream=as_text(data), interpolate=False)
    assert dialect.values(data) == {name: value for name, value in read.items() if value is not None}


READ = {
    b"export A = 'x' # note\n": [("A", "x", 1)],
    b"\n# note\nA=x #y\nB=x#y\nC= # z\nD=#z": [("A", "x", 3), ("B", "x#y", 4), ("C", "", 5), ("D", "#z", 6)],
    b"A=\"one\ntwo\\n\\d\\\"\"\nB='\\n\\''\n": [("A", 'one\ntwo\n\\d"', 1), ("B", "\\n'", 3)],
    b"A=1\r\nB='x\r\ny'\r\n": [("A", "1", 1), ("B", "x\ny", 2)],
    b"A\nA=\nA=`x`": [("A", None, 1), ("A", "", 2), ("A", "`x`", 3)],
    b"\xef\xbb\xbfA=\xff\0": [("A", "\udcff\0", 1)],
    b"A='x' y\nB='z\n=1\nexport \n": [("", None, 1), ("", None, 2), ("", None, 3), ("", None, 4)],
    b"A: x\n'a=b'=c": [("", None, 1), ("a=b", "c", 2)],
    b"A=$(touch pwned) `id` ${B:-c}": [("A", "$(touch pwned) `id` ${B:-c}", 1)],
}


@pytest.mark.parametrize(("data", "found"), READ.items(), ids=map(ascii, READ))
def test_read(data: bytes, found: list[tuple[str, str | None, int]]) -> None:
    """What each form gives, and where it stands."""
    assert [tuple(each) for each in dialect.read(data)] == found


def test_values() -> None:
    """The last of a name counts, also where it sets nothing; what cannot be read sets nothing either."""
    assert dialect.values(b"A=1\nB=1\nA=2\nB\nC d\n") == {"A": "2"}


@pytest.mark.parametrize(
    "line", [b"A=b c\n", b"\n", b"#\n", b" ", b"A='", b'A=" \\"', b"A=x #", b"'", b"\\", b"K='\\\n", b"export ", b"="]
)
@pytest.mark.parametrize("first", [b"", b"A='"])
def test_four_megabytes(first: bytes, line: bytes) -> None:
    """Whatever fills a document, it is read in one pass, or there is too much of it."""
    data = (first + line * (document.MAX_BYTES // len(line) + 1))[: document.MAX_BYTES]
    with suppress(NotTrusted):
        assert len(dialect.read(data)) <= document.MAX_RECORDS
    with pytest.raises(NotTrusted, match="4,194,305 bytes"):
        dialect.read(data + b"\n")
