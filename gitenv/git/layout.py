"""Where git keeps things, found by reading a file or two: the filter has no time to ask git.

git sets GIT_DIR and its kin when a user did, or when the repository is a bare one; else `.git` is in the folder that git starts
filters in. Nothing below `.git` is parsed beyond the two pointer files that linked worktrees and submodules have.
"""

import os

from gitenv.errors import NotInOrder
from gitenv.tuples import NamedTuple

RECIPIENTS = ".recipients"
"""The folder of the control files, at the top of a work tree."""
EMPTY_TREES = {  # by the length of an id; git knows them where nobody has stored them
    40: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    64: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}


Stamp = tuple[int, int, int]
"""Of a file: another one whenever somebody puts another file in its place."""


class Layout(NamedTuple):
    """Absolute paths. `work_tree` is where paths that git names begin."""

    work_tree: str
    git_dir: str
    common_dir: str


def index_path(layout: Layout) -> str:
    """The index that git works with here."""
    return os.environ.get("GIT_INDEX_FILE") or os.path.join(layout.git_dir, "index")


def index_stamp(layout: Layout) -> Stamp:
    """What changes whenever somebody writes the index: git puts another file in its place."""
    return stamp(index_path(layout))


def stamp(path: str) -> Stamp:
    """What is another one for a file that was put in the place of this one; zeros where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return 0, 0, 0
    return found.st_ino, found.st_size, found.st_mtime_ns


def is_partial(objects: str) -> bool:
    """Whether objects are missing in a folder of them, and each that is read is fetched."""
    try:
        return any(name.endswith(".promisor") for name in os.listdir(os.path.join(objects, "pack")))
    except OSError:
        return False


def find(folder: str) -> Layout:
    """The repository that git started us in. `folder` is absolute. Raises `NotInOrder` if there is none."""
    named = os.environ.get("GIT_DIR")
    if named:
        git_dir = _follow(os.path.join(folder, named), b"gitdir: ")
    elif os.path.exists(os.path.join(folder, ".git")):
        git_dir = _follow(os.path.join(folder, ".git"), b"gitdir: ")
    elif os.path.isdir(os.path.join(folder, "objects")) and os.path.exists(os.path.join(folder, "HEAD")):
        git_dir = folder
    else:
        raise NotInOrder("git did not say where its repository is")
    common = os.environ.get("GIT_COMMON_DIR")
    common_dir = os.path.join(folder, common) if common else _follow(os.path.join(git_dir, "commondir"), b"", git_dir)
    work_tree = os.path.join(folder, os.environ.get("GIT_WORK_TREE", ""))
    return Layout(os.path.normpath(work_tree), os.path.normpath(git_dir), os.path.normpath(common_dir))


def _follow(pointer: str, prefix: bytes, otherwise: str = "") -> str:
    """The path in a pointer file, relative to its folder; `otherwise` (or `pointer` itself) if it is no such file."""
    try:
        with open(pointer, "rb") as file:
            text = file.read(8192)
    except OSError:
        return otherwise or pointer
    target = os.fsdecode(text.removeprefix(prefix).rstrip(b"\r\n"))
    return os.path.join(os.path.dirname(pointer), target)
