"""`gitenv unset` and `gitenv rename`: which names a file sets."""

from __future__ import annotations

from collections.abc import Sequence

from gitenv.errors import Missing, Usage, from_top, printable
from gitenv.model import document, editing
from gitenv.team import amend, seal
from gitenv.team.save import Unstaged
from gitenv.team.workspace import Workspace


def unset(workspace: Workspace, names: Sequence[str], path: str, environment: str) -> Unstaged | None:
    """Take names out of a file, with all their values. Raises `Missing`, and nothing was done, where one is not there."""

    def edit(text: bytes) -> bytes:
        for name in names:
            _check_there(text, name, path)
            text = editing.without(text, name)
        return text

    return amend.change(workspace, path, environment, edit, names)


def rename(workspace: Workspace, old: str, new: str, path: str, environment: str) -> Unstaged | None:
    """Give a value another name, wherever it stands in a file. Raises `Missing`, and `Usage` for a name that is there."""
    seal.check_name(new)

    def edit(text: bytes) -> bytes:
        _check_there(text, old, path)
        if new in editing.values(document.parse(text)):
            raise Usage(f"{new} has a value in {printable(path)} already", f"gitenv unset {new} -f {from_top(path)}")
        return editing.renamed(text, old, new)

    return amend.change(workspace, path, environment, edit, (old, new))


def _check_there(text: bytes, name: str, path: str) -> None:
    names = editing.values(document.parse(text))
    if name not in names:
        from gitenv.model import similar

        meant = similar.question(name, names)
        raise Missing(f"there is no {printable(name)} in {printable(path)}{meant}", f"gitenv list -f {from_top(path)}")
