"""Values to set anew, in any state of a repository: `gitenv reissue`, and what the check says of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gitenv.errors import NotInOrder, NotTrusted, Usage
from gitenv.model.codes import finding
from gitenv.model.environment import Environment
from gitenv.model.finding import Finding
from gitenv.repo import environments
from gitenv.repo.claims import pathspecs
from gitenv.repo.recipients import statements_in
from gitenv.repo.snapshot import CommitSnapshot, Entry, IndexSnapshot, Snapshot
from gitenv.repo.where import Where
from gitenv.team import known_values, reissue
from gitenv.team.reissue import Reissue
from gitenv.trust import access, chain
from gitenv.trust.change import Change
from gitenv.trust.trusted import Trusted


def look(where: Where, wanted: Sequence[str]) -> list[Reissue]:
    """What is to be set anew in the index, or in a bare repository in HEAD: everywhere, or in the environments `wanted`.

    Raises `NotTrusted` for a statement that its own past does not lead to: who can push could else end the list.
    """
    head = where.head()
    side: Snapshot | None = IndexSnapshot(where.objects) if where.has_work_tree else None
    if side is None and head:
        side = CommitSnapshot(where.objects, head)
    there = statements_in(side, environments.known(where.folder, side)) if side else {}
    if not side or not there:
        raise NotInOrder("this repository has no environments", "gitenv init")
    for name in wanted:
        if name not in there:
            raise Usage(f"there is no environment {name}", f"there are: {', '.join(sorted(there))}")
    for name in wanted or sorted(there):
        try:
            Trusted(name, None, side).about(there[name])
        except NotTrusted as error:
            raise type(error)(f"nobody can say who left: {error.message}", error.hint or _look(name)) from None
    return list(
        _of_side(side, side.matching(pathspecs(there.values())), {name: there[name] for name in wanted or sorted(there)})
    )


def _look(name: str) -> str:
    return f"git log -p -- :/{chain.path(name)}"


def findings(change: Change) -> Iterator[Finding]:
    """That there is something to set anew, environment by environment; an error once a policy's time is over.

    That is said of whole states: a change that sets one value anew is not to be refused for the others. But one that loses what
    was known is told so, or nobody sees who did it.
    """
    today, statements = access.today(), change.statements if change.is_whole else _lost_by(change)
    for each in _of_side(change.after, change.files, statements):
        if each.is_lost:
            yield finding("tracking-lost", each.text(), known_values.path(each.environment), 0, (each.command,))
        else:
            code = "reissue-overdue" if each.overdue(today) else "to-reissue"
            yield finding(code, each.text(), chain.path(each.environment), 0, (each.command,))


def _lost_by(change: Change) -> dict[str, Environment]:
    """The environments of which the base knew what those who left could read, and the end does not."""
    if not (change.base and change.has_new_members):
        return {}
    before = {name for name, each in change.base_statements.items() if known_values.found(change.base, each) is None}
    now = change.statements.items()
    return {name: each for name, each in now if name not in before and known_values.found(change.after, each) is None}


def _of_side(side: Snapshot, files: Mapping[str, Entry], statements: Mapping[str, Environment]) -> Iterator[Reissue]:
    for statement in (each for each in statements.values() if each.left):
        paths = [path for path, entry in files.items() if entry.is_file and statement.claims(path)]
        if found := reissue.of(side, statement, ((path, side.document(path) or b"") for path in paths)):
            yield found
