"""Deciding about unverified lines: what a holder accepts becomes a value, what is rejected goes, and nothing else changes."""

from __future__ import annotations

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from gitenv.errors import NotTrusted
from gitenv.model import document, editing, inert, token, unverified
from gitenv.model.document import Kind, Record
from gitenv.model.keyring import Keyring
from gitenv.model.reasons import CannotStand, ForgedMark
from gitenv.model.smudge import smudge
from gitenv.model.unverified import Unverified
from tests.model.builders import checked_out, committed, ring_of, rotated
from tests.model.documents import anything, plain

RING = ring_of()
AFTER, CHAIN = rotated(RING, 2)


_marked = inert.mark


def _found(data: bytes) -> list[Unverified]:
    return unverified.find(document.parse(data))


def _accepted(data: bytes, *chosen: int, ring: Keyring = RING) -> bytes:
    """The document with some of its questions (all, if none is named) answered with yes."""
    found = _found(data)
    return unverified.accept(data, [found[n] for n in chosen] or found, ring)


def _rejected(data: bytes, *chosen: int) -> bytes:
    found = _found(data)
    return unverified.reject(data, [found[n] for n in chosen] or found)


def _replaced(data: bytes) -> list[list[int]]:
    """For each question, the lines of the values that it would take the place of."""
    records = document.parse(data)
    values, lines = editing.values(records), editing.line_numbers(records)
    return [[lines[position] for position in values.get(each.name, [])] for each in _found(data)]


# What there is to decide about.


def test_find() -> None:
    """Marks that follow one another are read together; each record has its name, its line and its length."""
    data = b"A=1\n" + _marked(b'B="1\n2"\n# note\nC=3') + b"\n\nD='\n'\n" + _marked(b"E=5") + b"\n" + _marked(b"B=6")
    assert [(each.name, each.line, each.lines, each.first, each.shown) for each in _found(data)] == [
        ("B", 2, 2, 1, "B"),
        ("", 4, 1, 3, "line 4"),
        ("C", 5, 1, 4, "C"),
        ("E", 9, 1, 7, "E"),
        ("B", 10, 1, 8, "B"),
    ]
    assert _found(b"A=1\n# B=2\n") == []


def test_runs_are_read_apart() -> None:
    """A quote that opens in one run of marks does not reach into the next."""
    data = _marked(b'A="1') + b"\nB=2\n" + _marked(b'C=3"') + b"\n"
    assert [(each.name, each.lines) for each in _found(data)] == [("A", 1), ("C", 1)]


# Accepting.

ACCEPTED = {
    "a line": (b"A=1\n" + _marked(b"B=2") + b"\nC=3\n", b"A=1\nB=2\nC=3\n"),
    "the last line, unfinished": (b"A=1\n" + _marked(b"B=2"), b"A=1\nB=2"),
    "a value over lines": (_marked(b'B="1\n2\n3"') + b"\nC=3\n", b'B="1\n2\n3"\nC=3\n'),
    "a continued line": (_marked(b"B=1\\\n2") + b"\n", b"B=1\\\n2\n"),
    "several runs": (_marked(b"A=1") + b"\n\n" + _marked(b"B=2\nC=3") + b"\n", b"A=1\n\nB=2\nC=3\n"),
    "a comment": (_marked(b"# note") + b"\n", b"# note\n"),
    "nothing known": (_marked(b"what is this") + b"\n", b"what is this\n"),
    "a carriage return": (b"A=1\r\n" + _marked(b"B=2\r") + b"\nC=3\r\n", b"A=1\r\nB=2\r\nC=3\r\n"),
    "a byte order mark": (_marked(b"\xef\xbb\xbfA=1") + b"\nB=2\n", b"\xef\xbb\xbfA=1\nB=2\n"),
    "any bytes": (_marked(b"A=\x00\xff ' x") + b"\n", b"A=\x00\xff ' x\n"),
    "exported": (_marked(b"export A=1 # note") + b"\n", b"export A=1 # note\n"),
    "the place of a value": (b"A=1\nB=2\n" + _marked(b"A=3") + b"\n", b"A=3\nB=2\n"),
    "the place of a value behind it": (_marked(b"A=3") + b"\nB=2\nA=1\n", b"B=2\nA=3\n"),
    "the place of a value over lines": (b'A="1\n2"\nB=2\n' + _marked(b"A=3") + b"\n", b"A=3\nB=2\n"),
    "the place of the first of two": (b"A=1\nB=2\nA=2\n" + _marked(b"A=3") + b"\n", b"A=3\nB=2\n"),
    "the place of an unfinished last line": (_marked(b"A=3") + b"\nB=2\nA=1", b"B=2\nA=3"),
    "a value over lines in the place of one": (b"A=1\nB=2\n" + _marked(b"A='3\n4'") + b"\n", b"A='3\n4'\nB=2\n"),
}


