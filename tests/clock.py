"""Another day for one person: gitenv reads the date in one place, and this puts another there, in a process of its own.

Nothing in gitenv listens to it: an environment variable that sets the clock would be one that ends no access.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence

from tests import forkserver

_CODE = """\
import sys
from gitenv.trust import access
access.today = lambda: {day!r}
{more}from gitenv.__main__ import main
sys.exit(main())
"""
# git starts the filter with the same day; `gitenv status` is not to wonder at it.
_SETUP = "from gitenv.team import installation\ninstallation.command = lambda places, verb: {words!r} + verb\n"


def command(day: str) -> Sequence[str]:
    """`gitenv` on another day."""
    return [*_started(_CODE.format(day=day, more=_SETUP.format(words=_filter(day))))]


def settings(day: str) -> Mapping[str, str]:
    """What makes git start the filter on that day, whatever the clone's own configuration says."""
    pairs = [(f"filter.gitenv.{key}", _filter(day) + verb) for key, verb in _VERBS.items()]
    pairs += [("core.hooksPath", os.devnull)]  # hooks know the real day only, and would look around on that one
    found = {"GIT_CONFIG_COUNT": str(len(pairs))}
    for number, (key, value) in enumerate(pairs):
        found |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return found


_VERBS = {"process": "filter-process", "clean": "clean %f", "smudge": "smudge %f"}


def _filter(day: str) -> str:
    lines = _CODE.format(day=day, more="").strip().splitlines()
    return shlex.join(word.replace("\\", "/") for word in _started("; ".join(lines))) + " "


def _started(code: str) -> Sequence[str]:
    return [forkserver.python(), "-E", "-P", "-c", code]
