"""Merging by key: what nobody changed twice comes out by itself, and no record that is on no side."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitenv.model import clean, document, merging, smudge, unverified
from gitenv.model.cipher import Dek, EnvironmentId
from gitenv.model.document import Kind, OpenOf
from gitenv.model.keyring import Keyring, first_generation
from gitenv.model.merging import Merged, Style
from gitenv.model.reasons import CannotStand

_ID = EnvironmentId(b"i" * 16)
_FIRST = Dek(b"1" * 32)
OLD = Keyring(_ID, first_generation(_FIRST, _ID), _FIRST, [])
_SECOND = Dek(b"2" * 32)
NEW = Keyring(_ID, (_NEXT := OLD.next_generation(_SECOND))[0], _SECOND, _NEXT[1])
_NAMES = ("A", "B", "C", "D")
_VALUES = st.dictionaries(st.sampled_from(_NAMES), st.sampled_from((b"1", b"2", b"3")))
_LINES = st.lists(st.sampled_from((b"A=1", b"A=2", b"B=1", b"B=2", b"C=1", b"# one", b"# two", b"", b"## head", b"not known")))


def _merge(sides: Sequence[bytes], open_of: OpenOf | None = None, style: Style | None = None) -> merging.Merged:
    base, ours, theirs = sides
    return merging.merge(base, ours, theirs, open_of, style)


def _text(values: dict[str, bytes]) -> bytes:
    return b"".join(b"%b=%b\n" % (name.encode(), value) for name, value in values.items())


def _encrypted(text: bytes, ring: Keyring) -> bytes:
    return clean.clean(text, ring, frozenset)


def _opened(text: bytes, ring: Keyring = NEW) -> bytes:
    return smudge.smudge(text, [ring])


def _accepted(text: bytes) -> bytes:
    """An opened document with every mark of it taken on."""
    return unverified.accept(text, unverified.find(document.parse(text)), NEW)


def _raws(data: bytes) -> Counter[bytes]:
    return Counter(record.raw for record in document.parse(data) if record.kind is not Kind.PLAIN)


def _file(lines: list[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


@given(_LINES, _LINES)
def test_what_one_side_changed_is_the_outcome(base: list[bytes], changed: list[bytes]) -> None:
    """Where only one side changed something, or both the same, the outcome is that side to the byte."""
    before, after = _file(base), _file(changed)
    for sides in ((before, before, after), (before, after, before), (before, after, after)):
        assert _merge(sides) == (after, [])


@given(_LINES, _LINES, _LINES)
def test_no_record_that_no_side_has(base: list[bytes], ours: list[bytes], theirs: list[bytes]) -> None:
    """The outcome has no record that is on no side, none oftener than on both together, and loses none that one side added."""
    sides = [_encrypted(_file(lines), OLD) for lines in (base, ours, theirs)]
    merged = _merge(sides, style=Style(with_base=False))
    was, mine, other, now = (_raws(data) for data in (*sides, merged.data))
    assert all(count <= mine[raw] + other[raw] for raw, count in now.items())
    assert all(raw in now for raw in (mine | other) if raw not in was)
    assert merged.conflicts or b"<<<<<<<" not in merged.data


@given(_VALUES, _VALUES, st.sets(st.sampled_from(_NAMES)))
def test_changes_of_different_keys_never_conflict(base: dict[str, bytes], changed: dict[str, bytes], ours: set[str]) -> None:
    """Each key is changed, added or removed on one side only: all changes are in the outcome, whoever merges whom."""
    mine = {name: side[name] for name in _NAMES if name in (side := changed if name in ours else base)}
    theirs = {name: side[name] for name in reversed(_NAMES) if name in (side := base if name in ours else changed)}
    sides = [_encrypted(_text(values), OLD) for values in (base, mine, theirs)]
    one, other = _merge(sides), merging.merge(sides[0], sides[2], sides[1])
    assert one.conflicts == other.conflicts == []
    assert _raws(one.data) == _raws(other.data) == _raws(_encrypted(_text(changed), OLD))


@given(_VALUES, _VALUES, _VALUES, st.booleans())
def test_across_a_rotation_it_is_the_merge_of_the_plain_text(
    base: dict[str, bytes], old: dict[str, bytes], new: dict[str, bytes], is_ours: bool
) -> None:
    """With the key, a branch from before a rotation merges as its plain text does, once somebody accepts what came from it.

    Until then, what the newer side has is what counts.
    """
    stored = [_encrypted(_text(base), OLD), _encrypted(_text(old), OLD), _encrypted(_text(new), NEW)]
    if not new:  # an empty file says nothing of its key
        return
    plain = [_text(base), _text(old), _text(new)]
    order = (0, 1, 2) if is_ours else (0, 2, 1)
    merged = _merge([stored[n] for n in order], merging.opener([NEW]))
    wanted = _merge([plain[n] for n in order])
    assert sorted(merged.conflicts) == sorted(wanted.conflicts)
    if not merged.conflicts:
        opened = _opened(merged.data)
        assert _raws(_accepted(opened)) == _raws(wanted.data)
        kept = {raw for raw in _raws(opened) if not raw.startswith(b"#gitenv-unverified:")}
        assert kept <= _raws(plain[2]).keys()


@given(_VALUES, _VALUES, _VALUES)
def test_plain_text_is_never_encrypted(base: dict[str, bytes], old: dict[str, bytes], new: dict[str, bytes]) -> None:
    """A branch from before gitenv: a plain line becomes no token, and where the same stands encrypted, that is what stays."""
    sides = [_text(base), _encrypted(_text(new), NEW), _text(old)]
    for open_of in (merging.opener([NEW]), None):
        merged = _merge(sides, open_of)
        tokens = {record.raw for record in document.parse(merged.data) if record.kind is Kind.TOKEN}
        assert tokens <= _raws(sides[1]).keys()
        for name, value in new.items():
            if open_of and base.get(name) == old.get(name) == value:
                assert b"\n%b=%b\n" % (name.encode(), value) not in b"\n" + merged.data


def test_without_a_key_only_what_both_changed_conflicts() -> None:
    """Across a rotation without the key: what the old branch left alone is re-encrypted, the key that it changed conflicts."""
    base, ours = _encrypted(b"A=1\nB=1\n# c\n", OLD), _encrypted(b"A=1\nB=1\n# c\n", NEW)
    theirs = _encrypted(b"A=1\nB=2\n# c\n", OLD)
    merged = merging.merge(base, ours, theirs)
    assert merged.conflicts == ["B"]
    a, b, c = ours.splitlines(keepends=True)
    changed = theirs.splitlines(keepends=True)[1]
    assert merged.data == a + b"<<<<<<< ours\n" + b + b"=======\n" + changed + b">>>>>>> theirs\n" + c


def test_a_change_under_a_retired_key_stands_behind_the_value() -> None:
    """It does not take the value's place: it can be rejected without a loss, and accepted in its place."""
    base, ours, theirs = _encrypted(b"A=1\n", OLD), _encrypted(b"A=1\nB=1\n", NEW), _encrypted(b"A=2\n", OLD)
    merged = merging.merge(base, ours, theirs, merging.opener([NEW]))
    opened = _opened(merged.data)
    assert merged.conflicts == []
    assert opened.startswith(b"A=1\n#gitenv-unverified:")
    assert _accepted(opened) == b"A=2\nB=1\n"
    assert unverified.reject(opened, unverified.find(document.parse(opened))) == b"A=1\nB=1\n"


