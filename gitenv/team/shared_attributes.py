"""gitenv's lines in `.gitattributes`, which everybody who clones gets: what they lack, and putting it there again."""

from __future__ import annotations

from gitenv.git import attributes
from gitenv.system import files
from gitenv.team.workspace import Workspace

FILE = ".gitattributes"
_MAX_BYTES = 16 * 1024 * 1024


def lacking(workspace: Workspace) -> tuple[str, str]:
    """The code and the text for lines that are gone, or have lost a word; ("", "") for lines that are whole.

    More words are no fault: a later gitenv may write them. Raises `NotInOrder` where the file cannot be read.
    """
    text = _text(workspace)
    if not workspace.environments():
        return "", ""
    if not attributes.has_block(text):
        return "no-attributes", "gitenv's lines are not in .gitattributes: other clones would commit plain text"
    if attributes.lacks(text, attributes.committed(_patterns(workspace), attributes.has_guard(text))):
        return "attributes-incomplete", "gitenv's lines in .gitattributes lack words: other clones would not do as this one"
    return "", ""


def mend(workspace: Workspace) -> bool:
    """Write what is lacking, and stage it where the file had no other changes; whether anything was."""
    from gitenv.team import found

    code, _ = lacking(workspace)
    if not code:
        return False
    tracked = workspace.repository.listing.has(FILE)
    is_edited = tracked and bool(workspace.repository.may_be_edited([FILE]))
    guard = code == "no-attributes" or attributes.has_guard(_text(workspace))
    written = found.write_attributes(workspace, _patterns(workspace), guard)
    if not is_edited:
        workspace.repository.stage(written)
    return True


def _patterns(workspace: Workspace) -> list[str]:
    """What the pins say, and never a commit."""
    return [pattern for pin in workspace.access.pinned() for pattern in pin.paths]


def _text(workspace: Workspace) -> bytes:
    return files.read(workspace.repository.path(FILE), _MAX_BYTES) or b""
