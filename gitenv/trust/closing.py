"""Closed work trees: files stay ciphertext on the disk; values go to programs that the user allowed, or to a terminal.

Two grades, by who can undo them. *A linked work tree* is closed where `gitenv.worktrees` is set so and it has no note of its
own: git's configuration says it, which whoever works there can write; so it keeps slips away. *A clone* is closed by a note
beside its pins, in the user's own folder, and the ids of its environments stand on a list there. By that list another clone of
theirs, an archive that was unpacked, or this clone without its id is closed, too, until a person says otherwise on a terminal.

Nothing here hides the device key: who can read the user's own folder can do what the user can (docs/agents.md).
"""

from collections.abc import Iterable

from gitenv.git.layout import Layout
from gitenv.identity import home
from gitenv.model import base64url
from gitenv.repo import clone
from gitenv.system import files

SETTING, CLOSED, OPEN = "gitenv.worktrees", "closed", "open"
_MAX_BYTES = 4 * 1024 * 1024


def is_closed_by_git(layout: Layout) -> bool:
    """Whether a linked work tree is closed: by its own note, else by what is set for those that are made."""
    if noted := clone.work_tree(layout.git_dir):
        return noted == CLOSED
    from gitenv.git import program

    return program.attempt(layout.work_tree, "config", "--get", SETTING).stdout.strip() == CLOSED.encode()


def open_linked(layout: Layout) -> None:
    """A person said that this work tree is to be open, if it is a linked one."""
    if layout.git_dir != layout.common_dir:
        clone.set_work_tree(layout.git_dir, OPEN)


def is_listed(environment_id: bytes) -> bool:
    """Whether an environment is closed wherever it turns up in this user's hands."""
    return base64url.encode(environment_id) in _listed()


def is_any_listed() -> bool:
    """Whether this user has closed anything: then the key itself is for a person, too."""
    return bool(_listed())


def add_to_list(environment_ids: Iterable[bytes]) -> None:
    """Have environments closed from now on, wherever they turn up."""
    known = _listed()
    if new := {base64url.encode(each) for each in environment_ids} - set(known):
        home.make()
        files.replace(home.closed_list(), b"".join(each + b"\n" for each in (*known, *sorted(new))), 0o600)


def _listed() -> list[bytes]:
    return (files.read(home.closed_list(), _MAX_BYTES) or b"").split() if home.is_anywhere() else []
