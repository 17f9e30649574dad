"""Styles and columns on an ordinary terminal, byte for byte as rich writes them: rich takes longer to load than most commands.

What is not ordinary (Windows, `TERM=dumb`, variables that force colours) is left to rich, and so is what does not fit.
tests/test_terminal_output.py compares the two.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from typing import TextIO

_ATTRIBUTES = {"bold": "1", "dim": "2", "italic": "3"}
_COLOURS = {"red": "31", "yellow": "33", "cyan": "36"}
_FORCED = {"TTY_COMPATIBLE", "FORCE_COLOR"}
WIDEST = 4096  # columns of a table; wider than the terminal is for the terminal to wrap
NARROWEST = 16  # columns of a terminal: a fold that still shows a name


_chosen = "auto"


def choose(colour: str) -> None:
    """What `--color` said: auto, always or never."""
    global _chosen
    _chosen = colour


def chosen() -> str:
    """The same."""
    return _chosen


def is_forced() -> bool:
    """Whether colours are wanted wherever the output goes."""
    return _chosen == "always" or (_chosen == "auto" and bool(os.environ.get("FORCE_COLOR")))


def is_ordinary(stream: TextIO) -> bool:
    """Whether what is written there is read by a terminal that knows the common escape codes."""
    is_dumb = os.environ.get("TERM", "").lower() in ("dumb", "unknown")
    if _chosen == "always":
        return False
    return stream.isatty() and sys.platform != "win32" and not is_dumb and _FORCED.isdisjoint(os.environ)


def styled(text: str, style: str) -> str:
    """`text` in a style of rich's, each line for itself; where there is `NO_COLOR`, in what is left of it."""
    if _chosen == "never":
        return text
    known = _ATTRIBUTES if os.environ.get("NO_COLOR") else _ATTRIBUTES | _COLOURS
    codes = ";".join(known[word] for word in style.split() if word in known)
    return "\n".join(f"\033[{codes}m{line}\033[0m" if codes and line else line for line in text.split("\n"))


def cell_len(text: str) -> int:
    """How many columns a text takes."""
    if text.isascii():
        return len(text)
    from rich import cells

    return cells.cell_len(text)


def widths(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[int]:
    """How wide each column is."""
    return [max(map(cell_len, cells)) for cells in zip(columns, *rows, strict=True)]


def room(found: Sequence[int], folding: int, screen: int) -> int:
    """How wide that column can be beside the others."""
    return max(screen - (sum(found) - found[folding] + 2 * (len(found) - 1)), NARROWEST)


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], folding: int | None) -> str:
    """The lines of a table, its head dim; "" where it is for rich: a cell has to be folded, or a column is empty."""
    found = widths(columns, rows)
    if sum(found) + 2 * len(found) > WIDEST or not all(found):
        return ""
    if folding is not None and found[folding] > room(found, folding, breadth()):
        return ""
    head = (styled(" ", "dim") * 2).join(styled(cell, "dim") for cell in _padded(columns, found))
    return "".join(f"{line}\n" for line in (head, *("  ".join(_padded(row, found)) for row in rows)))


def _padded(row: Sequence[str], found: Sequence[int]) -> list[str]:
    return [cell + " " * (width - cell_len(cell)) for cell, width in zip(row, found, strict=True)]


def breadth() -> int:
    """As rich finds them: whichever of the three streams is the terminal."""
    if (wanted := os.environ.get("COLUMNS", "")).isdigit():
        return int(wanted) or 80
    for descriptor in range(3):
        try:
            return os.get_terminal_size(descriptor).columns or 80
        except OSError:
            continue
    return 80
