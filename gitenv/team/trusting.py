"""`gitenv trust`: what was pinned, what there is instead, which of it follows honestly, and moving the pin all the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gitenv import access, lineage
from gitenv.errors import Malformed, NotTrusted
from gitenv.git.trees import RECIPIENTS
from gitenv.lineage import Past
from gitenv.model import statements, trust
from gitenv.model.environment import Environment
from gitenv.model.reasons import Competing, Forked, NotAHolder
from gitenv.model.trust import Lineage
from gitenv.pins import Pin
from gitenv.team import following, pinning, setup
from gitenv.team.workspace import Workspace


class Outlook(NamedTuple):
    """One environment: from the pin to a statement that could be pinned instead."""

    name: str
    past: Past
    pin: Pin | None
    goal: Environment | None  # None: it is not in this commit
    start: Environment | None  # where the honest steps begin: the pin, or what it goes back to
    steps: list[Environment]  # from `start` on; they lead to `goal`, or as far as they can
    reason: NotTrusted | None  # why `goal` does not follow
    is_behind: bool  # `goal` is an earlier statement of the pinned environment, or its history goes on from it
    later: Sequence[Environment] = ()  # what honestly follows from the goal in its own history

    @property
    def moves(self) -> bool:
        """Whether the goal is another one than is pinned."""
        return self.goal is not None and (self.pin is None or self.goal.text != self.pin.environment.text)


def look(workspace: Workspace, name: str) -> Outlook:
    """Compare a pin with the tree's statement.

    Raises `Usage` for a name that is nowhere, and `NotTrusted` for a statement that is not even signed by whom it names: nobody
    can be asked about that.
    """
    workspace.check_known(name)
    pin = workspace.access.pin(name)
    past = Past(workspace.root, workspace.repository.objects, workspace.tree, name)
    goal = _here(workspace, past, name)
    if goal is None:
        return Outlook(name, past, pin, None, None, [], None, False)
    if pin is None:
        trust.check_signed(goal, past.key_of, f"{name}/environment")
        return Outlook(name, past, pin, goal, None, [], _reason_of_first_sight(workspace, goal), False)
    found = past.steps_from(pin)
    if goal.text == pin.environment.text:
        later = [version for version in past.versions if version.text in found.before]
        return Outlook(name, past, pin, goal, None, [], _reason_against(workspace, past, pin, found), bool(later), later)
    trust.check_signed(goal, past.key_of, f"{name}/environment")
    try:
        how = trust.step(trust.State(pin.environment, pin.holders), goal, past.key_of)
        if how in (trust.Step.BELOW, trust.Step.EARLIER):
            return Outlook(name, past, pin, goal, None, [], _reason_of_going_back(workspace, past, pin, goal), True)
    except NotTrusted:
        pass  # not by itself; maybe over several steps
    return _forward(name, past, pin, goal, found)


def _forward(name: str, past: Past, pin: Pin, goal: Environment, found: Lineage) -> Outlook:
    try:
        way = found.way_to(goal)
        found.check_one_line(goal, past.versions)
        return Outlook(name, past, pin, goal, pin.environment, way, None, False)
    except Forked as reason:
        return Outlook(name, past, pin, goal, pin.environment, found.way_to(goal), reason, False)
    except NotTrusted as reason:
        fork = _from_behind(past, pin, goal)
        if fork is not None:
            return Outlook(name, past, pin, goal, fork, past.steps_after(fork).way_to(goal), reason, False)
        so_far = found.way_to(found.furthest(past.versions))
        return Outlook(name, past, pin, goal, pin.environment, so_far, reason, False)


def move(workspace: Workspace, outlook: Outlook) -> list[NotTrusted]:
    """Pin the goal, whatever it is; return what is wrong with the user's own grant there. The user was asked.

    Raises `Competing` if it claims files of another pinned environment.
    """
    goal = outlook.goal
    assert goal is not None
    if competitor := pinning.competitor(workspace, goal, []):
        raise Competing(f"{goal.name} claims files of {competitor}", "ask your team which is right")
    workspace.access.put_back(lineage.stepped(outlook.past, workspace.access, outlook.pin, goal))
    problems = following.decided(workspace, goal.name)
    setup.lift_guard(workspace.repository, workspace.access.pinned())
    return problems


def _here(workspace: Workspace, past: Past, name: str) -> Environment | None:
    text = _text_here(workspace, name)
    if text is None:
        return None
    for version in past.versions:
        if version.text == text:
            return version
    raise Malformed(f"{name}/environment: has not the form of a statement about {name}", f"git log -- :/{RECIPIENTS}/{name}")


def _text_here(workspace: Workspace, name: str) -> bytes | None:
    return workspace.tree.read(f"{RECIPIENTS}/{name}/environment", statements.MAX_BYTES)


def _reason_of_first_sight(workspace: Workspace, goal: Environment) -> NotTrusted | None:
    try:
        lineage.check_founding(workspace.root, workspace.repository.objects, workspace.tree, goal)
    except NotTrusted as error:
        return error
    return None


def _reason_of_going_back(workspace: Workspace, past: Past, pin: Pin, goal: Environment) -> NotTrusted | None:
    """Nobody's signature is needed to read an older commit; to pin one, it has to be by somebody who is known."""
    try:
        judged = workspace.access.judge(pin, workspace.tree)
        if judged:
            access.check_not_rolled_back(workspace.root, pin, judged)
    except NotTrusted as error:
        return error
    if goal.by in pin.holders or _from_behind(past, pin, goal):
        return None
    return NotAHolder(f"{goal.name}/environment: revision {goal.revision} is signed by {goal.by}, who is no holder known here")


def _reason_against(workspace: Workspace, past: Past, pin: Pin, found: Lineage) -> NotTrusted | None:
    """What history says against staying where the pin is."""
    later = found.furthest(past.versions)
    try:
        if later.text != pin.environment.text:
            found.check_one_line(later, past.versions)
            return access.rolled_back(workspace.root, later, pin.environment)
        workspace.access.check_not_doubted(workspace.root, pin.name)
    except NotTrusted as error:
        return error
    return None


def _from_behind(past: Past, pin: Pin, goal: Environment) -> Environment | None:
    """The newest statement that the pin goes back to, a pinned holder signed, and `goal` honestly follows from."""
    chain = [older.generation for older in pin.environment.older]
    behind = [version for version in past.versions if version.id == pin.environment.id and version.generation in chain]
    for version in sorted(behind, key=lambda version: -version.revision):
        if version.by in pin.holders and past.is_signed(version) and past.steps_after(version).reaches(goal):
            return version
    return None
