"""What changed in `.recipients/` between two states: who came and went, roles, rotations, paths. No key is needed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from gitenv.errors import GitenvError
from gitenv.git.layout import RECIPIENTS
from gitenv.model import keys
from gitenv.model.environment import Environment
from gitenv.model.grant import Grant
from gitenv.model.membership import ANY_DAY, Membership
from gitenv.repo import recipients
from gitenv.repo.snapshot import Snapshot
from gitenv.trust.access import membership_in
from gitenv.tuples import NamedTuple


class Roster(NamedTuple):
    """All environments of one tree, and who asks."""

    states: Mapping[str, Membership]
    broken: Mapping[str, GitenvError]  # environments whose statement cannot be read
    requests: Mapping[str, tuple[str, ...]]  # name → fingerprints of the keys in their `.pub`, the current one first

    def environment_of(self, path: str) -> str:
        """The environment that claims a path, or ""."""
        return next((name for name, state in self.states.items() if state.statement.claims(path)), "")


class PersonChange(NamedTuple):
    """Somebody who came into an environment, left it, or is in it in another way."""

    environment: str
    name: str
    before: Grant | None
    after: Grant | None

    @property
    def is_key_new(self) -> bool:
        return self.before is not None and self.after is not None and self.before.key != self.after.key

    @property
    def is_role_new(self) -> bool:
        return self.before is not None and self.after is not None and self.before.role != self.after.role

    @property
    def is_expiry_new(self) -> bool:
        return self.before is not None and self.after is not None and self.before.expires != self.after.expires


class EnvironmentChange(NamedTuple):
    """One environment that is not what it was."""

    name: str
    before: Environment | None  # None: new
    after: Environment | None  # None: gone, or not to be read any more
    people: list[PersonChange]

    @property
    def is_other(self) -> bool:
        """Whether another environment stands under the name."""
        return self.before is not None and self.after is not None and self.before.id != self.after.id

    @property
    def rotation(self) -> tuple[int, int] | None:
        """The generations before and after, where there is a new key."""
        if self.before is None or self.after is None or self.before.generation == self.after.generation:
            return None
        return self.before.generation.number, self.after.generation.number

    @property
    def paths_added(self) -> list[str]:
        return _only(self.after, self.before)

    @property
    def paths_removed(self) -> list[str]:
        return _only(self.before, self.after)


class RequestChange(NamedTuple):
    """A `.pub` file that came, went, or has another key. It grants nothing."""

    name: str
    before: tuple[str, ...]  # fingerprints
    after: tuple[str, ...]


def read(tree: Snapshot, known: Collection[str] = ()) -> Roster:
    """Read the `.recipients/` of a tree. What cannot be read is named, and stops nothing.

    `known` as for `recipients.environments`.
    """
    return with_members(tree, recipients.read(tree, known))


def with_members(tree: Snapshot, found: Mapping[str, Environment | GitenvError]) -> Roster:
    """The same, where the statements are read already."""
    states: dict[str, Membership] = {}
    broken: dict[str, GitenvError] = {}
    for name, statement in found.items():
        if isinstance(statement, GitenvError):
            broken[name] = statement
            continue
        try:
            states[name] = membership_in(tree, statement, ANY_DAY)
        except GitenvError as error:
            broken[name] = error
    return Roster(states, broken, dict(_requests(tree)))


def environments(before: Roster, after: Roster) -> list[EnvironmentChange]:
    """The environments that changed, by name."""
    found = []
    for name in sorted(before.states.keys() | after.states.keys()):
        old, new = before.states.get(name), after.states.get(name)
        people = list(_people(name, old.counted if old else {}, new.counted if new else {}))
        change = EnvironmentChange(name, old.statement if old else None, new.statement if new else None, people)
        if people or old is None or new is None or old.statement.text != new.statement.text:
            found.append(change)
    return found


def requests(before: Roster, after: Roster) -> list[RequestChange]:
    """The `.pub` files that changed, by name."""
    names = sorted(before.requests.keys() | after.requests.keys())
    pairs = ((name, before.requests.get(name, ()), after.requests.get(name, ())) for name in names)
    return [RequestChange(*pair) for pair in pairs if pair[1] != pair[2]]


def _people(environment: str, old: Mapping[str, Grant], new: Mapping[str, Grant]) -> Iterator[PersonChange]:
    for name in sorted(old.keys() | new.keys()):
        change = PersonChange(environment, name, old.get(name), new.get(name))
        if old.get(name) is None or new.get(name) is None or change.is_key_new or change.is_role_new or change.is_expiry_new:
            yield change


def _requests(tree: Snapshot) -> Iterator[tuple[str, tuple[str, ...]]]:
    from gitenv.model import names

    for file in tree.names(RECIPIENTS):
        name = file.removesuffix(".pub")
        if file.endswith(".pub") and names.is_name(name):
            where = f"{RECIPIENTS}/{file}"
            try:
                found = keys.read_public(tree.read(where, keys.MAX_BYTES) or b"", where)
                yield name, tuple(key.fingerprint() for key in found)
            except (GitenvError, ValueError):
                yield name, ()


def _only(one: Environment | None, other: Environment | None) -> list[str]:
    there = other.paths if other else ()
    return [path for path in (one.paths if one else ()) if path not in there]
