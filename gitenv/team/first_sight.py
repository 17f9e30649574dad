"""Pinning: what is new to this clone, and believing it from now on."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Sequence

from gitenv.errors import GitenvError, NotTrusted, Usage
from gitenv.model import names
from gitenv.model.claimants import Claimants
from gitenv.model.environment import Environment
from gitenv.model.membership import other_person
from gitenv.model.reasons import Competing, OtherPerson
from gitenv.model.statements import Holder, is_fingerprint
from gitenv.repo import clone, recipients
from gitenv.team import advance, competing
from gitenv.team.workspace import Workspace
from gitenv.trust import access, forks
from gitenv.trust.pins import Pin
from gitenv.trust.trusted import Verdict
from gitenv.tuples import NamedTuple


class Unpinned(NamedTuple):
    """What is not pinned in a tree."""

    new: list[Environment]  # signed by one of their own holders: whether that is the right person, nobody here can know
    problems: list[NotTrusted]  # what is not even that


def new_environments(workspace: Workspace, wanted: Iterable[str], *, is_named: bool = False) -> Unpinned:
    """The environments at hand (or those `wanted`) that are not pinned: those that can be, and why others cannot."""
    asked = list(wanted)
    found = Unpinned([], [])
    for name in asked or workspace.environments():
        if workspace.access.pin(name) is None:
            try:
                found.new.append(checked(workspace, name, is_named=is_named))
            except NotTrusted as error:
                found.problems.append(error)
    if not asked and (count := recipients.too_many(workspace.tree, workspace.pinned_names())):
        found.problems.append(NotTrusted(recipients.too_many_text(count), "gitenv unlock NAME, one by one"))
    return found


def sort_out(workspace: Workspace, statements: Iterable[Environment], strict: bool) -> Unpinned:
    """Which of these are vouched for by `GITENV_TRUST`. Without that all are, or with `strict` none."""
    from gitenv.trust import vouchers

    trusted = vouchers.vouchers()
    found = Unpinned([], [])
    for statement in statements:
        try:
            if trusted or strict:
                vouchers.check_vouched(verdict_on(workspace, statement), trusted)
            found.new.append(statement)
        except NotTrusted as error:
            found.problems.append(error)
    return found


def has_grant(workspace: Workspace, name: str) -> bool:
    """Whether a grant for the user's key lies in an environment, whatever it is worth."""
    key = workspace.access.device()
    with contextlib.suppress(GitenvError):
        return key is not None and any(recipients.grants_for(workspace.tree, name, key.public, workspace.access.name))
    return False


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
    listed, believed = list(statements), list[_Believed]()
    claimed = Claimants({each.name: each.paths for each in listed}).sorted(competing.paths(workspace.repository))
    try:
        for statement in listed:
            others = [other for other in listed if other is not statement]
            if other := competitor(workspace, statement, others, claimed.get(statement.name, ())):
                text = f"{statement.name} and {other} claim the same files; {statement.name} was not pinned"
                problems.append(Competing(text, "ask your team which is right"))
                continue
            believed.append(_believed(workspace, statement))
            problems += believed[-1].problems
    finally:
        if believed:
            workspace.access.put_back_all([(each.pin, each.way) for each in believed])
            _note_searched(workspace, [each.pin.name for each in believed if each.is_searched])
    return problems


class _Believed(NamedTuple):
    """One statement that is to be pinned."""

    pin: Pin
    way: Sequence[Environment]  # the steps that lead to it
    problems: list[NotTrusted]
    is_searched: bool  # whether nothing in HEAD's history speaks against it


def believe(
    workspace: Workspace, statement: Environment, seen: frozenset[Holder] = frozenset(), aside: Sequence[str] = ()
) -> list[NotTrusted]:
    """Pin one statement of the tree at hand, whatever was pinned before. Returns what is wrong with the user's own grant.

    `aside` are statements that history has beside it. The user was asked, so they are past from now on.
    """
    believed = _believed(workspace, statement, seen, aside)
    workspace.access.put_back(believed.pin, believed.way)
    return believed.problems


