"""Whose file is this, and may it hold anything plain: by statements, attributes, or its name. The one place that says so."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator

from gitenv.git.layout import RECIPIENTS
from gitenv.model import dotenv, names
from gitenv.model.claimants import Claimants
from gitenv.model.environment import Environment
from gitenv.model.finding import Finding


class Claims:
    """The paths of the environments of some states: of the one a change ends in, and of those that it comes from."""

    def __init__(self, *states: Iterable[Environment], filtered: Collection[str] = ()) -> None:
        """The state that counts first. `filtered` are the paths that attributes give to gitenv."""
        self._states = [_State(state) for state in states]
        self.filtered = frozenset(filtered)
        self.environments = frozenset(name for state in self._states for name in state.environments)
        self._known: dict[str, bool] = {}

    def statement_of(self, path: str) -> Environment | None:
        """The environment that a path belongs to."""
        return next(self.claimants(path), None)

    def claimants(self, path: str) -> Iterator[Environment]:
        """All environments that claim a path; only one does where nobody means ill."""
        return itertools.chain.from_iterable(state.claimants(path) for state in self._states)

    def environment_of(self, path: str) -> str:
        """Its name, or ""."""
        statement = self.statement_of(path)
        return statement.name if statement else ""

    def has(self, path: str) -> bool:
        """Whether a path is an environment's, or is called like one that should be."""
        return dotenv.kind(path) == "shared" or self.statement_of(path) is not None

    def covers(self, path: str) -> bool:
        """Whether nothing plain may stand at a path."""
        if path not in self._known:
            found = path in self.filtered or self.statement_of(path) is not None
            # Nobody and no environment can be called .env.
            self._known[path] = dotenv.is_protected(path) or (found and not path.startswith(f"{RECIPIENTS}/"))
        return self._known[path]

    def leads_to_covered(self, path: str) -> bool:
        """Whether a file that an environment claims belongs below a path."""
        return any(names.leads_to_claimed(state.patterns, path) for state in self._states)


class _State:
    """The patterns of one state; where that is all of history, there are many statements of one name."""

    def __init__(self, environments: Iterable[Environment]) -> None:
        self._by_number = {str(number): each for number, each in enumerate(environments)}
        self.environments = {each.name for each in self._by_number.values()}
        self.patterns = [pattern for each in self._by_number.values() for pattern in each.paths]
        self._claimants = Claimants({number: each.paths for number, each in self._by_number.items()})

    def claimants(self, path: str) -> Iterator[Environment]:
        """Those that a path may belong to, the plainest pattern first."""
        return (self._by_number[number] for number in self._claimants.of(path))


def is_about(found: Finding, environments: Collection[str], claims: Claims) -> bool:
    """Whether a finding is about one of these environments, or about none: that may matter for these, too."""
    top, _, rest = found.path.partition("/")
    name, is_below, _ = rest.partition("/")
    its = (name if is_below else "") if top == RECIPIENTS else claims.environment_of(found.path)
    return not its or its in environments


MOST_SPECS = 200
"""Of more, listing all is quicker. And whoever can push can push statements with more patterns than a command line holds."""


def pathspecs(environments: Iterable[Environment]) -> list[str]:
    """What git is asked for, to see every file that is or looks protected; nothing, which means all, for very many patterns."""
    patterns = dict.fromkeys(pattern for each in environments for pattern in each.paths)
    found = [*(f":(top,glob,icase)**/{pattern}" for pattern in dotenv.LOOKS), *map(_pathspec, patterns)]
    return found if len(found) <= MOST_SPECS else []


def unusual(environments: Iterable[Environment]) -> list[str]:
    """What git is asked for beside `usual.USUAL`: other files that are claimed, and links that may lead to claimed ones."""
    patterns = dict.fromkeys(pattern for each in environments for pattern in each.paths)
    named = [_pathspec(pattern) for pattern in patterns if not dotenv.looks(pattern)]
    folders = {folder for pattern in patterns for folder in _folders(pattern)}
    # With a wild card at its end: what lies in a folder of that name is not meant.
    ends = {folder if folder[-1] in "*?" else f"{folder[:-1]}?" for folder in folders}
    return [*named, *(f":(top,glob){end}" for end in sorted(ends))]


def _pathspec(pattern: str) -> str:
    return f":(top,glob){pattern}" if "/" in pattern else f":(top,glob)**/{pattern}"


def _folders(pattern: str) -> Iterable[str]:
    parts = pattern.split("/")[:-1]
    return ("/".join(parts[:count]) for count in range(1, len(parts) + 1))
