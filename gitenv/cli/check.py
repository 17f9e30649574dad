"""`gitenv check`."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from gitenv.cli import show
from gitenv.cli.options import About, Argument, Json, Option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitenv.model.finding import Finding

_STYLES = {"error": "bold red", "warning": "yellow", "note": "cyan"}


class CheckFormat(StrEnum):
    """How findings are written."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"


def run(
    commits: Annotated[
        str | None,
        Argument("BASE..HEAD", "The commits to judge, from BASE's state; BASE alone: up to HEAD."),
    ] = None,
    staged: Annotated[bool, Option("--staged", "What the next commit changes.")] = False,
    everything: Annotated[bool, Option("--all", "All of HEAD.")] = False,
    history: Annotated[bool, Option("--history", "Plain text in any commit of any branch.")] = False,
    how: Annotated[
        CheckFormat,
        Option("--format text|json|sarif|github", "How to write what is found."),
    ] = CheckFormat.TEXT,
    json: Json = False,
    environments: About = None,
    strict: Annotated[bool, Option("--strict", "End with 1 for warnings, too.")] = False,
) -> int:
    """Look for plain text, and for what is not valid. Needs no key.

    Without arguments: the index and the work tree. Ends with 1 if there is an error.
    """
    from contextlib import closing

    from gitenv.check import formats, judge
    from gitenv.errors import Usage
    from gitenv.model import finding
    from gitenv.model.names import check_environments

    check_environments(environments)
    if sum([commits is not None, staged, everything, history]) > 1:
        raise Usage("BASE..HEAD, --staged, --all and --history exclude each other", "gitenv check --help")
    with closing(judge.find(os.getcwd())) as where:
        if commits is not None or history:
            from gitenv.check import ranges

            found = ranges.history(where) if commits is None else ranges.commit_range(where, commits)
        elif staged:
            found = judge.staged(where, judge.next_commit(where))
        else:
            found = judge.everything(where) if everything else judge.here(where)
        found = judge.only(where, found, environments) if environments else found
    found = formats.ordered(found)
    _write(found, CheckFormat.JSON if json else how)
    return int(finding.stops(found, is_strict=strict))


def show_findings(found: Sequence[Finding]) -> None:
    """Findings as people read them, grouped by file, each with what mends it."""
    from gitenv.check.formats import counts

    path = None
    for each, following in zip(found, [*found[1:], None], strict=False):
        if each.path != path:
            path = each.path
            show.say(_harmless(path or "the repository"), "bold")
        place = f"line {each.line}: " if each.line else ""
        commit = f" [commit {each.commit[:10]}]" if each.commit else ""
        text = f"{place}{each.text}{commit} ({each.code})"
        show.labelled(f"  {each.severity.value}: ", _STYLES[each.severity.value], _harmless(text))
        # What mends several lines of a file is said once, below the last of them.
        if following is None or (following.path, following.commands) != (each.path, each.commands):
            show.commands(*(f"  {_harmless(command)}" for command in each.commands))
    number = counts(found)
    parts = [f"{count:,} {severity.value}{'' if count == 1 else 's'}" for severity, count in number.items() if count]
    show.say(", ".join(parts) if parts else "nothing found")
    if any(each.code == "plain-in-history" for each in found):
        show.say("Who has a clone has these values: change them where they come from first. Taking them out of history as well")
        show.say("(git filter-repo) changes every commit after them, and is your decision.")


def _write(found: Sequence[Finding], how: CheckFormat) -> None:
    from gitenv import __version__
    from gitenv.check import formats

    if how is CheckFormat.JSON:
        show.as_json(formats.as_json(found))
    elif how is CheckFormat.SARIF:
        show.as_json(formats.as_sarif(found, __version__))
    elif how is CheckFormat.GITHUB:
        show.write(formats.as_workflow_commands(found))
    else:
        show_findings(found)


def _harmless(text: str) -> str:
    """Text that no runner of GitHub's takes for a command of ours, where a file is named like one."""
    text = text.replace("##[", "#\\x23[")
    return f"./{text}" if text.lstrip().startswith("::") else text