def _believed(
    workspace: Workspace, statement: Environment, seen: frozenset[Holder] = frozenset(), aside: Sequence[str] = ()
) -> _Believed:
    verdict = verdict_on(workspace, statement)
    pin = Pin.of(statement, None, frozenset(), seen, [*aside, *verdict.past])
    try:
        pin = advance.followed(workspace, pin, clone.searched(workspace.repository.layout.common_dir))
    except NotTrusted as error:
        return _Believed(pin, verdict.way, [error], is_searched=False)
    return _Believed(pin, verdict.way, [] if pin.grant else _why_no_grant(workspace, statement), is_searched=True)


def _note_searched(workspace: Workspace, names: Iterable[str]) -> None:
    """History was looked through for these: the next command need not do that again."""
    if head := workspace.history.head:
        common_dir = workspace.repository.layout.common_dir
        clone.set_searched(common_dir, clone.searched(common_dir) | dict.fromkeys(names, head))


def _why_no_grant(workspace: Workspace, statement: Environment) -> list[NotTrusted]:
    try:
        access.own_grant(statement, workspace.tree, workspace.access.device(), workspace.access.name)
    except NotTrusted as error:
        return [error]
    return []


def verdict_on(workspace: Workspace, statement: Environment) -> Verdict:
    """What a statement at hand goes back to, where nothing is pinned. Raises the reason why that is no good chain."""
    return workspace.access.first_sight(statement.name, workspace.tree).about(statement)


def checked(workspace: Workspace, name: str, *, is_named: bool = False) -> Environment:
    """The statement of an environment that is not pinned. Raises `NotTrusted` if its chain is not good, or history forks.

    `is_named`: the user named who signed it, or a statement that it goes back to.
    """
    names.check_name(name, "environment")
    statement = recipients.environment_in(workspace.tree, name)
    verdict = verdict_on(workspace, statement)
    forks.check_first_sight(workspace.history, verdict, workspace.history.known_heads, is_named=is_named)
    check_people(workspace, statement)
    return statement


def check_people(workspace: Workspace, statement: Environment) -> None:
    """Raise `OtherPerson` for a new statement that has somebody in it whom this clone knows by another key."""
    pins = [pin for pin in workspace.access.pinned() if pin.name != statement.name]
    known = {person for pin in pins for person in pin.holders | pin.seen}
    if known and (name := other_person(workspace.access.membership(workspace.tree, statement).people, known)):
        raise OtherPerson(
            f"{statement.name}/environment: has a {name} with another key than the {name} whom this clone knows",
            f"ask {name} which key is theirs: gitenv recipients",
        )


def agree_to_paths(workspace: Workspace, pin: Pin) -> None:
    """The user said yes to the paths that waited. Raises `Competing` for those that another pinned environment claims."""
    if other := competitor(workspace, pin.environment, []):
        hint = f"ask your team which is right; to leave them to {other}: gitenv rotate {pin.name}"
        raise Competing(f"{pin.name} claims files of {other}", hint)
    granted = pin.holders - set(pin.environment.holders)
    workspace.access.put_back(Pin.of(pin.environment, pin.grant, granted, pin.seen, pin.earlier))


def competitor(
    workspace: Workspace, new: Environment, others: Iterable[Environment], claimed: Collection[str] | None = None
) -> str:
    """The environment, pinned or as new as this one, that it shares an id or a path with; or "". `claimed` are its files.

    Of two new ones neither is pinned: whoever can push can name theirs so that it comes first.
    """
    if claimed is None:
        claimed = [path for path in competing.paths(workspace.repository) if new.claims(path)]
    pinned = [(pin.environment, pin.paths) for pin in workspace.access.pinned() if pin.name != new.name]
    for old, paths in (*pinned, *((other, other.paths) for other in others)):
        if old.id == new.id or names.shared(paths, new.paths, claimed):
            return old.name
    return ""
