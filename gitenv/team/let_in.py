"""`gitenv add-recipient`: wrap an environment's DEK for somebody, in one small file."""

from __future__ import annotations

from collections.abc import Sequence

from gitenv.errors import Locked, Usage
from gitenv.git.layout import RECIPIENTS
from gitenv.identity import device
from gitenv.model import grant
from gitenv.model.membership import Membership
from gitenv.repo import recipients
from gitenv.team import follow, key_lines
from gitenv.team import requests as newcomers
from gitenv.team.discover import DEVELOPMENT
from gitenv.team.requests import Newcomer
from gitenv.team.workspace import Workspace, now
from gitenv.trust.pins import Pin
from gitenv.tuples import NamedTuple


class LetIn(NamedTuple):
    """What was granted, what had been, and what was not."""

    granted: list[str]
    already: list[str]
    not_granted: list[str]  # environments that the caller could give as well
    unending: list[str]  # those of `granted` where they had a last day, and have none any more
    finished: list[str]  # files of a run that was cut off, which are staged now


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

    `expires` is the last day, or "". Before it comes `requests.refuse_other_key`, or where they are in with another key and
    `replace` it, `replace_key`. Raises `Usage` for an end that leaves nobody, `SwappedKey` for somebody who is in one of
    `chosen` with another key, `Locked` for what the caller cannot open, and `NotTrusted` for what the caller may not give.
    """
    key = device.need()
    existing = workspace.public_keys(newcomer.name)
    follow.refresh(workspace)
    pins = {name: workspace.need_pin(name) for name in chosen}
    rings = {name: workspace.need_holder(pin, "let nobody in") for name, pin in pins.items()}
    before = {name: _membership(workspace, pin, newcomer) for name, pin in pins.items()}
    already = [name for name, found in before.items() if found and _is_in(found, name, newcomer, role, expires)]
    meant = [name for name in chosen if name not in already]
    for name in meant:
        if expires and (found := before[name]):
            _check_somebody_stays(found, name, newcomer)
    written = []
    if newcomer.key not in existing:
        written.append(write_public_key(workspace, newcomer))
    for name in meant:
        statement, signer = pins[name].environment, workspace.known_as(pins[name])
        given = grant.write(
            *(statement, rings[name].dek, newcomer.name, newcomer.key, role),
            by=signer,
            at=now(),
            signer=key,
            expires=expires,
        )
        written.append(workspace.write(f"{RECIPIENTS}/{name}/{newcomer.name}.grant", given.text))
    if replace:
        written += key_lines.tidy(workspace, [(newcomer.name, newcomer.key)])
    paths = [key_lines.path(newcomer.name), *(f"{RECIPIENTS}/{name}/{newcomer.name}.grant" for name in already)]
    finished = [path for path in workspace.unstaged(paths) if path not in written] if already else []
    written += finished
    workspace.repository.stage(written)
    if replace:
        newcomers.forget_other_keys(workspace, newcomer, chosen)
    follow.refresh(workspace)
    others = [pin.name for pin in workspace.access.pinned() if workspace.access.can_open(pin)]
    others = [name for name in others if recipients.grant_of(workspace.tree, name, newcomer.name) is None]
    unending = [name for name in meant if not expires and _last_day(before[name], newcomer)]
    return LetIn(meant, already, others, unending, finished)


def write_public_key(workspace: Workspace, newcomer: Newcomer) -> str:
    """Put the newcomer's key on top of their `.pub`; return its path."""
    text = key_lines.renewed(workspace, newcomer.name, newcomer.key)
    return workspace.write(key_lines.path(newcomer.name), text)


def _last_day(found: Membership | None, newcomer: Newcomer) -> str:
    counted = found.counted.get(newcomer.name) if found else None
    return counted.expires if counted else ""


def _membership(workspace: Workspace, pin: Pin, newcomer: Newcomer) -> Membership | None:
    """Who is in, if somebody of that name may be: it means reading everybody's grants."""
    if recipients.grant_of(workspace.tree, pin.name, newcomer.name) is None:
        return None
    return workspace.access.membership(workspace.tree, pin.environment)


def _check_somebody_stays(found: Membership, name: str, newcomer: Newcomer) -> None:
    """Raise `Usage` if this person is the last who holds an environment without an end: nobody could let anybody in one day."""
    unending = [given.to for given in found.counted.values() if given.role == grant.HOLDER and not given.expires]
    if unending == [newcomer.name]:
        raise Usage(
            f"{newcomer.name} is the only one who holds {name} without an end; after it nobody could let anybody in",
            f"let somebody else in first: gitenv add-recipient NAME -e {name}",
        )


def _is_in(found: Membership, name: str, newcomer: Newcomer, role: str, expires: str) -> bool:
    """Whether somebody has just that already. Raises if they have it with another key or in another role."""
    counted = found.counted.get(newcomer.name)
    if counted is None:
        return False
    if counted.key != newcomer.key:
        raise newcomers.other_key(newcomer.name)
    if counted.role != role:
        word = "holder" if counted.role == grant.HOLDER else "reader"
        raise Usage(f"{newcomer.name} is a {word} of {name} already", f"gitenv set-role {newcomer.name} {role} -e {name}")
    return counted.expires == expires
