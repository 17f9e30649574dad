"""What a merge or a checkout brought along: pins follow it, and the user hears of what is new."""

from __future__ import annotations

from gitenv.errors import NotTrusted
from gitenv.git import rebasing
from gitenv.model.finding import Finding
from gitenv.model.reasons import TwoRotations
from gitenv.team import conversions, file_status, first_sight, follow, lock, news, past, permissions, setup
from gitenv.team.news import Asking, Out
from gitenv.team.workspace import Workspace
from gitenv.trust.pins import Pin
from gitenv.tuples import NamedTuple


class Given(NamedTuple):
    """An environment that somebody let the user into."""

    environment: str
    by: str


class Arrived(NamedTuple):
    """What is new for whoever works in this clone."""

    let_in: list[Given]
    new: list[str]  # environments that this clone does not believe yet, and that have a grant for the user
    asking: list[Asking]
    out: list[Out]
    pending: list[Finding]
    problems: list[NotTrusted]


def arrived(workspace: Workspace) -> Arrived:
    """Bring pins and attributes to what is at hand, keep open files to their owner, and say what is new."""
    before, since = {pin.name: pin for pin in workspace.access.pinned()}, news.seen_up_to(workspace)
    problems, is_rebasing = follow.refresh(workspace), rebasing.is_going_on(workspace.repository.layout)
    if is_rebasing:  # git has not stopped yet: where it does, `status` knows the way
        problems = [each for each in problems if not isinstance(each, TwoRotations)]
    after = workspace.access.pinned()
    setup.lift_guard(workspace.repository, after)
    conversions.undo_in_recipients(workspace)
    if not is_rebasing:
        permissions.apply(workspace, after)
        lock.catch_up(workspace, {name for name, pin in before.items() if pin.grant})
    # Who follows what came in may be able to open it now; without that it is no news.
    let_in = [Given(pin.name, pin.grant.by.name) for pin in after if pin.grant and _had_none(before.get(pin.name))]
    choices, pending = file_status.choices(workspace, after) if after else ([], [])
    problems += [NotTrusted(each.text, each.commands[0]) for each in choices if each.code == "not-a-file"]
    asking, out = news.asking(workspace, since), news.taken_out(workspace, before, after)
    problems += news.once(workspace, {f"{each.code} {each.message}": each for each in past.problems(workspace)})
    return Arrived(let_in, _new(workspace), asking, out, pending, problems)


def _had_none(old: Pin | None) -> bool:
    return old is not None and old.grant is None


def _new(workspace: Workspace) -> list[str]:
    """What is not pinned and has a grant for the user's key. Who signed that is for `unlock` to show."""
    key = workspace.access.device()
    if key is None:
        return []
    try:
        new = first_sight.new_environments(workspace, []).new
    except NotTrusted:
        return []
    mine = [each for each in new if first_sight.has_grant(workspace, each.name)]
    return news.once(workspace, {f"new {each.name} {each.id.hex()}": each.name for each in mine})
