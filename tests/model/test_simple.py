"""Documents of simple lines: one pass over them gives the same bytes as the general way, or no answer."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gitenv.errors import NotTrusted
from gitenv.model import clean, document, simple, smudge, token
from gitenv.model.clean import Kept
from gitenv.model.document import Kind, Record
from gitenv.model.keyring import Keyring
from tests.conftest import some
from tests.model import documents
from tests.model.builders import ring_of, rotated

simple.prepare()
OLD_RING = ring_of()
RING, _ = rotated(OLD_RING, 2)

_EACH = [
    *(
        b"A=1",
        b"KEY=value",
        b"lower=x=y",
        b"mixedCaseName=",
        b"UPPER_NAME=",
        b"abcdefghijklmnop1=",
        b"Q=a'b",
        b"export A=1",
    ),
    *(
        b'A=""',
        b"A='x' # y",
        b'A="x"y',
        b'A="""',
        b'A="a" "',
        b'A=" #"',
        b'A=" x"',
        b"A='",
        b"A=`x`",
        b"A=''''",
        b"export A=",
    ),
    *(
        b"# note",
        b"#",
        b"##",
        b"## heading",
        b"## A=b",
        b"## a\tb",
        b"## a\xc2\x85b",
        b"## -----BEGIN X",
        b"#!x",
        b"",
        b" ",
        b"\t",
        b"A =1",
        b"A: 1",
        b"A:1",
    ),
    *(b"QUJD" * 6, b"A=" + b"QUJD" * 6, b"A==", b"aBcDeFgHiJk=", b"1A=1", b"n" * 129 + b"=1", b"\xef\xbb\xbfA=1", b"x\x0c"),
    *(b"<<<<<<< ours", b"=======", b"-----BEGIN X-----", b"A=b\\", b"A=1\r", b"A=gitenv", b"A={", b"  B=2", b"A=\xc2\x85"),
]
_LINES = st.sampled_from(_EACH)
_OF_LINES = st.builds(
    lambda lines, end: b"\n".join(lines) + end, st.lists(_LINES, max_size=8), st.sampled_from([b"", b"\n", b"\n\n"])
)
_TEXTS = st.one_of(_OF_LINES, _OF_LINES, documents.anything())


def _spelled(ring: Keyring, name: bytes, raw: bytes) -> bytes:
    return token.spell(ring.keys, ring.head, Record(Kind.ASSIGNMENT if name else Kind.COMMENT, name, raw, b""))


# What whoever once had a key can push: any text under any name, in any order, another key's, or another spelling of the same.
_RIGHT = st.sampled_from(
    [(b"A", b"A=1"), (b"KEY", b"KEY=value"), (b"Q", b"Q='a b'"), (b"export", b"export export=1"), (b"", b"# note"), (b"", b"#")]
)
_WRONG = [
    *(
        (name, line)
        for line in [*_EACH, b"A=1\nA=2", b"\n", b"# a\n# b", b"A=gitenv1:1.abcdef:AAAA"]
        for name in (b"A", b"KEY", b"")
    ),
]
_TOKENS = _RIGHT.map(lambda pair: _spelled(RING, *pair))
_STRANGE = st.one_of(
    st.sampled_from(_WRONG).map(lambda pair: _spelled(RING, *pair)),
    _RIGHT.map(lambda pair: _spelled(OLD_RING, *pair)),
    st.sampled_from([b"A", b":A", b" "]).map(lambda more: _spelled(RING, b"A", b"A=1") + more),
    st.just(b"A=" + RING.head + b"AAAA"),
    st.sampled_from([b"", b"## a b", b"## -----BEGIN", b"## " + RING.head, b"## gitenv1:2.abcdef:AAAA"]),
    _RIGHT.map(lambda pair: b"## " + RING.head + b"\n" + _spelled(OLD_RING, *pair)),
    _LINES,
)
_PUSHED = st.one_of(
    *[
        st.builds(
            lambda tokens, strange, at, end: b"\n".join([*tokens[:at], *strange, *tokens[at:]]) + end,
            st.lists(_TOKENS, max_size=4),
            st.one_of(st.just([]), _STRANGE.map(lambda line: [line]), st.lists(_STRANGE, max_size=3)),
            st.integers(0, 4),
            st.sampled_from([b"\n", b"\n", b"", b"\n\n"]),
        )
    ]
    * 3,
    documents.anything(),
)


@settings(max_examples=some(300))
@given(_TEXTS)
@example(b'aBcDeFgHiJk=" #"\n')
@example(b'A="""\nB=1\n"""\n')
@example(b"QUJDREVGR0hJSktM=\nabcdefghijk=\n")
def test_a_simple_line_is_what_the_parser_finds(data: bytes) -> None:
    """Where all lines are simple, the parser cuts the document in the same way, and shows the same of it."""
    if (found := simple.lines(data)) is not None:
        records = document.parse(data)
        assert found == [(record.raw, record.name) for record in records]
        encrypted = [simple.is_hidden(raw) or bool(name) for raw, name in found]
        assert encrypted == [record.kind is not Kind.PLAIN for record in records]


