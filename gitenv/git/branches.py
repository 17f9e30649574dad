"""Branches that were fetched and that HEAD does not have, against where they left it: three processes for all of them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence

from gitenv.errors import shell_word
from gitenv.git import log, program, walk
from gitenv.tuples import NamedTuple

MOST = 200  # branches that are looked at, the newest
MOST_COMMITS = 50_000  # of all of them together
_MOST_BASES = 8  # of one branch: each merge of HEAD's line into it is one more
_MOST_PATTERNS = 200  # words of a command line


class Branch(NamedTuple):
    """A branch as it was fetched last."""

    name: str  # as people type it: origin/topic
    commit: str


class _Commit(NamedTuple):
    tree: str
    parents: Sequence[str]
    is_base: bool  # HEAD has it, and none of its children here


def unmerged(folder: str) -> list[Branch]:
    """The fetched branches that HEAD does not reach, newest first; one more than `MOST` where there are more.

    Nor what is just being merged into it: that is no open branch.
    """
    head, merged = log.ids(folder, ["HEAD", "MERGE_HEAD"])
    here = [head or "HEAD", *([merged] if merged and not log.is_ref(folder, "MERGE_HEAD") else [])]
    past = (f"--no-merged={commit}" for commit in here)
    words = (*past, "--sort=-committerdate", f"--count={MOST + 1}", "--format=%(objectname) %(symref) %(refname)")
    listed = program.attempt(folder, "for-each-ref", *words, "refs/remotes").stdout  # nothing before the first commit
    fields = (line.split(" ", 2) for line in os.fsdecode(listed).splitlines())
    return [Branch(name.removeprefix("refs/remotes/"), commit) for commit, points_to, name in fields if not points_to]


def own(folder: str) -> list[str]:
    """The branches of this clone that HEAD does not reach, newest first."""
    words = ("--no-merged=HEAD", "--sort=-committerdate", f"--count={MOST}", "--format=%(refname:short)")
    return os.fsdecode(program.attempt(folder, "for-each-ref", *words, "refs/heads").stdout).splitlines()


def to_merge(folder: str) -> str:
    """The command that brings the main branch in, as far as git knows which one that is."""
    names = main(folder)
    return f"git merge {shell_word(names[0])}" if names else "git branch --all --no-merged"


def main(folder: str) -> list[str]:
    """The main branch of each remote as it was fetched, origin's first; none where git does not know it."""
    listed = program.attempt(folder, "for-each-ref", "--format=%(symref:short)", "refs/remotes/*/HEAD").stdout
    return sorted(filter(None, os.fsdecode(listed).splitlines()), key=lambda name: not name.startswith("origin/"))


def upstream(folder: str) -> list[str]:
    """The fetched branch that HEAD's is to be brought together with; none where there is none."""
    done = program.attempt(folder, "rev-parse", "--abbrev-ref", "--symbolic-full-name", "@{upstream}")
    return os.fsdecode(done.stdout).split() if not done.returncode else []


def changed(folder: str, branches: Sequence[Branch], patterns: Iterable[str]) -> dict[str, set[str]]:
    """By branch, the files that fit glob patterns and that are other than in each commit in which it left HEAD.

    Nothing for a branch that has nothing in common with HEAD, or is too far from it. Raises `NotInOrder`.
    """
    commits = _commits(folder, [branch.commit for branch in branches]) if branches else {}
    bases = _bases(commits)
    pairs = {
        branch: [(commits[base].tree, commits[branch.commit].tree) for base in bases[branch.commit]]
        for branch in branches
        if bases.get(branch.commit)
    }
    differing = _differing(folder, list(dict.fromkeys(pair for listed in pairs.values() for pair in listed)), list(patterns))
    return {branch.name: set.intersection(*(differing[pair] for pair in listed)) for branch, listed in pairs.items()}


def _commits(folder: str, tips: Sequence[str]) -> dict[str, _Commit]:
    """What the tips reach and HEAD does not, children before parents, and where that ends; nothing where it is too much."""
    words = ("log", "--boundary", "--topo-order", f"--max-count={MOST_COMMITS}", "--no-color", "--no-show-signature")
    stdin = "".join(f"{each}\n" for each in (*tips, "^HEAD")).encode()
    listed = program.run(folder, *walk.SETTINGS, *words, "--format=%m %H %T %P", "--stdin", stdin=stdin)
    lines = [line.split(" ") for line in listed.decode("ascii").splitlines()]
    if len(lines) >= MOST_COMMITS:
        return {}
    return {commit: _Commit(tree, [each for each in parents if each], mark == "-") for mark, commit, tree, *parents in lines}


def _bases(commits: Mapping[str, _Commit]) -> dict[str, tuple[str, ...]]:
    """For each commit the commits of HEAD that it goes back to."""
    found: dict[str, tuple[str, ...]] = {}
    for commit, each in reversed(list(commits.items())):
        known = dict.fromkeys(base for parent in each.parents for base in found.get(parent, ()))
        found[commit] = (commit,) if each.is_base else tuple(known)[:_MOST_BASES]
    return found


def _differing(folder: str, pairs: Sequence[tuple[str, str]], patterns: Sequence[str]) -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = {pair: set() for pair in pairs}
    specs = [f":(top,glob){each}" if "/" in each else f":(top,glob)**/{each}" for each in patterns[:_MOST_PATTERNS]]
    words = ("diff-tree", "--stdin", "-r", "-t", "-z", "--raw", "--no-renames", "--", *specs)
    stdin = "".join(f"{one} {other}\n" for one, other in pairs).encode()
    for pair, path in _by_pair(program.listed(folder, *words, stdin=stdin) if pairs else b"", pairs):
        found[pair].add(path)
    return found


def _by_pair(listed: bytes, pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[tuple[str, str], str]]:
    """git writes a line for each pair, in their order, and the paths behind it, each with a NUL: a path may have lines, too."""
    waiting, pair, meta = iter(pairs), ("", ""), ""
    heading = next(waiting, None)
    for part in os.fsdecode(listed).split("\0"):
        if meta:
            if walk.FOLDER not in meta[1:].split(" ")[:2]:
                yield pair, part
            meta = ""
            continue
        meta = part
        while heading and meta.startswith(line := f"{heading[0]} {heading[1]}\n"):
            meta = meta.removeprefix(line)
            pair, heading = heading, next(waiting, None)
