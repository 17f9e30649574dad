"""The lines of a `.pub` file. Where one key took over from another there are several: which is meant, which must stay."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from gitenv.errors import GitenvError, NotTrusted, Usage
from gitenv.git.layout import RECIPIENTS
from gitenv.model.grant import Grant
from gitenv.model.kinds import PublicKey
from gitenv.model.membership import Membership
from gitenv.model.statements import Holder
from gitenv.repo import recipients
from gitenv.team.workspace import Workspace


def path(name: str) -> str:
    """Where somebody's public keys lie."""
    return f"{RECIPIENTS}/{name}.pub"


def meant(workspace: Workspace, name: str, found: Sequence[PublicKey], replace: bool) -> PublicKey:
    """The key to wrap for, of the lines of somebody's `.pub`: the one that they are in with. Raises `Usage` if none is clear.

    With `replace` it is the one that is new. Whoever can push can add a line: that makes it unclear, and never theirs.
    """
    if len(found) == 1:
        return found[0]
    memberships = list(_memberships(workspace))
    in_with = {grant.key for members in memberships if (grant := members.counted.get(name))}
    known = {holder.fingerprint for members in memberships for holder in members.holders if holder.name == name}
    chosen = [key for key in found if key in in_with]
    if replace:
        new = [key for key in found if key not in in_with and key.fingerprint() not in known]
        chosen = [found[0]] if found[0] in in_with else new
    if len(chosen) == 1:
        return chosen[0]
    raise Usage(
        f"{path(name)} holds {len(found)} keys",
        f"{'' if replace else f'if {name} asked with a new key: compare it with them, then add --replace; '}"
        "one name has one key: give each its own .pub, like alice-laptop.pub; "
        f"or ask {name} for the right one (gitenv key show), and give it as a file",
    )


def signers_for(workspace: Workspace, name: str, key: PublicKey) -> dict[str, Holder]:
    """Who vouches that `key` is this person's: the signers of the grants that count for it, by environment."""
    return {environment: grant.by for environment, grant in counted(workspace, name).items() if grant.key == key}


def counted(workspace: Workspace, name: str) -> dict[str, Grant]:
    """The grants that somebody is in with, by environment, of those that are pinned."""
    found = {pin.name: _membership(workspace, pin.name) for pin in workspace.access.pinned()}
    return {environment: own for environment, there in found.items() if there and (own := there.counted.get(name))}


def renewed(workspace: Workspace, name: str, key: PublicKey, keep: Iterable[PublicKey] = ()) -> bytes:
    """A `.pub` with another key on top. Below it those that are to be kept, and those that others need to verify something."""
    needed = _spoken_of(workspace, name)
    kept = [old for old in _lines(workspace, name) if old.fingerprint() in needed]
    return b"".join(each.line(name) for each in dict.fromkeys([key, *keep, *kept]))


def tidy(workspace: Workspace, people: Iterable[tuple[str, PublicKey]]) -> list[str]:
    """Take lines away below the key that somebody is in with, where nothing is signed with them; return the files."""
    written = []
    for name, key in people:
        lines = _lines(workspace, name)
        if key not in lines[:-1]:
            continue
        needed, end = _spoken_of(workspace, name), lines.index(key) + 1
        kept = [*lines[:end], *(old for old in lines[end:] if old.fingerprint() in needed)]
        if kept != lines:
            written.append(workspace.write(path(name), b"".join(each.line(name) for each in kept)))
    return written


def _lines(workspace: Workspace, name: str) -> list[PublicKey]:
    try:
        return workspace.public_keys(name)
    except GitenvError:
        return []


def _spoken_of(workspace: Workspace, name: str) -> set[str]:
    """The fingerprints that statements and grants at hand name together with a person, right or wrong."""
    found: set[Holder] = set()
    for environment, statement in workspace.statements().items():
        found.update(statement.holders, [statement.by])
        found.update(grant.by for grant in recipients.grants(workspace.tree, environment))
    return {holder.fingerprint for holder in found if holder.name == name}


def _memberships(workspace: Workspace) -> Iterator[Membership]:
    for pin in workspace.access.pinned():
        if (members := _membership(workspace, pin.name)) is not None:
            yield members


def _membership(workspace: Workspace, environment: str) -> Membership | None:
    """Who is in by the tree at hand, if that follows from the pin."""
    pin = workspace.access.pin(environment)
    try:
        judged = workspace.access.judge(pin, workspace.tree) if pin else None
    except NotTrusted:
        return None
    if judged is None or judged.is_earlier:
        return None
    return workspace.access.membership(workspace.tree, judged.environment)
