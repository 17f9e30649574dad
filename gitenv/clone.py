"""What gitenv notes in a clone itself, below `.git/gitenv/`, where nobody who pushes can write."""

import os
from collections.abc import Iterable, Set
from typing import NamedTuple

from gitenv import files
from gitenv.model import names

_MAX_BYTES = 64 * 1024
_MAX_LIST = 16 * 1024 * 1024


class Note(NamedTuple):
    """Which clone this is, and what its user is called in `.recipients/`. Both empty where nobody ran `gitenv init`."""

    id: str
    name: str


def note(common_dir: str) -> Note:
    """What `set_up` wrote. Its pins lie under the id."""
    data = files.read(os.path.join(common_dir, "gitenv", "clone"), _MAX_BYTES) or b""
    identity, _, name = data.decode("ascii", "replace").strip().partition(" ")
    if len(identity) != 32 or not identity.isalnum() or not identity.isascii():
        return Note("", "")
    return Note(identity, name if names.is_name(name) else "")


def set_up(common_dir: str, name: str) -> None:
    """Note who works here. The id is random and stays, so that a clone that is moved keeps its pins."""
    old = note(common_dir)
    new = Note(old.id or os.urandom(16).hex(), name or old.name)
    if new != old:
        files.make_folder(os.path.join(common_dir, "gitenv"))
        files.replace(os.path.join(common_dir, "gitenv", "clone"), f"{new.id} {new.name}\n".encode("ascii"))


def locked(git_dir: str) -> frozenset[str]:
    """The environments that `gitenv lock` closed in this work tree."""
    data = files.read(os.path.join(git_dir, "gitenv", "locked"), _MAX_BYTES) or b""
    return frozenset(name for name in data.decode("ascii", "replace").split() if names.is_name(name))


def set_locked(git_dir: str, environments: Iterable[str]) -> None:
    """Remember which environments are locked."""
    files.make_folder(os.path.join(git_dir, "gitenv"))
    text = "".join(f"{name}\n" for name in sorted(environments))
    files.replace(os.path.join(git_dir, "gitenv", "locked"), text.encode("ascii"))


def unopened(git_dir: str) -> frozenset[str]:
    """The files of a work tree that a checkout wrote as they stand in a commit: nobody vouches for plain lines in them."""
    data = files.read(os.path.join(git_dir, "gitenv", "unopened"), _MAX_LIST) or b""
    return frozenset(os.fsdecode(data).split("\0")) - {""}


def add_unopened(git_dir: str, path: str) -> None:
    """Remember one, before git gets its contents. Appended: a checkout may bring many, and others may append, too."""
    files.make_folder(os.path.join(git_dir, "gitenv"))
    with open(os.path.join(git_dir, "gitenv", "unopened"), "ab") as file:
        file.write(os.fsencode(path) + b"\0")


def drop_unopened(git_dir: str, paths: Set[str]) -> None:
    """Forget those that were checked out anew."""
    before = unopened(git_dir)
    if not before & paths:
        return
    data = os.fsencode("".join(f"{path}\0" for path in sorted(before - paths)))
    files.replace(os.path.join(git_dir, "gitenv", "unopened"), data)


def forget(common_dir: str) -> None:
    """Remove all of these notes."""
    folder = os.path.join(common_dir, "gitenv")
    for name in ("clone", "locked", "unopened"):
        if os.path.lexists(os.path.join(folder, name)):
            os.unlink(os.path.join(folder, name))
    if os.path.isdir(folder) and not os.listdir(folder):
        os.rmdir(folder)
