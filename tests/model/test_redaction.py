"""A stream without values: however it is cut, and whatever it holds."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gitenv.model.redaction import Redactor
from gitenv.model.spellings import spellings

SECRET = b"hunter2-hunter2"
MARK = b"[PASSWORD redacted]"

# Few letters, so that values overlap, repeat, and begin again within themselves.
_VALUES = st.lists(
    st.text("ab\n", min_size=1, max_size=20).map(str.encode) | st.sampled_from([b"ab" * 50, b"a" * 70, b"a" * 8 + b"b"])
)
_PIECES = st.lists(st.text("ab\n ", max_size=12).map(str.encode) | st.sampled_from([b"a" * 80, b"ab" * 60]), max_size=12)


def _stream(values: Sequence[bytes]) -> Redactor:
    return Redactor([(f"V{at}", value) for at, value in enumerate(values)])


def _all(redactor: Redactor, chunks: Sequence[bytes]) -> bytes:
    return b"".join(map(redactor.feed, chunks)) + redactor.flush()


@given(_VALUES, _PIECES, st.data())
@example([b"aaaaaaaab", b"bbbbbbbbb"], [b"aaaaaaaaabbbbbbbbbb"], None)
def test_where_a_stream_is_cut_makes_no_difference(
    values: list[bytes], pieces: list[bytes], data: st.DataObject | None
) -> None:
    """Whole, byte by byte and in any chunks, the same comes out; and no value is in it, nor any spelling of one."""
    parts = [part for at, piece in enumerate(pieces) for part in (piece, values[at % len(values)] if values else b"")]
    text = b"".join(parts)
    cuts = data.draw(st.lists(st.integers(0, len(text)))) if data else [9]
    borders = [0, *sorted(cuts), len(text)]
    chunks = [text[start:end] for start, end in itertools.pairwise(borders)]
    whole = _all(_stream(values), [text])
    assert _all(_stream(values), chunks) == whole
    assert _all(_stream(values), [text[at : at + 1] for at in range(len(text))]) == whole
    assert not [each for value in values for each in spellings(value) if each in whole]


@given(_VALUES, _PIECES)
def test_what_holds_no_value_is_as_it_was(values: list[bytes], pieces: list[bytes]) -> None:
    """All bytes outside of values are there, in their order."""
    text = b"".join(pieces)
    out = _all(_stream(values), [text])
    if not any(each in text for value in values for each in spellings(value)):
        assert out == text
    else:
        assert b"redacted]" in out


def test_what_comes_before_and_after_stays() -> None:
    """A mark is as long as its name, and says whose value was there."""
    out = _all(Redactor([("PASSWORD", SECRET)]), [b"user=alice password=" + SECRET + b" host=db\n"])
    assert out == b"user=alice password=" + MARK + b" host=db\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"12345678abcdefgh", b"[A redacted][B redacted]"),
        (b"1234567812345678", b"[A redacted]"),
        (b"xabcdefgh12345678x", b"x[B redacted][A redacted]x"),
        (b"5678wxyz", b"[C redacted]"),
        (b"12345678wxyz", b"[A redacted]"),
        (b"1234567", b"1234567"),
    ],
)
def test_values_that_touch_and_overlap(text: bytes, expected: bytes) -> None:
    """Those beside each other have their own marks; what overlaps goes whole, under the name of what comes first."""
    values = [("A", b"12345678"), ("B", b"abcdefgh"), ("C", b"5678wxyz")]
    assert _all(Redactor(values), [text]) == expected
    assert _all(Redactor(values), [text[at : at + 1] for at in range(len(text))]) == expected


def test_short_values_stay() -> None:
    """Seven characters, in however many bytes, stand by chance in any text; each line of a value counts for itself."""
    redactor = Redactor([("A", b"1234567"), ("B", "ümläuts".encode()), ("C", b"short\nlong enough")])
    assert redactor.feed("1234567 ümläuts short.\n".encode()) == "1234567 ümläuts short.\n".encode()
    assert redactor.feed(b"long enough\n") == b"[C redacted]\n"


def test_what_stands_in_any_output_stays() -> None:
    """Indentation, brackets and rulers of a value of several lines are no secrets; nor is a value of blanks."""
    redactor = Redactor([("A", b'{\n        "key": "hunter2"\n        },\n--------\n}'), ("B", b" " * 12)])
    text = b"----------\n            },\n"
    assert redactor.feed(text) == text
    assert redactor.feed(b'  "key": "hunter2"\n') == b"  [A redacted]\n"


def test_one_value_of_two_names_has_the_first() -> None:
    """A mark has one name."""
    assert Redactor([("A", SECRET), ("B", SECRET)]).feed(SECRET + b"\n") == b"[A redacted]\n"


def test_a_name_is_no_control_sequence() -> None:
    """Names come from the repository, too."""
    assert b"\x1b" not in Redactor([("A\x1b[2J", SECRET)]).feed(SECRET + b"\n")


@pytest.mark.parametrize("text", [b"a line\n", b"Password: ", b"1 of 3 ... ", b"> ", b"\x1b[2K\r", SECRET + b"\n", SECRET])
def test_lines_and_prompts_appear_at_once(text: bytes) -> None:
    """Nothing waits but what can be the beginning of a value."""
    assert Redactor([("PASSWORD", SECRET)]).feed(text) == text.replace(SECRET, MARK)


def test_a_beginning_waits_until_it_is_decided() -> None:
    """By the next byte that is none of the value's, by the rest of the value, or by the end."""
    redactor = Redactor([("PASSWORD", SECRET)])
    assert redactor.feed(b"I am a hunter") == b"I am a "
    assert redactor.feed(b"!") == b"hunter!"
    assert redactor.feed(b"hunter2-hun") == b""
    assert not redactor.is_holding
    assert redactor.after_silence() == b""
    assert redactor.feed(b"hunter2-hunter2") == b"hunter2-hun" + MARK
    assert redactor.feed(b"hunter2") == b""
    assert redactor.flush() == b"hunter2"


def test_a_silence_shows_at_most_three_characters() -> None:
    """The echo of a key that begins a value is seen; of a value that comes key by key the rest is redacted."""
    redactor = Redactor([("PASSWORD", SECRET)])
    seen = []
    for at in range(len(SECRET)):
        seen += [redactor.feed(SECRET[at : at + 1]), redactor.after_silence()]
    assert b"".join(seen) == b"hun" + MARK
    assert redactor.feed(b"h") + redactor.after_silence() + redactor.feed(b"i ") == b"hi "


def test_parts_of_a_long_value_go_too() -> None:
    """A key of thousands of characters is found piece by piece, under one mark; so is what is left of one that was cut."""
    value = base64.b64encode(bytes(range(256)) * 40)
    redactor = Redactor([("KEY", value)])
    assert _all(redactor, [b"<" + value + b">"]) == b"<[KEY redacted]>"
    assert _all(redactor, [b"<" + value[: len(value) // 64 // 2 * 64]]) == b"<[KEY redacted]"


def test_what_is_held_is_short() -> None:
    """However long the value, and however long what comes is like it, no byte waits for more than 63 others."""
    redactor = Redactor([("A", b"a" * 100_000 + b"b")])
    fed = out = 0
    for _ in range(1000):
        fed += 10
        written = redactor.feed(b"x" * 5 + b"a" * 5)
        out += len(written)
        assert fed - out < 64
