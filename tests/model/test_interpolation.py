"""`${NAME}` in values: python-dotenv is the oracle, with variables around it and without."""

from __future__ import annotations

import os
from unittest import mock

import pytest
from dotenv.main import DotEnv
from hypothesis import given, settings
from hypothesis import strategies as st

from gitenv.errors import NotTrusted
from gitenv.model import dialect, document, interpolation
from tests.conftest import some
from tests.model.test_dialect import as_text

_PIECES = [
    "${",
    "}",
    "$",
    "{",
    ":",
    ":-",
    "-",
    "A",
    "B",
    "_C",
    "x",
    " ",
    "${A}",
    "${B:-x}",
    "${A:-${B}}",
    "$(id)",
    "`id`",
    "\\",
    "'",
]
_NAMES = st.sampled_from(["A", "B", "_C", "x", ""])
_LINES = st.tuples(_NAMES, st.sampled_from(["", "=", "=", "="]), st.lists(st.sampled_from(_PIECES), max_size=8).map("".join))


@settings(max_examples=some(300))
@given(
    st.lists(_LINES, max_size=6), st.dictionaries(_NAMES.filter(bool), st.sampled_from(["", "around", "${A}"])), st.booleans()
)
def test_the_oracle(lines: list[tuple[str, str, str]], environ: dict[str, str], override: bool) -> None:
    """What is replaced, by what, and which of two counts."""
    data = "\n".join(map("".join, lines)).encode()
    with mock.patch.dict(os.environ, environ, clear=True):
        read = DotEnv(None, as_text(data), interpolate=True, override=override).dict()
    expanded = interpolation.expand(dialect.read(data), environ, override=override)
    assert expanded == {name: value for name, value in read.items() if value is not None}


def test_each_form() -> None:
    """A value sees those before it, and what is around; commands and `$NAME` stay."""
    data = b"A=1\nB=${A}${N}-${N:-none}-${:-x}\nA=2\nC=$A $(id) `id` ${A:+x} ${A\nD='${HOME:-/}'\nE=${B:-${A}}\n"
    found = interpolation.expand(dialect.read(data), {"HOME": "/home/alice", "A": "around"}, override=True)
    assert found["A"] == "2"
    assert found["B"] == "1-none-x"
    assert found["C"] == "$A $(id) `id` ${A:+x} ${A"
    assert found["D"] == "/home/alice"
    assert found["E"] == "1-none-x}"
    assert interpolation.expand(dialect.read(b"A=1\nB=${A}"), {"A": "around"}, override=False)["B"] == "around"


@pytest.mark.parametrize("text", [b"${", b"${:", b"${:-", b"${a:", b"$"])
@pytest.mark.parametrize("last", [b"", b"}", b":x}"])
def test_a_megabyte(text: bytes, last: bytes) -> None:
    """What opens and never closes is looked at once."""
    interpolation.expand(dialect.read(b"A=" + text * (2**20 // len(text)) + last), {}, override=True)


@pytest.mark.parametrize("width", [2, 1000])
def test_values_of_values(width: int) -> None:
    """Values that hold each other many times are refused before they fill the memory."""
    lines = [b"A0=" + b"x" * 1000, *(b"A%d=" % n + b"${A%d}" % (n - 1) * width for n in range(1, 60))]
    with pytest.raises(NotTrusted, match=f"{document.MAX_BYTES:,} characters"):
        interpolation.expand(dialect.read(b"\n".join(lines)), {}, override=True)
