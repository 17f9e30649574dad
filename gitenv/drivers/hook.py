"""What git's hooks ask first: does anything here concern gitenv? Most commits and checkouts do not, and must not wait.

One question to git, some names, and hardly a module: `re` and `subprocess` would take longer than all of it. All that is
protected is noticed, and more: whoever looks closer decides (review.gate).
"""

from __future__ import annotations

import os
import sys

from gitenv.model import dotenv

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_RAW = ("--raw", "-z", "--no-renames", "--ignore-submodules")
_MAX_BYTES = 1024 * 1024
_read: list[bytes] = []


def is_needed(name: str, arguments: Sequence[str]) -> bool:
    """Whether a hook has anything to do. Where that cannot be said, it has."""
    try:
        if name != "pre-receive" and os.path.exists(os.path.join(_git_dir(), "gitenv", "unsaid")):
            return True
        if name == "pre-commit":
            return _concerns(_changed("diff", "--cached", "--no-ext-diff", *_RAW))
        if name in ("pre-push", "pre-receive"):
            return any(line.split(b" ")[1].strip(b"0") for line in updates().splitlines())  # zeros: it is deleted
        if name == "post-merge":
            return arguments[:1] != ["1"] and _concerns(_between("ORIG_HEAD", "HEAD"))
        if name == "post-checkout" and len(arguments) == 3:
            old, new, flag = arguments
            return flag == "1" and old != new and (not old.strip("0") or _concerns(_between(old, new)))
    except Exception:  # whoever looks closer says what is wrong
        return True
    return True


def updates() -> bytes:
    """What git writes to a hook that is asked about references. It can be read only once.

    The pre-commit framework has read it itself, and says it in variables: one branch, and all of it where it has no parent.
    """
    if not _read:
        _read.append(_from_framework() or sys.stdin.buffer.read())
    return _read[0]


def _from_framework() -> bytes:
    if os.environ.get("PRE_COMMIT") != "1" or not (branch := os.environ.get("PRE_COMMIT_REMOTE_BRANCH")):
        return b""
    local, old = os.environ.get("PRE_COMMIT_TO_REF", "HEAD"), os.environ.get("PRE_COMMIT_FROM_REF", "0" * 40)
    return os.fsencode(f"{os.environ.get('PRE_COMMIT_LOCAL_BRANCH', 'HEAD')} {local} {branch} {old}\n")


def _between(old: str, new: str) -> list[str]:
    return _changed("diff-tree", "-r", *_RAW, old, new, "--")


def _changed(*command: str) -> list[str]:
    return os.fsdecode(_git(*command)).split("\0")[1::2]


def _concerns(paths: list[str]) -> bool:
    if any(
        path.lower().startswith(".recipients/") or path.lower().endswith(".gitattributes") or dotenv.kind(path)
        for path in paths
    ):
        return True
    text = _own_attributes() if paths else b""
    usual = [name.encode() for name in dotenv.FILES]
    own = [line for line in text.split(b"\n") if b" filter=gitenv " in line and line.split(b" ")[0] not in usual]
    if not own:
        return False
    from gitenv.git import attributes
    from gitenv.model import names

    patterns = attributes.patterns_in(text)
    return any(names.claimed(patterns, path) for path in paths)


def _git_dir() -> str:
    """Where this work tree's notes lie."""
    if "GIT_DIR" not in os.environ and os.path.isdir(".git"):
        return ".git"
    from gitenv.git import layout

    return layout.find(os.getcwd()).git_dir


def _own_attributes() -> bytes:
    """`info/attributes`: the paths of pinned environments, where nobody who pushes can write."""
    common_dir = ".git"
    if "GIT_DIR" in os.environ or not os.path.isdir(common_dir):
        from gitenv.git import layout

        common_dir = layout.find(os.getcwd()).common_dir
    try:
        with open(os.path.join(common_dir, "info", "attributes"), "rb") as file:
            return file.read(_MAX_BYTES)
    except FileNotFoundError:
        return b""


def _git(*command: str) -> bytes:
    """What git prints. Raises `OSError` where it fails; the errors are for who looks closer."""
    if sys.platform == "win32":
        from gitenv.git import program

        done = program.attempt(os.getcwd(), *command)
        if done.returncode:
            raise OSError
        return done.stdout
    reading, writing = os.pipe()
    try:
        actions = [(os.POSIX_SPAWN_DUP2, writing, 1), (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)]
        from gitenv.git import alone

        process = os.posix_spawnp("git", ["git", *alone.words(), *command], alone.environment(), file_actions=actions)
    except OSError:
        os.close(reading)
        raise
    finally:
        os.close(writing)
    with open(reading, "rb") as pipe:
        printed = pipe.read()
    if os.waitpid(process, 0)[1]:
        raise OSError
    return printed
