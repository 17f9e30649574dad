"""`gitenv diff` for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitenv.cli import show
from gitenv.diff import wording
from gitenv.errors import joined, printable
from gitenv.model.comparing import Outcome

if TYPE_CHECKING:
    from gitenv.diff.difference import Difference, File, Table

_MOST = 50


def show_text(found: Difference, *, with_values: bool) -> None:
    """On the terminal, or line by line into a pipe."""
    if found.is_empty:
        show.say("no change to any environment")
        return
    for file in found.files:
        _show_file(file, with_values)
    for table in found.tables:
        show.say()
        _show_table(table)
        for text in wording.missing(found, table, printable):
            show.say(text)
    _show_people(found)
    warnings = list(wording.warnings(found, printable))
    if warnings:
        show.say()
    for text in warnings[:_MOST]:
        show.say(f"! {text}", "yellow")
    if len(warnings) > _MOST:
        show.say(f"and {len(warnings) - _MOST:,} more to look at:")
        show.commands("gitenv diff --format json")
    if found.is_unsure:
        show.say(wording.UNSURE)
    if found.closed:
        show.note(f"values of {joined(found.closed)} cannot be read here")


def _show_file(file: File, with_values: bool) -> None:
    environment = f"{file.environment}: " if file.environment else ""
    show.say(f"{environment}{wording.title(file, printable)}", "bold")
    for key in file.keys:
        if key.outcome is Outcome.REENCRYPTED:
            continue
        show.say(f"  {wording.SIGNS[key.outcome]} {key.name}: {wording.key_text(key, printable)}")
        if with_values:
            for sign, value in (("-", key.before), ("+", key.after)):
                if value is not None:
                    show.say(f"      {sign} {value}")
    for each in file.pending:
        show.say(f"  ? {each.name}: {wording.pending(each, printable)}")
    for note in wording.file_notes(file):
        show.say(f"  {note}")


def _show_table(table: Table) -> None:
    rows = [[row.name, *(wording.cell(cell) for cell in row.cells)] for row in table.rows[:_MOST]]
    show.table(["key", *(_column(table.folder, name) for name in table.columns)], rows)
    if len(table.rows) > _MOST:
        show.say(f"and {wording.count(len(table.rows) - _MOST, 'more key')}")
    if table.incomplete:
        show.say(f"and {wording.count(table.incomplete, 'other key')} missing in some environment")


def _column(folder: str, name: str) -> str:
    return f"{folder}: {name}" if folder else name


def _show_people(found: Difference) -> None:
    if found.files and (found.environments or found.requests):
        show.say()
    for environment in found.environments:
        show.say(environment.name, "bold")
        for text in wording.people(environment, printable):
            show.say(f"  {text}")
        for sign, paths in (("+", environment.change.paths_added), ("-", environment.change.paths_removed)):
            for path in paths:
                show.say(f"  {sign} path {path}")
    for change in found.requests:
        show.say(wording.request(change, printable))