@pytest.mark.parametrize(("data", "expected"), ACCEPTED.values(), ids=ACCEPTED)
def test_accept(data: bytes, expected: bytes) -> None:
    """What was marked stands there as it was typed; one with the name of a value takes its place, and all others go."""
    assert _accepted(data) == expected


def test_names_are_replaced_by_their_spelling() -> None:
    """A comment that mentions a name, another case and a mark are no values of it."""
    data = b"# A=1\na=1\nAA=1\n" + _marked(b"A=2") + b"\n"
    assert _accepted(data) == b"# A=1\na=1\nAA=1\nA=2\n"


def test_replaced() -> None:
    """The lines of all values that one would take the place of."""
    data = b'X="1\n2"\nA=1\nB=2\nA=3\n' + _marked(b"A=4\n# note") + b"\n"
    assert _replaced(data) == [[3, 5], []]


def test_some_of_many() -> None:
    """What was not chosen stays a mark, byte for byte."""
    data = _marked(b"A=1\nB=2\n# note\nC=3") + b"\n"
    assert _accepted(data, 1) == _marked(b"A=1") + b"\nB=2\n" + _marked(b"# note\nC=3") + b"\n"
    assert _rejected(data, 0, 2) == _marked(b"B=2\nC=3") + b"\n"


def test_a_retired_token_becomes_a_value_under_the_present_key() -> None:
    """It is opened with the key that it was made with, stands there in plain text, and is encrypted anew."""
    retired = committed(b'A="1\n2"\n# note\n', RING)
    opened = smudge(retired + committed(b"B=3\n", AFTER), [AFTER])
    accepted = _accepted(opened, ring=AFTER)
    assert accepted == b'A="1\n2"\n# note\nB=3\n'
    assert committed(accepted, AFTER).count(b"gitenv1:2.") == 3


def test_a_retired_token_takes_the_place_of_todays_value() -> None:
    """Somebody puts a superseded value back beside the new one: a holder may want that, and is shown it."""
    opened = smudge(committed(b"A=new\n", AFTER) + committed(b"A=old\n", RING), [AFTER])
    assert _replaced(opened) == [[1]]
    assert _accepted(opened, ring=AFTER) == b"A=old\n"


def _retired(data: bytes, ring: Keyring = AFTER) -> list[str]:
    return [each.shown for each in unverified.retired(document.parse(data), ring)]


def test_what_is_retired() -> None:
    """Values and hidden lines of an earlier generation are found; pasted lines and today's moved ones are not among them."""
    old = committed(b'A="1\n2"\n# note\n', RING)
    moved = committed(b"B=3\n", AFTER).replace(b"B=", b"C=")
    opened = smudge(old + moved + b"EVIL=1\n" + committed(b"D=4\n", AFTER), [AFTER])
    assert [each.shown for each in _found(opened)] == ["A", "line 2", "C", "EVIL"]
    assert _retired(opened) == ["A", "line 2"]
    # Two rotations on, the one in between is retired as well, and a mark from before is still one.
    later, _ = rotated(AFTER, 3, CHAIN)
    assert _retired(opened, later) == ["A", "line 2"]
    assert _retired(smudge(committed(b"B=3\n", AFTER), [later]), later) == ["B"]


@given(plain())
def test_all_that_is_retired_can_be_accepted(text: bytes) -> None:
    """The words that name the first eight choose each of them, and it only; accepted, all is in plain text again."""
    opened = smudge(committed(text, RING), [AFTER])
    records = document.parse(opened)
    found = unverified.retired(records, AFTER)
    assert found == _found(opened)
    words = unverified.words(found, unverified.find(records))
    assert len(set(words)) == len(words)
    assert [[each for each in found if word in (each.name, str(each.line))] for word in words] == [[each] for each in found[:8]]
    named = [each.name for each in found if each.name]
    if len(set(named)) == len(named):  # else one of them takes the place of the others
        assert unverified.accept(opened, found, AFTER) == text


def test_a_hidden_line_that_looks_like_a_value() -> None:
    """The last line of a private key is accepted with the key, and not alone: there it would be a value."""
    text = b"-----BEGIN X-----\nQUJD\n# note\nQUI=\n-----END X-----\n"
    opened = smudge(committed(text, RING), [AFTER])
    assert _retired(opened) == ["line 1", "line 2", "line 3", "line 4", "line 5"]
    assert _accepted(opened, ring=AFTER) == text
    with pytest.raises(CannotStand):
        _accepted(opened, 3, ring=AFTER)


