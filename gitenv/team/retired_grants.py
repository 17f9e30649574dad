"""Grants of an earlier generation: somebody was let in on a branch while main rotated, or a revoked grant was put back."""

from __future__ import annotations

from gitenv.errors import GitenvError
from gitenv.git import log
from gitenv.git.layout import RECIPIENTS
from gitenv.model.environment import Environment
from gitenv.model.grant import READER, Grant
from gitenv.model.statements import is_signed_by
from gitenv.repo.snapshot import CommitSnapshot
from gitenv.team.workspace import Workspace
from gitenv.tuples import NamedTuple

_MAX_COMMITS = 1000


class Explained(NamedTuple):
    """Why such a grant does not count, and what completes it."""

    code: str  # "unfinished" or "revoked"; "" where nothing more is known than that it is retired
    reason: str
    command: str


class RetiredGrants:
    """Looks at the retired grants of one environment; history is read when the first one asks."""

    def __init__(self, workspace: Workspace, statement: Environment) -> None:
        self._workspace, self._statement = workspace, statement
        self._dropped: frozenset[str] | None = None

    def explain(self, given: Grant) -> Explained:
        """Whether a rotation took its person out, or never saw them."""
        before, now = given.generation.number, self._statement.generation.number
        reason = f"made for generation {before}, now is {now}"
        if given.generation not in [older.generation for older in self._statement.older]:
            return Explained("", reason, "")
        if given.to in self._rotated_out():
            return Explained("revoked", f"{reason}, and {given.to} was taken out since", "")
        if not self._is_by_a_holder(given):
            return Explained("", reason, "")
        role = " --role reader" if given.role == READER else ""
        # A `.pub` can be swapped; the key that a holder let in stands in the grant that they signed.
        key = f" --fingerprint {given.key.fingerprint()}"
        command = f"gitenv add-recipient {given.to} -e {given.environment}{role}{key}"
        return Explained("unfinished", f"{reason}: {given.by.name} let {given.to} in while somebody rotated", command)

    def _is_by_a_holder(self, given: Grant) -> bool:
        """Whether somebody signed it who still is a holder: else who was taken out could have a command proposed."""
        pin = self._workspace.access.pin(self._statement.name)
        if pin is None:
            return False
        key = self._workspace.access.membership(self._workspace.tree, pin.environment).keys.get(given.by)
        return key is not None and is_signed_by(given.text, key)

    def _rotated_out(self) -> frozenset[str]:
        """Everybody who had a grant before some commit that changed the generation, and none after it."""
        if self._dropped is None:
            found: set[str] = set()
            name = self._statement.name
            for commit in log.commits_of(self._workspace.root, f"{RECIPIENTS}/{name}/environment", _MAX_COMMITS):
                after = self._people(commit.id)
                found = found.union(*(self._people(parent) - after for parent in commit.parents)) if after else found
            self._dropped = frozenset(found)
        return self._dropped

    def _people(self, commit: str) -> frozenset[str]:
        """The names that have a grant in a commit, whatever it is worth."""
        tree = CommitSnapshot(self._workspace.repository.objects, commit)
        try:
            listed = tree.names(f"{RECIPIENTS}/{self._statement.name}")
        except GitenvError:
            return frozenset()
        return frozenset(name.removesuffix(".grant") for name in listed if name.endswith(".grant"))
