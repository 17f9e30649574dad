"""Committing and pushing just what a command wrote: `--push`."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence

from gitenv.errors import NotInOrder, from_top, printable, shell_word
from gitenv.git import program, publishing
from gitenv.git.index import IndexEntry
from gitenv.git.publishing import Destination, Reply
from gitenv.system import locking
from gitenv.team.workspace import Workspace
from gitenv.tuples import NamedTuple

_SHORT_ID = 10


class Course(NamedTuple):
    """Where it will go, and what was there before."""

    to: Destination
    entries: frozenset[IndexEntry]
    staged: frozenset[str]  # the files with changes that were staged already


class Pushed(NamedTuple):
    """What became of it. Nothing was pushed where `subject` is empty: nothing had changed."""

    subject: str
    to: Destination
    branch: str  # where it is there: another one, where the remote refused it


def plan(workspace: Workspace, paths: Collection[str]) -> Course:
    """Where files that are to be changed will go, committed by themselves. Raises `NotInOrder` where they cannot."""
    repository = workspace.repository
    to = publishing.destination(repository)
    ours, theirs = publishing.apart(repository, to)
    here = f"{to.shown}/{printable(to.branch)}"
    if ours:
        commits = "a commit" if ours == 1 else f"{ours:,} commits"
        is_elsewhere = to.tracking and not program.lines(repository.root, "rev-list", "-n1", "HEAD", "--not", "--remotes")
        hint = to.way_back if is_elsewhere else "git push"  # in a pull request of its own, most of all
        raise NotInOrder(f"this branch has {commits} that {here} has not, which would be pushed, too", hint)
    if theirs:
        raise NotInOrder(f"{here} has commits that this branch has not", "git pull")
    tracked = {entry.path for entry in repository.tracked()}
    new = {path for path in paths if path not in tracked and os.path.lexists(repository.path(path))}
    if changed := sorted({*repository.changed(set(paths)), *new}):
        hint = f"git commit -- {from_top(changed[0])}, and push that first"
        raise NotInOrder(f"{printable(changed[0])} has changes that are not committed, and would be with it", hint)
    listed = program.paths(repository.root, "diff-index", "--cached", "--name-only", "-z", "HEAD")
    return Course(to, frozenset(repository.tracked()), frozenset(listed))


def carry_out(workspace: Workspace, planned: Course, subject: str, names: Sequence[str]) -> Pushed:
    """Commit what was staged since, and push it. Raises `NotInOrder`, with what is left to do."""
    repository, to = workspace.repository, planned.to
    paths = sorted({entry.path for entry in planned.entries ^ frozenset(repository.tracked())})
    if not paths:
        return Pushed("", to, "")
    if mixed := [path for path in paths if path in planned.staged]:
        raise NotInOrder(f"{printable(mixed[0])} had staged changes before, so nothing is committed", "git status")
    if publishing.checked_out(repository) != (to.own, to.head):  # while somebody typed the value
        raise NotInOrder("another commit is checked out by now, so nothing is committed; it is staged", "git status")
    locking.release()  # the hooks are gitenv's own, too
    if repository.changed(set(paths)) and not publishing.commit(repository, subject, paths):
        raise NotInOrder("git did not commit it; it is staged", f"git commit -m {shell_word(subject)} && git push")
    branch, commit = publishing.checked_out(repository)
    if branch != to.own or (commit != to.head and not publishing.is_just(repository, commit, to.head, paths)):
        raise NotInOrder("more than that was committed, by a hook or meanwhile, so nothing is pushed", "git show --stat")
    answer, branch = publishing.push(repository, to.remote, commit, to.branch), to.branch
    if answer is Reply.REFUSED:
        answer, branch = _beside(workspace, to, commit, f"gitenv/set-{names[0]}")
    if answer is Reply.TAKEN:
        return Pushed(subject, to, branch)
    where = f"{to.shown}/{printable(to.branch)}"
    if answer is Reply.BEHIND:
        raise NotInOrder(f"it is committed, and {where} has commits that are not here", "git pull --rebase && git push")
    raise NotInOrder(f"it is committed, and could not be pushed to {where}", "git push")


def _beside(workspace: Workspace, to: Destination, commit: str, branch: str) -> tuple[Reply, str]:
    """To a branch of its own: protected ones take pull requests only. Not to one that somebody uses for another commit."""
    answer = Reply.BEHIND
    for name in (branch, f"{branch}-{commit[:_SHORT_ID]}"):
        if program.attempt(workspace.root, "check-ref-format", "--branch", name).returncode:
            name = f"gitenv/set-{commit[:_SHORT_ID]}"
        if answer is Reply.BEHIND:
            answer, branch = publishing.push(workspace.repository, to.remote, commit, name), name
    return (Reply.FAILED if answer is Reply.BEHIND else answer), branch
