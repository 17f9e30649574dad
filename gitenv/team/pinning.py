"""Pinning: what is new to this clone, and believing it from now on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from gitenv import access, lineage, recipients
from gitenv.errors import NotTrusted, Usage
from gitenv.model import environment, names, trust
from gitenv.model.environment import Environment
from gitenv.model.reasons import Competing, NotAHolder
from gitenv.model.statements import is_fingerprint
from gitenv.pins import Pin
from gitenv.team import claims, following
from gitenv.team.workspace import Workspace


class Found(NamedTuple):
    """What is not pinned in a tree."""

    new: list[Environment]  # signed by one of their own holders: whether that is the right person, nobody here can know
    problems: list[NotTrusted]  # what is not even that


def new_environments(workspace: Workspace, wanted: Iterable[str]) -> Found:
    """The environments at hand (or those `wanted`) that are not pinned: those that can be, and why others cannot."""
    asked = list(wanted)
    found = Found([], [])
    for name in asked or workspace.environments():
        if workspace.access.pin(name) is None:
            try:
                found.new.append(checked(workspace, name))
            except NotTrusted as error:
                found.problems.append(error)
    if not asked and (count := recipients.too_many(workspace.tree, workspace.pinned_names())):
        found.problems.append(NotTrusted(recipients.too_many_text(count), "gitenv unlock NAME, one by one"))
    return found


def check_signers(workspace: Workspace, statements: Iterable[Environment], wanted: Sequence[str], fingerprint: str) -> None:
    """Raise `NotTrusted` for a new statement that another key signed, and for a pinned one that it is no holder of."""
    if not is_fingerprint(fingerprint):
        raise Usage("that is no fingerprint", "SHA256: and 43 characters, as gitenv key show prints it")
    for pinned in workspace.access.pinned():
        if wanted and pinned.name not in wanted:
            continue
        if fingerprint not in [holder.fingerprint for holder in pinned.holders]:
            raise NotTrusted(f"{pinned.name} has no holder with the key {fingerprint}", "ask your team which is right")
    for statement in statements:
        if statement.by.fingerprint != fingerprint:
            raise NotTrusted(
                f"{statement.name} is signed by {statement.by}, not by {fingerprint}", "ask your team which is right"
            )


def pin(workspace: Workspace, statements: Iterable[Environment]) -> list[NotTrusted]:
    """Believe these statements from now on: an explicit act of the user, after they were shown who signed.

    Returns what is wrong with the user's own grants: such a grant is not used, and does not keep the rest from being pinned.
    """
    problems: list[NotTrusted] = []
    listed = list(statements)
    for statement in listed:
        others = [other for other in listed if other is not statement]
        if other := competitor(workspace, statement, others):
            problems.append(
                Competing(
                    f"{statement.name} and {other} claim the same files; {statement.name} was not pinned",
                    "ask your team which is right",
                )
            )
            continue
        key_of = recipients.key_finder(workspace.tree, statement.name)
        device, own = workspace.access.device(), None
        try:
            own = access.own_grant(statement, workspace.tree, key_of, device, workspace.access.name)
            if own is not None and not own.expired(access.today()):
                environment.check_seal(statement, access.open_grant(statement, own, device))
        except NotTrusted as error:
            own = None
            problems.append(error)
        pinned = Pin.of(statement, own, frozenset(), frozenset())
        workspace.access.advance(pinned)
        try:
            following.follow_tree(workspace, pinned)
        except NotTrusted as error:
            if own is not None:  # else it was said above
                problems.append(error)
    return problems


def checked(workspace: Workspace, name: str) -> Environment:
    """The statement of an environment that is not pinned. Raises `NotTrusted` if it is not even signed by its own holder."""
    names.check_name(name, "environment")
    statement = recipients.environment_in(workspace.tree, name)
    where = f"{name}/environment"
    if statement.by not in statement.holders:
        raise NotAHolder(f"{where}: signed by {statement.by}, who is none of its holders")
    trust.check_signed(statement, recipients.key_finder(workspace.tree, name), where)
    lineage.check_founding(workspace.root, workspace.repository.objects, workspace.tree, statement)
    return statement


def competitor(workspace: Workspace, new: Environment, others: Iterable[Environment]) -> str:
    """The environment, pinned or as new as this one, that it shares an id or a path with; or "".

    Of two new ones neither is pinned: whoever can push can name theirs so that it comes first.
    """
    claimed = [path for path in claims.paths(workspace.repository) if new.claims(path)]
    pinned = [pin.environment for pin in workspace.access.pinned() if pin.name != new.name]
    for old in (*pinned, *others):
        if old.id == new.id or names.shared(old.paths, new.paths, claimed):
            return old.name
    return ""