def test_words() -> None:
    """A name that is there twice, or not at all, is said by its line."""
    found = unverified.find(document.parse(_marked(b"A=1\nB=2\n# note\nA=3")))
    assert unverified.words(found, found) == ["1", "B", "3", "4"]
    assert unverified.words(found[:1], found) == ["1"]


FOREIGN = ring_of(9)
NO_VALUES = {
    "a token of another environment": committed(b"A=1", FOREIGN),
    "a hidden line of another environment": committed(b"# note", FOREIGN),
    "a token under another name": committed(b"B=1", RING).replace(b"B=", b"A="),
    "a damaged token": committed(b"A=1", RING)[:-8] + b"AAAAAAAA",
    "a token that is too short": b"A=gitenv1:1.abcdef:AAAA",
    "a later version": b"A=gitenv2:1",
    "a sealed value": b"A=gitenv1-sealed:AAAA",
    "a mark of a mark": _marked(b"A=1"),
    "a forged mark, marked": b"#gitenv-unverified:AAAA A=1",
}


@pytest.mark.parametrize("line", NO_VALUES.values(), ids=NO_VALUES)
def test_what_no_key_opens_is_no_value(line: bytes) -> None:
    """It can only be removed; the refusal does not quote it."""
    data = b"B=2\n" + _marked(line) + b"\nC=3\n"
    with pytest.raises(CannotStand) as caught:
        _accepted(data)
    assert line.decode() not in caught.value.message
    assert "gitenv reject" in caught.value.hint
    assert _rejected(data) == b"B=2\nC=3\n"


def _forged() -> dict[str, bytes]:
    good = _marked(b"A=1")
    return {
        "edited text": good.replace(b"A%3D1", b"A%3D2"),
        "edited tag": good[:25] + (b"B" if good[25:26] != b"B" else b"C") + good[26:],
        "a tag from nowhere": b"#gitenv-unverified:AAAAAAAAAAAA:A%3D1",
        "another line's tag": _marked(b"B=1").replace(b"B%3D1", b"A%3D1"),
        "a short tag": good.replace(b":A%3D1", b"")[:-1] + b":A%3D1",
        "a line too many": good + b"%0AC%3D1",
        "not escaped": good.replace(b"%3D", b"="),
    }


@pytest.mark.parametrize("mark", _forged().values(), ids=_forged())
def test_forged_marks(mark: bytes) -> None:
    """A mark that was edited is never accepted, wherever it stands; it can be removed."""
    for data in (mark + b"\nB=2\n", b"B=2\n" + _marked(b'X="1') + b"\n" + mark + b"\n" + _marked(b'2"') + b"\n"):
        with pytest.raises(ForgedMark) as caught:
            _accepted(data)
        assert f"line {1 + data[: data.index(mark)].count(10)}" in caught.value.message
        assert "A=1" not in caught.value.message
        assert _rejected(data).strip() == b"B=2"


def test_one_forged_line_stops_all() -> None:
    """Nothing is accepted if anything among it is forged; what was not chosen does not matter."""
    data = _marked(b"A=1") + b"\nB=2\n#gitenv-unverified:AAAAAAAAAAAA:C%3D3\n"
    with pytest.raises(ForgedMark):
        _accepted(data)
    assert _accepted(data, 0) == b"A=1\nB=2\n#gitenv-unverified:AAAAAAAAAAAA:C%3D3\n"


def test_reject_takes_the_marks_only() -> None:
    """A rejected line that ends in a backslash does not take the one below with it."""
    for line in (b"A=1\\", b"A=1\\\r", b"# note\\", b"A=1\\\n"):
        assert _rejected(_marked(line) + b"\nB=2\n") == b"B=2\n"


def test_the_mark_of_an_empty_line() -> None:
    """What is left of a value over lines when its first lines were deleted: it goes with the others."""
    assert _rejected(_marked(b"B=2\n") + b"\nC=3\n") == b"C=3\n"


@pytest.mark.parametrize("raw", [b"B=1", b"# note", b"A=1\nB=2", b""])
def test_a_token_that_holds_another_line(raw: bytes) -> None:
    """Whoever had the retired key could encrypt any line under any name: accepted is what was asked about, or nothing."""
    spelled = token.spell(RING.keys, token.head(RING.current), Record(Kind.ASSIGNMENT, b"A", raw, b""))
    with pytest.raises(CannotStand):
        _accepted(_marked(spelled) + b"\n", ring=AFTER)


