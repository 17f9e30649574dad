"""What others did that concerns whoever works in this clone: who asks to be let in, and where they themselves are out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from gitenv.errors import GitenvError
from gitenv.repo import clone, said
from gitenv.team import holding
from gitenv.team.workspace import Workspace
from gitenv.trust.pins import Pin
from gitenv.tuples import NamedTuple

_Item = TypeVar("_Item")
_MOST_READ = 20  # of people who are known: of all others the name is enough


class Asking(NamedTuple):
    """Somebody who asks to be let in."""

    name: str
    is_known: bool  # they are in, and ask with another key

    @property
    def command(self) -> str:
        """What lets them in."""
        return f"gitenv add-recipient {self.name}{' --replace' if self.is_known else ''}"


class Out(NamedTuple):
    """An environment that the user was taken out of."""

    environment: str
    by: str  # who signed for that
    name: str  # what the user was called there
    is_exchanged: bool  # somebody of that name is in with another key


def seen_up_to(workspace: Workspace) -> str:
    """The commit up to which this work tree was looked at; "" where that is not known."""
    return clone.looked_at(workspace.repository.layout.git_dir)


def asking(workspace: Workspace, since: str) -> list[Asking]:
    """Whose requests commits brought that `since` does not reach, for who can let them in; each is told once in a clone."""
    if workspace.access.device() is None or not holding.held(workspace) or _is_behind(workspace):
        return []
    here = set(workspace.people()) - {workspace.access.name}
    history = workspace.history
    changed = sorted(history.recipients(history.since("HEAD", since)).names)
    people = [name for file in changed if file.endswith(".pub") and (name := file.removesuffix(".pub")) in here]
    if not people:
        return []
    from gitenv.team import roster

    waiting = {person.name for person in roster.membership(workspace).people if person.is_waiting}
    known = {each.name for pin in workspace.access.pinned() for each in pin.holders | pin.seen}
    found = {f"asks {name}": Asking(name, is_known=False) for name in people if name in waiting - known}
    for name in [name for name in people if name in known][:_MOST_READ]:
        found |= _again(workspace, name, is_waiting=name in waiting)
    return once(workspace, found)


def _is_behind(workspace: Workspace) -> bool:
    """Whether a statement here is an earlier one, or not believed: then whoever was taken out since would seem to ask."""
    try:
        judged = [workspace.access.judge(pin, workspace.tree) for pin in workspace.access.pinned()]
    except GitenvError:
        return True
    return any(each and each.is_earlier for each in judged)


def _again(workspace: Workspace, name: str, *, is_waiting: bool) -> dict[str, Asking]:
    """The request of somebody who is in with another key, or was in once and is waiting."""
    from gitenv.team import key_lines

    try:
        key = workspace.public_keys(name)[0]
        word = f"asks {name} {key.fingerprint()}"
    except (GitenvError, ValueError):
        return {}  # `gitenv status` says what is wrong with it
    mine = [own.key for own in key_lines.counted(workspace, name).values()]
    return {} if key in mine or not (mine or is_waiting) else {word: Asking(name, is_known=bool(mine))}


def once(workspace: Workspace, found: Mapping[str, _Item]) -> list[_Item]:
    """What was not told in this clone under its key before; it is from now on."""
    told = said.told(workspace.repository.layout.common_dir)
    news = {key: each for key, each in found.items() if key not in told}
    said.add_told(workspace.repository.layout.common_dir, news)
    return list(news.values())


def taken_out(workspace: Workspace, before: Mapping[str, Pin], after: Iterable[Pin]) -> list[Out]:
    """The environments whose newest key is not for the user any more."""
    found = []
    for pin in after:
        old = before.get(pin.name)
        if old is None or old.grant is None or pin.grant is not None:
            continue
        from gitenv.team import key_lines

        name = old.grant.to
        exchanged = key_lines.counted(workspace, name).get(pin.name)
        by = exchanged.by if exchanged else pin.environment.by
        found.append(Out(pin.name, by.name, name, exchanged is not None))
    return found
