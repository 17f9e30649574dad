"""What once stood at a path, by git's own walk through the commits that HEAD reaches."""

from __future__ import annotations

import itertools
import os
from collections.abc import Collection, Iterable, Iterator, Sequence

from gitenv.errors import NotInOrder
from gitenv.git import program, walk
from gitenv.git.objects import Objects
from gitenv.git.walk import Commit, FileChange
from gitenv.system import files
from gitenv.tuples import NamedTuple

_born: set[str] = set()
_MAX_BYTES = 64 * 1024
_JOINED = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REBASE_HEAD")


def commits_of(root: str, path: str, limit: int) -> list[Commit]:
    """Up to `limit` commits that HEAD reaches and that changed a file in any way, newest first. Merges hide none of them.

    Raises `NotInOrder` where git cannot say, as in a partial clone whose host does not answer: "could not look" must not be
    taken for "nothing there".
    """
    found = walked(root, ["HEAD"], [f":(literal){path}"])
    return [next(same) for _, same in itertools.islice(itertools.groupby(found, lambda commit: commit.id), limit)]


def all_heads(root: str) -> list[str]:
    """All that a clone has, in words for a walk: its branches and tags, what was fetched, and what git brings together."""
    others = ("FETCH_HEAD", *_JOINED)
    there = ids(root, [f"{head}^{{commit}}" for head in others])
    return ["--all", *(head for head, found in zip(others, there, strict=True) if found)]


class LastSeen(NamedTuple):
    """Bytes that once stood at a path: the newest commit that has them, and the one that took them away ("" if none did).

    The latter in the words that `git revert` needs: of a merge it wants to know which parent was right.
    """

    had: str
    undid: str


def last_with(root: str, path: str, contents: bytes, heads: Sequence[str] = ()) -> LastSeen | None:
    """Where `path` last had these very bytes, in all that HEAD (or `heads`) reaches; None if it never had."""
    blob = blob_id(root, contents)
    newest = next(walked(root, heads, [f":(literal){path}"], f"--find-object={blob}"), None)
    for number, commit in enumerate((newest.id, *newest.parents) if newest else ()):
        if newest and _id(root, f"{commit}:{path}") == blob:
            mainline = f"-m {number} " if len(newest.parents) > 1 else ""
            return LastSeen(commit, f"{mainline}{newest.id}" if number else "")
    return None


def blobs(root: str, paths: Sequence[str], heads: Sequence[str] = ()) -> list[str]:
    """All blobs that ever stood at these paths (files, or folders whole), in what HEAD (or `heads`) reaches; newest first."""
    return list(dict.fromkeys(blob for _, blob in _blobs(walked_at(root, heads, paths))))


def since(root: str, head: str, commit: str) -> list[str]:
    """Words for what `head` reaches and `commit` does not; for all, where a rewritten history has no such commit."""
    return [head, f"^{commit}"] if commit and ids(root, [commit])[0] else [head]


def blob_id(root: str, contents: bytes) -> str:
    """The id that these bytes have as an object."""
    return program.run(root, "hash-object", "--stdin", stdin=contents).decode("ascii").strip()


def brought(root: str, path: str, contents: bytes, heads: Sequence[str] = ()) -> list[str]:
    """The commits that HEAD (or `heads`) reaches and that brought these bytes to `path`: they have them, and no parent has."""
    blob = blob_id(root, contents)
    found = {commit.id: commit.parents for commit in walked(root, heads, [f":(literal){path}"], f"--find-object={blob}")}
    return [
        commit
        for commit, parents in found.items()
        if _is_new(blob, ids(root, [f"{each}:{path}" for each in (commit, *parents)]))
    ]


def with_blobs(root: str, blobs: Sequence[str], heads: Sequence[str]) -> frozenset[str]:
    """Those of some blobs that commits have which `heads` reach, as `git log` reads them; none where git cannot say."""
    missing = set(blobs)
    try:
        for change in _with(root, blobs, heads) if blobs else ():
            missing.difference_update(change.ids)
            if not missing:
                break
    except NotInOrder:
        return frozenset()
    return frozenset(blobs) - missing


def is_ancestor(root: str, earlier: str, later: str) -> bool:
    """Whether one commit goes back to another one, and is not that one."""
    return earlier != later and program.attempt(root, "merge-base", "--is-ancestor", earlier, later).returncode == 0


