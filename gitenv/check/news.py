"""What a reviewer should know of a change in `.recipients/`, although nothing about it is dishonest."""

from __future__ import annotations

from collections.abc import Iterator

from gitenv.check.documents import bounded
from gitenv.errors import joined
from gitenv.git.layout import RECIPIENTS
from gitenv.model.codes import finding
from gitenv.model.finding import Finding
from gitenv.trust import roster
from gitenv.trust.change import Change
from gitenv.trust.roster import EnvironmentChange, PersonChange

_SHOWN = 4


def findings(change: Change) -> Iterator[Finding]:
    """Environments, paths and rotations; people in, out, and changed; who asks."""
    if change.before is None:
        return
    for each in roster.environments(change.former_members, change.members):
        yield from _environment(change, each)
        if each.before and each.after and not each.is_other:
            yield from bounded([_person(each, person) for person in each.people])
    in_any = {given for state in change.members.states.values() for given in state.counted}
    asking = [
        finding("request", f"{each.name} asks to be let in, with {each.after[0]}", f"{RECIPIENTS}/{each.name}.pub")
        for each in roster.requests(change.former_members, change.members)
        if each.after and each.name not in in_any
    ]
    yield from bounded(asking)


def _environment(change: Change, each: EnvironmentChange) -> Iterator[Finding]:
    path = f"{RECIPIENTS}/{each.name}/environment"
    if each.after is None:
        if each.name not in change.members.broken:
            yield finding("environment-removed", f"environment {each.name} is gone", path)
        return
    if each.before is None:
        text = f"new environment {each.name} ({joined(each.after.paths, _SHOWN)}), signed by {each.after.by}"
        yield finding("environment-new", text, path, by=each.after.by.fingerprint)
        return
    if each.paths_added or each.paths_removed:
        parts = [f"now also {joined(each.paths_added, _SHOWN)}" if each.paths_added else ""]
        parts += [f"no longer {joined(each.paths_removed, _SHOWN)}" if each.paths_removed else ""]
        text = f"{each.name} claims {', '.join(filter(None, parts))}, signed by {each.after.by}"
        yield finding("paths-changed", text, path, by=each.after.by.fingerprint)
    if each.rotation:
        before, after = each.rotation
        yield finding("rotated", f"{each.name}: generation {before} to {after}, signed by {each.after.by}", path)


def _person(each: EnvironmentChange, person: PersonChange) -> Finding:
    path = f"{RECIPIENTS}/{each.name}/{person.name}.grant"
    given = person.after
    if given is None:
        if each.rotation:
            return finding("recipient-removed", f"{person.name} is no longer in {each.name}", path)
        text = f"{person.name}'s grant for {each.name} was deleted without a rotation: they still have the key"
        return finding("grant-deleted", text, path, 0, (f"gitenv rotate {each.name}",))
    by = given.by.fingerprint
    who = f"{person.name} {given.key.fingerprint()}"
    if person.before is None:
        text = f"{who} is let into {each.name} as {given.role} by {given.by.name}"
        return finding("recipient-added", text, path, by=by)
    if person.is_key_new:
        text = f"{person.name} is in {each.name} with another key: {who.split(' ')[1]}"
        return finding("recipient-key", text, path, by=by)
    if person.is_role_new:
        text = f"{person.name} was a {person.before.role} of {each.name}, and is a {given.role} now"
        return finding("role-changed", text, path, by=by)
    until = f"until {given.expires}" if given.expires else "without an end"
    return finding("expiry-changed", f"{person.name} is in {each.name} {until} (policy, not cryptography)", path)
