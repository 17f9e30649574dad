"""`gitenv diff`."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from gitenv.cli import show
from gitenv.cli.options import Argument, Environments, Json, Option
from gitenv.errors import Usage

if TYPE_CHECKING:
    from gitenv.diff.difference import Difference


class DiffFormat(StrEnum):
    """How it is shown."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


def run(
    revisions: Annotated[
        list[str] | None,
        Argument("REV", "One to compare the work tree with (default: HEAD), or two, also as A..B or A...B."),
    ] = None,
    staged: Annotated[bool, Option("--staged, --cached", "Compare with the index, not the work tree.")] = False,
    form: Annotated[
        DiffFormat,
        Option("--format text|json|markdown", "markdown is one comment for a pull request."),
    ] = DiffFormat.TEXT,
    json: Json = False,
    environments: Environments = None,
    exit_code: Annotated[bool, Option("--exit-code", "End with 1 if anything differs.")] = False,
    values: Annotated[bool, Option("--values", "Show values, as far as you can read them.")] = False,
) -> int:
    """Show what a change does to the environments.

    Key names, who may read, and what a reviewer must know. It needs no key and shows no value unless you ask for it.
    """
    from gitenv.diff import compare, difference
    from gitenv.diff.revisions import chosen
    from gitenv.model.names import check_environments
    from gitenv.repo.where import Where

    form = DiffFormat.JSON if json else form
    check_environments(environments)
    if values and form is DiffFormat.MARKDOWN:
        raise Usage("a comment is no place for values", "gitenv diff --values, without --format markdown")
    where = Where.around(os.getcwd())
    if values:
        from gitenv.cli import consent
        from gitenv.trust.access import Access

        consent.where_closed(Access(where.layout), "Show values?")
    change = chosen(where, revisions or [], staged=staged)
    if where.is_shallow:
        show.note("this clone is shallow: what is older than its commits was not looked at (git fetch --unshallow)")
    compared = compare.difference(change, with_values=values)
    if environments:
        compared = difference.only(compared, environments)
    _show(compared, form, values)
    where.close()
    return 1 if exit_code and not compared.is_empty else 0


def _show(compared: Difference, form: DiffFormat, values: bool) -> None:
    if form is DiffFormat.JSON:
        from gitenv.diff.as_json import as_json

        show.as_json(as_json(compared, with_values=values))
    elif form is DiffFormat.MARKDOWN:
        from gitenv.diff import markdown

        show.write(markdown.render(compared))
    else:
        from gitenv.cli import diff_text

        diff_text.show_text(compared, with_values=values)
