"""Which environments a review looks at: all that a team has, and not all that somebody makes up."""

from __future__ import annotations

import contextlib
from collections.abc import Collection

from gitenv.errors import GitenvError
from gitenv.git.objects import Objects
from gitenv.repo import recipients
from gitenv.repo.recipients_history import RecipientsHistory
from gitenv.repo.snapshot import Snapshot


def known(folder: str, side: Snapshot | None) -> Collection[str]:
    """The names that a side has; of more than a team has the oldest, so that those which are made up later hide none.

    `folder` is where git is started. One more process, and only there.
    """
    if side is None:
        return ()
    try:
        there = recipients.folders(side)
    except GitenvError:
        return ()  # whoever judges .recipients/ says so
    if len(there) <= recipients.MOST:
        return frozenset(there)
    if not side.commit:
        return frozenset(there[: recipients.MOST])
    with contextlib.closing(Objects(folder)) as objects:
        names = RecipientsHistory(folder, objects, [side.commit], there, words=("--first-parent",)).appeared()
    return frozenset(names[: recipients.MOST])
