"""Which files once stood in a history in plain text, in how many of its commits, and in which last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping

from gitenv.errors import NotInOrder
from gitenv.git import changes, program
from gitenv.git.objects import Objects
from gitenv.tuples import NamedTuple

_LIMIT = 4 * 1024 * 1024


class Exposed(NamedTuple):
    """A path that stands in plain text in `commits` commits, the newest of which is `newest`."""

    path: str
    commits: int
    newest: str


def find(root: str, objects: Objects, paths: Collection[str], is_plain: Callable[[bytes], bool]) -> list[Exposed] | None:
    """Search all commits that HEAD reaches for plain text at `paths`.

    None if git cannot say, so that "not looked" is not taken for "nothing there".
    """
    try:
        found = {
            commit.id: {change.path: change.after for change in commit.changes} for commit in changes.main_line(root, paths)
        }
        blobs = list({blob: None for here in found.values() for blob in here.values() if blob})
        plain = {
            blob for blob, data in zip(blobs, objects.each(blobs, _LIMIT), strict=True) if data is not None and is_plain(data)
        }
        return _counted(root, paths, found, plain) if plain else []
    except NotInOrder:
        return None


def _counted(
    root: str, paths: Collection[str], changed: Mapping[str, Mapping[str, str]], plain: Collection[str]
) -> list[Exposed]:
    """From what changed in each commit since its first parent, what stands in plain text in each."""
    lines = [line.split(" ") for line in program.lines(root, "rev-list", "--date-order", "--parents", "HEAD", "--")]
    nothing = frozenset[str]()
    standing: dict[str, frozenset[str]] = {}
    for commit, *parents in reversed(lines):
        before = standing[parents[0]] if parents else nothing
        here = changed.get(commit)
        standing[commit] = before.difference(here).union(path for path in here if here[path] in plain) if here else before
    commits, newest = Counter[str](), dict[str, str]()
    for commit, *_ in lines:
        newest.update(dict.fromkeys(standing[commit].difference(newest), commit))
    for paths_there, count in Counter(standing.values()).items():
        commits.update(dict.fromkeys(paths_there, count))
    return [Exposed(path, commits[path], newest[path]) for path in paths if commits[path]]