def test_a_value_that_counts_stays_one() -> None:
    """Where one side has the same value under a retired key, or in plain text, the token of today stays."""
    now = _encrypted(b"A=1\nB=1\nC=1\n", NEW)
    rest = now[now.index(b"B=") :]
    for other in (_encrypted(b"A=1\n", OLD) + rest, b"A=1\n" + rest):
        for sides in ((now, now, other + b"## x\n"), (now, other + b"## x\n", now)):
            assert _merge(sides, merging.opener([NEW])) == (now + b"## x\n", [])


def test_a_newer_key_is_not_brought_into_an_older_file() -> None:
    """An edit under the newer key that is carried to an older commit conflicts there; what it left alone stays as it is."""
    base, theirs = _encrypted(b"A=1\nB=1\n", NEW), _encrypted(b"A=1\nB=2\n", NEW)
    ours = _encrypted(b"A=1\nB=1\n", OLD)
    merged = merging.merge(base, ours, theirs, merging.opener([NEW]))
    assert merged.conflicts == ["B"]
    assert merged.data.startswith(ours.splitlines(keepends=True)[0] + b"<<<<<<< ours\n")


def test_a_token_that_nothing_opens_takes_nobodys_place() -> None:
    """A token of a generation that no key opens may hold the same as before: it conflicts with what is vouched for."""
    other = Keyring(_ID, (step := OLD.next_generation(Dek(b"3" * 32)))[0], Dek(b"3" * 32), step[1])
    base, ours, theirs = (_encrypted(b"A=1\n", ring) for ring in (OLD, NEW, other))
    assert merging.merge(base, ours, theirs, merging.opener([NEW])).conflicts == ["A"]


