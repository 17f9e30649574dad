"""`gitenv reissue`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

from gitenv.cli import show
from gitenv.cli.options import Argument, Environments, Json, Option
from gitenv.errors import Usage, joined

if TYPE_CHECKING:
    from gitenv.team.reissue import Leaver, Reissue, Value
    from gitenv.team.workspace import Workspace

_MOST = 4


def run(
    environments: Annotated[list[str] | None, Argument("ENV", "Default: all.")] = None,
    also: Environments = None,
    json: Json = False,
    markdown: Annotated[bool, Option("--markdown", "A checklist for a ticket.")] = False,
) -> None:
    """List the values that people who left still know.

    Those that they could read, and that have not been set anew since. It needs no key. A value that is set anew goes off the
    list by itself.
    """
    from contextlib import closing

    from gitenv.check import judge, reissue
    from gitenv.model.names import check_environments

    if json and markdown:
        raise Usage("--json and --markdown are two forms", "choose one")
    wanted = list(dict.fromkeys([*(environments or ()), *(also or ())]))
    check_environments(wanted)
    with closing(judge.find(os.getcwd())) as where:
        found = reissue.look(where, wanted)
    if json:
        show.as_json(_as_json(found))
    elif markdown:
        show.write("".join(f"{line}\n" for line in _markdown(found)))
    else:
        _show(found)


def show_next(workspace: Workspace, name: str, who: str, environments: Sequence[str]) -> None:
    """After somebody left: how many values they know, and the command that lists them. `who` they are, or the key that is."""
    from gitenv.team import reissue

    found = reissue.here(workspace, environments)
    values = [value for each in found for value in each.values if any(leaver.name == name for leaver in value.leavers)]
    if values:
        show.say(f"{who} could read {reissue.counted(values)} and keeps what they know; what to set anew, until it is:")
        show.commands("gitenv reissue")


def _show(found: Sequence[Reissue]) -> None:
    rows = [
        [each.environment, value.name, value.path, _who(value.leavers), _since(each, value), joined(each.people, _MOST)]
        for each in found
        for value in each.values
    ]
    for each in found:
        if each.is_lost:
            show.note(each.text())
            show.commands(each.command, aside=True)
    if not rows:
        if not found:
            show.say("nothing to reissue")
        return
    show.table(["environment", "key", "file", "known to", "since", "to be set by"], rows, folding=2)
    show.say("give each a new value where it comes from, and then here; the old ones stay readable to them:")
    show.commands("gitenv set KEY -f FILE")


def _as_json(found: Sequence[Reissue]) -> dict[str, object]:
    from gitenv.trust import access

    today = access.today()
    return {
        "environments": [
            {
                "environment": each.environment,
                "may_set": each.people,
                "left": [_leaver(leaver) for leaver in each.leavers],
                "lost": each.is_lost,
                "reissue_within": each.within or None,
                "values": [
                    {
                        "name": value.name,
                        "path": value.path,
                        "line": value.line,
                        "since": value.since,
                        "overdue": value.is_overdue(each.within, today),
                        "known_to": [_leaver(leaver) for leaver in value.leavers],
                    }
                    for value in each.values
                ],
            }
            for each in found
        ]
    }


def _leaver(leaver: Leaver) -> dict[str, object]:
    return {
        "name": leaver.name,
        "fingerprint": leaver.fingerprint,
        "old_key": leaver.is_former,
        "since": leaver.since,
    }


def _markdown(found: Sequence[Reissue]) -> Iterator[str]:
    """For a ticket: one box to tick for each value."""
    from gitenv.diff.markdown import code

    yield "## Values to reissue"
    yield ""
    if not found:
        yield "None."
        return
    yield "People who left could read these. Each needs a new value where it comes from, and then here."
    for each in found:
        yield ""
        yield f"### {each.environment}"
        yield ""
        if each.is_lost:
            yield f"Nobody can say any more which values: see `{each.command}`."
            continue
        yield f"To be set by {joined(each.people, _MOST)}."
        yield ""
        for value in each.values:
            yield f"- [ ] {code(value.name)} in {code(value.path)}, known to {_who(value.leavers)} since {_since(each, value)}"


def _since(found: Reissue, value: Value) -> str:
    from gitenv.trust import access

    return f"{value.since}{', overdue' if value.is_overdue(found.within, access.today()) else ''}"


def _who(leavers: Sequence[Leaver]) -> str:
    return joined(list(dict.fromkeys(leaver.called for leaver in leavers)), _MOST)