SWALLOWS = {
    "an open quote": _marked(b'A="1') + b'\nB=2\nC="3"\n',
    "an open quote before another's": _marked(b"A='") + b"\n\nB='2'\n",
    "a backslash": _marked(b"A=1\\") + b"\nB=2\n",
    "the beginning of a key": _marked(b"-----BEGIN X-----") + b"\nB=2\n",
    "a conflict": _marked(b"<<<<<<< ours") + b"\n=======\nB=2\n>>>>>>> theirs\n",
}


@pytest.mark.parametrize("data", SWALLOWS.values(), ids=SWALLOWS)
def test_what_would_change_other_lines_cannot_stand(data: bytes) -> None:
    """An accepted line must not make another of those around it."""
    with pytest.raises(CannotStand, match="how the lines around it are read"):
        _accepted(data)


def test_rejecting_must_not_join_what_it_kept_apart() -> None:
    """Without the line between them, base64 would run on into a name: that is for an editor, and is said."""
    data = b"A=" + b"QUJD" * 16 + b"\n" + _marked(b"B=2") + b"\nQUJDREU=\n"
    assert [record.name for record in document.parse(data)] == [b"A", b"", b"QUJDREU"]
    with pytest.raises(CannotStand):
        _rejected(data)


# For any document.


@st.composite
def _documents(draw: st.DrawFn) -> tuple[bytes, list[bool]]:
    """An opened document with marks among its values, and for each of its questions an answer."""
    records = document.parse(committed(draw(plain()) + b"\n", RING))
    pasted = draw(st.one_of(anything(), plain())) + b"\n"
    assume(records[-1].end)
    at = draw(st.integers(0, len(records)))
    commit = document.join(records[:at]) + pasted + b"EVIL=1\n" + document.join(records[at:])
    opened = checked_out(commit, RING)
    found = _found(opened)
    return opened, draw(st.lists(st.booleans(), min_size=len(found), max_size=len(found)))


@given(_documents())
def test_accepting_all_gives_a_document_that_is_committed_and_comes_back(drawn: tuple[bytes, list[bool]]) -> None:
    """Nothing of what was accepted is a mark afterwards: clean encrypts it, and smudge gives exactly the same."""
    opened, _ = drawn
    try:
        accepted = _accepted(opened)
    except CannotStand:
        return
    assert _found(accepted) == []
    commit = committed(accepted, RING)
    assert {record.kind for record in document.parse(commit)} <= {Kind.TOKEN, Kind.PLAIN}
    assert checked_out(commit, RING) == accepted


@given(_documents())
def test_rejecting_all_leaves_every_other_record(drawn: tuple[bytes, list[bool]]) -> None:
    """Kind, name and bytes of all that was not marked."""
    opened, _ = drawn
    kept = [record for record in document.parse(opened) if record.kind is not Kind.UNVERIFIED]
    try:
        rejected = _rejected(opened)
    except CannotStand:
        return
    assert document.parse(rejected) == kept
    assert rejected == document.join(kept)


def _kept(record: Record) -> tuple[Kind, bytes, bytes]:
    """What must stay of a record. Below `-----BEGIN` a comment is a line that is nothing known; it is hidden either way."""
    return Kind.UNKNOWN if record.kind is Kind.COMMENT else record.kind, record.name, record.raw


@given(_documents(), st.booleans())
@example(drawn=(_marked(b"-----BEGIN") + b"\n" + _marked(b"EVIL=1") + b"\n#\n", [True, False]), accepts=True)
def test_what_was_not_chosen_stays(drawn: tuple[bytes, list[bool]], accepts: bool) -> None:
    """Whatever is decided about some, all other records keep kind, name and bytes, in their order."""
    opened, answers = drawn
    found, records = _found(opened), document.parse(opened)
    chosen = [n for n, answer in enumerate(answers) if answer]
    assume(chosen)
    touched = {position for n in chosen for position in range(found[n].first, found[n].first + found[n].lines)}
    names = {found[n].record.name for n in chosen} - {b""} if accepts else set()
    try:
        decided = _accepted(opened, *chosen) if accepts else _rejected(opened, *chosen)
    except CannotStand:
        return
    others = [
        _kept(record)
        for n, record in enumerate(records)
        if n not in touched and not (record.kind is Kind.ASSIGNMENT and record.name in names)
    ]
    after = iter([_kept(record) for record in document.parse(decided)])
    assert all(other in after for other in others)


@given(anything())
def test_nothing_but_our_errors(data: bytes) -> None:
    """Any document can be asked about; forged marks are refused, and never taken for something else."""
    found = _found(data)
    for decide in (_accepted, _rejected):
        if found:
            try:
                decide(data)
            except NotTrusted:
                continue
