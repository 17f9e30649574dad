"""No path may belong to two environments, also where no such file is there yet. Before anything is made or signed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from gitenv.errors import Usage, printable
from gitenv.git.repository import Repository
from gitenv.model import names
from gitenv.model.claimants import Claimants
from gitenv.team.workspace import Workspace


def check(environments: Mapping[str, Collection[str]], paths: Iterable[str]) -> None:
    """Raise `Usage` if two of these environments (name → patterns) claim one path: it names the path and both."""
    listed, mine = list(environments.items()), Claimants(environments).sorted(paths)
    for position, (name, patterns) in enumerate(listed):
        for other, others in listed[position + 1 :]:
            if path := names.shared(patterns, others, mine.get(name, ())):
                raise _both(path, name, other)


def check_new(workspace: Workspace, name: str, patterns: Sequence[str]) -> None:
    """Raise `Usage` if a new environment would claim a path of one that is here, pinned or not."""
    mine = [path for path in paths(workspace.repository) if names.claimed(patterns, path)]
    for other, others in patterns_here(workspace).items():
        if other != name and (path := names.shared(patterns, others, mine)):
            raise _both(path, other, name)


def patterns_here(workspace: Workspace) -> dict[str, tuple[str, ...]]:
    """The environments at hand and the pinned ones, with their patterns; the pin's, where there is a pin."""
    at_hand = {name: statement.paths for name, statement in workspace.statements().items()}
    return at_hand | {pin.name: pin.paths for pin in workspace.access.pinned()}


def paths(repository: Repository) -> list[str]:
    """All files of a work tree: tracked, untracked and ignored."""
    return [*(entry.path for entry in repository.tracked()), *repository.untracked(), *repository.ignored()]


def _both(path: str, one: str, other: str) -> Usage:
    return Usage(
        f"{printable(path)} would belong to both {one} and {other}",
        "give patterns that do not overlap; one without / means every folder",
    )
