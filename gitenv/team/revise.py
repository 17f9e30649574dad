"""A next statement within a generation: another policy, or somebody more who signs. The data key stays, and so do all files."""

from __future__ import annotations

import os
from collections.abc import Sequence

from gitenv.errors import NotInOrder, shell_word
from gitenv.git import branches, rebasing
from gitenv.git.layout import RECIPIENTS
from gitenv.identity import device
from gitenv.model import known, statements, succession
from gitenv.model.document import Record
from gitenv.model.environment import Environment
from gitenv.model.keyring import Keyring
from gitenv.model.known import Known, Tracked
from gitenv.team import follow, known_values, past, statement_conflicts
from gitenv.team.workspace import Workspace, now
from gitenv.trust import access, chain
from gitenv.trust.pins import Pin


def write(workspace: Workspace, before: Environment, statement: Environment, tracked: Tracked | None) -> list[str]:
    """Put the statement `before` into `past/`, and then the next one in its place. Return the paths.

    `known` first: a statement that names it before it is there would say that it is lost. None: it stays as it is.
    """
    name = statement.name
    there = {chain.past_path(name, before.hash): before.text} | past.lacking(workspace, before)
    written = [workspace.write(path, text) for path, text in there.items()]
    listed = known_values.files(name, tracked) if tracked else {}
    written += [workspace.write(path, text) for path, text in listed.items()]
    written.append(workspace.write(chain.path(name), statement.text))
    known = known_values.path(name)
    if tracked and not listed and os.path.lexists(workspace.repository.path(known)):
        workspace.remove(known)
    return written


def reissue_within(workspace: Workspace, name: str, days: int) -> bool:
    """Sign that values which somebody who left could read are to be set anew in so many days (0: no word on it), and stage it.

    False where that is said already. Raises `Locked` for who holds it not.
    """
    follow.refresh(workspace)
    pin = workspace.need_pin(name)
    ring, statement = workspace.need_holder(pin, "set no policy"), pin.environment
    _check_here(workspace, statement)
    if statement.reissue_within == days:
        workspace.repository.stage(_left_behind(workspace, name))
        return False
    _sign(workspace, pin, ring, known_values.now(workspace, statement), days)
    return True


def list_known(workspace: Workspace, name: str, pairs: Sequence[tuple[Record, Record]]) -> Known:
    """Sign which of the values that a holder is about to accept somebody who left could read, stage that, and return them.

    `pairs` are each value as it was, and as it is encrypted now. Where that is said already, or is nothing, nothing is signed.
    It comes before the values: who is stopped in between is asked about them again. Raises `NotInOrder` where there is more to
    say, and the statement at hand is none to go on from.
    """
    pin = workspace.need_pin(name)
    statement, ring = pin.environment, workspace.need_holder(pin, "accept nothing")
    if not pairs or not statement.left:
        return {}
    listed = known_values.here(workspace, statement)
    found = known.accepted(listed or {}, pairs, [link.generation for link in statement.older], statement.left)
    if listed is None:  # with another statement than the pinned one, or lost: then the next generation takes all for known
        if found:
            _check_here(workspace, statement)
        return {}
    both = known.merged([listed, found])
    if both == listed:
        workspace.repository.stage(_left_behind(workspace, name) if found else [])
        return found
    _check_here(workspace, statement)
    # Also what stands no more: what was accepted just before may not be staged yet.
    _sign(workspace, pin, ring, Tracked(both, statement.left), statement.reissue_within)
    return found


def _sign(workspace: Workspace, pin: Pin, ring: Keyring, tracked: Tracked | None, days: int) -> None:
    statement = pin.environment
    revised = succession.revised(
        *(statement, ring, access.membership_in(workspace.tree, statement), tracked, days),
        me=workspace.known_as(pin),
        signer=device.need(),
        at=now(),
    )
    workspace.repository.stage(write(workspace, statement, revised, tracked))
    follow.refresh(workspace)


def _check_here(workspace: Workspace, statement: Environment) -> None:
    """Raise `NotInOrder` where the next statement would be a fork, or would decide git's conflict for one of two sides."""
    name = statement.name
    if name in statement_conflicts.in_conflict(workspace):
        raise NotInOrder(f"{chain.path(name)} is in conflict", f"gitenv rotate {name}")
    if workspace.tree.read(chain.path(name), statements.MAX_BYTES) != statement.text:
        raise NotInOrder(f"{name} has a newer statement than this commit", _to_bring(workspace, statement))


def _to_bring(workspace: Workspace, statement: Environment) -> str:
    """How the newest statement comes here: it may be the caller's own, on another branch that nobody has merged yet."""
    path, read = chain.path(statement.name), workspace.repository.objects.read
    there = (each for each in branches.own(workspace.root) if read(f"{each}:{path}", statements.MAX_BYTES) == statement.text)
    if not (branch := next(there, "")):
        return "merge the main branch first"
    word = shell_word(branch)
    is_rebasing = rebasing.is_going_on(workspace.repository.layout)
    return f"it is on {word}: git {f'rebase --abort, then git rebase {word}' if is_rebasing else f'merge {word}'}"


def _left_behind(workspace: Workspace, name: str) -> list[str]:
    """What a run that was cut off wrote and did not stage."""
    folder = f"{RECIPIENTS}/{name}"
    own = (chain.path(name), known_values.path(name))
    return [path for path in workspace.repository.unstaged(folder) if path in own or path.startswith(f"{folder}/past/")]
