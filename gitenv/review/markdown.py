"""`gitenv diff` as one comment for a pull request: the same text for the same change, and no name in it is acted upon.

A comment is no place for a link, a mention or an image that somebody hid in the name of a file. So every name stands in a code
span, with a fence that it does not hold, and without a character that would end a table's cell.
"""

from __future__ import annotations

from collections.abc import Iterator

from gitenv.errors import printable
from gitenv.model.comparing import Outcome
from gitenv.review import wording
from gitenv.review.difference import Difference, File, Table

MARKER = "<!-- gitenv diff -->"
"""The first line, by which a bot finds its own comment and replaces it."""

_MOST = 65_536 - 200  # characters: GitHub refuses a longer comment
_MOST_ROWS = 50
_MOST_WARNINGS = 50
_LONGEST_NAME = 200


def render(found: Difference) -> str:
    """The comment."""
    if found.is_empty:
        return f"{MARKER}\nNo change to any environment.\n"
    return _cut([MARKER, f"### Environments: {wording.summary(found)}", *_body(found)])


def code(text: str) -> str:
    """Whatever a repository names, as a code span."""
    plain = printable(text)
    if len(plain) > _LONGEST_NAME:
        plain = plain[:_LONGEST_NAME] + "…"
    # A table's cell ends at a bar, also inside a code span; and HTML in a span is text, but for the span that is cut off.
    plain = plain.replace("|", "¦")
    fence = "`" * (_longest_run(plain) + 1)
    pad = " " if "`" in plain or plain.strip() != plain or not plain else ""
    return f"{fence}{pad}{plain}{pad}{fence}"


def _body(found: Difference) -> Iterator[str]:
    warnings = list(wording.warnings(found, code))
    if warnings:
        yield ""
        yield from (f"- :warning: {text}" for text in warnings[:_MOST_WARNINGS])
        if len(warnings) > _MOST_WARNINGS:
            yield f"- and {len(warnings) - _MOST_WARNINGS:,} more: `gitenv diff` shows all"
    for table in found.tables:
        yield from _table(table)
    for file in found.files:
        yield from _file(file)
    for environment in found.environments:
        yield ""
        yield f"**{environment.name}**"
        yield from (f"- {_item(text)}" for text in wording.people(environment))
        yield from (f"- path added: {code(path)}" for path in environment.change.paths_added if environment.change.before)
        yield from (f"- path removed: {code(path)}" for path in environment.change.paths_removed if environment.change.after)
    if found.requests:
        yield ""
        yield "**Requests to join** (these files grant nothing)"
        yield from (f"- {_item(wording.request(change))}" for change in found.requests)
    if found.is_unsure:
        yield ""
        yield wording.UNSURE


def _table(table: Table) -> Iterator[str]:
    yield ""
    if table.folder:
        yield f"In {code(table.folder)}:"
        yield ""
    yield f"| key | {' | '.join(code(name) for name in table.columns)} |"
    yield f"|---|{'---|' * len(table.columns)}"
    for row in table.rows[:_MOST_ROWS]:
        yield f"| {code(row.name)} | {' | '.join(wording.cell(cell) for cell in row.cells)} |"
    left = [f"{wording.count(len(table.rows) - _MOST_ROWS, 'more row')}"] if len(table.rows) > _MOST_ROWS else []
    if table.incomplete:
        left.append(f"{wording.count(table.incomplete, 'other key')} missing in some environment")
    if left:
        yield ""
        yield f"And {' and '.join(left)}."


def _file(file: File) -> Iterator[str]:
    yield ""
    environment = f" ({code(file.environment)})" if file.environment else ""
    yield f"**{wording.title(file, code)}**{environment}"
    keys = [key for key in file.keys if key.outcome is not Outcome.REENCRYPTED]
    yield from (f"- {code(key.name)}: {wording.key_text(key, code)}" for key in keys[:_MOST_ROWS])
    if len(keys) > _MOST_ROWS:
        yield f"- and {wording.count(len(keys) - _MOST_ROWS, 'more key')}"
    yield from (f"- {_escaped(text)}" for text in wording.file_notes(file))


def _item(text: str) -> str:
    """A sentence whose names are checked ones; `+` and `-` at its start would make a list of it."""
    sign, _, rest = text.partition(" ")
    return f"\\{sign} {rest}" if sign in "+-~" else text


def _escaped(text: str) -> str:
    return code(text) if set(text) & set("<>@`[]|*#&\\") else text


def _longest_run(text: str) -> int:
    longest = run = 0
    for c in text:
        run = run + 1 if c == "`" else 0
        longest = max(longest, run)
    return longest


def _cut(lines: list[str]) -> str:
    """All of it, or as much as GitHub takes, with how much more there is. A line is never cut: it could leave a span open."""
    size = 0
    for number, line in enumerate(lines):
        size += len(line) + 1
        if size > _MOST:
            return "\n".join([*lines[:number], "", f"And {len(lines) - number:,} more lines: `gitenv diff` shows all.", ""])
    return "\n".join([*lines, ""])
