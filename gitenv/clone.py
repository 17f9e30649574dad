"""What gitenv notes in a clone itself, below `.git/gitenv/`, where nobody who pushes can write: its id, and what is locked."""

from __future__ import annotations

import os
from collections.abc import Iterable

from gitenv import files
from gitenv.model import names

_MAX_BYTES = 64 * 1024


def clone_id(common_dir: str) -> str:
    """The name this clone's pins lie under, or "" where nobody ran `gitenv init`."""
    data = files.read(os.path.join(common_dir, "gitenv", "clone"), _MAX_BYTES) or b""
    text = data.decode("ascii", "replace").strip()
    return text if len(text) == 32 and text.isalnum() and text.isascii() else ""


def set_up(common_dir: str) -> str:
    """The clone's id, made if there is none. It is random, so that a clone that is moved keeps its pins."""
    if existing := clone_id(common_dir):
        return existing
    fresh = os.urandom(16).hex()
    files.make_folder(os.path.join(common_dir, "gitenv"))
    files.replace(os.path.join(common_dir, "gitenv", "clone"), fresh.encode() + b"\n")
    return fresh


def locked(common_dir: str) -> frozenset[str]:
    """The environments that `gitenv lock` closed here."""
    data = files.read(os.path.join(common_dir, "gitenv", "locked"), _MAX_BYTES) or b""
    return frozenset(name for name in data.decode("ascii", "replace").split() if names.is_name(name))


def set_locked(common_dir: str, environments: Iterable[str]) -> None:
    """Remember which environments are locked."""
    files.make_folder(os.path.join(common_dir, "gitenv"))
    text = "".join(f"{name}\n" for name in sorted(environments))
    files.replace(os.path.join(common_dir, "gitenv", "locked"), text.encode("ascii"))


def forget(common_dir: str) -> None:
    """Remove what `set_up` and `set_locked` wrote."""
    folder = os.path.join(common_dir, "gitenv")
    for name in ("clone", "locked"):
        if os.path.lexists(os.path.join(folder, name)):
            os.unlink(os.path.join(folder, name))
    if os.path.isdir(folder) and not os.listdir(folder):
        os.rmdir(folder)
