"""Which files of a state are .env files, and which environment each belongs to."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from gitenv.git.layout import RECIPIENTS
from gitenv.model import dotenv, names
from gitenv.model.environment import Environment
from gitenv.model.finding import Finding


class Claims:
    """The paths of environments. Quick for repositories of a hundred thousand files: most patterns have no wild card."""

    def __init__(self, environments: Iterable[Environment]) -> None:
        self._bases: dict[str, str] = {}
        self._paths: dict[str, str] = {}
        self._wild: list[tuple[str, str]] = []
        for environment in environments:
            for pattern in environment.paths:
                if "*" in pattern or "?" in pattern:
                    self._wild.append((pattern, environment.name))
                elif "/" in pattern:
                    self._paths.setdefault(pattern, environment.name)
                else:
                    self._bases.setdefault(pattern, environment.name)

    def environment_of(self, path: str) -> str:
        """The environment that a path belongs to, or ""."""
        found = self._paths.get(path) or self._bases.get(path.rpartition("/")[2]) or self._by_wild_card(path)
        return found if found and names.claimed(["*"], path) else ""

    def has(self, path: str) -> bool:
        """Whether a path is an environment's, or is called like one that should be."""
        return bool(self.environment_of(path)) or dotenv.kind(path) == "shared"

    def _by_wild_card(self, path: str) -> str:
        return next((name for pattern, name in self._wild if names.matches(pattern, path)), "")


def is_about(found: Finding, environments: Collection[str], claims: Claims) -> bool:
    """Whether a finding is about one of these environments, or about none: that may matter for these, too."""
    top, _, rest = found.path.partition("/")
    name, is_below, _ = rest.partition("/")
    its = (name if is_below else "") if top == RECIPIENTS else claims.environment_of(found.path)
    return not its or its in environments
