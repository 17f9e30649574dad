"""`gitenv remove-recipient` and `gitenv set-role`: taking access or a role away, which only a next generation does."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping, Sequence

from gitenv.errors import GitenvError, Locked, Usage
from gitenv.git.layout import RECIPIENTS
from gitenv.identity import device
from gitenv.model import grant, names, statements
from gitenv.model.grant import HOLDER, READER, Grant
from gitenv.repo import recipients
from gitenv.team import follow, holding, later_grants, rotate
from gitenv.team.rotate import Plan, Rotated
from gitenv.team.workspace import Workspace, now
from gitenv.trust import access
from gitenv.trust.pins import Pin
from gitenv.tuples import NamedTuple


class Removal(NamedTuple):
    """A removal before it is carried out."""

    name: str
    is_me: bool
    already: list[str]  # environments that they are out of, which is not committed yet
    plans: list[Plan]  # a next generation without them, for each environment that they are in
    unused: list[str]  # grants of theirs that do not count, and are only deleted
    beyond: list[str]  # environments that they are in, and that the caller cannot take them out of


class Removed(NamedTuple):
    """What became of it."""

    rotated: list[Rotated]
    pub: bool  # whether their `.pub` went as well


def plan(workspace: Workspace, name: str, wanted: Sequence[str]) -> Removal:
    """Look at where somebody is in, in all environments or those `wanted`.

    Raises `Usage` for who is nobody, or is in none of them, and for a last holder; `Locked` for who may take nobody out.
    """
    names.check_name(name, "person")
    follow.refresh(workspace)
    for environment in wanted:
        workspace.check_known(environment)
        if workspace.access.pin(environment) is None:
            raise Locked(f"{environment} is new to this clone", f"gitenv unlock {environment}")
    looked_at = [pin for pin in workspace.access.pinned() if not wanted or pin.name in wanted]
    inside = [pin for pin in looked_at if _is_in(workspace, pin, name)]
    plans, beyond, refusal = _plans(workspace, inside, name)
    unused = [path for pin in looked_at if pin not in inside and (path := _grant_file(workspace, pin, name))]
    out = [pin for pin in looked_at if pin not in inside and _was_just_in(workspace, pin, name)]
    if not plans and not unused and not out:
        if refusal:
            raise refusal
        _check_asks(workspace, name, wanted)
    is_me = any(_is_me(workspace, each.pin, name) for each in plans)
    return Removal(name, is_me, [pin.name for pin in out], plans, unused, beyond)


def carry_out(workspace: Workspace, removal: Removal) -> Removed:
    """Rotate them out, delete what is left of them, and stage all of it."""
    rotated = [rotate.carry_out(workspace, planned) for planned in removal.plans]
    for path in removal.unused:
        workspace.remove(path)
    pub = f"{RECIPIENTS}/{removal.name}.pub"
    is_left = _is_left(workspace, removal.name)
    if not is_left and os.path.lexists(workspace.repository.path(pub)):
        workspace.remove(pub)
        return Removed(rotated, True)
    return Removed(rotated, False)


def to_change(workspace: Workspace, role: str, found: Mapping[str, Grant]) -> list[str]:
    """The environments in which somebody is to get another role, or got it by a run that was cut off."""
    return [
        environment
        for environment, given in found.items()
        if given.role != role or (role == READER and rotate.is_cut_off(workspace, workspace.need_pin(environment)))
    ]


def plan_demotion(workspace: Workspace, name: str, environments: Sequence[str]) -> list[Plan]:
    """The next generations in which somebody is a reader. Raises `Usage` for the caller themselves."""
    plans = [rotate.plan(workspace, environment, roles={name: READER}) for environment in environments]
    # Whoever makes a key signs the grants for it, and so they are a holder as long as it is the newest.
    if mine := next((each.pin for each in plans if _is_me(workspace, each.pin, name)), None):
        others = sorted(holder.name for holder in mine.holders if holder.name != name)[:3]
        raise Usage(
            f"whoever makes a key of {mine.name} is a holder, so you cannot make yourself a reader",
            f"ask {' or '.join(others)} to run: gitenv set-role {name} {READER} -e {mine.name}",
        )
    return plans


def finish(workspace: Workspace, name: str, found: Iterable[str]) -> list[str]:
    """Stage what a run that was cut off wrote of somebody's grants in these environments; return it."""
    paths = workspace.unstaged(f"{RECIPIENTS}/{environment}/{name}.grant" for environment in found)
    workspace.repository.stage(paths)
    return paths


