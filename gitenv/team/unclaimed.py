"""`gitenv status`: files that git's attributes protect, or give to gitenv, and that no environment claims."""

from __future__ import annotations

from collections.abc import Sequence

from gitenv.errors import GitenvError, from_top
from gitenv.model import dotenv, remedies
from gitenv.model.codes import finding, of_error
from gitenv.model.finding import Finding
from gitenv.repo import attributes
from gitenv.repo.snapshot import Entry
from gitenv.system import files
from gitenv.team import discover, to_decide
from gitenv.team.workspace import Workspace


def problems(workspace: Workspace) -> list[Finding]:
    """Both, and links in their place."""
    untracked = workspace.repository.untracked()
    return [*_protected(workspace, untracked), *_widened(workspace, untracked)]


def _protected(workspace: Workspace, untracked: Sequence[str]) -> list[Finding]:
    """Files that the attributes protect and no pinned environment claims."""
    tracked = workspace.repository.listing.named(dotenv.WORDS)
    pins = workspace.access.pinned()
    problems: list[Finding] = [
        *to_decide.linked(workspace, lambda path: dotenv.kind(path) == "shared" or to_decide.leads_to(pins, path))
    ]
    problems += [
        finding(
            "plain-text",
            f"{entry.path} is one's own by its name, and staged in plain text",
            commands=(remedies.take_out(entry.path),),
        )
        for entry in tracked
        if entry.is_file and dotenv.kind(entry.path) == "private"
        if discover.is_plain(workspace.repository.objects.read(entry.object_id) or b"")
    ]
    for path in (*(entry.path for entry in tracked if entry.is_file), *untracked):
        if dotenv.kind(path) != "shared":
            continue
        try:
            if workspace.access.claimant(path) is None and not workspace.new_environment(path):
                command = remedies.claim(path, [pin.name for pin in pins])
                problems.append(finding("no-environment", f"{path} belongs to no environment", commands=(command,)))
        except GitenvError as error:
            problems.append(of_error(error, path))
    return problems


def _widened(workspace: Workspace, untracked: Sequence[str]) -> list[Finding]:
    """Files that somebody's attributes send to gitenv, and that are no .env files: what is pasted there stays closed."""
    found = []
    for path in workspace.repository.filtered() if _may_be_widened(workspace, untracked) else ():
        if dotenv.kind(path) not in ("shared", "private", "template") and workspace.access.claimant(path) is None:
            word = from_top(path)
            text = f"{path}: a .gitattributes sends it to gitenv, and it belongs to no environment"
            found.append(finding("filter-unclaimed", text, commands=(f"git log -p -- ':(glob)**/.gitattributes' {word}",)))
    return found


def _may_be_widened(workspace: Workspace, untracked: Sequence[str]) -> bool:
    """Whether git is worth asking: to hold attributes against 60,000 files takes it as long as all else."""
    listed = workspace.repository.listing.named((attributes.FILE,))
    entries = {entry.path: Entry(entry.mode, entry.object_id) for entry in listed}
    there = ((path, _there(workspace, path, object_id)) for path, object_id in attributes.files_of(entries).items())
    claimed = {pattern for pin in workspace.access.pinned() for pattern in pin.paths}
    is_odd = bool(attributes.look_alikes(entries)) or any(path.lower().endswith(attributes.FILE) for path in untracked)
    return is_odd or attributes.names_others(there, claimed)


def _there(workspace: Workspace, path: str, object_id: str) -> bytes | None:
    """A `.gitattributes` file as git reads it: in the work tree, or else in the index. None where that is more than we read."""
    try:
        found = files.read_inside(workspace.root, path, attributes.MAX_BYTES)
    except GitenvError:
        return None
    return workspace.repository.objects.read(object_id, attributes.MAX_BYTES) if found is None else found
