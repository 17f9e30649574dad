"""`gitenv diff`: from two states of a repository to all that a reviewer must know of the change. No key is needed."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping

from gitenv.diff import file_changes, sisters
from gitenv.diff.across_rotation import Between
from gitenv.diff.difference import Broken, Difference, EnvironmentDifference, File, FileState
from gitenv.diff.file_changes import Version
from gitenv.errors import GitenvError, NotTrusted
from gitenv.model import origins
from gitenv.model.comparing import Outcome
from gitenv.model.environment import Environment as Statement
from gitenv.model.origins import Came
from gitenv.repo import recipients, value_rollbacks
from gitenv.repo.claims import Claims
from gitenv.repo.snapshot import Entry, Snapshot
from gitenv.trust import roster
from gitenv.trust.change import Change
from gitenv.trust.keys_at_hand import KeysAtHand
from gitenv.trust.roster import EnvironmentChange, RequestChange
from gitenv.trust.trusted import Answer, Trusted


def difference(change: Change, *, with_values: bool = False) -> Difference:
    """Compare where a change began with what it ends in.

    Raises `Locked` if values were asked for and none of the changed files can be opened.
    """
    return _Comparing(change).difference(with_values=with_values)


class _Comparing:
    """A change, and what is read for it once."""

    def __init__(self, change: Change) -> None:
        where = change.where
        self._change, self._before, self._after = change, change.before or Snapshot(), change.after
        self._old, self._new = change.former_members, change.members
        for side in (self._before, self._after):
            if error := change.trouble.get(side.label):
                raise error
        self._old_claims, self._new_claims = Claims(change.former_statements.values()), Claims(change.statements.values())
        self._claims = Claims(change.statements.values(), change.former_statements.values())
        self._keys = KeysAtHand(where.layout if where.has_work_tree else None, change.after, where.objects)
        self._between = Between(where.folder, where.objects, self._before.commit, change.after.commit or where.head())

    def difference(self, *, with_values: bool) -> Difference:
        pairs = dict(self._pairs())
        files = [file for path, former in sorted(pairs.items()) if (file := self._file(path, former))]
        files = self._with_origins(files)
        closed: list[str] = []
        if with_values:
            files, closed = self._with_values(files)
        states = sisters.States(self._all_after(), self._data_before, self._data_after)
        groups = sisters.touched(states, files)
        return Difference(
            self._before.label,
            self._after.label,
            self._before.commit,
            self._after.commit,
            [self._environment(change) for change in roster.environments(self._old, self._new)],
            [Broken(name, error.message) for name, error in sorted(self._new.broken.items()) if name not in self._old.broken],
            [change for change in roster.requests(self._old, self._new) if not self._is_in(change)],
            files,
            sisters.tables(groups),
            sisters.slips(groups, self._between.order),
            self._rollbacks(files),
            sisters.alike_names(groups),
            closed,
            self._nested(),
            {name: sorted(state.counted) for name, state in sorted(self._new.states.items())},
        )

    def _nested(self) -> list[str]:
        before = recipients.nested(self._change.former_files)
        return [folder for folder in recipients.nested(self._change.files) if folder not in before]

    # Files.

    def _pairs(self) -> Iterator[tuple[str, str]]:
        """The .env files that may differ, each with its path before."""
        sides = (self._change.former_files, self._change.files)
        was, now = ({path: entry for path, entry in there.items() if self._claims.has(path)} for there in sides)
        gone = {entry.object_id: path for path, entry in was.items() if path not in now and entry.object_id}
        came = {path: gone.get(entry.object_id, "") for path, entry in now.items() if path not in was}
        moved = set(came.values())
        for path in sorted(was.keys() | now.keys()):
            if path in came:
                yield path, came[path] or path
            elif path in moved and path not in now:
                continue
            elif was[path] != now.get(path):
                yield path, path

    def _file(self, path: str, former: str) -> File | None:
        one, other = self._change.former_files.get(former), self._change.files.get(path)
        state = FileState.MOVED if former != path else FileState.CHANGED
        state = FileState.ADDED if one is None else FileState.REMOVED if other is None else state
        environment = self._environment_of(path)
        named = File(path, environment, state, former if state is FileState.MOVED else "")
        for entry in filter(None, (one, other)):
            if not entry.is_file:
                same = one and other and one.object_id == other.object_id
                return None if same else named._replace(problem=_what(entry))
        was, now = self._before.document(former) if one else b"", self._after.document(path) if other else b""
        if problem := file_changes.unreadable(was) or file_changes.unreadable(now):
            return named._replace(problem=problem)
        assert was is not None
        assert now is not None
        try:
            return self._compared(named, former, was, now)
        except NotTrusted as error:
            return named._replace(problem=error.message)

    def _compared(self, named: File, former: str, was: bytes, now: bytes) -> File | None:
        new = self._version(named.path, now, was)
        old = Version(was, self._old_claims.statement_of(former), True)
        if old.data == new.data and named.state is FileState.CHANGED:
            return None
        found = file_changes.compare(
            named.path, named.environment, named.state, old, new, self._keys.opener_of(named.path)
        )._replace(former=named.former)
        unsure = [key.name for key in found.keys if key.outcome is Outcome.REENCRYPTED and not key.is_sure]
        changed = self._between.changed([*{former, named.path}], unsure, old.data, new.data)
        keys = [
            key._replace(outcome=Outcome.CHANGED, is_sure=True) if key.name in changed and not key.is_sure else key
            for key in found.keys
        ]
        return found._replace(keys=keys)

    @functools.cache  # noqa: B019  - lives as long as the command
    def _data_after(self, path: str) -> bytes:
        """A file of the newer side as a commit would have it; empty for what cannot be read."""
        data = self._after.document(path) or b""
        return b"" if file_changes.unreadable(data) else self._version(path, data, self._before.document(path) or b"").data

    def _version(self, path: str, data: bytes, before: bytes) -> Version:
        statement, entry = self._new_claims.statement_of(path), self._change.files.get(path)
        if entry is None or entry.object_id:
            return Version(data, statement, True, self._ahead_of(statement) if statement else None)
        cleaned = self._keys.as_committed(path, data, before)
        return Version(data if cleaned is None else cleaned, statement, cleaned is not None or data == before)

    def _with_values(self, files: list[File]) -> tuple[list[File], list[str]]:
        shown, closed = [], dict[str, str]()
        for file in files:
            was, now = self._before.document(file.former or file.path) or b"", self._after.document(file.path) or b""
            shown.append(file_changes.with_values(file, was, now, self._keys.opener_of(file.path)))
            if not all(map(file_changes.is_shown, shown[-1].keys)):
                closed[file.environment or file.path] = file.path
        if closed and not any(map(file_changes.is_shown, (key for file in shown for key in file.keys))):
            path = next(iter(closed.values()))
            raise self._keys.no_key(path, self._environment_of(path))
        return shown, sorted(closed)

    # Values of other files.

    def _with_origins(self, files: list[File]) -> list[File]:
        """The keys that changed, each with the other files of the environment that have its new value, or had it."""
        new: dict[str, list[Came]] = {}
        for file in files:
            if file.environment in self._old.states and file.state is not FileState.REMOVED and not file.problem:
                before, after = self._data_before(file.former or file.path), self._data_after(file.path)
                new.setdefault(file.environment, []).extend(origins.came(file.path, before, after))
        found = {
            (each.path, each.name): each
            for name, came in new.items()
            if came
            for each in origins.origins(came, self._files_of(name))
        }
        return [
            file._replace(keys=[key._replace(origin=found.get((file.path, key.name))) for key in file.keys]) for file in files
        ]

    def _files_of(self, environment: str) -> Iterator[origins.FileVersions]:
        for path in dict.fromkeys((*self._change.files, *self._change.former_files)):
            if self._environment_of(path) == environment:
                yield origins.FileVersions(path, self._data_before(path), self._data_after(path))

    # Sisters.

    def _all_after(self) -> Mapping[str, str]:
        """All .env files of the newer side, with their environments."""
        return {
            path: self._environment_of(path)
            for path, entry in self._change.files.items()
            if entry.is_file and self._claims.has(path)
        }

    def _data_before(self, path: str) -> bytes:
        data = self._before.document(path) or b""
        return b"" if file_changes.unreadable(data) else data

    def _rollbacks(self, files: Iterable[File]) -> list[value_rollbacks.Rollback]:
        came = {
            file.path: value_rollbacks.came(self._data_before(file.former or file.path), self._data_after(file.path))
            for file in files
            if file.state is not FileState.REMOVED and not file.problem
        }
        taken = (self._data_before(file.former) for file in files if file.former)
        return value_rollbacks.rollbacks(self._change.folder, self._change.objects, self._before.commit, came, taken)

    # Environments.

    def _environment(self, change: EnvironmentChange) -> EnvironmentDifference:
        """Whether the new statement follows from the one before, by the rules that a pin goes by."""
        old, new = self._old.states.get(change.name), self._new.states.get(change.name)
        if new is None or (old and old.statement.text == new.statement.text):
            return EnvironmentDifference(change)
        try:
            if old is None:
                Trusted(change.name, None, self._after).about(new.statement)
            elif Trusted.since(self._before, self._after, old.statement).about(new.statement).answer is Answer.PAST:
                return EnvironmentDifference(
                    change, f"went back from revision {old.statement.revision} to {new.statement.revision}"
                )
        except GitenvError as error:
            return EnvironmentDifference(change, error.message)
        return EnvironmentDifference(change)

    def _is_in(self, change: RequestChange) -> bool:
        """Whether somebody who is new is let in by the same change: then that is what is said."""
        grants = (state.counted.get(change.name) for state in self._new.states.values())
        return not change.before and any(given and given.key.fingerprint() in change.after for given in grants)

    def _environment_of(self, path: str) -> str:
        return self._claims.environment_of(path)

    def _ahead_of(self, statement: Statement) -> Statement | None:
        """The statement of where the change is to go, where that has a newer key."""
        there = self._change.base_statements.get(statement.name) if self._change.base is not self._change.before else None
        return there if there and statement.is_behind(there) else None


def _what(entry: Entry) -> str:
    return "a link; gitenv follows none" if entry.is_link else "no file, but a submodule or the like"
