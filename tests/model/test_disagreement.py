"""Lines that programs read differently are found, and what is said of them has a way out and no value."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitenv.model import disagreement, document, quoting, readers
from gitenv.model.document import Kind
from tests.conftest import some

NODE, RUBY, PYTHON = readers.OTHERS
FOUND = {
    b"KEY=p#q": f"KEY is read otherwise by {NODE}, {RUBY}, for a # outside of quotes; in single quotes all read it alike",
    b"KEY=it's#1": f"KEY is read otherwise by {NODE}, {RUBY}, for a # outside of quotes; in double quotes all read it alike",
    b"KEY=$x": f"KEY is read otherwise by {RUBY}, for a $; in single quotes all read it alike",
    b"KEY='${X}'": f"KEY is read otherwise by {PYTHON}, for a $; no spelling suits all",
    b'KEY="a\\tb"': f"KEY is read otherwise by {NODE}, {RUBY}, for a backslash; in single quotes all read it alike",
    b"KEY=`x`": f"KEY is read otherwise by {NODE}, for its backticks; in single quotes all read it alike",
    b"KEY='x' y": "KEY is nothing that Python's dotenv can read, and others do: write KEY=…",
    b"KEY: x": "KEY is nothing that Python's dotenv can read, and others do: write KEY=…",
    b"export KEY=": f"KEY is read otherwise by {RUBY}; in single quotes all read it alike",
    b"A-B=x": f"A-B is read otherwise by {RUBY}; no spelling suits all",
    b"KEY=\0#x": f"KEY is read otherwise by {NODE}, {RUBY}, for a # outside of quotes; no spelling suits all",
    b"KEY=\xe2\x80\xa8gitenv1:x": f"KEY is read otherwise by {RUBY}; no spelling suits all",
    b"KEY=\xff": f"KEY is read otherwise by {NODE}, {RUBY}, {PYTHON}; no spelling suits all",
}


def _find(data: bytes) -> list[disagreement.Disagreement]:
    return list(disagreement.find(document.numbered(document.parse(data))))


@pytest.mark.parametrize(("line", "text"), FOUND.items(), ids=map(ascii, FOUND))
def test_each_reason(line: bytes, text: str) -> None:
    """What makes the difference, for whom, and what does not."""
    (found,) = _find(b"# note\nFINE='x y'\n" + line + b"\r\nLAST=1\n")
    assert found.text == text
    assert found.line == 3


@settings(max_examples=some(200))
@given(st.from_regex(re.compile(disagreement.ALIKE), fullmatch=True))
def test_what_needs_no_second_look(line: bytes) -> None:
    """Every line that is passed over by its form is read alike by all."""
    assert readers.otherwise(line) == []


@given(st.text(st.sampled_from("a '\"#$\\\n`{ä"), max_size=8))
def test_what_set_writes(value: str) -> None:
    """It is found where no spelling suits all, and only there."""
    first = quoting.spellings("KEY", value.encode())[0]
    assert bool(_find(first.raw + b"\n")) == bool(first.others)
    for each in _find(first.raw + b"\n"):
        assert each.text.endswith("no spelling suits all")


def test_large_ones() -> None:
    """A line of megabytes is passed over, and so is what comes after many long ones."""
    assert _find(b"A='" + b"\\'" * 2**20 + b"'\nB=p#q\n")[0].name == "B"
    many = b"".join(b"A%d=%s#\n" % (n, b"x" * 60_000) for n in range(20))
    assert [record.kind for record in document.parse(many)] == [Kind.ASSIGNMENT] * 20
    assert len(_find(many)) == 4
