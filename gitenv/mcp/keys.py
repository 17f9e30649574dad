"""Which key is in which environment, for an agent: less than `gitenv matrix` says, for names are what others chose."""

from __future__ import annotations

from typing import Any

from gitenv.mcp import command
from gitenv.tuples import NamedTuple

_SET, _MISSING = "set", "missing"


class FolderKeys(NamedTuple):
    """The keys in one folder, with what each is in each environment."""

    folder: str
    environments: list[str]
    standings: dict[str, dict[str, str]]  # of a key, by environment

    def names(self) -> dict[str, list[str]]:
        """By environment. What is more than set is said: sealed, or of nobody."""
        return {
            each: [_said(name, by[each]) for name, by in self.standings.items() if by[each] != _MISSING]
            for each in self.environments
        }

    def missing(self, environment: str = "") -> dict[str, list[str]]:
        """What an environment lacks, and another one here has."""
        chosen = [each for each in self.environments if environment in ("", each)]
        found = {each: [name for name, by in self.standings.items() if by[each] == _MISSING] for each in chosen}
        return {each: names for each, names in found.items() if names}


async def keys(*words: str) -> list[FolderKeys]:
    """What `gitenv matrix` finds, folder by folder."""
    found: Any = await command.facts("matrix", *words)
    return [
        FolderKeys(
            each["folder"],
            each["environments"],
            {key["name"]: {name: place["standing"] for name, place in key["in"].items()} for key in each["keys"]},
        )
        for each in found["folders"]
    ]


def _said(name: str, standing: str) -> str:
    return name if standing == _SET else f"{name} ({standing})"
