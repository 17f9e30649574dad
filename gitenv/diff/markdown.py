"""`gitenv diff` as one comment for a pull request: the same text for the same change, and no name in it is acted upon.

A comment is no place for a link, a mention or an image that somebody hid in the name of a file. So every name stands in a code
span, with a fence that it does not hold, and without a character that would end a table's cell.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from gitenv.diff import wording
from gitenv.diff.difference import Cell, Difference, File, FileState, Key, SealedValue, Table, Told
from gitenv.errors import joined, printable
from gitenv.model.comparing import Outcome

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
    """Who may read comes first: it is the one thing that a later commit does not take back."""
    yield from _readers(found)
    yield from _warnings(found)
    for table in found.tables:
        yield from _table(found, table)
    rows = [row for table in found.tables for row in table.rows[:_MOST_ROWS]]
    told = {each for row in rows for each in row.told if each}
    folded = [file for file in found.files if _is_only_reencrypted(file)]
    for file in found.files:
        if file not in folded:
            yield from _file(file, told)
    if folded:
        yield from _folded(folded)
    if found.is_unsure:
        yield ""
        yield wording.UNSURE


def _readers(found: Difference) -> Iterator[str]:
    if not (found.environments or found.requests):
        return
    yield ""
    yield "**Who may read**"
    for environment in found.environments:
        readers = joined([code(name) for name in found.readers.get(environment.name, ())], 20)
        yield f"- {code(environment.name)}{f', now read by {readers}' if readers else ''}"
        yield from (f"  - {_item(text)}" for text in wording.people(environment, code))
        yield from (f"  - path added: {code(path)}" for path in environment.change.paths_added if environment.change.before)
        yield from (f"  - path removed: {code(path)}" for path in environment.change.paths_removed if environment.change.after)
    for change in found.requests:
        yield f"- {_item(wording.request(change, code))} (this file grants nothing)"


def _warnings(found: Difference) -> Iterator[str]:
    warnings = list(wording.warnings(found, code))
    if warnings:
        yield ""
        yield from (f"- :warning: {text}" for text in warnings[:_MOST_WARNINGS])
        if len(warnings) > _MOST_WARNINGS:
            yield f"- and {len(warnings) - _MOST_WARNINGS:,} more: `gitenv diff` shows all"


def _table(found: Difference, table: Table) -> Iterator[str]:
    yield ""
    if table.folder:
        yield f"In {code(table.folder)}:"
        yield ""
    yield f"| key | {' | '.join(code(name) for name in table.columns)} |"
    yield f"|---|{'---|' * len(table.columns)}"
    who = [wording.who_can_set(found, name, code) for name in table.columns]
    for row in table.rows[:_MOST_ROWS]:
        cells = map(_cell, row.cells, row.told, who) if row.is_anywhere else map(wording.cell, row.cells)
        yield f"| {code(row.name)} | {' | '.join(cells)} |"
    left = [f"{wording.count(len(table.rows) - _MOST_ROWS, 'more row')}"] if len(table.rows) > _MOST_ROWS else []
    if table.incomplete:
        left.append(f"{wording.count(table.incomplete, 'other key')} missing in some environment")
    if left:
        yield ""
        yield f"And {' and '.join(left)}."


def _cell(cell: Cell, told: Told | None, who_can_set: str) -> str:
    if cell is Cell.MISSING and who_can_set:
        return f"missing: {who_can_set}"
    return _told(told.key) if told else wording.cell(cell)


def _told(key: Key | SealedValue) -> str:
    return wording.key_text(key, code) if isinstance(key, Key) else wording.pending(key, code)


def _file(file: File, told: Collection[Told]) -> Iterator[str]:
    """What no table tells of a file."""
    listed: list[Key | SealedValue] = [*(key for key in file.keys if key.outcome is not Outcome.REENCRYPTED), *file.pending]
    keys = [key for key in listed if Told(file.path, key) not in told]
    notes = list(wording.file_notes(file))
    if listed and not (keys or notes) and file.state is FileState.CHANGED:
        return
    yield ""
    environment = f" ({code(file.environment)})" if file.environment else ""
    yield f"**{wording.title(file, code)}**{environment}"
    yield from (f"- {code(key.name)}: {_told(key)}" for key in keys[:_MOST_ROWS])
    if len(keys) > _MOST_ROWS:
        yield f"- and {wording.count(len(keys) - _MOST_ROWS, 'more key')}"
    yield from (f"- {_escaped(text)}" for text in notes)


def _is_only_reencrypted(file: File) -> bool:
    same = [key for key in file.keys if key.outcome is Outcome.REENCRYPTED]
    return bool(same) and file == file._replace(keys=same, pending=(), unvouched=(), problem="", state=FileState.CHANGED)


def _folded(files: Sequence[File]) -> Iterator[str]:
    """A rotation encrypts every file anew: a list that nobody reads, and that somebody may want."""
    yield ""
    yield f"<details><summary>{wording.count(len(files), 'file')} only re-encrypted by a rotation</summary>"
    yield ""
    yield from (f"- {code(file.path)}: {wording.count(len(file.keys), 'value')}" for file in files)
    yield ""
    yield "</details>"


def _item(text: str) -> str:
    """A sentence; `+` and `-` at its start would make a list of it."""
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
