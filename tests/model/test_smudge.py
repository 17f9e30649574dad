"""smudge: what a key vouches for is opened, the rest is kept harmless, and nothing is lost or laundered."""

from __future__ import annotations

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from gitenv.errors import NotTrusted
from gitenv.model import document, inert, token
from gitenv.model.cipher import Unopened
from gitenv.model.document import Kind
from gitenv.model.smudge import StaysClosed, smudge
from tests.model.builders import checked_out, cleaned_again, committed, ring_of, rotated
from tests.model.documents import plain

RING = ring_of()


def _marked(line: bytes) -> bytes:
    return inert.mark(line, RING.keys)


@pytest.mark.parametrize(
    "line",
    [
        b"EVIL=1",
        b"export EVIL='1'\r",
        b"# comment",
        b"nothing known",
        b"EVIL=gitenv1:1",
        b"KEY=gitenv2:1",
        b"\xef\xbb\xbfA=\x00\xff",
        committed(b"A=1", ring_of(9)).replace(token.hint(ring_of(9).current.commitment), token.hint(RING.current.commitment)),
        b"#gitenv-unverified:AAAA EVIL=1",
        _marked(b"EVIL=1"),
        b"#gitenv-unverified:",
    ],
)
def test_what_nobody_vouches_for_is_kept_as_a_comment(line: bytes) -> None:
    """A line that was not encrypted becomes an unverified mark, and cleans back to the byte."""
    commit = committed(b"A=1\n", RING) + line + b"\n" + committed(b"B=2\n", RING)
    opened = checked_out(commit, RING)
    assert opened == b"A=1\n" + _marked(line) + b"\nB=2\n"
    assert cleaned_again(opened, RING, stands=commit) == commit


def test_a_mark_is_a_comment_with_its_line() -> None:
    """`#gitenv-unverified:TAG LINE` it is, TAG 16 bytes."""
    head, _, line = _marked(b"EVIL=1").partition(b" ")
    assert (head[:19], len(head), line) == (b"#gitenv-unverified:", 19 + 22, b"EVIL=1")


def test_every_line_of_a_pasted_value_is_marked() -> None:
    """A pasted value over lines must not come alive from its second line on."""
    commit = committed(b"A=1\n", RING) + b'EVIL="1\nMORE=2\n3"'
    opened = checked_out(commit, RING)
    assert opened == b"A=1\n" + b"\n".join(map(_marked, [b'EVIL="1', b"MORE=2", b'3"']))
    assert cleaned_again(opened, RING, stands=commit) == commit


@pytest.mark.parametrize("position", [19, 30, 40, -1])
def test_an_edited_mark_is_an_error(position: int) -> None:
    """Else the mark would be a way to write plain text into a commit."""
    edited = bytearray(_marked(b"EVIL=1"))
    edited[position] ^= 1
    with pytest.raises(NotTrusted, match="line 1"):
        committed(bytes(edited), RING)


def test_a_mark_of_another_environment_is_an_error() -> None:
    """The tag is a MAC under this environment's key."""
    with pytest.raises(NotTrusted):
        committed(inert.mark(b"EVIL=1", ring_of(2).keys), RING)


def test_marks_outlive_a_rotation() -> None:
    """A work tree that was opened before a rotation cleans back after it."""
    after, _ = rotated(RING, 2)
    assert committed(_marked(b"EVIL=1"), after) == b"EVIL=1"


def test_retired_generations_are_not_used() -> None:
    """A token below the floor opens for nobody: who left may have made it."""
    after, _ = rotated(RING, 2)
    old = committed(b"A=1\n", RING)
    assert smudge(old, after, 2) == inert.mark(old[:-1], after.keys) + b"\n"
    assert cleaned_again(smudge(old, after, 2), after, stands=old) == old
    assert smudge(old, after, 1) == b"A=1\n"
    assert smudge(old + committed(b"B=2\n", after), after, 0) == b"A=1\nB=2\n"


def test_a_generation_that_is_not_known_closes_the_document() -> None:
    """A key that is not here is no reason to distrust: the whole document waits."""
    after, _ = rotated(RING, 2)
    with pytest.raises(StaysClosed):
        smudge(committed(b"A=1\n", RING) + committed(b"B=2\n", after), RING, 1)


