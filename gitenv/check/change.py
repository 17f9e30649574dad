"""What is under review: from which state to which one, and by which commits. Everything is read once, when it is asked for."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property

from gitenv.check import coverage
from gitenv.errors import GitenvError
from gitenv.git import log
from gitenv.git.layout import RECIPIENTS
from gitenv.git.objects import Objects
from gitenv.model.environment import Environment
from gitenv.model.statements import Holder
from gitenv.repo import environments
from gitenv.repo.protected import Protection, statements_in
from gitenv.repo.snapshot import Entry, Snapshot
from gitenv.trust import roster
from gitenv.trust.roster import Roster

_NOBODY = Roster({}, {}, {})


class Change:
    """One change of a repository. Its rules are those of the base: what the change itself says of them is what is judged."""

    def __init__(
        self,
        folder: str,
        objects: Objects,
        end: Snapshot,
        *,
        base: Snapshot | None = None,
        before: Snapshot | None = None,
        heads: Sequence[str] = ("HEAD",),
        is_whole: bool = False,
    ) -> None:
        """`base` is whose statements are believed, `before` what documents are compared with: where a branch left the base.

        `heads` are where history is walked from. `is_whole`: judge everything, and not only what changed.
        """
        self.folder, self.objects, self.end, self.base, self.before = folder, objects, end, base, before or base
        self.heads, self.is_whole = tuple(heads), is_whole
        self.trouble: dict[str, GitenvError] = {}  # sides whose .recipients/ nobody can read

    @cached_property
    def changed(self) -> list[str]:
        """The files of the end that are not in the base as they are here; all of them where the whole is judged."""
        entries = self.end.entries()
        if self.is_whole or self.before is None:
            return sorted(entries)
        old = self.before.entries()
        return sorted(path for path, entry in entries.items() if old.get(path) != entry)

    @cached_property
    def has_new_members(self) -> bool:
        """Whether anything in `.recipients/` differs from the base that is believed."""
        return self.base is None or _recipients(self.base) != _recipients(self.end)

    @cached_property
    def has_new_attributes(self) -> bool:
        """Whether any `.gitattributes` differs from the base."""
        if self.before is None:
            return True
        old, new = self.before.entries(), self.end.entries()
        return coverage.files_of(old) != coverage.files_of(new) or coverage.look_alikes(old) != coverage.look_alikes(new)

    @cached_property
    def known(self) -> Collection[str]:
        """The environments that are looked at, however many others somebody makes up."""
        return environments.known(self.folder, self.base or self.end)

    @cached_property
    def statements(self) -> Mapping[str, Environment]:
        """The environments that the end has."""
        return statements_in(self.end, self.known)

    @cached_property
    def base_statements(self) -> Mapping[str, Environment]:
        """The environments that the base has."""
        return statements_in(self.base, self.known) if self.base else {}

    @cached_property
    def former_statements(self) -> Mapping[str, Environment]:
        """The environments where the change began."""
        return (
            self.base_statements if self.before is self.base else statements_in(self.before, self.known) if self.before else {}
        )

    @cached_property
    def filtered(self) -> frozenset[str]:
        """The files that attributes of the end give to gitenv and that no default line means. Rarely any: asked only then."""
        claimed = {pattern for statement in self.statements.values() for pattern in statement.paths}
        if not coverage.names_others(self.objects, self.end.entries(), claimed):
            return frozenset()
        return coverage.filtered(self.folder, self.end.entries())

    @cached_property
    def protection(self) -> Protection:
        return Protection(self.statements, self.base_statements, filtered=self.filtered)

    @cached_property
    def members(self) -> Roster:
        """Who is in what at the end."""
        return self._members(self.end)

    @cached_property
    def base_members(self) -> Roster:
        """Who was in what in the base."""
        return self._members(self.base) if self.base else _NOBODY

    @cached_property
    def former_members(self) -> Roster:
        """Who was in what where the change began: what others did to the base since is not its doing."""
        return self.base_members if self.before is self.base else self._members(self.before) if self.before else _NOBODY

    @cached_property
    def people(self) -> frozenset[Holder]:
        """Everybody who is in some environment at the end by a grant that counts."""
        states = self.members.states.values()
        counted = (given for state in states for given in state.counted.values())
        return frozenset(Holder(given.to, given.key.fingerprint()) for given in counted)

    @cached_property
    def goes_on(self) -> bool:
        """Whether the end comes after the base, and so must have all that the base has."""
        if self.base is None or not self.end.commit:
            return True
        if not self.base.commit or self.base.commit == self.end.commit:
            return True
        return log.is_ancestor(self.folder, self.base.commit, self.end.commit)

    def ahead_of(self, statement: Environment) -> Environment | None:
        """The base's statement of an environment, if the end is a branch that has a key which the base retired."""
        there = self.base_statements.get(statement.name)
        return there if there and statement.is_behind(there) and not self.goes_on else None

    def _members(self, side: Snapshot) -> Roster:
        try:
            return roster.read(side, self.known)
        except GitenvError as error:
            self.trouble[side.label] = error
            return _NOBODY


def _recipients(side: Snapshot) -> dict[str, Entry]:
    named = ((path, entry, path.partition("/")[0]) for path, entry in side.entries().items())
    return {path: entry for path, entry, top in named if top[:1] == "." and top.lower() == RECIPIENTS}
