"""Where the files of an environment lie: in which folder, below what top, and in what order they count."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from gitenv.errors import FROM_TOP, NotInOrder, Usage, printable
from gitenv.git import layout
from gitenv.git.layout import RECIPIENTS, Layout
from gitenv.model import dotenv
from gitenv.tuples import NamedTuple

VARIABLE = "GITENV_ENVIRONMENT"
DEFAULT = "development"
_MAX_ENTRIES = 100_000


class Top(NamedTuple):
    """Where paths begin: a clone's work tree, a folder with `.recipients/`, or just a folder."""

    folder: str
    layout: Layout | None  # None without git

    def path(self, relative: str) -> str:
        """A file's full path."""
        return os.path.join(self.folder, relative)

    def relative(self, path: str) -> str:
        """A file's path from here, with `/`. Raises `Usage` for one that lies elsewhere."""
        inside = path.removeprefix(os.path.join(self.folder, ""))
        if inside == path:
            raise Usage(f"{printable(path)} is outside of {printable(self.folder)}", "change to the folder of that file first")
        return inside.replace(os.sep, "/")


def default() -> str:
    """The environment that is meant where none is named."""
    return os.environ.get(VARIABLE) or DEFAULT


def top_of(folder: str) -> Top:
    """The top around a folder. A clone of gitenv's is it, whatever `.recipients/` somebody pushed into a folder of it."""
    if os.environ.get("GIT_DIR"):
        found = layout.find(folder)
        return Top(found.work_tree, found)
    plain = ""
    for above in _upwards(folder):
        is_whole_disk = above != folder and os.path.dirname(above) == above  # what lies there is nobody's project
        if not (plain or is_whole_disk) and os.path.isdir(os.path.join(above, RECIPIENTS)):
            plain = above
        if os.path.lexists(os.path.join(above, ".git")) and _is_repository(found := layout.find(above)):
            _check_owner(above, found)
            if plain in ("", above) or _is_gitenvs(above, found):
                return Top(above, found)
            break
    return Top(plain or folder, None)


def nearest(top: Top, folder: str, is_its: Callable[[str], bool]) -> list[str]:
    """The files of an environment in a folder, else in the nearest one above that has one: paths from the top, in order."""
    for above in _upwards(folder):
        if found := sorted(filter(is_its, _files(top, above)), key=_order):
            if above != folder and top.layout is None:  # else git has said whose clone it is
                _check_mine(top, folder, found)
            return found
        if above == top.folder:
            break
    return []


def own(top: Top, folder: str, environments: list[str]) -> list[str]:
    """The user's own files in a folder that is named from the top, for these environments."""
    names = [".env.local", *(f".env.{name}.local" for name in environments)]
    there = set(_files(top, top.path(folder) if folder else top.folder))  # by their real names, where case is ignored
    return [path for name in names if (path := f"{folder}/{name}" if folder else name) in there]


def named(folder: str, file: str) -> str:
    """The full path of a file that somebody named."""
    for beginning in FROM_TOP:
        if file.startswith(beginning):
            return os.path.normpath(top_of(folder).path(file.removeprefix(beginning)))
    parent, name = os.path.split(os.path.join(folder, file))
    if name in ("", os.curdir, os.pardir):
        raise Usage(f"{printable(file)!r} is no file", "gitenv status")
    return os.path.join(os.path.realpath(parent), name)  # what is a link itself is for the reader to refuse


def _order(path: str) -> tuple[int, str]:
    base = path.rpartition("/")[2]
    return (0 if base == ".env" else 1 if dotenv.kind(base) == "shared" else 2), base


def _files(top: Top, folder: str) -> Iterator[str]:
    begin = "" if folder == top.folder else f"{top.relative(folder)}/"
    try:
        with os.scandir(folder) as entries:
            for _, entry in zip(range(_MAX_ENTRIES), entries, strict=False):
                if not entry.is_dir(follow_symlinks=False):
                    yield f"{begin}{entry.name}"
    except OSError:
        return


def _upwards(folder: str) -> Iterator[str]:
    while True:
        yield folder
        above = os.path.dirname(folder)
        if above == folder:
            return
        folder = above


def _is_repository(found: Layout) -> bool:
    return os.path.lexists(os.path.join(found.git_dir, "HEAD"))


def _is_gitenvs(folder: str, found: Layout) -> bool:
    """Whether a clone is one of gitenv's: a fresh one is so by what stands at its top, which has a history."""
    return os.path.isdir(os.path.join(folder, RECIPIENTS)) or os.path.lexists(os.path.join(found.common_dir, "gitenv", "clone"))


def _check_owner(folder: str, found: Layout) -> None:
    """Raise `NotInOrder` for a clone of somebody else's, as git does: they could have put it above us (in /tmp).

    A `.git` of theirs may lead to a clone of ours, whose pins would then be about their files.
    """
    if os.name == "nt":
        return
    places = (os.lstat(os.path.join(folder, ".git")), os.stat(folder), os.stat(found.git_dir))
    if any(place.st_uid != os.geteuid() for place in places):
        from gitenv.repo.where import Where

        Where.around(folder)  # git knows the exceptions that were made


def _check_mine(top: Top, folder: str, found: list[str]) -> None:
    """Raise `NotInOrder` for files in a folder above that belong to who owns neither the folder we are in, nor the machine."""
    if os.name == "nt":
        return
    known = {0, os.geteuid(), os.stat(folder).st_uid}
    for path in found:
        if os.lstat(top.path(path)).st_uid not in known:
            raise NotInOrder(f"{printable(top.path(path))} belongs to somebody else", "change to its folder first")
