"""Two versions of a document, key by key, with the key and without it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitenv.errors import NotTrusted
from gitenv.model import comparing, document, token
from gitenv.model.comparing import Comparison, Outcome, compare
from gitenv.model.document import Kind, OpenOf, Record
from gitenv.model.keyring import Keyring
from tests.model.builders import committed, ring_of, rotated
from tests.model.documents import anything

OLD = ring_of()
NEW, _ = rotated(OLD, 2)


def _opener(ring: Keyring) -> OpenOf:
    def open_of(record: Record) -> bytes | None:
        found = token.read(record)
        keys = ring.find(found.number, found.hint) if found else None
        return token.open_with(keys, found) if keys and found else None

    return open_of


def _outcomes(found: Comparison) -> dict[str, tuple[str, bool]]:
    return {key.name: (key.outcome.value, key.is_sure) for key in found.keys}


def _compared(before: bytes, after: bytes, new: Keyring = OLD, *, with_key: bool = False) -> dict[str, tuple[str, bool]]:
    return _outcomes(compare(committed(before, OLD), committed(after, new), _opener(NEW) if with_key else None))


def test_within_a_generation() -> None:
    """Without a key it is sure what came, went and changed, and what stayed is not named."""
    found = _compared(b"A=1\nB=2\nC=3\n", b"A=1\nB=3\nD=4\nE=5\n")
    assert found == {"B": ("changed", True), "D": ("renamed", False), "E": ("added", True)}
    assert _compared(b"A=1\nB=2\n", b"B=2\n\n## heading\nA=1\n") == {}
    assert _compared(b"", b"A=1\n") == {"A": ("added", True)}
    assert _compared(b"A=1\n", b"") == {"A": ("removed", True)}


def test_across_a_rotation() -> None:
    """The key tells values that changed from those that did not; without it only another length does."""
    before, after = b"A=1\nB=2\nC=3\n", b"A=1\nB=3\nC=%b\n" % (b"3" * 60)
    assert _compared(before, after, NEW, with_key=True) == {
        "A": ("re-encrypted", True),
        "B": ("changed", True),
        "C": ("changed", True),
    }
    assert _compared(before, after, NEW) == {
        "A": ("re-encrypted", False),
        "B": ("re-encrypted", False),
        "C": ("changed", True),
    }


def test_renamed_with_the_key() -> None:
    """The same value under another name is renamed, wherever it stands; a short one that many have only in the same place."""
    assert _compared(b"OLD=hunter2-long\nA=1\n", b"A=1\nNEW=hunter2-long\n", NEW, with_key=True) == {
        "A": ("re-encrypted", True),
        "NEW": ("renamed", True),
    }
    assert _compared(b"DEBUG=1\nA=1\n", b"A=1\nVERBOSE=1\n", with_key=True) == {
        "DEBUG": ("removed", True),
        "VERBOSE": ("added", True),
    }
    assert _compared(b"DEBUG=1\nA=1\n", b"VERBOSE: 1\nA=1\n", with_key=True) == {"VERBOSE": ("renamed", True)}
    assert _compared(b"A=1\nOLD=2\n", b"A=1\nNEW=3\n", with_key=True) == {"OLD": ("removed", True), "NEW": ("added", True)}


def test_renamed_without_the_key() -> None:
    """In the same place, and as long: maybe. Of another length: no."""
    assert _compared(b"A=1\nOLD=2\nB=3\n", b"A=1\nNEW=2\nB=3\n") == {"NEW": ("renamed", False)}
    assert _compared(b"A=1\nOLD=2\nB=3\n", b"A=1\nB=3\nNEW=2\n") == {"OLD": ("removed", True), "NEW": ("added", True)}
    longer = b"A=1\nNEW=%b\nB=3\n" % (b"2" * 90)
    assert _compared(b"A=1\nOLD=2\nB=3\n", longer) == {"OLD": ("removed", True), "NEW": ("added", True)}


def test_plain_text() -> None:
    """What was encrypted, what is exposed, and what is plain on both sides."""
    encrypted = committed(b"A=1\n", OLD)
    assert _outcomes(compare(b"A=1\n", encrypted)) == {"A": ("encrypted", True)}
    assert _outcomes(compare(encrypted, b"A=1\n")) == {"A": ("exposed", True)}
    assert _outcomes(compare(b"A=1\nB=1\n", b"A=2\nB=1\n")) == {"A": ("changed", True)}


def test_a_key_twice() -> None:
    """The last one counts, and another one beside it is a change."""
    assert _compared(b"A=1\n", b"A=1\nA=2\n") == {"A": ("changed", True)}
    assert _compared(b"A=1\nA=2\n", b"A=2\n") == {"A": ("changed", True)}
    found = compare(committed(b"A=1\n", OLD), committed(b"# x\nA=1\nA=2\n", OLD))
    assert [key.line for key in found.keys] == [3]


def test_hidden_lines() -> None:
    """Comments are counted, each copy; across a rotation only how many more or fewer there are."""
    one, two = committed(b"# a\n# b\n", OLD), committed(b"# a\n# a\n# c\n", OLD)
    assert compare(one, two)[1:] == (2, 1)
    assert compare(committed(b"# a\nA=1\n", OLD), committed(b"# b\n# c\nA=1\n", NEW))[1:] == (1, 0)


def test_ten_thousand_keys() -> None:
    """A document of the greatest size, in which every key has another name, ends soon."""
    before, after = (b"".join(b"%b%d=gitenv1:1.aaaaaa:%b\n" % (c, n, b"A" * 64) for n in range(9_999)) for c in (b"A", b"B"))
    assert {key.outcome for key in compare(before, after).keys} == {Outcome.RENAMED}


@given(anything(), anything())
def test_all_documents(before: bytes, after: bytes) -> None:
    """No two documents crash it; equal ones differ in nothing, and each key is named once."""
    assert compare(before, before) == Comparison([], 0, 0)
    found = compare(before, after, _opener(NEW))
    assert len({key.name for key in found.keys}) == len(found.keys)


_TOKENS = [b"%b=gitenv1:%d.abcdef:%b" % (name, number, b"A" * 64) for name in (b"A", b"B") for number in (1, 2)]
_ALONE = [*_TOKENS, b"#gitenv1:1.abcdef:" + b"A" * 64, b"", b"## A heading", b"A=gitenv1:what", b"#gitenv-unverified:x:y"]
_OTHERS = [b"A=1", b" ", b"# B=1", b"-----BEGIN X-----", b"<<<<<<< a", b"=======", b"B='", b"'", b"## $(x)", _TOKENS[0] + b"\r"]


@given(st.lists(st.sampled_from(_ALONE + _OTHERS)) | st.lists(st.sampled_from(_ALONE)), st.sampled_from([b"", b"\n"]))
def test_lines_that_stand_alone(lines: list[bytes], end: bytes) -> None:
    """Documents of which each line says by itself what it is have the keys that they have when they are parsed."""
    data = b"\n".join(lines) + end
    found: dict[str, list[comparing.Occurrence]] = {}
    for record, line in document.numbered(document.parse(data)):
        if record.name and record.kind is not Kind.SEALED:
            found.setdefault(record.name.decode(), []).append(comparing.Occurrence(record, line))
    assert list(comparing.occurrences(data).items()) == list(found.items())


def test_as_many_as_a_document_may_have() -> None:
    """A document of lines that stand alone has no more of them than any other."""
    comparing.occurrences(b"\n" * document.MAX_RECORDS)
    with pytest.raises(NotTrusted):
        comparing.occurrences(b"\n" * (document.MAX_RECORDS + 1))