@settings(max_examples=some(300))
@given(_TEXTS, st.one_of(st.just(b""), _PUSHED, _TEXTS))
def test_clean_is_the_same(data: bytes, before: bytes) -> None:
    """Whatever stands in the index, and whatever is written, refused or kept."""
    stands = document.parse(before)
    try:
        wanted: bytes | None = clean.by_records(data, RING, frozenset, Kept(RING, lambda: stands))
    except NotTrusted:
        wanted = None
    try:
        found = clean.cleaned(data, RING, frozenset, lambda: stands)
        assert found.data == wanted
        if found.tokens is not None:
            assert found.tokens == [record.raw for record in document.parse(found.data) if record.kind is Kind.TOKEN]
    except NotTrusted:
        assert wanted is None


@settings(max_examples=some(300))
@given(_PUSHED, st.sampled_from([[RING], [RING], [OLD_RING, RING], [RING, OLD_RING]]), st.booleans())
def test_smudge_is_the_same(data: bytes, rings: list[Keyring], is_viewing: bool) -> None:
    """Whatever is pushed, and with whichever keys it is opened."""
    assert smudge.smudge(data, rings, is_viewing=is_viewing) == smudge.by_records(data, rings, is_viewing=is_viewing)


def test_smudge_of_each_token_is_the_same() -> None:
    """Whatever a token holds, and under whichever name: alone, before others, and with a line of every kind beside it."""
    right = _spelled(RING, b"A", b"A=1")
    tokens = [_spelled(RING, name, line) for name, line in _WRONG if line]
    for strange in (*tokens, *_EACH, right + b"A", right + b":A", b"A=" + RING.head + b"AAAA", b"## " + RING.head):
        for data in (strange, strange + b"\n" + right + b"\n", right + b"\n" + strange + b"\n"):
            assert smudge.smudge(data, [RING]) == smudge.by_records(data, [RING])
            _check_tokens(data)


@settings(max_examples=some(300))
@given(_PUSHED)
def test_tokens_are_the_same(data: bytes) -> None:
    """Where a committed document is simple, its tokens are those that the parser finds, and all of one key."""
    _check_tokens(data)


def test_a_heading_vouches_for_no_token() -> None:
    """It may spell what all tokens of today's key have: one of another key beside it is none of today's all the same."""
    right, retired = _spelled(RING, b"A", b"A=1"), _spelled(OLD_RING, b"B", b"B=2")
    for other in (retired, b"B=gitenv1:made up:AAAA", retired.replace(b":1.", b":7."), b"#gitenv1:x:AAAA"):
        for heading in (b"## " + RING.head, b"## " + RING.head * 2, b"## " + RING.head + b" gitenv1:"):
            data = b"\n".join([heading, right, other, b""])
            assert simple.tokens(data, RING.head) is None
            _check_tokens(data)


def _check_tokens(data: bytes) -> None:
    if (found := simple.tokens(data, RING.head)) is not None:
        records = document.parse(data)
        assert found == [record.raw for record in records if record.kind is Kind.TOKEN]
        assert {record.kind for record in records} <= {Kind.TOKEN, Kind.PLAIN}
        assert smudge.is_current(data, RING)
    if (keys := simple.keys(data, RING.head)) is not None:
        records = document.parse(data)
        tokens = [token.read(record) for record in records if record.kind is Kind.TOKEN]
        assert all(found and RING.is_current(found) for found in tokens)  # each is spelled as clean does it
        assert {record.kind for record in records} <= {Kind.TOKEN, Kind.PLAIN}
        assert keys == {record.name for record in records if record.name}


def test_the_keys_of_a_simple_document_are_found() -> None:
    """It is not looked at line by line: not of another key, and not where a token is spelled otherwise or too short."""
    cleaned = clean.clean(b"A=1\n# x\n## y\n\nB=", RING, frozenset)
    assert simple.keys(cleaned, RING.head) == {b"A", b"B"}
    assert simple.keys(cleaned, OLD_RING.head) is None
    for wrong in (b"C=" + RING.head + b"AAAA", b"C=" + RING.head + b"A" * 65):
        assert simple.keys(cleaned + b"\n" + wrong, RING.head) is None


@settings(max_examples=some(300))
@given(_PUSHED, st.sampled_from([RING, OLD_RING]))
def test_what_is_known_is_the_same(data: bytes, ring: Keyring) -> None:
    """Looking for marks of other keys says the same as reading each token."""
    tokens = [found for record in document.parse(data) if record.kind is Kind.TOKEN and (found := token.read(record))]
    assert smudge.is_current(data, ring) == all(map(ring.is_current, tokens))
    assert smudge.is_known(data, ring) == all(ring.find(found.number, found.hint) for found in tokens)


@pytest.mark.parametrize("end", [b"\n", b""])
def test_ordinary_documents_are_simple(end: bytes) -> None:
    """Assignments, quotes on one line, comments, headings and blank lines take the quick way, and come back."""
    data = b"## web\nexport A=1\nDB_URL=a://b?c=d#e\n\n# note\nC=\"x y\" # z\nD='$1'\nEMPTY_ONE=\nE=`x`" + end
    assert simple.lines(data)
    cleaned = clean.clean(data, RING, frozenset)
    assert simple.tokens(cleaned, RING.head) == clean.cleaned(data, RING, frozenset).tokens
    assert simple.decrypt(cleaned, RING.keys, RING.head) == data


def test_a_long_document_is_bounded() -> None:
    """More records than a document may have are for the general way, which refuses them."""
    assert simple.lines(b"A=1\n" * document.MAX_RECORDS)
    assert simple.lines(b"A=1\n" * (document.MAX_RECORDS + 1)) is None
    assert simple.lines(b"A=" + b"x" * document.MAX_BYTES) is None
