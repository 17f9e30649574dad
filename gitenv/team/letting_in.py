"""`gitenv add-recipient`: wrap an environment's DEK for somebody, in one small file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gitenv import access, recipients
from gitenv.errors import Locked, Usage
from gitenv.git.trees import RECIPIENTS
from gitenv.identity import device
from gitenv.model import grant
from gitenv.model.standing import Standing
from gitenv.pins import Pin
from gitenv.team import following
from gitenv.team import newcomer as newcomers
from gitenv.team.discover import DEVELOPMENT
from gitenv.team.newcomer import Newcomer
from gitenv.team.workspace import Workspace, now


class LetIn(NamedTuple):
    """What was granted, what had been, and what was not."""

    granted: list[str]
    already: list[str]
    not_granted: list[str]  # environments that the caller could have given
    unending: list[str]  # those of `granted` where they had a last day, and have none any more


def choose(workspace: Workspace, wanted: Sequence[str], everything: bool) -> list[str]:
    """The environments meant: those named, all that the caller holds, or development. Raises `Usage`."""
    if everything:
        if not (held := [pin.name for pin in workspace.access.pinned() if workspace.access.can_open(pin)]):
            raise Locked("you can open no environment here", "gitenv status")
        return held
    if wanted:
        return list(dict.fromkeys(wanted))
    held = [pin.name for pin in workspace.access.pinned()]
    if DEVELOPMENT in held:
        return [DEVELOPMENT]
    if len(held) == 1:
        return held
    raise Usage(f"there is no environment {DEVELOPMENT} here", "say which: -e ENV, or --all")


def let_in(
    workspace: Workspace, newcomer: Newcomer, chosen: Sequence[str], role: str, replace: bool, expires: str = ""
) -> LetIn:
    """Write and stage the grants, and the newcomer's `.pub` if it is not there. All is checked before the first is written.

    `expires` is the last day, or "". Raises `Usage` for somebody who is in with another key (unless `replace`) and for an end
    that leaves nobody, `Locked` for what the caller cannot open, and `NotTrusted` for what the caller may not give.
    """
    key = device.need()
    existing = workspace.public_keys(newcomer.name)
    if not replace:
        newcomers.refuse_other_key(workspace, newcomer, existing)
    following.refresh(workspace)
    pins = {name: workspace.need_pin(name) for name in chosen}
    rings = {name: workspace.need_holder(pin, "let nobody in") for name, pin in pins.items()}
    before = {name: _standing(workspace, pin, newcomer) for name, pin in pins.items()}
    already = [name for name, found in before.items() if found and _is_in(found, name, newcomer, role, replace, expires)]
    for name, found in before.items():
        if found and expires and name not in already:
            _check_somebody_stays(found, name, newcomer)
    written = []
    earlier = newcomers.keys_that_sign(workspace, newcomer)
    if newcomer.key not in existing or not set(earlier) <= set(existing):
        lines = b"".join(key.line(newcomer.name) for key in (newcomer.key, *earlier))
        written.append(workspace.write(f"{RECIPIENTS}/{newcomer.name}.pub", lines))
    for name in (name for name in chosen if name not in already):
        statement, signer = pins[name].environment, workspace.known_as(pins[name])
        given = grant.write(
            *(statement, rings[name].dek, newcomer.name, newcomer.key, role),
            by=signer,
            at=now(),
            signer=key,
            expires=expires,
        )
        written.append(workspace.write(f"{RECIPIENTS}/{name}/{newcomer.name}.grant", given.text))
    workspace.repository.stage(written)
    if replace:
        newcomers.forget_other_keys(workspace, newcomer, chosen)
    following.refresh(workspace)
    others = [pin.name for pin in workspace.access.pinned() if pin.name not in pins and workspace.access.can_open(pin)]
    granted = [name for name in chosen if name not in already]
    ended = [
        name
        for name, found in before.items()
        if found and newcomer.name in found.counted and found.counted[newcomer.name].expires
    ]
    return LetIn(granted, already, others, [name for name in granted if name in ended and not expires])


def _standing(workspace: Workspace, pin: Pin, newcomer: Newcomer) -> Standing | None:
    """Who is in, if somebody of that name may be: it means reading everybody's grants."""
    if recipients.grant_of(workspace.tree, pin.name, newcomer.name) is None:
        return None
    return access.standing_in(workspace.tree, pin.environment, recipients.key_finder(workspace.tree, pin.name))


def _check_somebody_stays(found: Standing, name: str, newcomer: Newcomer) -> None:
    """Raise `Usage` if this person is the last who holds an environment without an end: nobody could let anybody in one day."""
    unending = [given.to for given in found.counted.values() if given.role == grant.HOLDER and not given.expires]
    if unending == [newcomer.name]:
        raise Usage(
            f"{newcomer.name} is the only one who holds {name} without an end; after it nobody could let anybody in",
            f"let somebody else in first: gitenv add-recipient NAME -e {name}",
        )


def _is_in(found: Standing, name: str, newcomer: Newcomer, role: str, replace: bool, expires: str) -> bool:
    """Whether somebody has just that already. Raises `Usage` if they have it with another key or in another role."""
    counted = found.counted.get(newcomer.name)
    if counted is None:
        return False
    if counted.key != newcomer.key:
        if not replace:
            raise newcomers.other_key(newcomer.name)
        return False
    if counted.role == grant.HOLDER and role == grant.READER:
        raise Usage(
            f"{newcomer.name} is a holder of {name} already",
            "a role is taken away by a new key only, not by a new grant",
        )
    if counted.role != role and not replace:
        raise Usage(f"{newcomer.name} is a reader of {name} already", "to make them a holder: add --replace")
    return (counted.role, counted.expires) == (role, expires)


def need_access(workspace: Workspace) -> None:
    """Raise `Locked` if this clone has no pins at all: nobody ran init here."""
    if not workspace.access.pinned():
        raise Locked("this clone is not set up", "gitenv init")