def test_conflicts_are_about_one_record() -> None:
    """Deleted against changed, added twice: markers around that key and nothing else, of git's size, with git's labels."""
    base, ours, theirs = b"A=1\nB=1\nC=1\n", b"B=1\nC=2\nD=1\n", b"A=2\nB=1\nC=1\nD=2\n"
    style = Style(b"HEAD", b"abc123", b"topic", 9, with_base=True)
    merged = merging.merge(base, ours, theirs, style=style)
    assert merged.conflicts == ["A", "D"]
    assert merged.data == (
        b"<<<<<<<<< HEAD\n||||||||| abc123\nA=1\n=========\nA=2\n>>>>>>>>> topic\nB=1\nC=2\n"
        b"<<<<<<<<< HEAD\nD=1\n||||||||| abc123\n=========\nD=2\n>>>>>>>>> topic\n"
    )


def test_comments_stay_with_their_keys() -> None:
    """Both sides put a key of their own below a comment: it stands there once, and blank lines stay where they are."""
    base = b"A=1\n\n# section\nB=1\n"
    ours, theirs = b"A=1\n\n# section\nOURS=1\nB=1\n", b"NEW=1\n\nA=1\n\n# section\nTHEIRS=1\nB=1\n"
    merged = merging.merge(base, ours, theirs)
    assert merged == (b"NEW=1\n\nA=1\n\n# section\nTHEIRS=1\nOURS=1\nB=1\n", [])


def test_lines_of_a_value_without_quotes_are_not_mixed() -> None:
    """Two versions of a private key without quotes, whose first line is the same, conflict and are not mixed."""
    base, ours, theirs = (
        b"KEY=-----BEGIN X-----\n%b1\n%b2\n-----END X-----\nZ=1\n" % (word, word) for word in (b"old", b"our", b"the")
    )
    for ring in (None, OLD):
        sides = [_encrypted(text, ring) if ring else text for text in (base, ours, theirs)]
        assert _merge(sides).conflicts == [""]
    moved = base.replace(b"Z=1", b"NEW=1\nZ=1")
    assert merging.merge(base, moved, theirs).conflicts == [""]


def test_duplicates_and_what_is_sealed() -> None:
    """Several values of one name are told apart by their number, and two sealed values of one name are two proposals."""
    assert merging.merge(b"A=1\nA=2\n", b"A=2\n", b"A=1\nA=2\nB=1\n") == (b"A=2\nB=1\n", [])
    one, other = (b"A=gitenv1-sealed:1.abcdef:%b:AAAA\n" % who for who in (b"bob", b"carol"))
    assert merging.merge(b"A=1\n", b"A=1\n" + one, b"A=1\n" + other) == (b"A=1\n" + other + one, [])


def test_line_ends() -> None:
    """A last line without an end gets one where something comes behind it; a CR is its line's; an empty base has nothing."""
    assert merging.merge(b"A=1", b"A=1\nB=1\n", b"A=2") == (b"A=2\nB=1\n", [])
    assert merging.merge(b"A=1\nB=1\n", b"A=1\nB=1", b"A=2\nB=1\n") == (b"A=2\nB=1", [])
    assert merging.merge(b"A=1\r\nB=1\r\n", b"A=2\r\nB=1\r\n", b"A=1\r\nB=2\r\n") == (b"A=2\r\nB=2\r\n", [])
    assert merging.merge(b"", b"A=1\nB=1\n", b"A=1\nC=1\n") == (b"A=1\nC=1\nB=1\n", [])


def test_a_conflict_of_what_both_began_from_is_no_value() -> None:
    """Where the base is a conflict itself, no side counts as unchanged: two values conflict, the same value twice does not."""
    base = merging.merge(b"A=0\nB=0\n", b"A=1\nB=1\n", b"A=2\nB=2\n").data
    assert merging.merge(base, b"A=1\nB=3\n", b"A=2\nB=3\n").conflicts == ["A"]
    assert merging.merge(base, b"A=1\nB=3\n", b"B=3\n").conflicts == ["A"]


def test_what_cannot_be_merged_by_key_is_refused() -> None:
    """A side that is in conflict, and an outcome that would be read as other records, are left to a merge of text."""
    marked = merging.merge(b"A=0\n", b"A=1\n", b"A=2\n").data
    for sides in ((b"A=0\n", marked, b"A=2\n"), (b"A=1\n", b'X="\nA=1\n', b'A=1\nY="\n')):
        try:
            _merge(sides)
        except CannotStand:
            continue
        raise AssertionError(sides)
    assert merging.in_conflict(b"A=1", b"") == (b"<<<<<<< ours\nA=1\n=======\n>>>>>>> theirs\n", [""])


