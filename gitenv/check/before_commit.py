"""What pre-commit asks: may this be committed. The same rules as `gitenv check --staged`, and copies of values with a key."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import closing

from gitenv.check import judge, leaks
from gitenv.errors import from_top, printable
from gitenv.git import program
from gitenv.model.codes import finding
from gitenv.model.finding import Finding, Severity
from gitenv.repo import clone
from gitenv.repo.where import Where
from gitenv.trust.change import Change
from gitenv.trust.keys_at_hand import KeysAtHand


def staged(folder: str) -> list[Finding]:
    """What pre-commit stops for: the index against HEAD, and only what this commit changes."""
    with closing(judge.find(folder)) as where:
        change = judge.next_commit(where)
        return [*judge.staged(where, change), *_through_links(change), *_copies(where, change), *_too_early(change)]


def staged_plain(folder: str) -> list[Finding]:
    """Plain text that waits in the index, said before a push.

    None of it goes out with this one; but some program here stages past the filter, and its next commit may run no hook.
    """
    with closing(judge.find(folder)) as where:
        found = judge.staged(where, judge.next_commit(where)) if where.has_work_tree else []
        return [each for each in found if each.code == "plain-text" and each.severity is Severity.ERROR]


def _through_links(change: Change) -> Iterator[Finding]:
    """Files that a link in the place of a protected one leads to: what somebody types there lands in them, in plain text."""
    covers, leads = change.claims.covers, change.claims.leads_to_covered
    linked = [path for path, entry in change.files.items() if entry.is_link and (covers(path) or leads(path))]
    if not linked:
        return
    top, new = os.path.realpath(change.folder), [path for path in change.changed if path not in linked and not covers(path)]
    for path, target in itertools.product(linked, new):
        below = os.path.relpath(os.path.join(top, target), os.path.realpath(os.path.join(top, path)))
        if below == "." or (not below.startswith("..") and covers(f"{path}/{below}")):
            text = f"{printable(path)} is a link that leads to it: what is typed there is committed here, in plain text"
            yield finding("not-a-file", text, target, 0, (f"git restore --staged {from_top(target)}",))


def _copies(where: Where, change: Change) -> list[Finding]:
    """Only before a commit, and with a key: nobody else can say what a value is."""
    keys = KeysAtHand(where.layout, change.after, where.objects)
    return leaks.without_allowed(where.folder, leaks.copies(change, keys, where.folder))


def _too_early(change: Change) -> Iterator[Finding]:
    """The files that wait for the second step of a founding, and that this commit would add all the same."""
    new = change.files.keys() - change.former_files.keys()
    waiting = [path for path in clone.waiting(change.where.layout.common_dir) if path in new]
    words = ("--literal-pathspecs", "diff", "--cached", "--no-ext-diff", "--name-only", "--diff-filter=A", "-z", "--")
    for path in program.paths(change.folder, *words, *waiting) if waiting else ():
        commands = (f"git rm --cached {from_top(path)}", "gitenv init")
        yield finding(
            "waits-for-team", "a pull would replace the files of those who have not pulled the first step", path, 0, commands
        )
