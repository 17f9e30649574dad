"""Following: bringing all pins to what the tree at hand proves, and what to do where two statements met."""

from __future__ import annotations

from gitenv.errors import GitenvError, NotTrusted
from gitenv.model.reasons import Forked, RolledBack, TwoRotations
from gitenv.repo import clone
from gitenv.team import advance
from gitenv.team.statement_conflicts import in_conflict, met_in_rebase, two_met
from gitenv.team.workspace import Workspace
from gitenv.trust.pins import Pin


def kept_one_side(workspace: Workspace, pin: Pin) -> TwoRotations | None:
    """The error where a merge kept one of two sides, not the pinned one, and `gitenv rotate` would bring both together.

    It names both signers, as the refusal does: a person sees who signed what the merge kept.
    """
    try:
        workspace.access.judge(pin, workspace.tree)
    except NotTrusted as error:
        from gitenv.team import merge_rotations

        try:
            planned = merge_rotations.plan(workspace, pin.name)
        except GitenvError:
            return None
        if planned and any(parent.environment == pin.environment for parent in planned.parents):
            return TwoRotations(error.message, f"gitenv rotate {pin.name}")
    return None


def torn(workspace: Workspace) -> list[str]:
    """The environments in which two rotations met, and nobody brought them together yet."""
    met = in_conflict(workspace)
    pins = [pin for pin in workspace.access.pinned() if pin.name not in met]
    return sorted([*met, *(pin.name for pin in pins if met_in_rebase(workspace, pin) or kept_one_side(workspace, pin))])


def _explained(workspace: Workspace, pin: Pin, error: NotTrusted) -> NotTrusted:
    if pin.name in in_conflict(workspace):
        return two_met(pin.name)
    return met_in_rebase(workspace, pin) or kept_one_side(workspace, pin) or error


def refresh(workspace: Workspace) -> list[NotTrusted]:
    """Bring the pins to what the tree at hand proves: all steps, new own grants, holders by grants.

    Returns why environments could not be followed; their pins stay as they are.
    """
    problems: list[NotTrusted] = []
    layout, head = workspace.repository.layout, workspace.repository.objects.id("HEAD^{commit}")
    searched, put_back = clone.searched(layout.common_dir), set(clone.put_back(layout.common_dir))
    for old in workspace.access.pinned():
        try:
            advance.follow_tree(workspace, old, searched)
            put_back.discard(old.name)
            if head:
                searched[old.name] = head
        except NotTrusted as error:
            if isinstance(error, RolledBack | Forked):
                put_back.add(old.name)
            problems.append(_explained(workspace, old, error))
    clone.set_put_back(layout.common_dir, put_back)
    clone.set_searched(layout.common_dir, searched)
    clone.set_looked_at(layout.git_dir, head)
    return problems


def look(workspace: Workspace) -> list[NotTrusted]:
    """The same without moving a pin: what is wrong with the tree at hand, and with the history that leads to it."""
    torn, searched = in_conflict(workspace), clone.searched(workspace.repository.layout.common_dir)
    problems: list[NotTrusted] = [two_met(name) for name in torn]
    for pin in [pin for pin in workspace.access.pinned() if pin.name not in torn]:
        try:
            judged = workspace.access.judge(pin, workspace.tree)
            if judged:
                advance.check(workspace, pin, judged, searched)
        except NotTrusted as error:
            problems.append(_explained(workspace, pin, error))
    return problems
