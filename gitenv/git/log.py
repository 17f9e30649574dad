"""What once stood at a path, by git's own walk through the commits that HEAD reaches."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

from gitenv.git import program

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


_BROUGHT_TOGETHER = ("FETCH_HEAD", "MERGE_HEAD", "CHERRY_PICK_HEAD", "REBASE_HEAD")


class Commit(NamedTuple):
    """A commit and those it was made from."""

    id: str
    parents: tuple[str, ...]


def commits_of(root: str, path: str, limit: int, since: str = "", heads: Sequence[str] = ()) -> list[Commit]:
    """Up to `limit` commits that HEAD (or `heads`) reaches and that changed a file in any way, newest first.

    Merges hide none of them.

    With `since` only those that this commit does not reach. Raises `NotInOrder` where git cannot say, as in a partial clone
    whose host does not answer: "could not look" must not be taken for "nothing there".
    """
    words = ("--format=%H %P", f"--max-count={limit}", *_without(root, since), "--", f":(literal){path}")
    # With -m a merge is listed once for each parent that it differs from.
    lines = dict.fromkeys(plain(root, *words, heads=heads).decode("ascii", "replace").splitlines())
    return [Commit(commit, tuple(parents)) for commit, *parents in map(str.split, filter(None, lines))]


def changed(root: str, patterns: str, since: str) -> list[str]:
    """The paths that fit a glob pattern and that commits changed which `since` does not reach ("": all commits).

    Raises `NotInOrder` where git cannot say.
    """
    words = ("--format=", "--name-only", "-z", "--no-renames", *_without(root, since), "--", f":(glob){patterns}")
    return sorted({path.strip("\n") for path in plain(root, *words).decode("utf-8", "surrogateescape").split("\0")} - {""})


def appeared(root: str, patterns: str, commit: str) -> list[str]:
    """The paths that fit a glob pattern in the order in which the main line up to a commit had them first."""
    words = ("--first-parent", "--reverse", "--diff-filter=A", "--format=", "--name-only", "-z", "--no-renames")
    found = plain(root, *words, "--", f":(glob){patterns}", heads=[commit]).decode("utf-8", "surrogateescape")
    return list(dict.fromkeys(filter(None, (path.strip("\n") for path in found.split("\0")))))


def added(root: str, path: str) -> list[str] | None:
    """The commits of all branches that brought a file where no parent had it; also after it was gone for a while.

    None where git cannot say. History is not simplified: a pushed merge could else hide the first of them.
    """
    words = ("--no-show-signature", "--full-history", "--no-renames", "--diff-filter=A", "--format=%H")
    heads = [head for head in _BROUGHT_TOGETHER if _id(root, f"{head}^{{commit}}")]
    done = program.attempt(root, *SETTINGS, "log", *words, "--all", *heads, "--", f":(literal){path}")
    return list(dict.fromkeys(done.stdout.decode("ascii", "replace").split())) if done.returncode == 0 else None


class LastSeen(NamedTuple):
    """Bytes that once stood at a path: the newest commit that has them, and the one that took them away ("" if none did).

    The latter in the words that `git revert` needs: of a merge it wants to know which parent was right.
    """

    had: str
    undid: str


def last_with(root: str, path: str, contents: bytes, heads: Sequence[str] = ()) -> LastSeen | None:
    """Where `path` last had these very bytes, in all that HEAD (or `heads`) reaches; None if it never had."""
    blob = blob_id(root, contents)
    words = ("--format=%H %P", "--max-count=1", f"--find-object={blob}", "--", f":(literal){path}")
    newest, *parents = plain(root, *words, heads=heads).decode("ascii", "replace").split() or [""]
    for number, commit in enumerate(filter(None, (newest, *parents))):
        if _id(root, f"{commit}:{path}") == blob:
            mainline = f"-m {number} " if len(parents) > 1 else ""
            return LastSeen(commit, f"{mainline}{newest}" if number else "")
    return None


def blobs(root: str, paths: Sequence[str], heads: Sequence[str] = ()) -> list[str]:
    """All blobs that ever stood at these paths (files, or folders whole), in what HEAD (or `heads`) reaches; newest first."""
    return list(dict.fromkeys(blob for _, blob in changed_blobs(root, [f":(top,literal){path}" for path in paths], heads)))


def changed_blobs(root: str, pathspecs: Sequence[str], heads: Sequence[str] = ()) -> list[tuple[str, str]]:
    """The same of what pathspecs mean, with the path of each; as often as it came or went there."""
    words, stdin = ["--format=", "--raw", "--no-abbrev", "-z", "--no-renames"], ""
    specs = ["--", *pathspecs]
    if any("\n" in spec or spec.endswith("\r") for spec in specs):
        words += specs
    else:  # of these a command line has no room for any number
        words += ["--stdin"]
        stdin = "".join(f"{spec}\n" for spec in specs)
    found: list[tuple[str, str]] = []
    fields = iter(plain(root, *words, heads=heads, stdin=os.fsencode(stdin)).decode("utf-8", "surrogateescape").split("\0"))
    for field in fields:
        if field.lstrip("\n").startswith(":"):
            _, _, before, after, _ = field.lstrip("\n").split(" ")
            path = next(fields)
            found += [(path, each) for each in (after, before) if each.strip("0")]
    return found


def touches(root: str, head: str, commit: str, folder: str) -> bool:
    """Whether any commit that `head` reaches and `commit` ("": none) does not changes a folder. True where git cannot say."""
    revisions = [head, *([f"^{commit}"] if commit else [])]
    words = ("--max-count=1", "--full-history", *revisions, "--", f":(top,literal){folder}")
    done = program.attempt(root, *SETTINGS, "rev-list", *words)
    return bool(done.returncode or done.stdout)


def since(root: str, head: str, commit: str) -> list[str]:
    """Words for what `head` reaches and `commit` does not; for all, where a rewritten history has no such commit."""
    return [head, f"^{commit}"] if commit and ids(root, [commit])[0] else [head]


def blob_id(root: str, contents: bytes) -> str:
    """The id that these bytes have as an object."""
    return program.run(root, "hash-object", "--stdin", stdin=contents).decode("ascii").strip()


def brought(root: str, path: str, contents: bytes, heads: Sequence[str] = ()) -> list[str]:
    """The commits that HEAD (or `heads`) reaches and that brought these bytes to `path`: they have them, and no parent has."""
    blob = blob_id(root, contents)
    words = ("--format=%H %P", f"--find-object={blob}", "--", f":(literal){path}")
    found = []
    for line in dict.fromkeys(plain(root, *words, heads=heads).decode("ascii", "replace").splitlines()):
        if line:
            commit, *parents = line.split()
            there, *before = ids(root, [f"{each}:{path}" for each in (commit, *parents)])
            if there == blob and blob not in before:
                found.append(commit)
    return found


def with_blobs(root: str, blobs: Sequence[str], heads: Sequence[str]) -> frozenset[str]:
    """Those of some blobs that commits have which `heads` reach, as `git log` reads them; none where git cannot say."""
    words = ("log", "--no-show-signature", "--no-color", "--full-history", "-m", "--raw", "--no-abbrev", "--no-renames")
    looked_for = (f"--find-object={blob}" for blob in blobs)
    done = program.attempt(root, *SETTINGS, *words, "--format=", *looked_for, *heads, "--") if blobs else None
    lines = done.stdout.split(b"\n") if done and not done.returncode else []
    there = {word for line in lines if line.startswith(b":") for word in line.partition(b"\t")[0].split(b" ")[2:4]}
    return frozenset(blob for blob in blobs if blob.encode("ascii") in there)


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


def head(root: str) -> str:
    """The commit that HEAD is, or "" before the first."""
    return _id(root, "HEAD^{commit}")


def merge_base(root: str, one: str, other: str) -> str:
    """The commit in which two lines of history part, or ""."""
    return program.attempt(root, "merge-base", one, other).stdout.decode("ascii").strip()


def contains(root: str, commit: str) -> bool:
    """Whether HEAD reaches a commit."""
    return program.attempt(root, "merge-base", "--is-ancestor", commit, "HEAD").returncode == 0


def recent_heads(root: str, limit: int) -> list[str]:
    """The last commits that HEAD was, newest first, as git notes them in each work tree; none where it does not."""
    words = ("log", "--walk-reflogs", "--no-show-signature", "--no-color", "--format=%H", f"--max-count={limit}", "HEAD", "--")
    return program.attempt(root, *SETTINGS, *words).stdout.decode("ascii", "replace").split()


def is_shallow(root: str) -> bool:
    """Whether this clone has only the newest part of the history."""
    return program.attempt(root, "rev-parse", "--is-shallow-repository").stdout.strip() == b"true"


def plain(root: str, *words: str, heads: Sequence[str] = (), stdin: bytes = b"") -> bytes:
    """`git log` of HEAD or of `heads`, whatever the user's configuration makes of it; nothing before the first commit."""
    if "HEAD" in (heads or ["HEAD"]) and not head(root):
        return b""
    return program.run(
        root,
        *(*SETTINGS, "log", "--no-show-signature", "--no-color", "--full-history", "-m", *(heads or ["HEAD"]), *words),
        stdin=stdin,
    )


def _without(root: str, since: str) -> list[str]:
    # It may be gone: somebody rewrote history, and git collected what was left.
    return [f"^{since}"] if since and _id(root, f"{since}^{{commit}}") else []


def _id(root: str, spec: str) -> str:
    return program.attempt(root, "rev-parse", "--verify", "-q", spec).stdout.decode("ascii").strip()
