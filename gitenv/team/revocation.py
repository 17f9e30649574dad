"""What somebody could read, key name by key name: the list of secrets to have reissued when they leave."""

from __future__ import annotations

from typing import NamedTuple

from gitenv.errors import GitenvError
from gitenv.git import changes, log
from gitenv.git.trees import RECIPIENTS
from gitenv.model import document, smudge
from gitenv.model.document import Kind, Record
from gitenv.team.workspace import Workspace
from gitenv.trust.pins import Pin

_MAX_COMMITS = 1000
_PLAIN_TEXT = (Kind.ASSIGNMENT, Kind.COMMENT, Kind.UNKNOWN)
_ENCRYPTED = (Kind.TOKEN, Kind.SEALED)


class Secret(NamedTuple):
    """One key, of which somebody could read one value or more."""

    name: str
    path: str
    since: str  # the commit with which they could read it first; "" for what is not committed yet
    is_there: bool  # whether it still stands in the file


class Exposure(NamedTuple):
    """What somebody could read of one environment."""

    environment: str
    since: str  # the commit that let them in; "" if that is not committed yet
    secrets: list[Secret]
    hidden: int  # lines that stand there now and show no name: comments, and whatever is nothing known


def exposure(workspace: Workspace, pin: Pin, name: str) -> Exposure:
    """Every key that `name` could read in an environment: with the newest data key, all older ones open as well.

    What was there before they came counts from the commit that let them in. Raises `NotInOrder` where git cannot say.
    """
    since = _let_in(workspace, pin, name)
    later = set(log.after(workspace.root, since)) if since else set()
    found: dict[tuple[str, str], Secret] = {}
    for step in changes.steps(workspace.root, pin.environment.paths):
        mine = [change for change in step.changes if change.after and pin.environment.claims(change.path)]
        for key in ((key, change.path) for change in mine for key in _names(workspace, change.after)):
            found.setdefault(key, Secret(*key, step.commit if step.commit in later else since, False))
    hidden = 0
    for entry in workspace.files_of([pin.environment])[pin.name]:
        records = _records(workspace, entry.object_id)
        hidden += sum(not record.name for record in records)
        for key in ((record.name.decode("ascii"), entry.path) for record in records if record.name):
            found[key] = found.get(key, Secret(*key, "", True))._replace(is_there=True)
    return Exposure(pin.name, since, [found[key] for key in sorted(found)], hidden)


def _let_in(workspace: Workspace, pin: Pin, name: str) -> str:
    """The oldest commit that has a grant for somebody."""
    commits = workspace.repository.commits_of(f"{RECIPIENTS}/{pin.name}/{name}.grant", _MAX_COMMITS)
    return commits[-1] if commits else ""


def _names(workspace: Workspace, blob: str) -> set[str]:
    return {record.name.decode("ascii") for record in _records(workspace, blob) if record.name}


def _records(workspace: Workspace, blob: str) -> list[Record]:
    """The records of a document that hold something to know."""
    data = workspace.repository.objects.read(blob, document.MAX_BYTES) or b""
    try:
        records = document.parse(data)
    except GitenvError:
        return []  # too large to be a document: nobody could read it
    # Plain lines beside tokens are nobody's; a file that is all plain is from before gitenv.
    kinds = _ENCRYPTED if smudge.is_encrypted(data) else _PLAIN_TEXT
    return [record for record in records if record.kind in kinds]
