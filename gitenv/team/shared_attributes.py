"""gitenv's lines in `.gitattributes`, which everybody who clones gets: what they lack, and putting it there again."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from gitenv.git import attributes
from gitenv.system import files
from gitenv.team.workspace import Workspace

FILE = ".gitattributes"
_MAX_BYTES = 16 * 1024 * 1024


def text(workspace: Workspace) -> bytes:
    """What stands there, as it lies in the work tree."""
    return files.read(workspace.repository.path(FILE), _MAX_BYTES, FILE) or b""


def write(workspace: Workspace, patterns: Iterable[str], guard: bool, without: Collection[str] = ()) -> list[str]:
    """Put gitenv's block there, or bring it up to date; return the path if it is to be staged."""
    there = text(workspace)
    kept = [pattern for pattern in attributes.patterns_in(there) if pattern not in without]
    new = attributes.with_block(there, attributes.committed([*kept, *patterns], guard))
    return [workspace.write(FILE, new)] if new != there else workspace.unstaged([FILE])


def lacking(workspace: Workspace) -> tuple[str, str]:
    """The code and the text for lines that are gone, or have lost a word; ("", "") for lines that are whole.

    More words are no fault: a later gitenv may write them. Raises `NotTrusted` where the file cannot be read.
    """
    there = text(workspace)
    if not workspace.environments():
        return "", ""
    if not attributes.has_block(there):
        return "no-attributes", "gitenv's lines are not in .gitattributes: other clones would commit plain text"
    if attributes.lacks(there, attributes.committed(_patterns(workspace), attributes.has_guard(there))):
        return "attributes-incomplete", "gitenv's lines in .gitattributes lack words: other clones would not do as this one"
    return "", ""


def mend(workspace: Workspace) -> bool:
    """Write what is lacking, and stage it where the file had no other changes; whether anything was."""
    code, _ = lacking(workspace)
    if not code:
        return False
    tracked = workspace.repository.listing.has(FILE)
    is_edited = tracked and bool(workspace.repository.may_be_edited([FILE]))
    guard = code == "no-attributes" or attributes.has_guard(text(workspace))
    written = write(workspace, _patterns(workspace), guard)
    if not is_edited:
        workspace.repository.stage(written)
    return True


def _patterns(workspace: Workspace) -> list[str]:
    """What the pins say, and never a commit."""
    return [pattern for pin in workspace.access.pinned() for pattern in pin.paths]
