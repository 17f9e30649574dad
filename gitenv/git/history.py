"""Looking through history with libgit2: which .env files once stood in it in plain text."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import pygit2
from pygit2.enums import SortMode

_LIMIT = 4 * 1024 * 1024


class Exposed(NamedTuple):
    """A path that stands in plain text in `commits` commits, the newest of which is `newest`."""

    path: str
    commits: int
    newest: str


def exposed(git_dir: str, paths: Iterable[str], is_plain: Callable[[bytes], bool]) -> list[Exposed] | None:
    """Search all commits that HEAD reaches for plain text at `paths`.

    None if libgit2 cannot read the repository (SHA-256, reftable), so that "not looked" is not taken for "nothing there".
    """
    try:
        repository = pygit2.Repository(git_dir)
        if repository.head_is_unborn:
            return []
        walker = repository.walk(repository.head.target, SortMode.TIME)
        return _search(walker, list(paths), is_plain)
    except (pygit2.GitError, KeyError, ValueError):
        return None


def _search(walker: Iterable[pygit2.Commit], paths: list[str], is_plain: Callable[[bytes], bool]) -> list[Exposed]:
    verdicts: dict[pygit2.Oid, bool] = {}
    counts: dict[str, int] = dict.fromkeys(paths, 0)
    newest: dict[str, str] = {}
    for commit in walker:
        for path in paths:
            entry = _entry(commit.tree, path)
            if entry is None:
                continue
            if entry.id not in verdicts:
                verdicts[entry.id] = entry.size <= _LIMIT and is_plain(entry.data)
            if verdicts[entry.id]:
                counts[path] += 1
                newest.setdefault(path, str(commit.id))
    return [Exposed(path, counts[path], newest[path]) for path in paths if counts[path]]


def _entry(tree: pygit2.Tree, path: str) -> pygit2.Blob | None:
    try:
        found = tree[path]
    except (KeyError, ValueError):
        return None
    return found if isinstance(found, pygit2.Blob) else None
