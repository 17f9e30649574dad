"""Committing some files, and pushing that commit and no other: as the user would, with their hooks, and never with force."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from enum import Enum

from gitenv.errors import NotInOrder, printable, shell_word
from gitenv.git import program, rebasing
from gitenv.git.repository import Repository
from gitenv.tuples import NamedTuple

_UNDER_WAY = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD")
_BRANCHES, _REMOTES = "refs/heads/", "refs/remotes/"


class Destination(NamedTuple):
    """Where the branch that one is on goes to."""

    remote: str
    branch: str  # its name there
    tracking: str  # the ref that has what was fetched of it; "" where there is none
    own: str  # its name here
    head: str  # the commit that it has here

    @property
    def shown(self) -> str:
        """The remote for people. An address may stand in the place of its name, and a password in that."""
        before, slashes, after = self.remote.partition("://")
        return printable(f"{before}://{after.rpartition('@')[2]}" if slashes else self.remote)

    @property
    def way_back(self) -> str:
        """The command that takes the branch to what was fetched, and leaves what is not committed."""
        # Not origin/main: a tag that somebody pushed may have that name, and would come first.
        return f"git reset --keep {shell_word(self.tracking.removeprefix('refs/'))}"


class Reply(Enum):
    """What became of a push."""

    TAKEN = "taken"
    REFUSED = "refused"  # by the remote, for that branch
    BEHIND = "behind"  # the branch has other commits there
    FAILED = "failed"  # no connection, or a hook of the user's; git has said why


def destination(repository: Repository) -> Destination:
    """Raises `NotInOrder` where a commit of some files cannot be made, or there is nowhere to push to."""
    git_dir = repository.layout.git_dir
    if rebasing.is_going_on(repository.layout) or any(os.path.exists(os.path.join(git_dir, name)) for name in _UNDER_WAY):
        raise NotInOrder("git has not ended a merge, a rebase or a cherry-pick, so nothing can be pushed", "git status")
    branch, head = checked_out(repository)
    if not branch:
        raise NotInOrder("you are on no branch, so nothing can be pushed", "git switch BRANCH")
    if not head:
        raise NotInOrder("this repository has no commit yet, so nothing can be pushed", "git status")
    remote = _remote(repository, branch)
    if pushed := _said(repository.root, "rev-parse", "--symbolic-full-name", f"{branch}@{{push}}"):
        begin = f"{_REMOTES}{remote}/"
        if pushed.startswith(begin):
            return Destination(remote, pushed.removeprefix(begin), pushed, branch, head)
    tracking = f"{_REMOTES}{remote}/{branch}"
    return Destination(remote, branch, tracking if repository.objects.id(tracking) else "", branch, head)


def checked_out(repository: Repository) -> tuple[str, str]:
    """The branch that one is on, and its commit; "" for either that is none.

    `symbolic-ref --short` would say `heads/main` where somebody pushed a tag `main`.
    """
    ref = _said(repository.root, "symbolic-ref", "-q", "HEAD")
    return ref.removeprefix(_BRANCHES) if ref.startswith(_BRANCHES) else "", repository.objects.id("HEAD^{commit}")


def apart(repository: Repository, to: Destination) -> tuple[int, int]:
    """How many commits are here and not there, and there and not here, by what was fetched."""
    if not to.tracking:
        return int(_said(repository.root, "rev-list", "--count", "HEAD", "--not", f"--remotes={to.remote}") or 0), 0
    theirs, _, ours = _said(repository.root, "rev-list", "--left-right", "--count", f"{to.tracking}...HEAD").partition("\t")
    return int(ours or 0), int(theirs or 0)


def commit(repository: Repository, message: str, paths: Sequence[str]) -> bool:
    """Commit these files and nothing else that is staged; whether hooks and git let that pass. They have said why, if not."""
    words = ("--literal-pathspecs", "commit", "-q", "--only", "-m", message, "--", *paths)
    done = program.as_user(repository.root, *words, with_key=True)
    return not done.returncode


def is_just(repository: Repository, commit: str, parent: str, paths: Collection[str]) -> bool:
    """Whether a commit stands on that one alone, and changes no other files."""
    parents = _said(repository.root, "rev-list", "--parents", "-n1", commit).split()[1:]
    return parents == [parent] and set(paths).issuperset(
        program.paths(repository.root, "diff-tree", "-r", "-z", "--name-only", "--no-renames", parent, commit)
    )


def push(repository: Repository, remote: str, commit: str, branch: str) -> Reply:
    """Push one commit, with what it stands on, to a branch."""
    settings = ("-c", "push.followTags=false", "-c", "push.recurseSubmodules=no", "-c", "advice.pushUpdateRejected=false")
    refspec = f"{commit}:refs/heads/{branch}"
    done = program.as_user(repository.root, *settings, "push", "--porcelain", "--no-progress", "--", remote, refspec)
    if not done.returncode:
        return Reply.TAKEN
    for line in done.stdout.decode("utf-8", "replace").splitlines():
        flag, _, rest = line.partition("\t")
        if flag == "!":
            return Reply.REFUSED if "\t[remote rejected]" in rest else Reply.BEHIND
    return Reply.FAILED


def _remote(repository: Repository, branch: str) -> str:
    """As git chooses it; but git takes `origin` for granted."""
    names = _said(repository.root, "remote").splitlines()
    keys = (f"branch.{branch}.pushRemote", "remote.pushDefault", f"branch.{branch}.remote")
    chosen = [value for key in keys if (value := repository.config(key)) not in ("", ".")]
    found: list[str] = [*chosen, *(name for name in names if name == "origin"), *(names if len(names) == 1 else ())]
    if found:
        return found[0]
    if names:
        raise NotInOrder("git does not know which remote this branch goes to", f"git push -u {printable(names[0])} HEAD")
    raise NotInOrder("there is nowhere to push to", "git remote add origin URL")


def _said(folder: str, *words: str) -> str:
    """What git says to a question, "" where it has no answer."""
    done = program.attempt(folder, *words)
    said: bytes = b"" if done.returncode else done.stdout
    return os.fsdecode(said).strip()
