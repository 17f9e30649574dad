"""Which files of a commit are documents, and of which environment: what its statements claim, else what is called like one."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence

from gitenv.errors import GitenvError
from gitenv.model import dotenv, names
from gitenv.repo import recipients
from gitenv.repo.snapshot import Snapshot

_MAX_KEPT = 64
_MAX_PATHS = 100_000


class Claims:
    """The patterns of the environments of one `.recipients/`. Nobody vouches for them: they only say where to look."""

    def __init__(self, patterns: dict[str, Sequence[str]]) -> None:
        self._patterns = patterns
        self._known: dict[str, str] = {}

    def environment_of(self, path: str) -> str:
        """The environment that claims a path, or "". Commits have the same paths again and again, so answers are kept."""
        if path not in self._known:
            if len(self._known) >= _MAX_PATHS:
                self._known.clear()
            claiming = (name for name, patterns in self._patterns.items() if names.claimed(patterns, path))
            self._known[path] = next(claiming, "")
        return self._known[path]


class AllClaims:
    """The claims of many commits. Most of them have the same `.recipients/`, which is read once."""

    def __init__(self, recipients_of: Callable[[str], str], tree_of: Callable[[str], Snapshot]) -> None:
        """How to find the id of a commit's `.recipients/`, and its tree."""
        self._recipients_of, self._tree_of = recipients_of, tree_of
        self._kept: OrderedDict[str, Claims] = OrderedDict()

    def of(self, commit: str) -> Claims:
        """What the statements of a commit claim. One that cannot be read claims nothing."""
        identity = self._recipients_of(commit)
        if identity not in self._kept:
            self._keep(identity, Claims(_patterns(self._tree_of(commit)) if identity else {}))
        self._kept.move_to_end(identity)
        return self._kept[identity]

    def are_as_in(self, commit: str, parent: str) -> None:
        """Note that no statement changed between the two: letting in a thousand people changes `.recipients/` and no path."""
        self._keep(self._recipients_of(parent), self.of(commit))

    def _keep(self, identity: str, claims: Claims) -> None:
        self._kept[identity] = claims
        while len(self._kept) > _MAX_KEPT:
            self._kept.popitem(last=False)


def by_name(path: str) -> str | None:
    """The environment that a file's name speaks of, "" if it cannot be one; None for what is called like no document."""
    if dotenv.kind(path) != "shared":
        return None
    name = dotenv.environment_in(path)
    return name if names.is_name(name) else ""


def _patterns(tree: Snapshot) -> dict[str, Sequence[str]]:
    found: dict[str, Sequence[str]] = {}
    try:
        for name in recipients.environments(tree):
            try:
                found[name] = recipients.environment_in(tree, name).paths
            except GitenvError:
                continue
    except GitenvError:
        return found  # more folders than anybody could need
    return found
