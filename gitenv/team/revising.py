"""A next statement within a generation: another policy, or somebody more who signs. The data key stays, and so do all files."""

from __future__ import annotations

import contextlib
import os

from gitenv import access
from gitenv.errors import NotInOrder
from gitenv.git.layout import RECIPIENTS
from gitenv.identity import device
from gitenv.model import statements, succession
from gitenv.model.environment import Environment
from gitenv.model.known import Tracked
from gitenv.team import following, knowledge, past
from gitenv.team.workspace import Workspace, now
from gitenv.trust import chain


def write(workspace: Workspace, before: Environment, statement: Environment, tracked: Tracked | None) -> list[str]:
    """Put the statement `before` into `past/`, and then the next one in its place. Return the paths.

    `known` first: a statement that names it before it is there would say that it is lost. None: it stays as it is.
    """
    name = statement.name
    there = {chain.past_path(name, before.hash): before.text} | past.lacking(workspace, before)
    written = [workspace.write(path, text) for path, text in there.items()]
    listed = knowledge.files(name, tracked) if tracked else {}
    written += [workspace.write(path, text) for path, text in listed.items()]
    written.append(workspace.write(chain.path(name), statement.text))
    known = workspace.repository.path(knowledge.path(name))
    if tracked and not listed and os.path.lexists(known):
        workspace.repository.unstage([knowledge.path(name)])
        with contextlib.suppress(FileNotFoundError):
            os.unlink(known)
    return written


def reissue_within(workspace: Workspace, name: str, days: int) -> bool:
    """Sign that values which somebody who left could read are to be set anew in so many days (0: no word on it), and stage it.

    False where that is said already. Raises `Locked` for who holds it not.
    """
    following.refresh(workspace)
    pin = workspace.need_pin(name)
    ring, statement = workspace.need_holder(pin, "set no policy"), pin.environment
    if workspace.tree.read(chain.path(name), statements.MAX_BYTES) != statement.text:
        raise NotInOrder(f"{name} has a newer statement than this commit", "merge the main branch first")
    if statement.reissue_within == days:
        workspace.repository.stage(_left_behind(workspace, name))
        return False
    tracked = knowledge.now(workspace, statement)
    revised = succession.revised(
        *(statement, ring, access.standing_in(workspace.tree, statement), tracked, days),
        me=workspace.known_as(pin),
        signer=device.need(),
        at=now(),
    )
    workspace.repository.stage(write(workspace, statement, revised, tracked))
    following.refresh(workspace)
    return True


def _left_behind(workspace: Workspace, name: str) -> list[str]:
    """What a run that was cut off wrote and did not stage."""
    folder = f"{RECIPIENTS}/{name}"
    own = (chain.path(name), knowledge.path(name))
    return [path for path in workspace.repository.unstaged(folder) if path in own or path.startswith(f"{folder}/past/")]
