"""Who is in, by which grants, and what in `.recipients/` does not count and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gitenv.check.documents import bounded
from gitenv.errors import GitenvError, from_top
from gitenv.git.layout import RECIPIENTS
from gitenv.model.codes import finding
from gitenv.model.finding import Finding
from gitenv.model.grant import READER, Grant
from gitenv.model.membership import Membership
from gitenv.model.reasons import Retired, grant_code
from gitenv.model.statements import is_signed_by
from gitenv.repo import recipients
from gitenv.repo.snapshot import Snapshot
from gitenv.trust import access
from gitenv.trust.access import renewal
from gitenv.trust.change import Change


def findings(change: Change) -> Iterator[Finding]:
    """Grants that do not count, names that nobody can have, keys that were swapped, links."""
    yield from bounded(list(_links(change)))
    for name, state in change.members.states.items():
        old = change.former_members.states.get(name)
        yield from bounded(list(_refused(name, state, old)))
        yield from bounded(list(_malformed(state, old)))
        yield from bounded(list(_ended(name, state)))
        if len(state.holders) == 1 and (change.is_whole or not old or old.holders != state.holders):
            (holder,) = state.holders
            yield finding("one-holder", f"{name}: {holder.name} is its only holder", f"{RECIPIENTS}/{name}/environment")
    yield from bounded(list(_strays(change)))
    yield from bounded(list(_swapped(change)))


def _links(change: Change) -> Iterator[Finding]:
    old = change.former_files
    for path, entry in change.files.items():
        if (path == RECIPIENTS or path.startswith(f"{RECIPIENTS}/")) and (not entry.is_file or path == RECIPIENTS):
            what = "a link" if entry.is_link else "no folder" if entry.is_file else "a submodule"
            commands = (f"git rm --cached {from_top(path)}",)
            yield finding(
                "not-a-file", f"{what}, which gitenv does not follow", path, 0, commands, was_before=old.get(path) == entry
            )


def nested(change: Change) -> Iterator[Finding]:
    """A `.recipients/` below the top, which nobody reads."""
    old = recipients.nested(change.former_files)
    for folder in recipients.nested(change.files):
        if change.is_whole or folder not in old:
            text = f"of another repository that became a folder of this one; gitenv reads only the {RECIPIENTS}/ at the top"
            commands = () if change.statements else (recipients.move_up(folder, change.files.keys()),)
            yield finding("nested-recipients", text, f"{folder}/{RECIPIENTS}", 0, commands)


def _refused(name: str, state: Membership, old: Membership | None) -> Iterator[Finding]:
    known = {refused.grant.text for refused in old.refused} if old else set()
    for refused in state.refused:
        given = refused.grant
        path = f"{RECIPIENTS}/{name}/{given.to}.grant"
        was_before = given.text in known
        if isinstance(refused.why, Retired):
            text = f"{given.to} has a grant for generation {given.generation.number} of {name}, now is "
            text += f"{state.statement.generation.number}: whoever was let in while it was rotated has to be let in again"
            role = " --role reader" if given.role == READER else ""
            # A `.pub` can be swapped; the key that a holder let in stands in the grant that they signed.
            is_meant = _is_by_a_holder(given, state)
            let_in = f"gitenv add-recipient {given.to} -e {name}{role}"
            commands = (f"{let_in} --fingerprint {given.key.fingerprint()}",) if is_meant else ()
            yield finding("grant-retired", text, path, 0, commands)
            continue
        code = grant_code(refused.why)
        text = f"does not count: {refused.reason}"
        yield finding(code, text, path, 0, (f"git log -p -- :/{path}",), was_before=was_before)


def _is_by_a_holder(given: Grant, state: Membership) -> bool:
    """Whether one who is in let somebody in: else who was taken out could have a command proposed."""
    key = state.keys.get(given.by)
    if key is None or given.generation not in [older.generation for older in state.statement.older]:
        return False
    try:
        given.key.fingerprint()
    except ValueError:
        return False
    return is_signed_by(given.text, key)


def _malformed(state: Membership, old: Membership | None) -> Iterator[Finding]:
    for path, error in state.malformed.items():
        known = old.malformed.get(path) if old else None
        was_before = known is not None and known.message == error.message
        text = f"does not count: {error.message.removeprefix(f'{path}: ')}"
        yield finding("grant-malformed", text, path, 0, (f"git log -p -- :/{path}",), was_before=was_before)


def _ended(name: str, state: Membership) -> Iterator[Finding]:
    today = access.today()
    for given in state.counted.values():
        if given.expired(today):
            text = f"{given.to}'s access to {name} was until {given.expires} (policy, not cryptography)"
            commands = (renewal(name, given.to, given.role), f"gitenv remove-recipient {given.to} -e {name}")
            yield finding("grant-expired", text, f"{RECIPIENTS}/{name}/{given.to}.grant", 0, commands)
    # By name: who renewed their own key has the grant for the new one, and the line for the old one until the next rotation.
    spoken_for = state.counted.keys() | {refused.grant.to for refused in state.refused}
    for holder in state.statement.holders:
        if holder.name not in spoken_for:
            text = f"{holder.name} is a holder of {name} and has no grant for its current generation"
            let_in = f"gitenv add-recipient {holder.name} -e {name}"
            yield finding("grant-retired", text, f"{RECIPIENTS}/{name}/environment", 0, (let_in,))


def _strays(change: Change) -> Iterator[Finding]:
    there = change.former_files
    for path, entry in change.files.items():
        top = path.partition("/")[0]
        if top != RECIPIENTS and top.lower() == RECIPIENTS:
            text = f"where case is ignored this lies in {RECIPIENTS}/, in the place of what is judged there"
            yield finding("stray-name", text, path, was_before=there.get(path) == entry)
    old = set(_stray_names(change.before, change.former_members.states)) if change.before else set()
    for file in _stray_names(change.after, change.members.states):
        shown = file.encode("ascii", "backslashreplace").decode("ascii")  # else one letter of another script is like ours
        text = f"{shown}: {recipients.why_stray(file)}"
        yield finding("stray-name", text, f"{RECIPIENTS}/{file.rstrip('/')}", was_before=file in old)


def _stray_names(side: Snapshot, environments: Iterable[str]) -> Iterator[str]:
    try:
        yield from recipients.strays(side)
        for name in environments:
            yield from (f"{name}/{file}" for file in recipients.stray_grants(side, name))
    except GitenvError:
        return  # too many to be read: that is said already


def _swapped(change: Change) -> Iterator[Finding]:
    """A `.pub` file whose owner is in with another key."""
    now, old = change.members, change.former_members
    granted: dict[str, set[str]] = {}
    for state in now.states.values():
        for given in state.counted.values():
            granted.setdefault(given.to, set()).add(given.key.fingerprint())
    for name, keys in now.requests.items():
        if name not in granted or (not change.is_whole and old.requests.get(name) == keys):
            continue
        if not keys or keys[0] not in granted[name]:  # somebody asks with the key on top
            text = f"another key than the one that {name} is in with"
            commands = (f"ask {name}: is the key in {name}.pub theirs? Then: gitenv add-recipient {name} --replace",)
            asks = keys[0] if keys else ""
            yield finding("swapped-key", text, f"{RECIPIENTS}/{name}.pub", 0, commands, by=asks)
        elif old.requests.get(name) and set(keys) - set(old.requests[name]) - granted[name]:
            yield finding("swapped-key", f"also a key that {name} is not in with", f"{RECIPIENTS}/{name}.pub")
