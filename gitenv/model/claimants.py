"""Whose files they are, of many environments: quick for a hundred thousand files, since most patterns have no wild card."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gitenv.model import names


class Claimants:
    """Patterns of environments, by what they mean. It says of many paths what `names.claimed` says of one environment's."""

    def __init__(self, patterns: Mapping[str, Iterable[str]]) -> None:
        """`patterns` are each environment's."""
        self._bases: dict[str, list[str]] = {}
        self._paths: dict[str, list[str]] = {}
        self._wild: list[tuple[str, str]] = []
        for name, its in patterns.items():
            self.add(name, its)

    def add(self, name: str, patterns: Iterable[str]) -> None:
        """One more environment, or more patterns of one."""
        for pattern in patterns:
            if "*" in pattern or "?" in pattern:
                self._wild.append((pattern, name))
            else:
                (self._paths if "/" in pattern else self._bases).setdefault(pattern, []).append(name)

    def of(self, path: str) -> list[str]:
        """Those that claim a path, the plainest pattern first."""
        found = [*self._paths.get(path, ()), *self._bases.get(path.rpartition("/")[2], ())]
        found += [name for pattern, name in self._wild if names.matches(pattern, path)]
        return list(dict.fromkeys(found)) if found and names.is_claimable(path) else []

    def sorted(self, paths: Iterable[str]) -> dict[str, list[str]]:
        """The paths of each environment, in their order; none for one that claims none of them."""
        found: dict[str, list[str]] = {}
        for path in paths:
            for name in self.of(path):
                found.setdefault(name, []).append(path)
        return found
