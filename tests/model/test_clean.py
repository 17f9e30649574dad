"""clean: what is written into a commit, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given

from gitenv.errors import Locked, NotTrusted
from gitenv.model import clean, document, smudge
from gitenv.model.document import MAX_BYTES, Kind
from tests.model.builders import checked_out, cleaned_again, committed, nothing_stands, ring_of, rotated
from tests.model.documents import plain

RING = ring_of()


@given(plain())
def test_smudge_undoes_clean(data: bytes) -> None:
    """What was committed comes back byte for byte."""
    assert checked_out(committed(data, RING), RING) == data


@given(plain())
def test_clean_of_ciphertext_changes_nothing(data: bytes) -> None:
    """A file that is not opened is not changed: git sees no difference."""
    commit = committed(data, RING)
    assert committed(commit, RING) == commit


@given(plain())
def test_a_commit_shows_nothing_else(data: bytes) -> None:
    """A commit is tokens, white space, conflict markers and headings, and as many records as the document has."""
    commit = document.parse(committed(data, RING))
    assert {record.kind for record in commit} <= {Kind.TOKEN, Kind.PLAIN}
    assert [record.name for record in commit] == [record.name for record in document.parse(data)]


@given(plain())
def test_the_same_text_gives_the_same_commit(data: bytes) -> None:
    """git must see the same bytes for the same text, in whatever process cleans it."""
    assert committed(data, RING) == committed(data, ring_of())


def test_empty_stays_empty() -> None:
    """An empty file is an empty blob."""
    assert committed(b"", RING) == b""


def test_tokens_of_any_generation_pass() -> None:
    """A closed file from before a rotation is left as it is."""
    after, _ = rotated(RING, 2)
    commit = committed(b"A=1\n", RING)
    assert committed(commit, after) == commit


def _other_environments_token(name: bytes = b"KEY") -> bytes:
    return committed(name + b"=hunter2", ring_of(9))


def _changed(token: bytes) -> bytes:
    return token[:-1] + (b"A" if token[-1:] != b"A" else b"B")


LOOKALIKES = {
    "another environment's": _other_environments_token(),
    "another environment's hidden line": committed(b"# hunter2", ring_of(9)),
    "renamed": committed(b"OTHER=hunter2", RING).replace(b"OTHER=", b"KEY="),
    "a value as a hidden line": b"#" + committed(b"KEY=hunter2", RING).partition(b"=")[2],
    "changed": _changed(committed(b"KEY=hunter2", RING)),
    "another generation": committed(b"KEY=hunter2", RING).replace(b"gitenv1:1.", b"gitenv1:2."),
    "exported": b"export " + committed(b"KEY=hunter2", RING),
    "with a carriage return": committed(b"KEY=hunter2", RING) + b"\r",
    "with a comment": committed(b"KEY=hunter2", RING) + b" # hunter2",
    "sealed": b"KEY=gitenv1-sealed:hunter2",
    "of a later version": b"KEY=gitenv2:hunter2",
    "short": b"KEY=gitenv1:hunter2",
    "a blank before": b"KEY= gitenv1:hunter2",
    "after a colon": b"KEY: gitenv1:hunter2",
    "an empty mark": b"#gitenv-unverified: KEY=hunter2",
    "a forged mark": b"#gitenv-unverified:AAAAAAAAAAAA:KEY%3Dhunter2",
    "a mark for a file": b"#gitenv-unverified-file:-:hunter2",
}


@pytest.mark.parametrize("line", LOOKALIKES.values(), ids=LOOKALIKES)
def test_lookalikes_are_refused(line: bytes) -> None:
    """What only looks encrypted, or verified by us, is an error that says where and never what."""
    with pytest.raises(NotTrusted) as caught:
        committed(b'A="1\n2"\n\n' + line + b"\nB=2\n", RING)
    assert caught.value.message.startswith("line 4")
    said = caught.value.message + caught.value.hint
    assert not any(part in said for part in ("hunter2", line.decode().rpartition(":")[2]))
    assert ("KEY" in caught.value.message) == line.removeprefix(b"export ").startswith(b"KEY")


@pytest.mark.parametrize("line", LOOKALIKES.values(), ids=LOOKALIKES)
def test_lookalikes_that_stand_in_the_index_pass(line: bytes) -> None:
    """What somebody pushed must not stop git in a file that is not open: it stays exactly what it is."""
    data = committed(b"A=1\n", RING) + line + b"\n"
    assert cleaned_again(data, RING, stands=data) == data


def test_plain_lines_of_the_index_stay() -> None:
    """A line that stands there in plain is not made a value, in an open file nor in a closed one: clean never launders."""
    stands = committed(b"A=1\n", RING) + b"EVIL=1\n# note\n"
    assert cleaned_again(stands, RING, stands=stands) == stands
    assert cleaned_again(b"A=1\nEVIL=1\n# note\nNEW=2\n", RING, stands=stands) == stands + committed(b"NEW=2\n", RING)
    assert cleaned_again(b"EVIL=2\n", RING, stands=stands) == committed(b"EVIL=2\n", RING)


def test_white_space_at_the_end_makes_no_line_the_users_own() -> None:
    """Editors take it off, and give lines a CR: what a stranger wrote is no value by that, nor is a retired one."""
    after, _ = rotated(RING, 2)
    stands = committed(b"OLD=1 \n", RING) + b"EVIL=1 \t\n# note\nTOO=1\nTOO=1 \n"
    for text in (b"OLD=1\nEVIL=1\n# note\r\nTOO=1\nTOO=1 \n", b"OLD=1 \nEVIL=1 \t\n# note \nTOO=1\nTOO=1 \n"):
        assert cleaned_again(text, after, stands=stands).replace(b"\r", b"") == stands
    assert cleaned_again(b" EVIL=1\n", after, stands=stands) == committed(b" EVIL=1\n", after)


def test_a_value_that_counts_stays_one() -> None:
    """Who puts a guess in plain text beside a token does not get the token taken away, nor the guess confirmed."""
    token = committed(b"PIN=0007\n", RING)
    for stands in (token + b"PIN=0007\n", b"PIN=0007\n" + token):
        for ring in (RING, rotated(RING, 2)[0]):
            assert cleaned_again(b"PIN=0007\n", ring, stands=stands) == token


def test_a_token_that_does_not_count_stays_one() -> None:
    """For a text that stands there under another key, its token stays; under another name it says nothing of the text."""
    after, chain = rotated(RING, 2)
    again, _ = rotated(after, 3, chain)
    stands = committed(b"A=1\nB=1\n# note\n", RING) + committed(b"C=1\n", after) + committed(b"D=1\n", again)
    assert cleaned_again(b"A=1\nB=1\n# note\nC=1\nD=1\n", after, stands=stands).startswith(
        committed(b"A=1\nB=1\n# note\n", RING)
    )
    assert cleaned_again(b"A=1\nB=1\n# note\nC=1\nD=1\nE=2\n", again, stands=stands) == stands + committed(b"E=2\n", again)
    moved = stands.replace(b"A=", b"X=")
    assert cleaned_again(b"A=1\n", again, stands=moved) == committed(b"A=1\n", again)


def test_new_lines_of_a_closed_file_are_encrypted() -> None:
    """A line that does not stand in the index is somebody's edit, and is encrypted."""
    closed = committed(b"A=1\n", RING)
    cleaned = cleaned_again(closed + b"NEW=2\n", RING, stands=closed)
    assert cleaned == closed + committed(b"NEW=2\n", RING)


