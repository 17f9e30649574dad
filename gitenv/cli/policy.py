"""`gitenv policy`."""

from __future__ import annotations

import re
from typing import Annotated

from gitenv.cli import exclusive, show
from gitenv.cli.options import Argument
from gitenv.errors import Usage

_MOST_DAYS = 3_650


def run(
    environment: Annotated[str, Argument("ENV")],
    policy: Annotated[
        str,
        Argument("reissue-within=DAYS", "Days, like 30d; 0 takes it away. Without it: show what is set."),
    ] = "",
) -> None:
    """Set how soon known values are to be set anew.

    Those that people who left could read: after these days they are an error in gitenv check.
    """
    from gitenv.team import revise

    days = _days(policy) if policy else 0
    workspace = exclusive.ready_workspace()
    if not policy:
        show.say(f"{environment}: {_said(workspace.need_pin(environment).environment.reissue_within)}")
        return
    if not revise.reissue_within(workspace, environment, days):
        show.say(f"{environment}: {_said(days)} already")
        return
    show.say(f"{environment}: {_said(days)}; staged")
    show.commit(workspace.repository, f"Policy of {environment}")


def _days(text: str) -> int:
    found = re.fullmatch(r"reissue-within=(0|[1-9][0-9]{0,3})d?", text)
    if not found or int(found[1]) > _MOST_DAYS:
        raise Usage(f"{text[:60]!a} is no policy", f"reissue-within=30d, at most {_MOST_DAYS} days, or reissue-within=0")
    return int(found[1])


def _said(days: int) -> str:
    return f"reissue-within={days}d" if days else "no policy"
