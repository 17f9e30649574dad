"""Strategies for .env documents: what people write, what machines paste, and what nobody should."""

from __future__ import annotations

import re

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

_MARK = re.compile(rb"gitenv(?:[0-9]|-unverified)")
_LINE_ENDS = st.sampled_from([b"\n", b"\n", b"\r\n"])
_NAMES = st.sampled_from([b"A", b"KEY", b"DB_HOST", b"_x.y-z", b"n" * 128, b"n" * 129, b"1BAD", "ÄÖ".encode(), b""])
_TEXT = st.sampled_from(
    [b"", b"x", b"a b", b"p#q", b"a #b", b"\\", b"\\\\", b"\0", b"\xff\xfe", b"\xc3\xa4", b"$(id)", b"A=b", b"QUJD" * 16]
)
_QUOTES = st.sampled_from([b'"', b"'", b"`"])

# What every reader of these files has a rule for, and what only some of them have.
PIECES = [
    *("\n", "\r\n", "\r", " ", "\t", "\\", "'", '"', "`", "#", " #", "=", "= ", ":", "A", "KEY", "a b", "\ufeff", "ä", "$"),
    *("export ", "export", "\x0b", "\x0c", "\x1c", "\x85", "\xa0", "\u2028", "\\n", "\\'", '\\"', "\\\\"),
]
# Everything that the grammar looks at, to be put together in every order.
_FRAGMENTS = [
    *(b"\n", b"\r\n", b"\r", b" ", b"\t", b"\\", b"\\\n", b'"', b"'", b"`", b"#", b"## ", b"## note", b"=", b"==", b":", b": "),
    *(
        b"A",
        b"KEY=",
        b"export ",
        b"export KEY=",
        b"KEY: ",
        b"# OLD=",
        b"\xef\xbb\xbf",
        b"\0",
        b"\xff",
        b"\x0b",
        b"\x0c",
        b"\xc2\x85",
        b"\xe2\x80\xa8",
    ),
    *(b"-----BEGIN X-----", b"-----END X-----", b"<<<<<<< ours", b"=======", b"||||||| base", b">>>>>>> theirs"),
    *(b"QUJD" * 4, b"abcdef0123456789", b"{", b'"a": 1', b"}", b"gitenv", b"gitenv:"),
]
_MARKS = [
    *(b"gitenv1:", b"gitenv1-sealed:", b"#gitenv-unverified:", b"KEY=gitenv1:1.abcdef:AAAA", b"#gitenv1:1.abcdef:AAAA"),
    *(b"#gitenv-unverified:AAAAAAAAAAAA:KEY%3D1", b"KEY=gitenv2:1", b"# gitenv1:"),
]


def _soup(fragments: list[bytes]) -> SearchStrategy[bytes]:
    return st.lists(st.sampled_from(fragments), max_size=30).map(b"".join)


@st.composite
def _assignments(draw: st.DrawFn) -> bytes:
    name, text, more, quote = draw(_NAMES), draw(_TEXT), draw(_TEXT), draw(_QUOTES)
    end = draw(_LINE_ENDS)
    value = draw(
        st.sampled_from(
            [
                text,
                quote + text + quote,
                quote + text + end + more + quote,
                quote + text + b"\\" + quote + more + quote,
                quote + text + quote + b" # " + more,
                quote + text,
                text + b" # " + more,
                text + b"\\" + end + more,
                b"{" + end + b'  "k": "' + text.replace(b'"', b"") + b'"' + end + b"}",
                b"-----BEGIN X-----" + end + b"QUJD" * 16 + end + b"QUI=" + end + b"-----END X-----",
                b"QUJD" * 16 + end + b"QUJDRA==",
                end + b"QUJD" * 16 + end + b"QUJDREU=",
            ]
        )
    )
    before = draw(st.sampled_from([b"", b"", b"export ", b"  ", b"# ", b"\xef\xbb\xbf", b"export\t"]))
    sign = draw(st.sampled_from([b"=", b"=", b" = ", b": ", b":"]))
    return before + name + sign + value


_OTHERS = st.sampled_from(
    [
        b"",
        b" \t",
        b"# comment",
        b"## heading for reviewers",
        b"## A=b",
        b"##",
        b"garbage",
        b"\x00\x00",
        b"\xff=\xff",
        b"\x0c",
        b"=",
        b"<<<<<<< ours",
        b"=======",
        b"||||||| 1234567",
        b">>>>>>> theirs",
        b"-----BEGIN X-----",
        b"-----END X-----",
        b"A=",
        b"B==",
    ]
)


@st.composite
def _written(draw: st.DrawFn) -> bytes:
    lines: list[bytes] = draw(st.lists(st.one_of(_assignments(), _assignments(), _OTHERS), max_size=12))
    parts: list[bytes] = [part for line in lines for part in (line, draw(_LINE_ENDS))]
    if draw(st.booleans()):
        parts = parts[:-1]  # the last line is not finished
    return draw(st.sampled_from([b"", b"", b"\xef\xbb\xbf"])) + b"".join(parts)


def has_mark(data: bytes) -> bool:
    """Whether a document has what clean may refuse: gitenv's own marks, of this version or another."""
    return bool(_MARK.search(data))


def anything() -> SearchStrategy[bytes]:
    """Any bytes, with gitenv's marks among them."""
    return st.one_of(_written(), _soup(_FRAGMENTS), _soup(_FRAGMENTS + _MARKS * 3), st.binary())


def plain() -> SearchStrategy[bytes]:
    """Any bytes without gitenv's marks."""
    return st.one_of(_written(), _soup(_FRAGMENTS), st.binary()).filter(lambda data: not has_mark(data))
