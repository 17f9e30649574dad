"""What people see. Everything from a repository goes through `printable` and `Text`: rich would interpret its brackets.

Rules: one line for one fact; commands to type stand alone on their line, indented by two; no colour carries meaning alone.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TextIO

from gitenv.cli import terminal
from gitenv.errors import GitenvError, Usage, printable

if TYPE_CHECKING:
    from rich.console import Console

    from gitenv.git.repository import Repository

_ANSWER = "\0[y/N]:"  # typer adds it; it stays with the last word
_COMMAND = "bold"
_COMMANDS = r"(?:(?<=: )|(?<=; )|(?<=, )|(?<= or )|(?<= then ))(?:gitenv|git) (?:(?![.:] )[^;,])*"  # in a sentence
_PATIENCE = 0.5  # seconds: where few rows come, those that are there are shown
_PAGE = 500  # rows: enough for columns to be even, few enough to be seen at once


_held: list[tuple[str, str]] | None = None  # with `--quiet`, what would have been said
_tells = False


def speak(*, is_quiet: bool = False, tells: bool = False, colour: str = "auto") -> None:
    """How all that follows is said. `tells`: what a command says on standard output is what it was asked for."""
    global _held, _tells
    _held, _tells = [] if is_quiet else None, tells
    terminal.choose(colour)


def is_quiet() -> bool:
    """Whether only errors, questions and what was asked for are to be seen."""
    return _held is not None


def say_held() -> None:
    """What was kept back is said, on standard error: somebody is about to be asked, and has to know what about."""
    global _held
    held, _held = _held, None
    for text, style in held or []:
        say(text, style, aside=True)
    _held = None if held is None else []


def console(stderr: bool = False, width: int | None = None) -> Console:
    """A console that never wraps what a program may read and never guesses markup."""
    from rich.console import Console

    return Console(
        stderr=stderr,
        markup=False,
        highlight=False,
        emoji=False,
        soft_wrap=True,
        width=width,
        no_color={"always": False, "never": True}.get(terminal.chosen()),
        force_terminal=True if terminal.chosen() == "always" else None,
    )


def say(text: str = "", style: str = "", *, aside: bool = False) -> None:
    """One line of ordinary output; `aside`, on standard error, where the output is for a program or a file."""
    if _held is not None and (aside or not _tells):
        _held.append((text, style))
        return
    labelled("", "", text, style, aside=aside)


def labelled(label: str, label_style: str, text: str, style: str = "", *, aside: bool = False) -> None:
    """A line that begins with a word in colour, which says the same without it."""
    stream = sys.stderr if aside else sys.stdout
    text = printable(text)
    if style != _COMMAND and stream.isatty():
        text = _folded(label + text)[len(label) :]
    _write_line(stream, label, label_style, text, style)


def _write_line(stream: TextIO, label: str, label_style: str, text: str, style: str) -> None:
    if terminal.is_ordinary(stream):
        label, text = terminal.styled(label, label_style), terminal.styled(text, style)
    elif _is_styled(stream):
        from rich.text import Text

        console(stderr=stream is sys.stderr).print(Text.assemble((label, label_style), (text, style)))
        return
    stream.write(f"{label}{text}\n")
    stream.flush()  # both streams often go to one place, and stay in order there


def _folded(text: str) -> str:
    """Prose in lines of a terminal's width: it would cut within words. Commands stay whole, to be copied."""
    import re
    import textwrap

    width = max(terminal.breadth(), terminal.NARROWEST)
    if len(text) <= width:
        return text
    whole = re.sub(_COMMANDS, lambda found: found[0].replace(" ", "\0"), text)
    margin = " " * (len(text) - len(text.lstrip()))
    lines = textwrap.wrap(whole, width, subsequent_indent=margin, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines).replace("\0", " ")


def _is_styled(stream: TextIO) -> bool:
    """Whether rich has anything to add: it takes longer to load than many a command."""
    return stream.isatty() or terminal.is_forced()


def commands(*lines: str, aside: bool = False) -> None:
    """Commands for the user to type."""
    for line in lines:
        say(f"  {line}", _COMMAND, aside=aside)


def commit(repository: Repository, subject: str, before: str = "") -> None:
    """What is left to do after a command that staged something, said the same way by all of them."""
    from gitenv.git import rebasing

    is_shared = repository.has_remote()
    if way_on := rebasing.way_on(repository.layout):  # a commit would have no branch to push yet
        say(f"{before}it is staged; go on{', and push when all is done' if is_shared else ''}:")
        commands(way_on)
        return
    say(f"{before}commit{' and push' if is_shared else ''} it:")
    commands(f"git commit -m '{subject}'{' && git push' if is_shared else ''}")


