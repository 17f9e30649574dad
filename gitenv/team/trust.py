"""`gitenv trust`: what was pinned, what there is instead, whether good steps lead there, and moving the pin all the same."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from gitenv.errors import NotTrusted
from gitenv.git import log
from gitenv.model.environment import Environment
from gitenv.model.reasons import Competing, TooLong
from gitenv.repo import clone, recipients
from gitenv.team import first_sight, setup
from gitenv.team.workspace import Workspace
from gitenv.trust import access, forks
from gitenv.trust.pins import Pin
from gitenv.trust.trusted import Answer, Verdict
from gitenv.tuples import NamedTuple


class Outlook(NamedTuple):
    """One environment: from the pin to a statement that could be pinned instead."""

    name: str
    pin: Pin | None
    goal: Environment | None  # None: it is not in this commit
    steps: Sequence[Environment]  # from the pin to the goal
    reason: NotTrusted | None  # why the goal is not simply believed
    is_behind: bool  # the goal is an earlier statement of the pinned environment

    @property
    def moves(self) -> bool:
        """Whether the goal is another one than is pinned."""
        return self.goal is not None and (self.pin is None or self.goal.text != self.pin.environment.text)


def look(workspace: Workspace, name: str) -> Outlook:
    """Compare a pin with the tree's statement.

    Raises `Usage` for a name that is nowhere, and `NotTrusted` for a statement whose own chain is not good: nobody can be asked
    about that.
    """
    workspace.check_known(name)
    pin = workspace.access.pin(name)
    if not recipients.is_environment(workspace.tree, name):
        return Outlook(name, pin, None, [], None, False)
    goal = recipients.environment_in(workspace.tree, name)
    if pin is None:
        first = first_sight.verdict_on(workspace, goal)
        return Outlook(name, pin, goal, [], _forked(workspace, first), False)
    try:
        verdict = workspace.access.trusted(pin, workspace.tree).about(goal)
    except NotTrusted as reason:
        first_sight.verdict_on(workspace, goal)
        return Outlook(name, pin, goal, [], reason, False)
    if verdict.answer is Answer.PAST:
        return Outlook(name, pin, goal, [], _went_back(workspace, pin), True)
    return Outlook(name, pin, goal, verdict.way, _forked_since(workspace, pin, verdict), False)


def move(workspace: Workspace, outlook: Outlook) -> list[NotTrusted]:
    """Pin the goal, whatever it is; return what is wrong with the user's own grant there. The user was asked.

    Raises `Competing` if it claims files of another pinned environment.
    """
    goal = outlook.goal
    assert goal is not None
    if competitor := first_sight.competitor(workspace, goal, []):
        raise Competing(f"{goal.name} claims files of {competitor}", "ask your team which is right")
    seen = outlook.pin.seen if outlook.pin and outlook.pin.environment.id == goal.id else frozenset()
    layout = workspace.repository.layout
    # What history said so far is settled: the user has decided about it.
    clone.set_searched(layout.common_dir, clone.searched(layout.common_dir) | {goal.name: log.head(workspace.root)})
    problems = first_sight.believe(workspace, goal, seen, _beside(workspace, goal))
    setup.lift_guard(workspace.repository, workspace.access.pinned())
    return problems


def _beside(workspace: Workspace, goal: Environment) -> list[str]:
    """The statements that history has beside the goal; none where somebody made more of them than can be looked at."""
    whole = list(first_sight.verdict_on(workspace, goal).way)
    heads = workspace.history.known_heads
    with contextlib.suppress(TooLong):
        return [each.hash for side in forks.asides(workspace.history, whole, heads) for each in side]
    return []


def _forked(workspace: Workspace, first: Verdict) -> NotTrusted | None:
    try:
        forks.check_first_sight(workspace.history, first, workspace.history.known_heads)
        first_sight.check_people(workspace, first.statement)
    except NotTrusted as error:
        return error
    return None


def _forked_since(workspace: Workspace, pin: Pin, verdict: Verdict) -> NotTrusted | None:
    try:
        if verdict.answer is Answer.NEXT:
            forks.check_moved(workspace.history, pin.environment, verdict, workspace.history.known_heads)
    except NotTrusted as error:
        return error
    return None


def _went_back(workspace: Workspace, pin: Pin) -> NotTrusted | None:
    try:
        if judged := workspace.access.judge(pin, workspace.tree):
            access.check_not_rolled_back(workspace.history, pin, judged)
    except NotTrusted as error:
        return error
    return None