def test_before_the_founding_plain_lines_are_encrypted() -> None:
    """Where the edit began from nothing that was gitenv's, all is its owner's, whatever the index holds."""
    assert clean.clean(b"A=1\n", RING, lambda: {b"A=1"}) == committed(b"A=1\n", RING)


def test_what_could_not_be_opened_again_is_refused() -> None:
    """Ciphertext is longer than text: what would be too large to open is not committed."""
    with pytest.raises(NotTrusted, match="4,194,304 are allowed"):
        committed(b"A=" + b"x" * (MAX_BYTES - 2), RING)


def test_the_largest_document_opens_again() -> None:
    """10,000 records are the limit on both ways."""
    data = b"A=1\n" * document.MAX_RECORDS
    assert checked_out(committed(data, RING), RING) == data


REFUSAL = Locked("there is no key", "ask alice")


@pytest.mark.parametrize(
    "data",
    [committed(b"A=1\n# b\n\n## c\n", RING), b"<<<<<<< ours\n" + _other_environments_token() + b"\n=======\n>>>>>>> b\n", b""],
)
def test_ciphertext_passes_without_a_key(data: bytes) -> None:
    """Tokens, headings and markers pass where there is no key."""
    assert clean.pass_through(data, nothing_stands, REFUSAL) == data


@pytest.mark.parametrize("line", [b"KEY=hunter2", b"# hunter2", b"KEY=gitenv1:hunter2"])
def test_new_text_without_a_key_is_refused(line: bytes) -> None:
    """Without a key, text passes only if it stands in the index, byte for byte; else the refusal says where."""
    data = committed(b"A=1\n", RING) + line + b"\n"
    assert clean.pass_through(data, lambda: {line}, REFUSAL) == data
    with pytest.raises(Locked) as caught:
        clean.pass_through(data, nothing_stands, REFUSAL)
    assert "line 2" in caught.value.message
    assert caught.value.hint == REFUSAL.hint
    assert "hunter2" not in caught.value.message


@pytest.mark.parametrize(
    ("data", "is_plain", "encrypted", "markers"),
    [
        (b"", False, False, False),
        (b"\n## note\n", False, False, False),
        (b"A=1\n", True, False, False),
        (b"# gitenv\n", True, False, False),
        (committed(b"A=1\n", RING), False, True, False),
        (b"#gitenv-unverified:AAAA A=1\n", False, True, False),
        (b"A=gitenv2:1\n", False, True, False),
        (b"<<<<<<< ours\nA=1\n", True, False, True),
    ],
)
def test_what_a_document_has(data: bytes, is_plain: bool, encrypted: bool, markers: bool) -> None:
    """Whether there is something to hide and nothing of it encrypted, anything of ours, anything in conflict."""
    assert smudge.is_plain(document.parse(data)) is is_plain
    assert smudge.is_encrypted(data) is encrypted
    assert smudge.has_markers(data) is markers