def note(text: str) -> None:
    """Something to look at, on standard error."""
    if _held is not None:
        _held.append((f"note: {text}", "yellow"))
        return
    labelled("note: ", "yellow", text, aside=True)


def error(problem: GitenvError) -> None:
    """The one form that every error has."""
    labelled("error: ", "bold red", problem.message, aside=True)
    if problem.hint:
        labelled("hint: ", "cyan", problem.hint, aside=True)


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, folding: int | None = None) -> None:
    """A table on a terminal; tab-separated lines for a pipe. The column `folding` may go over several lines."""
    listed = [[printable(cell) for cell in row] for row in rows]
    columns = [printable(column) for column in columns]
    if not _is_styled(sys.stdout):
        sys.stdout.write("".join("\t".join(row).rstrip() + "\n" for row in [columns, *listed]))
        return
    if terminal.is_ordinary(sys.stdout) and (lines := terminal.table(columns, listed, folding)):
        sys.stdout.write(lines)
        sys.stdout.flush()
        return
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=None, pad_edge=False, header_style="dim")
    for column in columns:
        shown.add_column(Text(column), no_wrap=True)
    for row in listed:
        shown.add_row(*(Text(cell) for cell in row))
    if folding is not None:
        shown.columns[folding].no_wrap = False
        shown.columns[folding].max_width = terminal.room(terminal.widths(columns, listed), folding, console().width)
    # Wider than the terminal is for the terminal to wrap: a fingerprint that is cut or folded cannot be compared.
    console(width=terminal.WIDEST).print(shown, crop=False)


def listing(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table that may be long, written while it is made; nothing if there are no rows."""
    lines = ([printable(cell) for cell in row] for row in rows)
    if sys.stdout.isatty():
        _pages(list(columns), lines)
        return
    for number, row in enumerate(lines):
        if not number:
            sys.stdout.write("\t".join(columns) + "\n")
        sys.stdout.write("\t".join(row).rstrip() + "\n")


def _pages(columns: list[str], lines: Iterator[list[str]]) -> None:
    """Columns get wider from page to page, and never narrower."""
    widths, head = [0] * len(columns), [columns]
    while page := list(_page(lines)):
        widths = [max(width, *map(terminal.cell_len, cells)) for width, *cells in zip(widths, *head, *page, strict=True)]
        for row in [*head, *page]:
            padded = (cell + " " * (width - terminal.cell_len(cell)) for cell, width in zip(row, widths, strict=True))
            _write_line(sys.stdout, "", "", "  ".join(padded).rstrip(), "dim" if row is columns else "")
        head = []


def _page(lines: Iterator[list[str]]) -> Iterator[list[str]]:
    begin = time.monotonic()
    for number, line in enumerate(lines, 1):
        yield line
        if number >= _PAGE or time.monotonic() - begin > _PATIENCE:
            return


def as_json(value: object) -> None:
    """For programs: sorted, ASCII only, so that no name can play tricks on a terminal."""
    import json

    sys.stdout.write(json.dumps(value, indent=2, sort_keys=True) + "\n")


def write(text: str) -> None:
    """Text for another program, as it is: whoever made it has seen to what is in it."""
    sys.stdout.write(text)


def ask(question: str, yes: bool, hint: str = "add --yes once you have checked") -> bool:
    """Ask on the terminal. With `yes` there is no question; without a terminal it is `Usage`."""
    if yes:
        return True
    if not is_terminal():
        raise Usage("this asks a question, and there is no terminal to ask on", hint)
    import typer

    say_held()
    try:
        shown = _folded(f"{printable(question)}{_ANSWER}").replace(_ANSWER, "").removesuffix(" [y/N]:")
        return typer.confirm(shown, default=False, err=True)
    except typer.Abort:
        sys.stderr.write("\n")  # the terminal has put ^C behind the question
        raise


def agree(question: str, yes: bool) -> bool:
    """Ask where somebody sits; go on where nobody does. Only for what needs no comparing of keys, and was named one by one."""
    return yes or not is_terminal() or ask(question, yes=False)


def is_terminal() -> bool:
    """Whether somebody is there to answer."""
    return sys.stdin.isatty() and sys.stderr.isatty()
