"""What is under review: from which state to which one, and by which commits. Everything is read once, when it is asked for."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import Literal

from gitenv.errors import GitenvError
from gitenv.git import log
from gitenv.git.layout import RECIPIENTS
from gitenv.git.objects import Objects
from gitenv.model.environment import Environment
from gitenv.model.statements import Holder
from gitenv.repo import attributes, claims, environments, recipients
from gitenv.repo.claims import Claims
from gitenv.repo.snapshot import Entry, Snapshot, WorkSnapshot, differing
from gitenv.repo.usual import USUAL
from gitenv.repo.where import Where
from gitenv.trust import roster
from gitenv.trust.history import History
from gitenv.trust.roster import Roster

Pairs = Mapping[str, tuple[Entry | None, Entry | None]]
"""Files that are not the same in two states, each as it was and as it is."""
_NOBODY = Roster({}, {}, {})


class Change:
    """One change of a repository. Its rules are those of the base: what the change itself says of them is what is judged."""

    def __init__(
        self,
        where: Where,
        after: Snapshot,
        *,
        base: Snapshot | None = None,
        before: Snapshot | None = None,
        heads: Sequence[str] = ("HEAD",),
        is_whole: bool = False,
    ) -> None:
        """`base` is whose statements are believed, `before` what documents are compared with: where a branch left the base.

        `heads` are where history is walked from. `is_whole`: judge everything, and not only what changed.
        """
        self.where, self.after, self.base, self.before = where, after, base, before or base
        self.heads, self.is_whole = tuple(heads), is_whole
        self.trouble: dict[str, GitenvError] = {}  # sides whose .recipients/ nobody can read
        self._read: dict[Snapshot, Mapping[str, Environment | GitenvError] | GitenvError] = {}

    @property
    def folder(self) -> str:
        """Where git is started."""
        return self.where.folder

    @property
    def objects(self) -> Objects:
        return self.where.objects

    @cached_property
    def history(self) -> History:
        """What stood in it before."""
        return History(self.folder, self.objects)

    # Files.

    @cached_property
    def files(self) -> Mapping[str, Entry]:
        """The files of the end that anybody looks at: what changed, and what is looked at in each state."""
        return dict(sorted((self.listed(self.after) | _some(self._differing, 1)).items()))

    @cached_property
    def former_files(self) -> Mapping[str, Entry]:
        """The same of where the change began."""
        if self.before is None:
            return {}
        same = {path: entry for path, entry in self.files.items() if path not in self._differing}
        return dict(sorted((same | _some(self._differing, 0)).items()))

    @cached_property
    def base_files(self) -> Mapping[str, Entry]:
        """The same of the base, but for what changed since the two parted."""
        if self.base is None or self.base is self.before:
            return self.former_files
        return self.listed(self.base)

    @cached_property
    def changed(self) -> list[str]:
        """The files of the end that are not in the base as they are here; all of them where the whole is judged."""
        if self.is_whole or self.before is None:
            return list(self.files)
        return sorted(_some(self._differing, 1))

    @cached_property
    def _differing(self) -> Pairs:
        if self.before is None:
            return {} if self.is_whole else {path: (None, entry) for path, entry in self.after.entries().items()}
        if isinstance(self.after, WorkSnapshot):  # git would look into every file of it
            old, new = self.listed(self.before), self.listed(self.after)
            return {path: (old.get(path), new.get(path)) for path in old | new if old.get(path) != new.get(path)}
        return differing(self.before, self.after)

    def listed(self, side: Snapshot) -> dict[str, Entry]:
        """What is looked at in a state: what is protected or looks so, and control files."""
        if self._lists_all:
            return dict(side.entries())
        return {**side.matching(USUAL), **(side.matching(self._unusual) if self._unusual else {})}

    @cached_property
    def _lists_all(self) -> bool:
        """Whether all files are listed: where attributes say more than statements and names do, one may be anybody's."""
        return len(self._unusual) > claims.MOST_SPECS or self._is_filtered_otherwise

    @cached_property
    def _unusual(self) -> list[str]:
        states = (self.statements, self.base_statements, self.former_statements)
        return claims.unusual(each for state in states for each in state.values())

    @cached_property
    def _is_filtered_otherwise(self) -> bool:
        claimed = {pattern for statement in self.statements.values() for pattern in statement.paths}
        if isinstance(self.after, WorkSnapshot):  # whoever asks for it knows what attributes the index has
            return False
        return attributes.names_others(attributes.texts(self.objects, self.after.matching(USUAL)), claimed)

    @cached_property
    def has_new_attributes(self) -> bool:
        """Whether any `.gitattributes` differs from the base."""
        if self.before is None:
            return True
        old, new = _some(self._differing, 0), _some(self._differing, 1)
        files_of, look_alikes = attributes.files_of, attributes.look_alikes
        return files_of(old) != files_of(new) or look_alikes(old) != look_alikes(new)

    # Whose they are.

    @cached_property
    def known(self) -> Collection[str]:
        """The environments that are looked at, however many others somebody makes up."""
        return environments.known(self.folder, self.base or self.after)

    @cached_property
    def statements(self) -> Mapping[str, Environment]:
        """The environments that the end has."""
        return _good(self._statements(self.after))

    @cached_property
    def base_statements(self) -> Mapping[str, Environment]:
        """The environments that the base has."""
        return _good(self._statements(self.base)) if self.base else {}

    @cached_property
    def former_statements(self) -> Mapping[str, Environment]:
        """The environments where the change began."""
        return _good(self._statements(self.before)) if self.before else {}

    @cached_property
    def filtered(self) -> frozenset[str]:
        """The files that attributes of the end give to gitenv and that no default line means. Rarely any: asked only then."""
        return attributes.filtered(self.where.store, self.after.entries()) if self._is_filtered_otherwise else frozenset()

    @cached_property
    def claims_after(self) -> Claims:
        """Whose a file is by the statements of the end alone."""
        return Claims(self.statements.values())

    @cached_property
    def claims(self) -> Claims:
        """Whose a file is: by the statements of the end, or else by those of the base."""
        return Claims(self.statements.values(), self.base_statements.values(), filtered=self.filtered)

    # Who is in.

    @cached_property
    def has_new_members(self) -> bool:
        """Whether anything in `.recipients/` differs from the base that is believed."""
        if self.base is None or isinstance(self.after, WorkSnapshot):
            return True
        if self.base is self.before:
            return any(map(_is_control_file, self._differing))
        return _control_files(self.base) != _control_files(self.after)

    @cached_property
    def members(self) -> Roster:
        """Who is in what at the end."""
        return self._members(self.after)

    @cached_property
    def base_members(self) -> Roster:
        """Who was in what in the base; ten thousand grants have ten thousand signatures, and are mostly the same."""
        now = self.members
        if self.base and not self.has_new_members and not self.trouble:
            return now
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

    # Which way it goes.

    @cached_property
    def goes_on(self) -> bool:
        """Whether the end comes after the base, and so must have all that the base has."""
        if self.base is None or not self.after.commit:
            return True
        if not self.base.commit or self.base.commit == self.after.commit:
            return True
        return log.is_ancestor(self.folder, self.base.commit, self.after.commit)

    def ahead_of(self, statement: Environment) -> Environment | None:
        """The base's statement of an environment, if the end is a branch that has a key which the base retired."""
        there = self.base_statements.get(statement.name)
        return there if there and statement.is_behind(there) and not self.goes_on else None

    def _statements(self, side: Snapshot) -> Mapping[str, Environment | GitenvError] | GitenvError:
        """What `recipients.read` finds, or raises: whoever asks who is in says that."""
        if side not in self._read:
            try:
                is_known = side is self.base and self.after in self._read and not self.has_new_members
                self._read[side] = self._read[self.after] if is_known else recipients.read(side, self.known)
            except GitenvError as error:
                self._read[side] = error
        return self._read[side]

    def _members(self, side: Snapshot) -> Roster:
        found = self._statements(side)
        try:
            if isinstance(found, GitenvError):
                raise found
            return roster.with_members(side, found)
        except GitenvError as error:
            self.trouble[side.label] = error
            return _NOBODY


def _good(found: Mapping[str, Environment | GitenvError] | GitenvError) -> dict[str, Environment]:
    listed = {} if isinstance(found, GitenvError) else found
    return {name: statement for name, statement in listed.items() if not isinstance(statement, GitenvError)}


def _some(pairs: Pairs, side: Literal[0, 1]) -> dict[str, Entry]:
    return {path: entry for path, pair in pairs.items() if (entry := pair[side])}


def _is_control_file(path: str) -> bool:
    top = path.partition("/")[0]
    return top[:1] == "." and top.lower() == RECIPIENTS


def _control_files(side: Snapshot) -> dict[str, Entry]:
    return {path: entry for path, entry in side.matching(USUAL).items() if _is_control_file(path)}