def promote(workspace: Workspace, name: str, wanted: Sequence[str]) -> None:
    """Make a reader a holder, by a grant within the generation. Raises like `grants_of`."""
    readers = {environment: given for environment, given in grants_of(workspace, name, wanted).items() if given.role == READER}
    pins = {environment: workspace.need_pin(environment) for environment in readers}
    rings = {environment: workspace.need_holder(pin, "give no roles") for environment, pin in pins.items()}
    written = []
    for environment, given in readers.items():
        pin = pins[environment]
        new = grant.write(
            *(pin.environment, rings[environment].dek, name, given.key, HOLDER),
            by=workspace.known_as(pin),
            at=now(),
            signer=device.need(),
            expires=given.expires,
        )
        written.append(workspace.write(f"{RECIPIENTS}/{environment}/{name}.grant", new.text))
    workspace.repository.stage(written)
    follow.refresh(workspace)


def grants_of(workspace: Workspace, name: str, wanted: Sequence[str]) -> dict[str, Grant]:
    """Somebody's grants that count, by environment: of those `wanted`, or of all that the caller holds. Raises `Usage`."""
    names.check_name(name, "person")
    found = {}
    for environment in wanted or holding.held(workspace):
        pin = workspace.need_pin(environment)
        given = _counted(workspace, pin, name)
        if given is None and wanted:
            raise Usage(f"{name} is not in {environment}", f"gitenv add-recipient {name} -e {environment}")
        if given is not None:
            found[environment] = given
    if not found:
        raise Usage(f"{name} is in no environment that you hold", "gitenv recipients")
    return found


def _plans(workspace: Workspace, pins: Sequence[Pin], name: str) -> tuple[list[Plan], list[str], GitenvError | None]:
    """A rotation for each environment that the caller holds; those that they do not, and why."""
    mine, refusal = holding.held(workspace), None
    plans, beyond = [], []
    for pin in pins:
        if pin.name in mine:
            plans.append(rotate.plan(workspace, pin.name, without=[name]))
            continue
        beyond.append(pin.name)
        try:
            workspace.need_holder(pin, "take nobody out")
        except GitenvError as error:
            refusal = error
    return plans, beyond, refusal


def _is_in(workspace: Workspace, pin: Pin, name: str) -> bool:
    """Whether somebody counts in an environment, or did before a removal that was cut off, also where that was staged since."""
    staged = workspace.repository.objects.read(f":0:{RECIPIENTS}/{pin.name}/{name}.grant") is not None
    return (
        _counted(workspace, pin, name) is not None
        or any(holder.name == name for holder in pin.holders)
        or ((staged or _was_just_in(workspace, pin, name)) and rotate.is_cut_off(workspace, pin))
    )


def _was_just_in(workspace: Workspace, pin: Pin, name: str) -> bool:
    """Whether a removal was staged and is not committed yet: whoever was stopped before they read of it asks again."""
    path = f"{RECIPIENTS}/{pin.name}/{name}.grant"
    text = workspace.repository.objects.read(f"HEAD:{path}", statements.MAX_BYTES)
    with contextlib.suppress(GitenvError):
        return text is not None and grant.read(text, path).generation in [older.generation for older in pin.environment.older]
    return False


def _counted(workspace: Workspace, pin: Pin, name: str) -> Grant | None:
    tree = later_grants.without(workspace, pin.environment)
    return access.membership_in(tree, pin.environment).counted.get(name)


def _is_me(workspace: Workspace, pin: Pin, name: str) -> bool:
    return workspace.known_as(pin).name == name


def _grant_file(workspace: Workspace, pin: Pin, name: str) -> str:
    path = f"{RECIPIENTS}/{pin.name}/{name}.grant"
    return path if os.path.lexists(workspace.repository.path(path)) else ""


def _check_asks(workspace: Workspace, name: str, wanted: Sequence[str]) -> None:
    """Raise `Usage` unless somebody only asks to be let in: then there is a `.pub` to delete, and nothing else."""
    if wanted or f"{name}.pub" not in workspace.tree.names(RECIPIENTS):
        where = f"in {' or '.join(wanted)}" if wanted else f"in {RECIPIENTS}/"
        raise Usage(f"{name} is not {where}", "gitenv recipients")


def _is_left(workspace: Workspace, name: str) -> bool:
    """Whether anything in `.recipients/` is for somebody, or signed by them: their key is needed to check that."""
    for environment in workspace.environments():
        with contextlib.suppress(GitenvError):
            statement = recipients.environment_in(workspace.tree, environment)
            if name in (statement.by.name, *(holder.name for holder in statement.holders)):
                return True
        if any(name in (given.to, given.by.name) for given in recipients.grants(workspace.tree, environment)):
            return True
    return False
