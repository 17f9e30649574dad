"""A team that left gitenv: seeing it in a clone, whatever that still has of gitenv."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable

from gitenv.errors import NotInOrder, printable
from gitenv.git import log, program
from gitenv.git.index import IndexEntry
from gitenv.git.layout import RECIPIENTS
from gitenv.git.objects import Objects
from gitenv.git.repository import Repository
from gitenv.model import document, smudge
from gitenv.repo import recipients
from gitenv.repo.recipients_history import RecipientsHistory
from gitenv.repo.snapshot import CommitSnapshot
from gitenv.team import setup
from gitenv.tuples import NamedTuple

_MOST_MERGES = 20
_ENVIRONMENTS = f":(top,glob){RECIPIENTS}/*/environment"


class Departed(NotInOrder):
    """The team took gitenv out of the repository."""


class Departure(NamedTuple):
    """The commit that took gitenv out of the repository, and the one before it; "" where that is only staged."""

    commit: str
    by: str
    before: str
    undo: str = ""  # the command that brings it back


class Deleted(NotInOrder):
    """Somebody deleted `.recipients/`, and files of environments are encrypted still."""


def find(repository: Repository) -> Departure | None:
    """Whether the team left: the history at hand had environments, and the index has none, not even in a folder."""
    root, control = repository.root, (entry.path for entry in repository.listing.below(RECIPIENTS))
    if any(path.endswith("/environment") and path.count("/") == 2 for path in control):
        return None
    if recipients.nested(program.paths(root, "ls-files", "-z")):
        return None
    with contextlib.closing(Objects(root)) as objects:
        changed = RecipientsHistory(root, objects, ["HEAD"] if log.head(root) else []).of_statements()[:_MOST_MERGES]
        if not changed:
            return None
        if _has_environments(objects, "HEAD"):
            return Departure("", "", "")
        changes = [_departure(objects, commit) for commit in changed]
    # A later merge of a branch that has it is listed as well: it kept what one side had done.
    return next((each for each, is_whole in changes if is_whole), changes[0][0])


def _departure(objects: Objects, commit: str) -> tuple[Departure, bool]:
    """A commit as the one that took gitenv out, and whether all that it was made from had it."""
    from gitenv.git import commits

    author = commits.author(objects.commit(commit) or b"")
    had = [_has_environments(objects, parent) for parent in author.parents]
    number = had.index(True) if any(had) else 0
    mainline = f"-m {number + 1} " if len(had) > 1 else ""
    before = author.parents[number] if any(had) else ""
    return Departure(commit, author.name, before, f"git revert {mainline}{commit[:10]}"), all(had) and bool(had)


UNDO = "gitenv uninstall, then gitenv init, if you want it again"


def check_not_deleted(departure: Departure | None, objects: Objects, files: Iterable[IndexEntry]) -> None:
    """Raise `Deleted` where a commit took `.recipients/` away and left what it is needed for: nobody leaves like that."""
    if departure and departure.commit and is_encrypted_still(objects, files):
        who = f"{printable(departure.by)} deleted {RECIPIENTS}/ (commit {departure.commit[:10]})"
        raise Deleted(f"{who}, and files are encrypted still: nothing opens without it", departure.undo)


def why_not_here(repository: Repository, files: Iterable[IndexEntry]) -> NotInOrder:
    """The error where a clone has pins, and the commit at hand no environment. `files` are those that the pins claim."""
    text, departure = f"{RECIPIENTS}/ is not in the commit you are on", find(repository)
    check_not_deleted(departure, repository.objects, files)
    if not log.is_shallow(repository.root) and not departure:
        if not repository.was_ever_committed(RECIPIENTS):
            return NotInOrder(f"{text}, nor in any other: setting gitenv up was undone before it was committed", UNDO)
        return NotInOrder(f"{text}: it is from before gitenv", "go to a newer commit, or merge the main branch")
    hint = f"see who took it away: git log -- :/{RECIPIENTS}; if your team left gitenv: gitenv uninstall"
    return NotInOrder(text, hint)


def is_encrypted_still(objects: Objects, files: Iterable[IndexEntry]) -> bool:
    """Whether git has one of an environment's `files` in ciphertext: then nobody has left, whatever a commit took away.

    Whoever can push can take `.recipients/` and the attributes out. Without a guard the next `git commit -a` would store what
    somebody has open, and edited, in plain text.
    """
    return any(smudge.is_encrypted(objects.read(entry.object_id, document.MAX_BYTES) or b"") for entry in files)


def _has_environments(objects: Objects, commit: str) -> bool:
    tree = CommitSnapshot(objects, commit)
    return any(recipients.is_environment(tree, name) for name in recipients.folders(tree))


def left_behind(repository: Repository) -> list[str]:
    """The other work trees of this clone that still have environments: they are on another branch."""
    elsewhere = dict.fromkeys(("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"))
    listed = ("ls-files", "-z", "--", _ENVIRONMENTS)
    return [
        root
        for root in repository.work_trees()
        if os.path.isdir(root)
        and os.path.realpath(root) != os.path.realpath(repository.root)
        and program.attempt(root, *listed, variables=elsewhere).stdout
    ]


def check_not_nested(repository: Repository) -> None:
    """Raise `NotInOrder` if what this repository should have at its top lies in a folder of it."""
    paths = {entry.path for entry in repository.tracked()}
    if nested := recipients.nested(paths):
        where = f"{printable(nested[0])}/{RECIPIENTS}/"
        text = f"{where} is of another repository that became a folder of this one; gitenv reads only {RECIPIENTS}/ at the top"
        raise NotInOrder(text, recipients.move_up(nested[0], paths))


def check_here(repository: Repository) -> None:
    """Raise `Departed` where the next commit takes gitenv out, or one did and the clone has nothing of it any more."""
    departure = find(repository)
    if departure is None or (departure.commit and not is_cleared(repository)):
        return
    if departure.commit:
        text = f"{printable(departure.by)} took gitenv out of this repository (commit {departure.commit[:10]})"
        raise Departed(text, "there is nothing to do; to found it anew: gitenv init")
    if is_cleared(repository):
        raise Departed(
            "gitenv is taken out of this repository, and that is staged", "git commit -m 'Without gitenv' && git push"
        )
    hint = f"gitenv uninstall; or to have it back: git restore --staged --worktree :/{RECIPIENTS}"
    raise Departed(f"the next commit takes {RECIPIENTS}/ out of this repository, and this clone still has gitenv", hint)


def check_cleared(repository: Repository) -> None:
    """Raise `Departed` in a clone that still has gitenv from before the team left: founding there would be a mistake."""
    if not is_cleared(repository) and find(repository):
        hint = "gitenv uninstall; to found it anew after that: gitenv init"
        raise Departed("your team took gitenv out of this repository, and this clone still has it", hint)


def is_cleared(repository: Repository) -> bool:
    """Whether a clone has nothing of gitenv."""
    return not (setup.is_known(repository) or setup.is_lifted(repository))