def test_where_nothing_may_be_distrusted_the_document_stays_closed() -> None:
    """A statement found only in the index makes no line unverified, only locked."""
    commit = committed(b"A=1\n", RING)
    assert smudge(commit, RING, 1, may_distrust=False) == b"A=1\n"
    with pytest.raises(StaysClosed):
        smudge(commit + b"EVIL=1\n", RING, 1, may_distrust=False)


def _no_value_lives(opened: bytes, commit: bytes) -> None:
    """Hold that all that is open in `opened` is the very record that one of the tokens in `commit` encrypts."""
    vouched = set()
    for record in document.parse(commit):
        found = token.read(record) if record.kind is Kind.TOKEN else None
        if found:
            try:
                vouched.add(token.open_with(RING.keys, found))
            except Unopened:
                pass
    for record in document.parse(opened):
        assert record.raw in vouched or record.kind in (Kind.PLAIN, Kind.TOKEN, Kind.UNVERIFIED)


SWALLOWING = [committed(line, RING) for line in (b'A="x', b'B="y', b"PIN=0007")]
PEM = committed(b"KEY=-----BEGIN X-----\nQUJD\n-----END X-----\n", RING).splitlines()
_POOL = st.one_of(
    plain().map(lambda data: committed(data, RING)),
    plain(),
    st.sampled_from(
        [b"EVIL=1", b'EVIL="1\nX=2"', b'EVIL="', b"## heading", b"", b"<<<<<<< ours", b"EVIL=1\\", b"-----BEGIN X-----"]
    ),
    st.sampled_from([_marked(b"EVIL=1"), b"#gitenv-unverified:AAAA EVIL=1", b"A=gitenv1:1", *SWALLOWING, *PEM]),
    st.sampled_from([b"PIN=0006", b"PIN=0007"]),
)


@given(st.lists(_POOL, max_size=8).map(b"\n".join).flatmap(lambda data: st.permutations(data.split(b"\n"))).map(b"\n".join))
@example(b"\n".join([*SWALLOWING, b"PIN=0006", b"PIN=0007"]))
@example(b"\n".join([PEM[0], b"## heading", *PEM[1:]]))
@example(b"\n".join([PEM[0], SWALLOWING[2], b"PIN=0007"]))
@example(committed(b"A=1\\", RING) + b"\n")
def test_whatever_is_pushed_is_lossless_and_not_laundered(commit: bytes) -> None:
    """Tokens in any order with anything between them: nothing unvouched lives, and clean gives back the same bytes."""
    try:
        opened = checked_out(commit, RING)
    except NotTrusted:
        assume(False)
    if opened != commit:
        _no_value_lives(opened, commit)
    assert cleaned_again(opened, RING, stands=commit) == commit


def test_reordered_tokens_stay_closed() -> None:
    """A token whose quote would swallow the next one is not opened."""
    first, second, third = SWALLOWING
    opened = checked_out(b"\n".join([first, second, third]), RING)
    assert b'"x' not in opened
    assert opened.endswith(b"\nPIN=0007")


def test_guesses_are_not_confirmed() -> None:
    """Plain guesses beside tokens that stay closed never turn the right one's token into plain text."""
    commit = b"\n".join([*SWALLOWING, b"PIN=0006", b"PIN=0007", b"PIN=0008"])
    assert cleaned_again(checked_out(commit, RING), RING, stands=commit) == commit


def test_a_heading_does_not_become_part_of_a_key() -> None:
    """A readable line between the lines of an unquoted key is not encrypted into it."""
    commit = b"\n".join([PEM[0], b"## heading", *PEM[1:]])
    opened = checked_out(commit, RING)
    assert b"\n## heading\n" not in opened or b"-----BEGIN" not in opened
    assert cleaned_again(opened, RING, stands=commit) == commit


def test_too_many_pasted_lines_are_refused() -> None:
    """One pasted quote may not be turned into a million marks."""
    with pytest.raises(NotTrusted):
        checked_out(committed(b"A=1\n", RING) + b'EVIL="' + b"\n" * 1_000_000 + b'"', RING)


def test_every_generation_on_the_chain_opens() -> None:
    """For viewing, a document of several generations opens as a whole."""
    second, chain = rotated(RING, 2)
    third, _ = rotated(second, 3, chain)
    commit = b"".join(committed(b"A=%d\n" % n, ring) for n, ring in enumerate([RING, second, third]))
    assert smudge(commit, third, 0) == b"A=0\nA=1\nA=2\n"
