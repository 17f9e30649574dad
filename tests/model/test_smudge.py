"""smudge: what a key vouches for is opened, the rest is kept harmless, and nothing is lost or laundered."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from gitenv.errors import NotTrusted
from gitenv.model import document, inert, token
from gitenv.model.cipher import Unopened
from gitenv.model.clean import pass_through
from gitenv.model.document import Kind
from gitenv.model.smudge import smudge
from tests.model.builders import checked_out, cleaned_again, committed, ring_of, rotated
from tests.model.documents import plain

RING = ring_of()


_marked = inert.mark


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
        bytes(byte for byte in range(256) if byte != 10),
        committed(b"A=1", ring_of(9)).replace(token.hint(ring_of(9).current.commitment), token.hint(RING.current.commitment)),
        b"#gitenv-unverified:AAAAAAAAAAAA:EVIL%3D1",
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


def test_a_mark_is_one_word() -> None:
    """`#gitenv-unverified:TAG:LINE` it is, and no byte of it ends a line, a word or a quote for any reader."""
    assert _marked(b"EVIL=1 #") == b"#gitenv-unverified:YiOiSc5anKKJ:EVIL%3D1%20%23"
    assert re.fullmatch(
        rb"#gitenv-unverified:[A-Za-z0-9_-]{12}:[A-Za-z0-9+,./:@_%-]*", _marked(bytes(range(10)) + bytes(range(11, 256)))
    )


def test_an_editor_may_end_a_mark_with_cr() -> None:
    """One CR comes off again, and no more than one."""
    for line in (b"EVIL=1", b"EVIL=1\r"):
        assert committed(_marked(line) + b"\r\n", RING) == line + b"\n"
        with pytest.raises(NotTrusted, match="line 1"):
            committed(_marked(line) + b"\r\r\n", RING)


def test_every_line_of_a_pasted_value_is_marked() -> None:
    """A pasted value over lines must not come alive from its second line on."""
    commit = committed(b"A=1\n", RING) + b'EVIL="1\nMORE=2\n3"'
    opened = checked_out(commit, RING)
    assert opened == b"A=1\n" + b"\n".join(map(_marked, [b'EVIL="1', b"MORE=2", b'3"']))
    assert cleaned_again(opened, RING, stands=commit) == commit


@pytest.mark.parametrize("position", [19, 30, 33, -1])
def test_an_edited_mark_is_an_error(position: int) -> None:
    """Else the mark would be a way to write plain text into a commit."""
    edited = bytearray(_marked(b"EVIL=1"))
    edited[position] ^= 1
    with pytest.raises(NotTrusted, match="line 1"):
        committed(bytes(edited), RING)


def test_only_the_current_generation_opens() -> None:
    """A token of another one opens for nobody: who left may have made it. Two may share a number, so the hint is asked, too."""
    after, _ = rotated(RING, 2)
    beside, _ = rotated(RING, 3)
    old, new, other = committed(b"A=1\n", RING), committed(b"B=2\n", after), committed(b"C=3\n", beside)
    assert beside.current.number == after.current.number
    assert smudge(old + new + other, [after]) == _marked(old[:-1]) + b"\nB=2\n" + _marked(other[:-1]) + b"\n"
    assert smudge(old + new, [RING, after]) == b"A=1\nB=2\n"
    assert cleaned_again(smudge(old, [after]), after, stands=old) == old


def test_a_key_that_nobody_has_closes_nothing_else() -> None:
    """One token of an unknown key, and the file is open all the same, with that one marked: it was a way to keep lines live."""
    foreign = committed(b"X=1\n", ring_of(9))
    assert smudge(committed(b"A=1\n", RING) + b"EVIL=1\n" + foreign, [RING]) == (
        b"A=1\n" + _marked(b"EVIL=1") + b"\n" + _marked(foreign[:-1]) + b"\n"
    )


def test_a_closed_file_has_nothing_alive() -> None:
    """Without a key tokens stay as they are, and all else is marked; where the tree went back, all is."""
    token = committed(b"A=1\n", RING)
    commit = b"## note\n" + token + b"EVIL='1\n2'\n# note\nX=gitenv1:1\n"
    marks = b"\n".join(map(_marked, (b"EVIL='1", b"2'", b"# note", b"X=gitenv1:1"))) + b"\n"
    assert smudge(commit, None) == b"## note\n" + token + marks
    assert smudge(commit, []) == b"## note\n" + _marked(token[:-1]) + b"\n" + marks
    for closed in (smudge(commit, None), smudge(commit, [])):
        assert pass_through(closed, frozenset, NotTrusted("closed")) == commit


def test_what_is_too_large_with_its_marks_is_refused() -> None:
    """Escaped, a line may have three times its bytes: what clean would refuse is not written."""
    with pytest.raises(NotTrusted, match="4,194,304 are allowed"):
        smudge(b"A=" + b" " * 2_000_000, None)


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
    st.sampled_from([_marked(b"EVIL=1"), b"#gitenv-unverified:AAAAAAAAAAAA:EVIL%3D1", b"A=gitenv1:1", *SWALLOWING, *PEM]),
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
    assert smudge(commit, [third], is_viewing=True) == b"A=0\nA=1\nA=2\n"
