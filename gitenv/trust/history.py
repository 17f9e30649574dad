"""What `.recipients/` once was: the statements that a history has. It may refuse, and never vouches."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from gitenv.errors import GitenvError
from gitenv.git import log
from gitenv.git.objects import Objects
from gitenv.model import environment, statements
from gitenv.model.environment import Environment
from gitenv.model.reasons import TooLong
from gitenv.repo.recipients_history import RecipientsHistory

MAX_STATEMENTS = 20_000
_MAX_BYTES = 64 * 1024 * 1024
FETCHED = "--glob=refs/remotes/*/HEAD"
"""The default branches of the remotes, as they were fetched."""


class History:
    """A clone's history as it was when it was first asked: git walks it once, however many environments are asked about.

    So it is for one command, or for one question of what lives longer.
    """

    def __init__(self, root: str, objects: Objects) -> None:
        self.root, self.objects = root, objects
        self._walked: dict[tuple[str, ...], RecipientsHistory] = {}
        self._listed: dict[tuple[str, ...], dict[str, list[str]]] = {}

    @cached_property
    def head(self) -> str:
        """The commit that HEAD is, or "" before the first."""
        return self.objects.id("HEAD^{commit}")

    @cached_property
    def heads(self) -> list[str]:
        """HEAD, and what git is bringing together with it and has not committed."""
        return ["HEAD", *log.joined(self.root, self.objects)]

    @property
    def known_heads(self) -> list[str]:
        """The same, and the default branches of the remotes: what a clone has to know of, although nothing merged it yet."""
        return [*self.heads, FETCHED]

    def since(self, head: str, commit: str) -> list[str]:
        """Words for what `head` reaches and `commit` does not; for all, where a rewritten history has no such commit."""
        return [head, f"^{commit}"] if commit and self.objects.id(commit) else [head]

    def statements(self, name: str, heads: Sequence[str]) -> dict[str, Environment]:
        """The statements of an environment in what `heads` reach, by hash. Nobody vouches for them.

        A squash shows a removal in `past/` only, and a plain log hides what `git merge -s ours` brings. Raises `TooLong`.
        """
        found: dict[str, Environment] = {}
        size = 0
        blobs = list(dict.fromkeys(blob for stood in self._of(name, heads).values() for blob in stood))
        for number, text in enumerate(self.objects.each(blobs, statements.MAX_BYTES)):
            size += len(text or b"")
            if number >= MAX_STATEMENTS or size > _MAX_BYTES:
                raise TooLong(f"{name}/environment: changed more often than can be followed", f"gitenv trust {name}")
            try:
                statement = environment.read(text or b"", name)
            except GitenvError:
                continue
            if statement.name == name:
                found[statement.hash] = statement
        return found

    def ever_had(self, name: str, path: str, text: bytes, heads: Sequence[str]) -> bool:
        """Whether these very bytes ever stood at a path of an environment's `past/`, in what `heads` reach."""
        blobs = self._of(name, heads).get(path, [])
        return any(found == text for found in self.objects.each(blobs, len(text)))

    def _of(self, name: str, heads: Sequence[str]) -> dict[str, list[str]]:
        """All blobs that ever stood at the paths of an environment's statements, by path; newest first."""
        key = (name, *heads)
        if key not in self._listed:
            listed: dict[str, dict[str, None]] = {}
            for path, blob in self.recipients(heads).statements(name):
                listed.setdefault(path, {})[blob] = None
            self._listed[key] = {path: list(blobs) for path, blobs in listed.items()}
        return self._listed[key]

    def recipients(self, heads: Sequence[str]) -> RecipientsHistory:
        """How `.recipients/` changed in what `heads` reach."""
        there = tuple(self.head if each == "HEAD" else each for each in heads)
        if there not in self._walked:
            self._walked[there] = RecipientsHistory(self.root, self.objects, there if all(there) else [])
        return self._walked[there]