def ids(root: str, specs: Sequence[str]) -> list[str]:
    """The objects that revisions name, "" for those that name none; by one process, and without their contents.

    One question a line: none may hold a line feed, or end with a carriage return.
    """
    words = ("cat-file", "--batch-check=%(objectname)")
    lines = program.run(root, *words, stdin=os.fsencode("".join(f"{spec}\n" for spec in specs))).split(b"\n")
    return ["" if b" " in line else line.decode("ascii") for line in lines[: len(specs)]]


def joined(root: str, objects: Objects) -> list[str]:
    """What git is bringing together with HEAD and has not committed: revisions."""
    found = [head for head in _JOINED if objects.id(head) and not is_ref(root, head)]
    return [*found, *(_further(root) if "MERGE_HEAD" in found else ())]


def _further(root: str) -> list[str]:
    """The commits that `git merge ONE TWO` brings beside the first: as a revision, `MERGE_HEAD` is that one only."""
    git_dir = os.fsdecode(program.run(root, "rev-parse", "--absolute-git-dir")).rstrip("\n")
    text = files.read(os.path.join(git_dir, "MERGE_HEAD"), _MAX_BYTES) or b""
    return text.decode("ascii", "replace").split()[1:]


def is_ref(root: str, head: str) -> bool:
    """Whether a name like `MERGE_HEAD` means a tag or a branch here: anybody can push one, and git fetches all tags."""
    return program.attempt(root, "rev-parse", "--symbolic-full-name", head).stdout.startswith(b"refs/")


def head(root: str) -> str:
    """The commit that HEAD is, or "" before the first."""
    return _id(root, "HEAD^{commit}")


def merge_base(root: str, one: str, other: str) -> str:
    """The commit in which two lines of history part, or ""."""
    return program.attempt(root, "merge-base", one, other).stdout.decode("ascii").strip()


def recent_heads(root: str, limit: int) -> list[str]:
    """The last commits that HEAD was, newest first, as git notes them in each work tree; none where it does not."""
    words = ("log", "--walk-reflogs", "--no-show-signature", "--no-color", "--format=%H", f"--max-count={limit}", "HEAD", "--")
    return program.attempt(root, *walk.SETTINGS, *words).stdout.decode("ascii", "replace").split()


def is_shallow(root: str) -> bool:
    """Whether this clone has only the newest part of the history."""
    return program.attempt(root, "rev-parse", "--is-shallow-repository").stdout.strip() == b"true"


def walked(root: str, heads: Sequence[str], pathspecs: Sequence[str], *words: str) -> Iterator[Commit]:
    """The commits that HEAD (or `heads`) reaches, a merge once for each parent that it differs from; none before the first.

    Raises `NotInOrder` where git cannot say.
    """
    heads = heads or ["HEAD"]
    if "HEAD" not in heads or _is_born(root):
        yield from walk.commits(root, heads, pathspecs, merges=walk.EACH_PARENT, words=words)


def walked_at(root: str, heads: Sequence[str], paths: Collection[str], *words: str) -> Iterator[Commit]:
    """`walked` for any number of files (or folders whole) by their paths."""
    heads = heads or ["HEAD"]
    if "HEAD" not in heads or _is_born(root):
        yield from walk.commits_at(root, heads, paths, merges=walk.EACH_PARENT, words=words)


def _is_born(root: str) -> bool:
    """Whether HEAD has a commit: git would take none for an error. Where it has one, it has one as long as we run."""
    if root not in _born and head(root):
        _born.add(root)
    return root in _born


def _blobs(walked: Iterable[Commit]) -> Iterator[tuple[str, str]]:
    for commit in walked:
        for change in commit.changes:
            yield from ((change.path, blob) for blob in reversed(change.ids) if blob)


def _with(root: str, blobs: Sequence[str], heads: Sequence[str]) -> Iterator[FileChange]:
    looked_for = [f"--find-object={blob}" for blob in blobs]
    return walk.changes(root, heads, merges=walk.EACH_PARENT, words=looked_for)


def _is_new(blob: str, ids: Sequence[str]) -> bool:
    """Whether the first has a blob, and none of the others."""
    return ids[0] == blob and blob not in ids[1:]


def _id(root: str, spec: str) -> str:
    return program.attempt(root, "rev-parse", "--verify", "-q", spec).stdout.decode("ascii").strip()
