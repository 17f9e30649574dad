"""The one walk of history: commits one by one, with the files that each changed, read while git finds them.

The first commit comes at once, and no more of a history is in memory than one commit, however long it is. Ten thousand commits
in a repository of 20,000 files take libgit2 23 s of CPU to compare, and git 0.4 s.

It names each folder that it enters (`-t`): a dozen tree objects unfold into billions of empty folders, of which it would say
nothing. To leave commits out, `git log` compares in silence. So where there are pathspecs, one git names the commits, and
another one compares.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Generator, Iterable, Iterator, Sequence

from gitenv.errors import NotInOrder
from gitenv.git import program, spawn
from gitenv.tuples import NamedTuple

#: Against what people set for their own eyes, and what would hide commits or add lines here.
SETTINGS = tuple(
    word
    for setting in (
        "log.follow=false",
        "log.diffMerges=separate",
        "log.showSignature=false",
        "log.showRoot=true",
        "diff.relative=false",
    )
    for word in ("-c", setting)
)
#: Merges hide nothing: a pushed one would be the place to hide something in.
WORDS = ("log", "--no-show-signature", "--no-color", "--full-history")
NEW = ("-c",)
"""A merge changes what is like in no parent: what somebody slipped into it, or how a conflict came out."""
EACH_PARENT = ("-m",)
"""A merge comes once for each parent that it differs from."""
FIRST_PARENT = ("--diff-merges=first-parent",)
"""A merge is compared with the branch that it was made on."""
_RAW = ("-z", "--raw", "--no-abbrev", "--no-renames", "--format=%H %P")
_DEEP = ("-r", "-t")
_OF_COMMITS = frozenset(("--date-order", "--topo-order", "--reverse", "--first-parent"))
_MOST_PATHSPECS = 16  # git holds each against each name in a folder that differs: 20 take longer than all there is to compare
_NOTHING, FOLDER = "000000", "040000"
_MOST_NAMES, _MORE_NAMES = 1_000_000, 1_000  # files and folders that differ: in all, and for each commit as many more
_MAX_FIELD = 16 * 1024 * 1024  # bytes: a path, or the ids of all parents of a merge


class Pair(NamedTuple):
    """Two folders, by their ids; "" for none."""

    before: str
    after: str


class FileChange(NamedTuple):
    """What a commit has at a path otherwise than the parents that it is compared with."""

    commit: str
    path: str
    modes: tuple[str, ...]  # git's: in each of those parents (one without any, too), then in the commit; 000000 for nothing
    ids: tuple[str, ...]  # of what stands there; "" for nothing

    @property
    def before(self) -> tuple[str, ...]:
        """The blobs that were the file; "" where there was none."""
        return tuple(map(_blob, self.modes[:-1], self.ids))

    @property
    def after(self) -> str:
        """The blob that is the file now; "" where there is none."""
        return _blob(self.modes[-1], self.ids[-1])

    @property
    def folder(self) -> Pair:
        """The folders that stand there, where only one parent is compared with."""
        before, after = (object_id if mode == FOLDER else "" for mode, object_id in zip(self.modes, self.ids, strict=True))
        return Pair(before, after)

    @property
    def mode(self) -> str:
        """The mode of whatever stands there now."""
        return self.modes[-1]

    @property
    def object_id(self) -> str:
        """The id of whatever stands there now."""
        return self.ids[-1]

    def coming_from(self, gone: FileChange) -> FileChange:
        """As a change of the file that went from another path in the same commit."""
        return self._replace(modes=(*gone.modes[:-1], self.mode), ids=(*gone.ids[:-1], self.object_id))


def as_brought(commit: str, path: str, mode: str, object_id: str) -> FileChange:
    """What stands at a path, as if a commit had brought it where nothing was."""
    return FileChange(commit, path, (_NOTHING, mode), ("", object_id))


class Commit(NamedTuple):
    """One commit of a walk."""

    id: str
    parents: tuple[str, ...]  # as far as the clone has them
    changes: list[FileChange]


def commits(
    folder: str, revisions: Sequence[str], pathspecs: Sequence[str] = (), *, merges: Sequence[str], words: Sequence[str] = ()
) -> Generator[Commit]:
    """The commits that `revisions` name (as `git log` reads them) and that changed what fits `pathspecs`; all of them without.

    `merges` is `NEW` or `EACH_PARENT`, `words` are more options for `git log`. Close it to end git before its time. Raises
    `NotInOrder` where git cannot say, or stops in the middle: "could not look" must not be taken for "nothing there".
    """
    found = _together(_walked(folder, revisions, pathspecs, (*_DEEP, *merges, *words)))
    yield from (commit for commit in found if commit.changes or not pathspecs)  # it may have entered folders, and found none


def top_folder(folder: str, revisions: Sequence[str], name: str, words: Sequence[str] = ()) -> Generator[Commit]:
    """The commits that changed one folder at the top, for each parent that they differ from, with that folder as a whole.

    What is in it is not looked at. Raises `NotInOrder` as `commits` does.
    """
    yield from _together(_walked(folder, revisions, [f":(top,literal){name}"], (*EACH_PARENT, *words)))


def _together(walked: Iterable[Commit | FileChange]) -> Iterator[Commit]:
    commit: Commit | None = None
    for each in walked:
        if isinstance(each, Commit):
            if commit:
                yield commit
            commit = each
        else:
            assert commit is not None
            commit.changes.append(each)
    if commit:
        yield commit


def commits_at(
    folder: str, revisions: Sequence[str], paths: Collection[str], *, merges: Sequence[str], words: Sequence[str] = ()
) -> Iterator[Commit]:
    """`commits` for any number of files (or folders whole) by their paths; none of them without."""
    wanted = frozenset(paths)
    for commit in commits(folder, revisions, _specs(wanted), merges=merges, words=words) if paths else ():
        if len(wanted) <= _MOST_PATHSPECS:
            yield commit
        elif mine := [change for change in commit.changes if _is_one(change.path, wanted)]:
            yield commit._replace(changes=mine)


def _specs(paths: Collection[str]) -> list[str]:
    """Pathspecs for all of them, and maybe for more; none for all there is."""
    tops = paths if len(paths) <= _MOST_PATHSPECS else {path.partition("/")[0] for path in paths}
    return [f":(top,literal){top}" for top in tops] if len(tops) <= _MOST_PATHSPECS else []


def _is_one(path: str, wanted: Collection[str]) -> bool:
    while path and path not in wanted:
        path = path.rpartition("/")[0]
    return bool(path)


def changes(
    folder: str, revisions: Sequence[str], pathspecs: Sequence[str] = (), *, merges: Sequence[str], words: Sequence[str] = ()
) -> Iterator[FileChange]:
    """What these commits changed, as `commits` has it, file by file: one commit may bring any number of them."""
    for each in _walked(folder, revisions, pathspecs, (*_DEEP, *merges, *words)):
        if isinstance(each, FileChange):
            yield each


def _walked(
    folder: str, revisions: Sequence[str], pathspecs: Sequence[str], words: Sequence[str]
) -> Iterator[Commit | FileChange]:
    """Each commit, and behind it what it changed; folders only where nothing in them is looked at."""
    pieces = _said(folder, revisions, pathspecs, words)
    fields = map(os.fsdecode, _fields(pieces))
    commit, left, is_deep = "", _MOST_NAMES, "-t" in words
    try:
        for field in fields:
            meta = field.lstrip("\n")
            if meta.startswith(":"):
                if (left := left - 1) < 0:
                    raise program.TooManyNames(f"commit {commit[:10]} has more names than can be looked at")
                path = next(fields, "")
                if not (is_deep and (" 040000 " in meta or ":040000 " in meta)):
                    yield change(commit, meta, path)
            elif meta:
                commit, *parents = meta.split()
                left += _MORE_NAMES
                yield Commit(commit, tuple(parents), [])
    finally:
        pieces.close()


def _said(folder: str, revisions: Sequence[str], pathspecs: Sequence[str], words: Sequence[str]) -> Generator[bytes]:
    """What git prints, piece by piece while it works. It is ended when this is closed, if it has not ended before.

    Raises `NotInOrder` with the first thing that it complains about.
    """
    if pathspecs:
        order = [word for word in words if word in _OF_COMMITS]
        merges = FIRST_PARENT if "--first-parent" in order else ()
        compared = [*_RAW, *(word for word in words if word not in _OF_COMMITS), *merges]
        gits = [["rev-list", *order, *revisions, "--"], ["diff-tree", "--stdin", "--root", *compared, "--", *pathspecs]]
    else:
        gits = [[*SETTINGS, *WORDS, *_RAW, *words, *revisions, "--"]]
    try:
        done = yield from spawn.stream([program.command(*each) for each in gits], folder, program.environment())
    except FileNotFoundError:
        raise program.not_found() from None
    program.check_names(done, ["log"])
    program.check(done, folder, ["log"])


def _fields(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The fields that git ends with a NUL. What no path is long enough for is cut off."""
    rest = b""
    for piece in pieces:
        *whole, last = piece.split(b"\0")
        if whole:
            whole[0] = rest + whole[0]
            rest = b""
            yield from whole
        if len(rest) < _MAX_FIELD:
            rest += last
    if rest:
        yield rest


def change(commit: str, meta: str, path: str) -> FileChange:
    """`:MODE MODE ID ID M`, in a merge with a colon, a mode and an id more for each further parent."""
    count = len(meta) - len(meta.lstrip(":"))
    words = meta[count:].split(" ")
    if len(words) != 2 * count + 3:
        raise NotInOrder(f"git log: the changes of {commit[:10]} cannot be read", "git fsck")
    ids = (each if each.strip("0") else "" for each in words[count + 1 : -1])
    return FileChange(commit, path, tuple(words[: count + 1]), tuple(ids))


def _blob(mode: str, object_id: str) -> str:
    # A link's target or a submodule's commit is no document.
    return object_id if mode.startswith("100") else ""
