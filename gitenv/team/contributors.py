"""Sealed values as they arrive: whether they are by whom they name, by somebody of the team, and here for the first time."""

from __future__ import annotations

from collections.abc import Iterator

from gitenv.errors import NotTrusted
from gitenv.git import changes
from gitenv.model import contribution, document, sealed
from gitenv.model.document import Kind, Record
from gitenv.model.environment import Environment
from gitenv.model.reasons import Replayed
from gitenv.model.statements import Holder
from gitenv.team.workspace import Workspace


class Contributors:
    """Looks at sealed values of one clone. People and history are read when the first value asks, and once."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._people: frozenset[Holder] | None = None
        self._decided: dict[str, frozenset[bytes]] = {}

    def problem(self, statement: Environment, record: Record, where: str) -> NotTrusted | None:
        """Why a `SEALED` record should not simply be accepted; None if nothing speaks against it. No key is needed for this."""
        if problem := contribution.problem(statement, record, self._known, where):
            return problem
        if record.raw in self._decided_before(statement):
            return Replayed(f"{where}: was accepted or removed before, and came back", "see who brought it: git log -p")
        return None

    def _known(self) -> frozenset[Holder]:
        """Everybody who is in some environment by a grant: a `holder` line may be of a key that was replaced."""
        if self._people is None:
            self._people = frozenset(self._in_environments())
        return self._people

    def _in_environments(self) -> Iterator[Holder]:
        tree = self._workspace.tree
        for pin in self._workspace.access.pinned():
            found = self._workspace.access.membership(tree, pin.environment)
            yield from (Holder(given.to, given.key.fingerprint()) for given in found.counted.values())

    def _decided_before(self, statement: Environment) -> frozenset[bytes]:
        """The sealed values that some commit of this history took away."""
        if statement.name not in self._decided:
            gone: set[bytes] = set()
            for step in changes.steps(self._workspace.root, statement.paths):
                mine = [change for change in step.changes if statement.claims(change.path)]
                before = {line for change in mine for blob in change.before for line in self._lines(blob)}
                gone |= before.difference(line for change in mine for line in self._lines(change.after) if before)
            self._decided[statement.name] = frozenset(gone)
        return self._decided[statement.name]

    def _lines(self, blob: str) -> list[bytes]:
        data = self._workspace.repository.objects.read(blob, document.MAX_BYTES) if blob else None
        if not data or sealed.MARK not in data:
            return []
        try:
            return [record.raw for record in document.parse(data) if record.kind is Kind.SEALED]
        except NotTrusted:
            return []  # too large to be of ours
