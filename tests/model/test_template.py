"""Templates: what somebody wrote stays, and every name is there."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from gitenv.model import inert, template
from gitenv.model.template import NamedKey
from tests.model import builders

_NAMES = st.sampled_from([b"A", b"B", b"C_D", b"E.F", b"G"])
_LINES = st.builds(lambda name: name + b"=1", _NAMES) | st.sampled_from(
    [b"", b"## Heading", b"# A=", b"# a comment", b"nothing known", b"# kept by: gitenv example -e web"]
)
_ENDS = st.sampled_from([b"\n", b"\r\n"])
_KEYS = st.lists(
    st.builds(NamedKey, _NAMES, st.lists(st.sampled_from([b"", b"## Heading", b"## Other"]), max_size=3)), max_size=6
)


@st.composite
def _texts(draw: st.DrawFn) -> bytes:
    end = draw(_ENDS)
    return b"".join(line + end for line in draw(st.lists(_LINES, max_size=8)))


@given(_texts(), _KEYS)
def test_what_was_there_stays(data: bytes, wanted: list[NamedKey]) -> None:
    """Each line is there in its order, every name is shown, and the next time there is nothing to do."""
    done = template.updated(data, wanted, ["web"], prune=False)
    rest = iter(done.splitlines())
    assert all(any(line == other for other in rest) for line in data.splitlines())
    assert not template.difference(done, [key.name for key in wanted]).missing
    assert template.kept_for(done) == ["web"]
    assert template.updated(done, wanted, ["web"], prune=False) == done
    assert b"\r\n" not in data or data.endswith(b"\r\n")
    assert b"\r\n" not in data or not re.search(rb"(?<!\r)\n", done)


@given(_texts(), _KEYS)
def test_prune(data: bytes, wanted: list[NamedKey]) -> None:
    """Without names that nobody has, and with all others."""
    names = [key.name for key in wanted]
    done = template.updated(data, wanted, ["web"], prune=True)
    assert template.difference(done, names) == ([], [])


def test_no_value_and_no_hidden_comment() -> None:
    """Names and headings count, of a closed file as of an open one; what nobody vouches for does not."""
    ring = builders.ring_of()
    made = builders.statement(ring)
    text = b"# hidden-words\n## Heading\nA='hunter2\nNO=1'\nexport B=hunter2\n"
    expected = [NamedKey(b"A", (b"## Heading",)), NamedKey(b"B", ())]
    assert [*template.keys(text, made)] == expected
    assert [*template.keys(text + inert.mark(b"EVIL=1") + b"\n", made)] == expected
    closed = builders.committed(text, ring)
    assert [*template.keys(closed + b"EVIL=1\n", made)] == expected
    assert [*template.keys(closed + builders.committed(b"EVIL=1\n", builders.ring_of(9)), made)] == expected
