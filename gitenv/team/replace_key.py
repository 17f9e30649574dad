"""Somebody who is in comes with another key. That is a rotation: a lost laptop opens nothing new, whatever is put back."""

from __future__ import annotations

from collections.abc import Sequence

from gitenv.model.grant import HOLDER, Grant
from gitenv.model.rotation import Member
from gitenv.team import follow, holding, rotate
from gitenv.team import requests as newcomers
from gitenv.team.requests import Newcomer
from gitenv.team.rotate import Plan, Rotated
from gitenv.team.workspace import Workspace
from gitenv.trust import access
from gitenv.trust.pins import Pin
from gitenv.tuples import NamedTuple


class Exchange(NamedTuple):
    """What is to be done for a new key before it is done."""

    plans: list[Plan]  # a next generation for each environment that they are in with another key
    beyond: list[str]  # such environments that the caller does not hold

    @property
    def names(self) -> list[str]:
        """The environments that get a next generation."""
        return [planned.pin.name for planned in self.plans]


NONE = Exchange([], [])


def plan(workspace: Workspace, newcomer: Newcomer, wanted: Sequence[str], role: str, expires: str) -> Exchange:
    """Look at where somebody is in with another key than the newcomer's: in all environments, or in those `wanted`.

    Without a `role` or an end they stay what they were. Raises like `rotate.plan`, for what is wanted.
    """
    follow.refresh(workspace)
    mine = holding.held(workspace)
    found = Exchange([], [])
    for pin in [workspace.need_pin(name) for name in wanted] or workspace.access.pinned():
        members = access.membership_in(workspace.tree, pin.environment)
        named = {holder.fingerprint for holder in members.holders if holder.name == newcomer.name}
        was = members.counted.get(newcomer.name)
        others = (named | ({was.key.fingerprint()} if was else set())) - {newcomer.key.fingerprint()}
        if not (others or newcomers.had_other_key(workspace, pin, newcomer) or _is_cut_off(workspace, pin, newcomer, was)):
            continue
        if pin.name not in mine and not wanted:
            found.beyond.append(pin.name)
            continue
        stays = (role or was.role, expires or was.expires) if was else (role or HOLDER, expires)
        member = Member(newcomer.name, newcomer.key, *stays)
        found.plans.append(rotate.plan(workspace, pin.name, instead_of=member))
    return found


def carry_out(workspace: Workspace, exchange: Exchange, newcomer: Newcomer) -> list[Rotated]:
    """Write and stage the next generations. From then on the former key is no reason to refuse the new one."""
    done = [rotate.carry_out(workspace, planned) for planned in exchange.plans]
    newcomers.forget_other_keys(workspace, newcomer, exchange.names)
    return done


def _is_cut_off(workspace: Workspace, pin: Pin, newcomer: Newcomer, was: Grant | None) -> bool:
    """Whether a run that was stopped has let the new key in, and not staged all of it."""
    is_new = was is not None and was.key == newcomer.key
    return is_new and workspace.access.can_open(pin) and rotate.is_cut_off(workspace, pin)
