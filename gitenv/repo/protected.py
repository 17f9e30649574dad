"""Which files may hold nothing plain: claimed by a statement, given to gitenv by attributes, or named like a dotenv file."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from gitenv.errors import GitenvError
from gitenv.git.layout import RECIPIENTS
from gitenv.model import dotenv, names
from gitenv.model.environment import Environment
from gitenv.repo import recipients
from gitenv.repo.claims import Claims
from gitenv.repo.snapshot import Snapshot


class Protection:
    """What is protected in a change: by the statements of the state it ends in, and of those it comes from."""

    def __init__(self, *states: Mapping[str, Environment], filtered: Collection[str] = ()) -> None:
        """The statements of the end first. `filtered` are the paths that attributes give to gitenv."""
        self._states = [(Claims(state.values()), {each.name: each for each in state.values()}) for state in states]
        self.filtered = frozenset(filtered)
        self.environments = frozenset(name for state in states for name in state)
        self._known: dict[str, bool] = {}

    def statement_of(self, path: str) -> Environment | None:
        """The environment that a path belongs to."""
        found = (by_name.get(claims.environment_of(path)) for claims, by_name in self._states)
        return next((statement for statement in found if statement), None)

    def covers(self, path: str) -> bool:
        """Whether nothing plain may stand at a path."""
        if path not in self._known:
            found = path in self.filtered or self.statement_of(path) is not None
            # Nobody and no environment can be called .env.
            self._known[path] = is_dotenv(path) or (found and not path.startswith(f"{RECIPIENTS}/"))
        return self._known[path]

    def leads_to_covered(self, path: str) -> bool:
        """Whether a file that an environment claims belongs below a path."""
        states = (state for _, by_name in self._states for state in by_name.values())
        return any(names.leads_to_claimed(each.paths, path) for each in states)


def is_dotenv(path: str) -> bool:
    """Whether nothing plain may stand in a file of that name, whoever claims it."""
    return dotenv.kind(path) in ("shared", "private")


def statements_in(tree: Snapshot, known: Collection[str] = ()) -> dict[str, Environment]:
    """The environments of a tree that can be read, by name; no grant is looked at. `known` as for `recipients.environments`."""
    found: dict[str, Environment] = {}
    try:
        listed = list(recipients.environments(tree, known))
    except GitenvError:
        return {}  # whoever judges .recipients/ says so
    for name in listed:
        try:
            found[name] = recipients.environment_in(tree, name)
        except GitenvError:
            continue
    return found


def pathspecs(statements: Iterable[Environment]) -> list[str]:
    """What git is asked for, to see every file that is or looks protected."""
    patterns = dict.fromkeys(pattern for statement in statements for pattern in statement.paths)
    named = (f":(top,glob){pattern}" if "/" in pattern else f":(top,glob)**/{pattern}" for pattern in patterns)
    return [*(f":(top,glob,icase)**/{pattern}" for pattern in dotenv.LOOKS), *named]
