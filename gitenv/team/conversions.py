"""Files that git converted before gitenv's attributes were there to stop it.

`core.autocrlf`, `* text=auto eol=crlf` or a nested `.gitattributes` can give files other line ends, or another encoding. Where
gitenv is set up that no longer counts, and git would take each such file for edited: a pull that changes one would stop.
"""

from __future__ import annotations

import itertools

from gitenv.errors import GitenvError
from gitenv.git import program
from gitenv.git.layout import RECIPIENTS
from gitenv.model import document
from gitenv.model.claimants import Claimants
from gitenv.system import files
from gitenv.team.workspace import Workspace

MOST = 20_000  # control files that are looked at, more than any team has: whoever can push can make up a hundred thousand


def find(workspace: Workspace) -> dict[str, bytes]:
    """The files of environments that are unedited, but converted; with what git wrote. For a clone that is not set up yet."""
    found = {}
    # Believed or not: it is only about files to look at.
    claimants = Claimants({name: statement.paths for name, statement in workspace.statements().items()})
    for entry in workspace.repository.tracked():
        if not entry.is_file or entry.stage or not claimants.of(entry.path):
            continue
        stored, there = workspace.repository.objects.read(entry.object_id), _contents(workspace, entry.path)
        if there is None or there == stored:
            continue
        if there == program.attempt(workspace.root, "cat-file", "--filters", f":0:{entry.path}").stdout:
            found[entry.path] = there
    return found


def undo(workspace: Workspace, found: dict[str, bytes]) -> None:
    """Write what the commit has, as a checkout without conversions would, where nobody touched the file since."""
    written = []
    for path, converted in found.items():
        stored = workspace.repository.objects.read(f":0:{path}")
        if stored is not None and _contents(workspace, path) == converted:
            written.append(workspace.write(path, stored, instead_of=converted, is_elsewhere=True))
    workspace.repository.refresh(written)


def undo_in_recipients(workspace: Workspace) -> None:
    """Write the control files anew that git gave CR LF, and nobody edited since. Call it where the guard is lifted."""
    written = []
    control = workspace.repository.listing.below(RECIPIENTS)
    for entry in itertools.islice((each for each in control if each.is_file and not each.stage), MOST):
        there = _contents(workspace, entry.path)
        if there is None or b"\r\n" not in there:
            continue
        stored = workspace.repository.objects.read(entry.object_id)
        if there != stored and there.replace(b"\r\n", b"\n") == stored:
            written.append(workspace.write(entry.path, stored, instead_of=there, is_elsewhere=True))
    workspace.repository.refresh(written)


def _contents(workspace: Workspace, path: str) -> bytes | None:
    try:
        return files.read_inside(workspace.root, path, 4 * document.MAX_BYTES)
    except GitenvError:
        return None
