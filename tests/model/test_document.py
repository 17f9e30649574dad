"""The grammar: what a record is, and what of it may show."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gitenv.errors import NotTrusted
from gitenv.model import document
from gitenv.model.document import MAX_BYTES, MAX_RECORDS, Kind
from tests.model.documents import anything

PEM = b"-----BEGIN X-----\nQUJD\nQUI=\n-----END X-----"


@given(anything())
def test_join_undoes_parse(data: bytes) -> None:
    """Whatever we read, we can write back unchanged."""
    assert document.join(document.parse(data)) == data


@given(anything())
def test_records_are_whole_lines(data: bytes) -> None:
    """A record ends where a line ends, only the last may be unfinished, and none is empty."""
    records = document.parse(data)
    assert all(record.end == b"\n" for record in records[:-1])
    assert all(record.raw + record.end for record in records)


@given(anything())
def test_names_stand_in_their_records(data: bytes) -> None:
    """A name that shows is one that was written, and only assignments and what looks like their tokens have one."""
    for record in document.parse(data):
        assert record.name in record.raw
        assert not record.name or record.kind in (Kind.ASSIGNMENT, Kind.TOKEN, Kind.LOOKALIKE)


_LINES = [
    *(b"A=1", b"B=x y", b"A=gitenv1:1.abcdef:QUJD", b"#gitenv1:1.abcdef:QUJD", b"#gitenv-unverified:x:y", b"A=gitenv2:x", b""),
    *(b"# c", b"#", b"## head", b"## $(x)", b"-----BEGIN X-----", b"-----END X-----", b"A=x -----BEGIN Y-----", b"<<<<<<< a"),
    *(b"=======", b"QUJD" * 5, b"QUJD=", b"Xy1=", b"K=abcdefghijklmnopqrst", b" B=1", b"A: {", b"A=[", b"A='", b"'", b"# x\\"),
    *(b"A=x\\", b"A=x\r", b"A=\0", b"#\xc2\x85"),
]


@given(anything() | st.lists(st.sampled_from(_LINES)).map(b"\n".join), st.sampled_from([b"", b"\n"]))
@example(PEM.replace(b"QUJD", b"A=1"), b"\n")
@example(b"A: {\n\n B=1", b"\n")
@example(b"QUJD\n# c\nXy1=", b"\n")
def test_long_documents_are_read_as_short_ones(data: bytes, end: bytes) -> None:
    """Behind many lines that say nothing of what follows, where simple lines are read together, each record is the same."""
    for before in (b"\n" * 4097, b"#gitenv1:1.abcdef:%b\n" % (b"A" * 4096)):
        assert document.parse(before + data + end)[len(document.parse(before)) :] == document.parse(data + end)


# What each document is cut into: a kind and a name for each record, and the number of lines in it.
CASES: list[tuple[bytes, list[tuple[Kind, bytes, int]]]] = [
    (b"", []),
    (b"A=1", [(Kind.ASSIGNMENT, b"A", 1)]),
    (b"A=", [(Kind.ASSIGNMENT, b"A", 1)]),
    (b"export A=1", [(Kind.ASSIGNMENT, b"A", 1)]),
    (b"export\tA = 1", [(Kind.ASSIGNMENT, b"A", 1)]),
    (b"\xef\xbb\xbfA=1", [(Kind.ASSIGNMENT, b"A", 1)]),
    (b"A: 1", [(Kind.ASSIGNMENT, b"A", 1)]),
    (b"A:\t1", [(Kind.ASSIGNMENT, b"A", 1)]),
    (b"A:1", [(Kind.UNKNOWN, b"", 1)]),
    (b"postgres://u:p@host", [(Kind.UNKNOWN, b"", 1)]),
    (b"_a.b-C9=1", [(Kind.ASSIGNMENT, b"_a.b-C9", 1)]),
    (b"9A=1", [(Kind.UNKNOWN, b"", 1)]),
    (b"A B=1", [(Kind.UNKNOWN, b"", 1)]),
    (b"A+=1", [(Kind.UNKNOWN, b"", 1)]),
    (b"=1", [(Kind.UNKNOWN, b"", 1)]),
    (b"n" * 128 + b"=1", [(Kind.ASSIGNMENT, b"n" * 128, 1)]),
    (b"n" * 129 + b"=1", [(Kind.UNKNOWN, b"", 1)]),
    (b'A="1\n2"\nB=3', [(Kind.ASSIGNMENT, b"A", 2), (Kind.ASSIGNMENT, b"B", 1)]),
    (b"A='1\n2'\nB=3", [(Kind.ASSIGNMENT, b"A", 2), (Kind.ASSIGNMENT, b"B", 1)]),
    (b"A=`1\n2`\nB=3", [(Kind.ASSIGNMENT, b"A", 2), (Kind.ASSIGNMENT, b"B", 1)]),
    (b'A="1\nB=\'2" # c\nB=3', [(Kind.ASSIGNMENT, b"A", 2), (Kind.ASSIGNMENT, b"B", 1)]),
    (b'A="1\\"\nB=2"\nC=3', [(Kind.ASSIGNMENT, b"A", 2), (Kind.ASSIGNMENT, b"C", 1)]),
    (b'A="1\\\\"\nB=2', [(Kind.ASSIGNMENT, b"A", 1), (Kind.ASSIGNMENT, b"B", 1)]),
    (b'A="1\nB=2', [(Kind.ASSIGNMENT, b"A", 1), (Kind.ASSIGNMENT, b"B", 1)]),
    (b"A=1\\\nB=2\nC=3", [(Kind.ASSIGNMENT, b"A", 2), (Kind.ASSIGNMENT, b"C", 1)]),
    (b"A=1\\\r\nB=2\r\nC=3", [(Kind.ASSIGNMENT, b"A", 2), (Kind.ASSIGNMENT, b"C", 1)]),
    (b'A="""\n1"\n"""\nB=2', [(Kind.ASSIGNMENT, b"A", 3), (Kind.ASSIGNMENT, b"B", 1)]),
    (b'A="""\nB=2', [(Kind.ASSIGNMENT, b"A", 1), (Kind.ASSIGNMENT, b"B", 1)]),
    (b"A='1'\\\nB=2\nC=3", [(Kind.ASSIGNMENT, b"A", 2), (Kind.ASSIGNMENT, b"C", 1)]),
    (b"A=1\\\\\nB=2", [(Kind.ASSIGNMENT, b"A", 1), (Kind.ASSIGNMENT, b"B", 1)]),
    (b"# A=1", [(Kind.COMMENT, b"", 1)]),
    (b"#", [(Kind.COMMENT, b"", 1)]),
    (b"##", [(Kind.COMMENT, b"", 1)]),
    (b"## for reviewers", [(Kind.PLAIN, b"", 1)]),
    (b"## -----BEGIN X-----\nA=1", [(Kind.COMMENT, b"", 1), (Kind.UNKNOWN, b"", 1)]),
    (b"## A=1", [(Kind.COMMENT, b"", 1)]),
    (b"## see */*\n## A?1\n## [AB]\n## (x)\n## 'x\n## \"x\n## $x\n## `x`\n## x\\", [(Kind.COMMENT, b"", 1)] * 9),
    (b"### more", [(Kind.COMMENT, b"", 1)]),
    (b"## A: 1\r\n## \xc3\xa4 {b}!) -- @, +; & | < > ~ ^ % #", [(Kind.PLAIN, b"", 1)] * 2),
    (
        b"## see docs\rB: 1\n## \xe2\x80\xa8B: 1\n## \xe2\x80\xa9\n## \xc2\x85\n## \x0b\n## \0\n## \x7f",
        [(Kind.COMMENT, b"", 1)] * 7,
    ),
    (b"## b\r\r\n## b\t\n## b\x1e", [(Kind.COMMENT, b"", 1)] * 3),
    (b"  \r\n\n", [(Kind.PLAIN, b"", 1), (Kind.PLAIN, b"", 1)]),
    (b" \x0b\n\r\r\n\t\nA=", [(Kind.UNKNOWN, b"", 1)] * 3 + [(Kind.ASSIGNMENT, b"A", 1)]),
    (b"<<<<<<< ours\nA=1", [(Kind.PLAIN, b"", 1), (Kind.ASSIGNMENT, b"A", 1)]),
    (b"<<<<<<< ours\n||||||| base\n=======\n>>>>>>> theirs\r", [(Kind.PLAIN, b"", 1)] * 4),
    (b"<<<<<<< ours:\n<<<<<<< x! y\n<<<<<<< $x\n<<<<<<< (x\n<<<<<<< x\\", [(Kind.UNKNOWN, b"", 1)] * 5),
    (b"<<<<<<< ours\rB=1\n=======\n>>>>>>> theirs", [(Kind.UNKNOWN, b"", 1)] * 3),
    (
        b"<<<<<<< ours B=1\n<<<<<<< ours\n||||||| \xe2\x80\xa8B: 1\n>>>>>>> B=1",
        [(Kind.UNKNOWN, b"", 1), (Kind.PLAIN, b"", 1), *[(Kind.UNKNOWN, b"", 1)] * 2],
    ),
    (b"<<<<<<< a\n<<<<<<<<< b\n=========\n>>>>>>>>> c\n=======\n>>>>>>> d", [(Kind.PLAIN, b"", 1)] * 6),
    (b"=======\n>>>>>>> theirs\n||||||| base", [(Kind.UNKNOWN, b"", 1)] * 3),
    (b"======\n<<<<<<<x", [(Kind.UNKNOWN, b"", 1)] * 2),
    (b"A=" + PEM + b"\nB=1", [(Kind.ASSIGNMENT, b"A", 1), *[(Kind.UNKNOWN, b"", 1)] * 3, (Kind.ASSIGNMENT, b"B", 1)]),
    (b"# " + PEM + b"\nB=1", [(Kind.COMMENT, b"", 1), *[(Kind.UNKNOWN, b"", 1)] * 3, (Kind.ASSIGNMENT, b"B", 1)]),
    (b"-----BEGIN X-----\nA=1\n## b", [(Kind.UNKNOWN, b"", 1)] * 3),
    (b"A=" + b"QUJD" * 16 + b"\ncXU=\nB=1", [(Kind.ASSIGNMENT, b"A", 1), (Kind.UNKNOWN, b"", 1), (Kind.ASSIGNMENT, b"B", 1)]),
    (b"A=" + b"QUJD" * 16 + b"\nDB_HOST=", [(Kind.ASSIGNMENT, b"A", 1), (Kind.ASSIGNMENT, b"DB_HOST", 1)]),
    (b"A=" + b"abcdef01" * 8 + b"\ncXU=", [(Kind.ASSIGNMENT, b"A", 1), (Kind.ASSIGNMENT, b"cXU", 1)]),
    (b"A=\nYWJjZGVmZ2hpams=", [(Kind.ASSIGNMENT, b"A", 1), (Kind.UNKNOWN, b"", 1)]),
    (b"A=\ndatabaseHost=", [(Kind.ASSIGNMENT, b"A", 1), (Kind.ASSIGNMENT, b"databaseHost", 1)]),
    (b"A=\ndatabaseUrl=x", [(Kind.ASSIGNMENT, b"A", 1), (Kind.ASSIGNMENT, b"databaseUrl", 1)]),
    (b"hidden\nQUI=\nB=", [(Kind.UNKNOWN, b"", 1)] * 3),
    (b"QUI==", [(Kind.UNKNOWN, b"", 1)]),
    (b"A=gitenv1:3.kQ7xAa:QUI", [(Kind.TOKEN, b"A", 1)]),
    (b"#gitenv1:3.kQ7xAa:QUI", [(Kind.TOKEN, b"", 1)]),
    (b"#gitenv-unverified:QUI A=1", [(Kind.UNVERIFIED, b"", 1)]),
    (b"A=gitenv1:0.kQ7xAa:QUI", [(Kind.LOOKALIKE, b"A", 1)]),
    (b"A=gitenv1:3.kQ7xAa:QUI\r", [(Kind.LOOKALIKE, b"A", 1)]),
    (b"export A=gitenv1:3.kQ7xAa:QUI", [(Kind.LOOKALIKE, b"A", 1)]),
    (b"A=gitenv2:anything", [(Kind.LOOKALIKE, b"A", 1)]),
    (b"A=gitenv1-sealed:anything", [(Kind.LOOKALIKE, b"A", 1)]),
    (b"# gitenv1:3.kQ7xAa:QUI", [(Kind.LOOKALIKE, b"", 1)]),
    (b"#gitenv-unverified:\n#gitenv-unverified:a b", [(Kind.UNVERIFIED, b"", 1)] * 2),
    (b"# gitenv-unverified:QUI\n#gitenv-unverified-file:QUI", [(Kind.LOOKALIKE, b"", 1)] * 2),
    (b'A="gitenv1:3.kQ7xAa:QUI"', [(Kind.ASSIGNMENT, b"A", 1)]),
    (b"A=see gitenv1:3.kQ7xAa:QUI", [(Kind.ASSIGNMENT, b"A", 1)]),
]


@pytest.mark.parametrize(("data", "expected"), CASES, ids=[repr(data[:40]) for data, _ in CASES])
def test_grammar(data: bytes, expected: list[tuple[Kind, bytes, int]]) -> None:
    """Each kind of line is the record that the format says."""
    records = document.parse(data)
    assert [(record.kind, record.name, record.raw.count(b"\n") + 1) for record in records] == expected


def test_limits_hold_to_the_byte_and_the_record() -> None:
    """4 MiB and 10,000 records are read, one more of either is refused."""
    assert len(document.parse(b"#" * MAX_BYTES)) == 1
    assert len(document.parse(b"\n" * MAX_RECORDS)) == MAX_RECORDS
    with pytest.raises(NotTrusted, match="4,194,304 are allowed"):
        document.parse(b"#" * (MAX_BYTES + 1))
    with pytest.raises(NotTrusted, match="more than 10,000 records"):
        document.parse(b"\n" * (MAX_RECORDS + 1))
