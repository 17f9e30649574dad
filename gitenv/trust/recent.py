"""What HEAD's history did to statements since the last look at it: one walk, however many environments there are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from gitenv.git import log
from gitenv.git.layout import RECIPIENTS
from gitenv.git.objects import Objects

_STATEMENTS = ("environment", "past")


class Recent:
    """Of the environments that `names` says, and of any that is asked for beside them."""

    def __init__(self, root: str, objects: Objects, names: Callable[[], Iterable[str]]) -> None:
        self.root, self.objects = root, objects
        self._names = names
        self._walked: set[str] = set()
        self._walks: dict[tuple[str, str], dict[str, dict[str, list[str]]]] = {}

    def blobs(self, name: str, since: str) -> Mapping[str, list[str]]:
        """The blobs of an environment's statements that came or went, newest first, each with the paths at which it did.

        In what the commit `since` ("": none) does not reach. Raises `NotInOrder` where git cannot say.
        """
        head = self.objects.id("HEAD^{commit}")
        if not head or head == since:
            return {}
        if name not in self._walked:
            self._walked.update((name, *self._names()))
            self._walks.clear()
        if (head, since) not in self._walks:
            self._walks[head, since] = self._walk([head, *([f"^{since}"] if since and self.objects.id(since) else [])])
        return self._walks[head, since].get(name, {})

    def _walk(self, heads: list[str]) -> dict[str, dict[str, list[str]]]:
        found: dict[str, dict[str, list[str]]] = {}
        paths = [f"{RECIPIENTS}/{name}/{what}" for name in sorted(self._walked) for what in _STATEMENTS]
        for path, blob in log.changed_blobs(self.root, paths, heads):
            found.setdefault(path.split("/")[1], {}).setdefault(blob, []).append(path)
        return found