_MANY = [b"N%d=%d" % (number, number) for number in range(12)]
_ODD = [
    *_MANY[3:6],
    b"N4=2",
    b"N5=2",
    b"# one",
    b"# two",
    b"",
    b"## head",
    b"not known",
    b'X="',
    b'"',
    b"Y=1\\",
    b"N20=1",
    b"N21=1",
]
_RAW = [b"N4=1", b"# x", b'X="', b"N6=gitenv1:1.aaaaaa:QUJD", b"<<<<<<< x", b"-----BEGIN X-----", b"=======", b"N4=", b"Y=1\\"]
_RAW += [clean.clean(text, ring, frozenset) for text in (b"N5=5", b"N6=5", b"#") for ring in (OLD, NEW)]
_EDITS = st.lists(st.tuples(st.integers(0, 11), st.sampled_from((0, 1)), st.sampled_from(_ODD)), max_size=4)
_PASTED = st.lists(st.tuples(st.integers(0, 11), st.sampled_from((0, 1)), st.sampled_from(_RAW)), max_size=2)


def _edited(lines: list[bytes], edits: list[tuple[int, int, bytes]]) -> list[bytes]:
    lines = list(lines)
    for at, replaced, line in edits:
        lines[at : at + replaced] = [line]
    return lines


def _long(edits: list[tuple[int, int, bytes]], pasted: list[tuple[int, int, bytes]], ring: Keyring | None) -> bytes:
    """Twelve keys, edited, encrypted, and edited once more by somebody without our filter."""
    text = _file(_edited(_MANY, edits))
    return _file(_edited((_encrypted(text, ring) if ring else text).splitlines(), pasted))


@given(*[_EDITS] * 3, *[_PASTED] * 3, st.lists(st.sampled_from((OLD, NEW)), min_size=3, max_size=3), st.booleans())
def test_what_is_left_out_changes_nothing(
    was: list[tuple[int, int, bytes]],
    mine: list[tuple[int, int, bytes]],
    other: list[tuple[int, int, bytes]],
    one: list[tuple[int, int, bytes]],
    two: list[tuple[int, int, bytes]],
    three: list[tuple[int, int, bytes]],
    rings: list[Keyring],
    has_key: bool,
) -> None:
    """A merge without the records that are settled is the merge of the whole documents, byte for byte, wherever it answers."""
    sides = [_long(edits, raw, ring) for edits, raw, ring in zip((was, mine, other), (one, two, three), rings, strict=True)]
    base, ours, theirs = (side[:-1] if ring is NEW and len(side) % 3 else side for side, ring in zip(sides, rings, strict=True))
    open_of = merging.opener([NEW]) if has_key else None
    shortly = merging.shortly(base, ours, theirs, open_of, Style())
    if shortly is not None:
        assert shortly == merging.in_full(base, ours, theirs, open_of, Style())


def test_a_settled_record_is_not_opened() -> None:
    """Of a long document, also across a rotation, only what both sides may have changed is parsed, and asked for a key."""
    lines = [b"KEY_%d=%d" % (number, number) for number in range(200)]
    base, ours = _encrypted(_file(lines), OLD), _encrypted(_file([b"OURS=1", *lines]), NEW)
    theirs = _encrypted(_file([*lines[:100], b"KEY_100=new", *lines[101:], b"THEIRS=1"]), OLD)
    asked: list[bytes] = []

    def open_of(record: document.Record) -> bytes | None:
        asked.append(record.name)
        return merging.opener([NEW])(record)

    merged = merging.merge(base, ours, theirs, open_of)
    assert isinstance(merging.shortly(base, ours, theirs, open_of, Style()), Merged)
    assert set(asked) == {b"KEY_100"}
    assert merged == merging.in_full(base, ours, theirs, open_of, Style())


@pytest.mark.parametrize("has_key", [True, False])
def test_a_token_of_every_key_on_every_side(has_key: bool) -> None:
    """The same holds for one token among others, of whichever key and value on each side, in files of either key."""
    open_of = merging.opener([NEW]) if has_key else None
    around = {ring: _encrypted(_file(_MANY), ring).splitlines() for ring in (OLD, NEW)}
    tokens = [_encrypted(b"N5=%b" % value, ring) for value in (b"5", b"6") for ring in (OLD, NEW)]
    for rings in itertools.product((OLD, NEW), repeat=3):
        for chosen in itertools.product(tokens, repeat=3):
            sides = [_file([*around[ring][:5], own, *around[ring][6:]]) for ring, own in zip(rings, chosen, strict=True)]
            base, ours, theirs = sides
            shortly = merging.shortly(base, ours, theirs, open_of, Style())
            assert shortly == merging.in_full(base, ours, theirs, open_of, Style())
