"""What is to be set anew: values that somebody who left could read, as they stand. Of a tree alone, and without a key.

It is information: nobody is believed for it, and whoever writes a false statement or edits `known` makes a false list, or none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from gitenv.errors import GitenvError, joined
from gitenv.model import document, known
from gitenv.model.document import Kind
from gitenv.model.environment import Environment, Left
from gitenv.model.grant import HOLDER
from gitenv.model.kinds import PublicKey
from gitenv.model.known import Known
from gitenv.repo.snapshot import Snapshot
from gitenv.team import known_values
from gitenv.trust import access, chain
from gitenv.tuples import NamedTuple

if TYPE_CHECKING:  # `gitenv check` asks of any state, and loads no more than it needs
    from gitenv.team.workspace import Workspace

_MOST_NAMED = 3
_MAX_BYTES = document.MAX_BYTES


class Leaver(NamedTuple):
    """Somebody who left, or the key that somebody had before."""

    name: str
    fingerprint: str
    generation: int  # the last that they could open
    since: str  # the date of the first statement that says so, like 2026-11-21
    is_former: bool  # whether they are in with another key: only this one left

    @property
    def called(self) -> str:
        """Who it is, or whose key."""
        return f"{self.name}'s old key" if self.is_former else self.name


class Value(NamedTuple):
    """A value that they could read, where it stands."""

    name: str
    path: str
    line: int
    leavers: list[Leaver]

    @property
    def since(self) -> str:
        """Since when it has been waiting."""
        return min(each.since for each in self.leavers)

    def is_overdue(self, within: int, today: str) -> bool:
        """Whether a policy of so many days (0: none) is over."""
        if not within:
            return False
        from datetime import date, timedelta

        try:
            return today > str(date.fromisoformat(self.since) + timedelta(days=within))
        except (ValueError, OverflowError):  # a holder may write any date
            return True


class Reissue(NamedTuple):
    """What there is to do in one environment."""

    environment: str
    people: list[str]  # who may set them: holders, and then readers
    leavers: list[Leaver]
    values: list[Value]
    within: int  # the days that a policy gives; 0 for none
    is_lost: bool  # whether nobody can say any more which values they are

    def overdue(self, today: str) -> list[Value]:
        """Those whose time is over."""
        return [value for value in self.values if value.is_overdue(self.within, today)]

    @property
    def command(self) -> str:
        """What shows more of it."""
        return f"git log -- :/{known_values.path(self.environment)}" if self.is_lost else f"gitenv reissue {self.environment}"

    def text(self) -> str:
        """One sentence."""
        who = joined(list(dict.fromkeys(each.called for each in self.leavers)), _MOST_NAMED)
        if self.is_lost:
            where = known_values.path(self.environment)
            return f"{self.environment}: {where} is missing or was edited: nobody can say which values {who} could read"
        values = counted(self.values)
        said = f"{values} that {who} could read" if self._is_all_former else f"{who} left, and {values} that they could read"
        late, days = self.overdue(access.today()), "1 day" if self.within == 1 else f"{self.within} days"
        overdue = f"; {counted(late)} after more than {days}" if late else ""
        return f"{self.environment}: {said} {_stand(self.values)} set anew{overdue}"

    @property
    def _is_all_former(self) -> bool:
        """Whether nobody left: there are other keys now."""
        return all(each.is_former for each in self.leavers)


def counted(values: Sequence[Value]) -> str:
    """How many they are."""
    return "1 value" if len(values) == 1 else f"{len(values):,} values"


def of(
    tree: Snapshot, statement: Environment, documents: Iterable[tuple[str, bytes]], listed: Known | None = None
) -> Reissue | None:
    """What is to be set anew by a tree's statement, in documents by their paths; None where nobody left who knows any.

    `listed` is what those who left know, where it was found elsewhere.
    """
    if not statement.left:
        return None
    members = access.membership_in(tree, statement)
    inside = {given.key for given in members.counted.values()} | set(members.keys.values())
    left = [each for each in statement.left if each.key not in inside]
    if not left:
        return None
    leavers = _leavers(tree, statement, left, {each.name for each in members.people})
    holders = {each.name for each in members.holders if members.counted.get(each.name) is None}
    holders |= {given.to for given in members.counted.values() if given.role == HOLDER}
    readers = members.counted.keys() - holders
    listed = known_values.found(tree, statement) if listed is None else listed
    values = [] if listed is None else [value for each in documents for value in _values(*each, listed, leavers)]
    if not values and listed is not None:
        return None
    return Reissue(
        statement.name, [*sorted(holders), *sorted(readers)], leavers, values, statement.reissue_within, listed is None
    )


def here(workspace: Workspace, names: Collection[str]) -> list[Reissue]:
    """The same of this clone: its `.recipients/`, and its files as the next commit has them."""
    found = []
    for name in names:
        try:
            statement = chain.newest(workspace.tree, name)
            if statement is None or not statement.left:
                continue
            entries = {entry.path: entry.object_id for entry in workspace.files_of([statement])[name]}
            read = workspace.repository.objects.read
            documents = ((path, read(blob, _MAX_BYTES) or b"") for path, blob in entries.items())
            found.append(of(workspace.tree, statement, documents, known_values.here(workspace, statement)))
        except GitenvError:
            continue  # whoever reads statements says what is wrong with it
    return [each for each in found if each]


def _leavers(tree: Snapshot, statement: Environment, left: Iterable[Left], inside: Collection[str]) -> list[Leaver]:
    """Since when they stand there, as far back as the statements at hand go."""
    wanted = {(each.name, each.key): each.generation for each in left}
    since = dict.fromkeys(wanted, statement.at)
    text_of, oldest, still = chain.finder(tree, statement.name), statement, set(wanted)
    while oldest.previous and still:
        try:
            oldest = chain.read(statement.name, oldest.previous, text_of)
        except GitenvError:
            break
        still &= {(each.name, each.key) for each in oldest.left}
        since.update(dict.fromkeys(still, oldest.at))
    return sorted(
        Leaver(name, _fingerprint(key), wanted[name, key], at[:10], name in inside) for (name, key), at in since.items()
    )


def _fingerprint(key: PublicKey) -> str:
    try:
        return key.fingerprint()
    except ValueError:  # no point on the curve: whoever signed that made somebody up
        return ""


def _values(path: str, data: bytes, listed: Known, leavers: Sequence[Leaver]) -> Iterable[Value]:
    try:
        records = document.parse(data)
    except GitenvError:
        return
    for record, line in document.numbered(records):
        since = listed.get(known.hash_of(record)) if record.name and record.kind in (Kind.TOKEN, Kind.SEALED) else None
        who = [each for each in leavers if since and since <= each.generation]
        if who:
            yield Value(record.name.decode("ascii"), path, line, who)


def _stand(values: Sequence[Value]) -> str:
    return "is not" if len(values) == 1 else "are not"
