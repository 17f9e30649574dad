"""What is written on an ordinary terminal without rich is what rich would write there."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gitenv.cli import show, terminal
from gitenv.errors import printable

_STYLES = ["", "bold", "dim", "italic", "yellow", "cyan", "bold red"]
_TEXT = st.text(st.characters(codec="utf-8") | st.sampled_from(" \n\t日ü\x1b[]"), max_size=30)
_VARIABLES: list[dict[str, str]] = [
    {"TERM": "xterm"},
    {"TERM": "xterm-256color", "COLORTERM": "truecolor"},
    {"TERM": "", "NO_COLOR": ""},
    {"NO_COLOR": "1"},
    {"COLUMNS": "30"},
    {"COLUMNS": "200"},
]


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _seen(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], write: Callable[[], None], *, rich: bool) -> str:
    with monkeypatch.context() as patch:
        for name in ("TERM", "COLORTERM", "NO_COLOR", "COLUMNS", "FORCE_COLOR", "TTY_COMPATIBLE"):
            patch.delenv(name, raising=False)
        for name, value in variables.items():
            patch.setenv(name, value)
        patch.setattr(sys, "platform", "linux")
        patch.setattr(sys, "stdout", _Terminal())
        assert terminal.is_ordinary(sys.stdout)
        if rich:
            patch.setattr(terminal, "is_ordinary", lambda stream: False)
        write()
        assert isinstance(sys.stdout, _Terminal)
        return sys.stdout.getvalue()


def _same(variables: dict[str, str], write: Callable[[], None]) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        ours = _seen(monkeypatch, variables, write, rich=False)
        assert ours == _seen(monkeypatch, variables, write, rich=True)


@given(st.sampled_from(_VARIABLES), _TEXT, st.sampled_from(_STYLES), _TEXT, st.sampled_from(_STYLES))
def test_a_line(variables: dict[str, str], label: str, label_style: str, text: str, style: str) -> None:
    """Colours, their absence, folds and wide letters are rich's."""
    label = "".join(c for c in label if c.isprintable())
    _same(variables, lambda: show.labelled(label, label_style, text, style))


@st.composite
def _table(draw: st.DrawFn) -> tuple[list[str], list[list[str]], int | None]:
    count = draw(st.integers(1, 4))
    row = st.lists(_TEXT, min_size=count, max_size=count)
    return draw(row), draw(st.lists(row, max_size=4)), draw(st.none() | st.integers(0, count - 1))


@given(st.sampled_from(_VARIABLES), _table())
@example({"COLUMNS": "20"}, (["", "key"], [["alice", "SHA256:" + 90 * "x"]], None))
@example({"COLUMNS": "20"}, (["", "file"], [["alice", "one two three four five six seven"]], 1))
@example({"COLUMNS": "20"}, (["file"], [["x" * 5000]], None))
def test_a_table(variables: dict[str, str], table: tuple[list[str], list[list[str]], int | None]) -> None:
    """So are its columns, whether they fit or not."""
    columns, rows, folding = table
    _same(variables, lambda: show.table(columns, rows, folding=folding))


@given(st.sampled_from(_VARIABLES), _table())
def test_a_listing(variables: dict[str, str], table: tuple[list[str], Sequence[list[str]], int | None]) -> None:
    """And a list that is written while it is made."""
    columns, rows, _ = table
    _same(variables, lambda: show.listing([printable(column) for column in columns], rows))


@pytest.mark.parametrize("variables", [{"TERM": "dumb"}, {"FORCE_COLOR": "1"}, {"TTY_COMPATIBLE": "0"}])
def test_what_is_rich_s(variables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal that knows no codes, and variables that say what it knows, are left to rich."""
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "platform", "linux")
    assert terminal.is_ordinary(_Terminal())
    assert not terminal.is_ordinary(io.StringIO())
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert not terminal.is_ordinary(_Terminal())


def test_as_wide_as_the_terminal_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where standard output goes elsewhere, a message on standard error has the room that there is."""

    def size(descriptor: int) -> os.terminal_size:
        if descriptor == 1:
            raise OSError
        return os.terminal_size((130, 40))

    seen = _Terminal()
    monkeypatch.setattr(os, "get_terminal_size", size)
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr(sys, "stderr", seen)
    show.note(" ".join(["word"] * 24))
    assert seen.getvalue().count("\n") == 1
