"""Where gitenv keeps what is the user's own: the device key and the pins."""

from __future__ import annotations

import os
import sys

from gitenv.errors import NotInOrder
from gitenv.system import files

VARIABLE = "APPDATA" if sys.platform == "win32" else "XDG_CONFIG_HOME"
_EACCES = 13  # on every system; `errno` would be one module more for what git starts
_HINT = f"set {VARIABLE} to a folder of your own, by its full path, and run this again"


def folder() -> str:
    """gitenv's folder in the user's configuration (XDG base directories; %APPDATA% on Windows). It need not exist.

    Raises `NotInOrder` where nobody says where that is: a relative path would be one in the work tree, and the key in a commit.
    """
    base = os.environ.get(VARIABLE, "")
    if not os.path.isabs(base):  # to be ignored, says the standard
        home = os.path.expanduser("~")  # "~" itself for a user that the machine does not know, without HOME
        if not os.path.isabs(home):
            raise NotInOrder("there is no home for gitenv's own files: HOME is not a full path, or not there", _HINT)
        base = home if sys.platform == "win32" else os.path.join(home, ".config")
    return os.path.join(base, "gitenv")


def is_anywhere() -> bool:
    """Whether somebody says where it is. In a container nobody may, and then there is nothing of the user's own."""
    try:
        return bool(folder())
    except NotInOrder:
        return False


def lock_path() -> str:
    """The file that a command which exchanges the device key holds: one for all clones of a user."""
    return os.path.join(folder(), "lock")


def closed_list() -> str:
    """The list of environments that this user closed (see `trust.closing`)."""
    return os.path.join(folder(), "closed")


def make() -> str:
    """The folder, made if it is not there, for its user alone, and kept out of git. Raises `NotInOrder`."""
    path = folder()
    try:
        os.makedirs(path, mode=0o700, exist_ok=True)
        if not os.access(path, os.W_OK | os.X_OK):
            raise PermissionError(_EACCES, "Permission denied", path)
    except OSError as error:
        from gitenv.system import refusal

        found = refusal.refused(error, "written", path)
        raise NotInOrder(found.message, f"{found.hint}; or {_HINT}") from None
    # A home may be a work tree, also one whose .git is elsewhere: dotfiles, or a job whose HOME is its checkout.
    ignore = os.path.join(path, ".gitignore")
    if not os.path.lexists(ignore):
        files.replace(ignore, b"# gitenv: a private key lies here, which belongs into no commit\n*\n")
    return path


def work_tree_around() -> str:
    """The work tree that the folder lies in, or ""."""
    above = os.path.realpath(folder())
    while (path := os.path.dirname(above)) != above:
        if os.path.lexists(os.path.join(path, ".git")):
            return path
        above = path
    return ""
