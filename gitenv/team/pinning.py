"""Pinning: what this clone believes from now on, and following honest steps from there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gitenv import access, recipients
from gitenv.errors import NotTrusted, Usage
from gitenv.model import environment, names, trust
from gitenv.model.environment import Environment
from gitenv.model.grant import Grant
from gitenv.model.statements import Holder, is_fingerprint
from gitenv.pins import Pin
from gitenv.team.workspace import Workspace

_MAX_NEW = 100


def new_environments(workspace: Workspace, wanted: Iterable[str]) -> list[Environment]:
    """The environments at hand (or those `wanted`) that are not pinned, with their own signature checked.

    Whether the signer is to be trusted nobody here can know: show it. Raises `NotTrusted` for a damaged one that was asked for.
    """
    asked = list(wanted)
    found = []
    for name in asked or workspace.environments():
        if workspace.access.pin(name) is not None:
            continue
        try:
            found.append(_checked(workspace, name))
        except NotTrusted:
            if asked:
                raise
    if len(found) > _MAX_NEW and not asked:
        raise NotTrusted(f"{len(found)} environments are new here, more than a team has", "gitenv unlock NAME, one by one")
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
    problems = []
    listed = list(statements)
    for statement in listed:
        others = [other for other in listed if other is not statement]
        if competitor := _competitor(workspace, statement, others):
            problems.append(
                NotTrusted(
                    f"{statement.name} and {competitor} claim the same files; {statement.name} was not pinned",
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
            _refresh(workspace, pinned)
        except NotTrusted as error:
            if own is not None:  # else it was said above
                problems.append(error)
    return problems


def refresh(workspace: Workspace) -> list[NotTrusted]:
    """Bring the pins to what the tree at hand honestly says: next steps, new own grants, holders by grants.

    Returns why environments could not be followed; their pins stay where they were.
    """
    problems = []
    for old in workspace.access.pinned():
        try:
            _refresh(workspace, old)
        except NotTrusted as error:
            problems.append(error)
    return problems


def _checked(workspace: Workspace, name: str) -> Environment:
    names.check_name(name, "environment")
    statement = recipients.environment_in(workspace.tree, name)
    where = f"{name}/environment"
    if statement.by not in statement.holders:
        raise NotTrusted(f"{where}: signed by {statement.by}, who is none of its holders")
    trust.check_signed(statement, recipients.key_finder(workspace.tree, name), where)
    return statement


def _competitor(workspace: Workspace, new: Environment, others: Iterable[Environment]) -> str:
    """The environment, pinned or as new as this one, that it shares an id, a pattern or a file with; or "".

    Of two new ones neither is pinned: whoever can push can name theirs so that it comes first.
    """
    repository = workspace.repository
    paths = [*(entry.path for entry in repository.tracked()), *repository.untracked(), *repository.ignored()]
    claimed = [path for path in paths if new.claims(path)]
    for old in (*(pinned.environment for pinned in workspace.access.pinned()), *others):
        if old.id == new.id or set(old.paths) & set(new.paths) or any(old.claims(path) for path in (*claimed, *new.paths)):
            return old.name
    return ""


def _refresh(workspace: Workspace, old: Pin) -> None:
    judged = workspace.access.judge(old, workspace.tree)
    if judged is None or judged.is_below:
        return
    pin = judged.moves or old
    if judged.environment.text != pin.environment.text:
        return  # an earlier revision of the same generation
    key_of = recipients.key_finder(workspace.tree, pin.name)
    standing = trust.standing(pin.environment, recipients.grants(workspace.tree, pin.name), key_of, access.today())
    own = _own(workspace, standing)
    if own is not None:
        environment.check_seal(pin.environment, access.open_grant(pin.environment, own, workspace.access.device()))
    seen = pin.seen.union(Holder(grant.to, grant.key.fingerprint()) for grant in standing.counted.values())
    new = Pin.of(pin.environment, own or pin.grant, standing.holders - set(pin.environment.holders), seen)
    if new != old:
        workspace.access.advance(new)


def _own(workspace: Workspace, standing: trust.Standing) -> Grant | None:
    key = workspace.access.device()
    if key is None:
        return None
    mine = [grant for grant in standing.counted.values() if grant.key == key.public]
    return mine[0] if mine else None
