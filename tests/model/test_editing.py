"""Putting one value into a document: it reads back as that value, and every other record is the one it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitenv.model import dialect, document, editing, smudge
from gitenv.model.document import Kind, Record
from gitenv.model.reasons import CannotStand
from tests.model import builders, documents

_PIECES = st.sampled_from([b"a", b'"', b"'", b"\\", b"\n", b"#", b" ", b"=", b"$", b"`", b"\r", b"\xff", b"{"])
VALUES = st.one_of(
    st.binary(max_size=40).map(lambda data: data.replace(b"\0", b"")), st.lists(_PIECES, max_size=12).map(b"".join)
).filter(lambda data: not data.startswith(b"gitenv"))  # no value does; Hypothesis takes words from the source


def _values(records: list[Record], name: bytes) -> list[bytes]:
    return [record.raw for record in records if record.kind is Kind.ASSIGNMENT and record.name == name]


def _text(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")


@given(documents.plain(), VALUES)
def test_one_value(data: bytes, value: bytes) -> None:
    """Afterwards there is exactly one value of the name, programs read it, and all else stands and is read as it was."""
    records = document.parse(data)
    try:
        changed = editing.with_value(data, "KEY", value)
    except CannotStand:
        return
    after = document.parse(changed)
    (there,) = _values(after, b"KEY")
    assert dialect.values(changed)["KEY"] == _text(value)
    rest = [(record.kind, record.name, record.raw) for record in records if record.raw not in _values(records, b"KEY")]
    assert [(record.kind, record.name, record.raw) for record in after if record.raw != there] == [
        each for each in rest if each[2] != there
    ]
    assert {**dialect.values(data), "KEY": _text(value)} == dialect.values(changed)
    assert editing.with_value(changed, "KEY", value) == changed


@given(documents.plain(), VALUES)
def test_only_a_doubtful_place_is_refused(data: bytes, value: bytes) -> None:
    """Into a document of finished lines every value goes."""
    raw = editing.assignment("KEY", value)
    clean = b"".join(line + b"\n" for line in (b"A=1", b"# note", b"", b"B='x'"))
    assert editing.with_value(clean, "KEY", value) == clean + raw + b"\n"
    assert editing.with_value(b"", "KEY", value) == raw + b"\n"
    assert editing.with_value(b"KEY=old\nA=1", "KEY", value) == raw + b"\nA=1"


@given(documents.plain())
def test_a_name_less(data: bytes) -> None:
    """Taken out, a name is read by no program, and all else stands and is read as it was."""
    for name in {record.name for record in document.parse(data) if record.name}:
        try:
            changed = editing.without(data, name.decode())
        except CannotStand:
            continue
        assert [record.raw for record in document.parse(changed)] == [
            record.raw for record in document.parse(data) if record.name != name or record.kind is not Kind.ASSIGNMENT
        ]
        before = dialect.values(data)
        before.pop(name.decode(), None)
        assert dialect.values(changed) == before


@given(documents.plain())
def test_another_name(data: bytes) -> None:
    """Renamed and named back, a document is what it was; in between a program reads the same value under the new name."""
    for name in {record.name.decode() for record in document.parse(data) if record.kind is Kind.ASSIGNMENT} - {"NEW.name"}:
        try:
            changed = editing.renamed(data, name, "NEW.name")
        except CannotStand:
            continue
        read = dialect.values(data)
        assert dialect.values(changed) == {"NEW.name" if each == name else each: value for each, value in read.items()}
        assert editing.renamed(changed, "NEW.name", name) == data


@given(documents.plain(), VALUES)
def test_one_line_of_ciphertext(data: bytes, value: bytes) -> None:
    """Set in a closed document, a value changes its own line, and every other one keeps its token."""
    ring = builders.ring_of()
    stored = builders.committed(data, ring)
    try:
        text = editing.with_value(smudge.smudge(stored, [ring]), "KEY", value)
    except CannotStand:
        return
    before, after = (document.parse(each) for each in (stored, builders.cleaned_again(text, ring, stored)))
    assert [(each.kind, each.raw) for each in after if each.name != b"KEY"] == [
        (each.kind, each.raw) for each in before if each.name != b"KEY"
    ]


def test_a_value_that_begins_like_a_block() -> None:
    """It stands in quotes, so that the lines below it stay what they are."""
    assert editing.with_value(b"KEY=old\nA=1", "KEY", b"-----BEGIN") == b"KEY='-----BEGIN'\nA=1"


@given(VALUES)
def test_assignment(value: bytes) -> None:
    """Every value has a spelling: one assignment under its name, from which a program reads what it was."""
    raw = editing.assignment("KEY", value)
    (record,) = document.parse(raw)
    assert (record.kind, record.name, record.raw) == (Kind.ASSIGNMENT, b"KEY", raw)
    assert dialect.values(raw) == {"KEY": _text(value)}


SPELLED = {
    b"plain-1.2_3/x:y@z": b"KEY=plain-1.2_3/x:y@z",
    b"50%": b"KEY='50%'",
    b"": b"KEY=''",
    b"two words": b"KEY='two words'",
    b"p#q": b"KEY='p#q'",
    b"$HOME": b"KEY='$HOME'",
    b'say "x"': b"KEY='say \"x\"'",
    b"it's": b'KEY="it\'s"',
    b'it\'s "x"': b'KEY=it\'s "x"',
    b'it\'s "x" #1': b'KEY="it\'s \\"x\\" #1"',
    b'it\'s "x"\ny': b'KEY="it\'s \\"x\\"\ny"',
    b"a\rb": b'KEY="a\\rb"',
    b"a\\": b'KEY="a\\\\"',
    b" gitenv1:x": b"KEY=' gitenv1:x'",
    b"gitenv2:x": b"KEY='gitenv2:x'",
    b"${A}": b"KEY='${A}'",
    b"two\nlines": b'KEY="two\nlines"',
    b"$two\nlines": b"KEY='$two\nlines'",
    b"back\\slash": b"KEY='back\\slash'",
    b" around ": b"KEY=' around '",
    "ä".encode(): "KEY='ä'".encode(),
}


@pytest.mark.parametrize(("value", "raw"), SPELLED.items(), ids=map(ascii, SPELLED))
def test_spellings(value: bytes, raw: bytes) -> None:
    """Bare where it is plain, in single quotes where it can be, in double quotes or none where it must."""
    assert editing.assignment("KEY", value) == raw


@pytest.mark.parametrize("value", [b"\0", b"a\0b"])
def test_nul(value: bytes) -> None:
    """A NUL is in no environment variable, and is refused by name."""
    with pytest.raises(CannotStand, match="KEY: a value cannot hold a NUL byte"):
        editing.assignment("KEY", value)


@pytest.mark.parametrize("value", [b"gitenv1:", b"gitenv1:1.AAAAAA:AAAA", b"gitenv1-sealed:1"])
def test_what_begins_like_a_token(value: bytes) -> None:
    """It was most of all pasted from a closed file, and nobody would be given it."""
    with pytest.raises(CannotStand, match="KEY: a value cannot begin as what gitenv encrypted does"):
        editing.assignment("KEY", value)


def test_places() -> None:
    """The first of several takes it and the others go; `export`, the line end and the neighbours stay."""
    assert editing.with_value(b"A=1\nexport KEY=1\nB=2\nKEY=2\n", "KEY", b"new") == b"A=1\nexport KEY=new\nB=2\n"
    assert editing.with_value(b"KEY=1\r\nB=2\r\n", "KEY", b"new") == b"KEY=new\r\nB=2\r\n"
    assert editing.with_value(b"KEY='two\nlines'\nB=2\n", "KEY", b"x y") == b"KEY='x y'\nB=2\n"
    assert editing.with_value(b"# KEY=1\n", "KEY", b"x") == b"# KEY=1\nKEY=x\n"
    assert editing.with_value(b"  export  KEY=1", "KEY", b"x") == b"  export  KEY=x"


def test_a_value_that_is_there() -> None:
    """It stays as somebody wrote it, unless another spelling suits more programs; duplicates go."""
    for same in (b"KEY = x\n", b'export KEY="x" # note\n', b"KEY='x'\n", b"A=1\nKEY=x"):
        assert editing.with_value(same, "KEY", b"x") is same
    assert editing.with_value(b"KEY=p#q\n", "KEY", b"p#q") == b"KEY='p#q'\n"
    assert editing.with_value(b"KEY='${A}'\n", "KEY", b"${A}") == b"KEY='${A}'\n"
    assert editing.with_value(b"KEY=x\nKEY='x'\n", "KEY", b"x") == b"KEY=x\n"


def test_a_place_that_would_change_its_neighbours() -> None:
    """Behind a line that goes on, nothing is written."""
    with pytest.raises(CannotStand, match="how the lines around it are read"):
        editing.with_value(b"-----BEGIN X-----\nQUJD\n", "KEY", b"x")
    with pytest.raises(CannotStand):
        editing.with_value(b"A=1\\", "KEY", b"x")


def test_a_place_that_programs_read_otherwise() -> None:
    """Nothing is written into quotes that opened above, nor over what a program reads in the same record."""
    with pytest.raises(CannotStand, match="how the lines around it are read"):
        editing.with_value(b"A='\nB=1\n", "KEY", b"it's")
    with pytest.raises(CannotStand):
        editing.with_value(b"KEY=a\\\nB=1\n", "KEY", b"x")
    assert editing.with_value(b"KEY: old\nA b\nB=1\n", "KEY", b"x") == b"KEY=x\nA b\nB=1\n"


def test_the_next_spelling() -> None:
    """Where the first one would change how the line below is read, another one is taken."""
    assert editing.with_value(b"KEY=1\n  A=2\n", "KEY", b'it\'s "x"') == b'KEY="it\'s \\"x\\""\n  A=2\n'
    assert editing.with_value(b"KEY=1\nName=\n", "KEY", b"abcdefghijklmnopqrst") == b"KEY='abcdefghijklmnopqrst'\nName=\n"
