"""Following environments through history: which honest steps lead from one statement to another, in the commits there are."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

from gitenv import recipients
from gitenv.access import Access, own_grant, rolled_back, standing_in
from gitenv.errors import GitenvError, NotTrusted
from gitenv.git import log
from gitenv.git.objects import Objects
from gitenv.git.trees import RECIPIENTS, CommitTree, Tree
from gitenv.model import environment, statements
from gitenv.model.environment import Environment
from gitenv.model.grant import Grant
from gitenv.model.kinds import PublicKey
from gitenv.model.reasons import TooFarAhead, TooLong
from gitenv.model.statements import Holder
from gitenv.model.trust import Lineage, check_signed, lineage
from gitenv.pins import Pin

_MAX_COMMITS = 20_000
_MAX_TREES = 2_000
_MAX_ASKED = 20  # trees of one statement, for the grants in them
ANY_DAY = ""
"""No grant has expired then."""


class Past:
    """One environment in the commits that HEAD reaches, and in the tree at hand."""

    def __init__(
        self,
        root: str,
        objects: Objects,
        tree: Tree,
        name: str,
        *,
        since: str = "",
        today: str | None = None,
        heads: Sequence[str] = ("HEAD",),
    ) -> None:
        """`since` leaves out the commits that it reaches; `today` is when grants have to count; `heads` are where to begin."""
        self._name, self._today = name, today
        self.path = f"{RECIPIENTS}/{name}/environment"
        self._trees: dict[bytes, list[Tree]] = {}
        self._commits: dict[bytes, list[str]] = {}
        self._holders: dict[bytes, frozenset[Holder]] = {}
        self._keys: dict[Holder, PublicKey | None] = {}
        self._seen: dict[str, bytes | None] = {}  # a `.recipients/` → the statement in it
        commits = log.commits_of(root, self.path, _MAX_COMMITS, since, heads)
        self._add(tree)
        self._add_commits(root, objects, [*(commit.id for commit in commits), *heads])
        #: The statements that stood there and have the form of one. Nobody vouches for them yet.
        self.versions = list(self._read())
        # The parents have the last grants of the statement before.
        self._add_commits(root, objects, list(dict.fromkeys(parent for commit in commits for parent in commit.parents)))
        self._is_cut = len(commits) >= _MAX_COMMITS or len(self._seen) >= _MAX_TREES

    def check_whole(self) -> None:
        """Raise `TooLong` where somebody buried the past under more commits than a team makes."""
        if self._is_cut:
            raise TooLong(f"{self._name}/environment: changed more often than can be followed", f"gitenv trust {self._name}")

    def add(self, tree: Tree) -> None:
        """Look at one more tree, which no commit has yet."""
        self._add(tree)
        self.versions = list(self._read())

    def tree_of(self, statement: Environment) -> Tree | None:
        """The newest tree with a statement, the one at hand before commits; None if there is none."""
        return next(iter(self._trees.get(statement.text, [])), None)

    def commit_of(self, statement: Environment) -> str:
        """The newest commit that brought a statement, or "" if none of these did."""
        return next(iter(self.commits_of(statement)), "")

    def commits_of(self, statement: Environment) -> list[str]:
        """All of these commits that have a statement after they changed it, or before that; newest first."""
        return self._commits.get(statement.text, [])

    def own_grant(self, access: Access, statement: Environment, name: str) -> Grant | None:
        """This device's grant in any tree with a statement: the newest that counts. Whoever can push can break the last one."""
        for tree in self._trees.get(statement.text, [])[:_MAX_ASKED]:
            with contextlib.suppress(NotTrusted):
                if found := own_grant(statement, tree, self.key_of, access.device(), name):
                    return found
        return None

    def holders_of(self, statement: Environment) -> frozenset[Holder]:
        """Everybody who held the environment in some tree with this statement, by its own words or by grants."""
        if statement.text not in self._holders:
            found = set(statement.holders)
            for tree in self._trees.get(statement.text, [])[:_MAX_ASKED]:
                found |= standing_in(tree, statement, self.key_of, self._today).holders
            self._holders[statement.text] = frozenset(found)
        return self._holders[statement.text]

    def key_of(self, holder: Holder) -> PublicKey | None:
        """A signer's key: it may have left the newest tree together with them."""
        if holder not in self._keys:
            trees = (tree for found in self._trees.values() for tree in found)
            keys = (recipients.key_finder(tree, self._name)(holder) for tree in trees)
            self._keys[holder] = next((key for key in keys if key is not None), None)
        return self._keys[holder]

    def is_signed(self, statement: Environment) -> bool:
        """Whether a statement carries the signature of one of its own holders."""
        try:
            check_signed(statement, self.key_of, statement.name)
        except NotTrusted:
            return False
        return statement.by in statement.holders

    def foundings(self) -> list[Environment]:
        """The first statements that stood there, each signed by one of its own holders."""
        return [version for version in self.versions if version.revision == 1 and self.is_signed(version)]

    def heirs(self, founding: Environment) -> frozenset[Holder]:
        """Who held an environment last, by all that its founding leads to; nobody, if that is forked.

        Not who held it until a day: nobody could say in a year whether it had come when they founded it again.
        """
        found = self.steps_after(founding)
        last = found.furthest(self.versions)
        try:
            found.check_one_line(last, self.versions)
        except NotTrusted:
            return frozenset()
        trees = self._trees.get(last.text, [])[:_MAX_ASKED]
        counted = (given for tree in trees for given in standing_in(tree, last, self.key_of, ANY_DAY).counted.values())
        ending = {Holder(given.to, given.key.fingerprint()) for given in counted if given.expires}
        return self.holders_of(last) - ending

    def add_statement(self, statement: Environment) -> None:
        """Look at a statement as well that stands nowhere yet."""
        if all(version.text != statement.text for version in self.versions):
            self.versions.append(statement)

    def steps_from(self, pin: Pin) -> Lineage:
        """What follows honestly from a pin, whose holders are known better than any tree can say."""

        def holders_of(statement: Environment) -> frozenset[Holder]:
            known = self.holders_of(statement)
            return known | pin.holders if statement.text == pin.environment.text else known

        return lineage(pin.environment, self.versions, holders_of, self.key_of)

    def steps_after(self, statement: Environment) -> Lineage:
        """What follows honestly from any statement of this past."""
        return lineage(statement, self.versions, self.holders_of, self.key_of)

    def _add(self, tree: Tree) -> bytes | None:
        try:
            text = tree.read(self.path, statements.MAX_BYTES)
        except GitenvError:
            return None  # a link, or too large: no statement
        if text is not None:
            self._trees.setdefault(text, []).append(tree)
        return text

    def _add_commits(self, root: str, objects: Objects, commits: Sequence[str]) -> None:
        # Commits that only put things back and forth have few trees between them.
        folders = log.ids(root, [f"{commit}:{RECIPIENTS}" for commit in commits])
        for commit, folder in zip(commits, folders, strict=True):
            if folder and folder not in self._seen and len(self._seen) < _MAX_TREES:
                self._seen[folder] = self._add(CommitTree(objects, commit))
            if (text := self._seen.get(folder)) is not None:
                self._commits.setdefault(text, []).append(commit)

    def _read(self) -> Iterator[Environment]:
        for text in self._trees:
            try:
                found = environment.read(text, f"{self._name}/environment")
            except GitenvError:
                continue
            if found.name == self._name:
                yield found


def catch_up(root: str, objects: Objects, access: Access, tree: Tree, pin: Pin, since: str) -> Pin:
    """The pin that the tree at hand and the commits after `since` honestly lead to: the furthest, or the tree's on another way.

    The tree alone would not do. Who pulls a rotation and its undoing at once would never know of it, and go on with a key that
    was taken from somebody. Raises `Forked` or `TooLong` where nobody can say which way is the right one.
    """
    past = Past(root, objects, tree, pin.name, since=since)
    past.check_whole()
    found = past.steps_from(pin)
    if since and any(isinstance(reason, TooFarAhead) for reason in found.refused.values()):
        # Where two rotations were brought together, the way goes by what both began from: that was there before.
        past = Past(root, objects, tree, pin.name)
        past.check_whole()
        found = past.steps_from(pin)
    goal = found.furthest(past.versions)
    here = tree.read(past.path, statements.MAX_BYTES)
    aside = [version for version in past.versions if version.text == here and here in found.before]
    if aside and aside[0] not in found.way_to(goal):
        goal = aside[0]
    if goal.text == pin.environment.text:
        return pin
    found.check_one_line(goal, past.versions)
    return stepped(past, access, pin, goal)


def moved(root: str, objects: Objects, access: Access, tree: Tree, pin: Pin, heads: Sequence[str]) -> Pin | None:
    """The pin at the tree's statement, where that is newer: a step that the tree shows, or several that any of `heads` reaches.

    Raises the reason why none lead there.
    """
    try:
        judged = access.judge(pin, tree)
    except TooFarAhead:  # several rotations at once: the steps in between are in the commits
        return through(root, objects, access, tree, pin, heads)
    return judged.moves if judged else None


def through(root: str, objects: Objects, access: Access, tree: Tree, pin: Pin, heads: Sequence[str]) -> Pin:
    """The pin at the tree's statement, by steps that any of `heads` reaches: a merge that is not committed has two.

    Raises the reason why none lead there, `Forked` or `TooLong`.
    """
    past = Past(root, objects, tree, pin.name, heads=heads)
    past.check_whole()
    found, here = past.steps_from(pin), environment.read(tree.read(past.path, statements.MAX_BYTES) or b"", past.path)
    found.way_to(here)
    found.check_one_line(here, past.versions)
    return stepped(past, access, pin, here)


def stepped(past: Past, access: Access, pin: Pin | None, goal: Environment) -> Pin:
    """The pin at another statement of the past, with whoever held it there. A bad grant of the user's own is left out."""
    is_ours = pin is not None and pin.environment.id == goal.id
    own = pin.grant if pin and is_ours and pin.environment.generation == goal.generation else None
    seen = pin.seen if pin and is_ours else frozenset()
    own = own or past.own_grant(access, goal, pin.grant.to if pin and pin.grant else access.name)
    return Pin.of(goal, own, past.holders_of(goal) - set(goal.holders), seen)


def check_founding(root: str, objects: Objects, tree: Tree, statement: Environment, heads: Sequence[str] = ("HEAD",)) -> None:
    """Compare what is seen for the first time, or is just being founded, with the history that HEAD (or `heads`) reaches.

    Whoever can push can replace an environment, but not take its founding out of the history. Raises the reason why a founding
    does not lead to `statement`, or `RolledBack` if it leads further.
    """
    past = Past(root, objects, tree, statement.name, today=ANY_DAY, heads=heads)
    past.check_whole()
    past.add_statement(statement)
    for founding in past.foundings():
        try:
            found = past.steps_after(founding)
            found.way_to(statement)
            found.check_one_line(statement, past.versions)
        except NotTrusted as error:
            if founding.id != statement.id and _is_succeeded(root, past, founding, statement, set(), heads):
                continue
            who = f"; this history also has one founded by {founding.by}" if founding.id != statement.id else ""
            raise type(error)(f"{error.message}{who}", f"gitenv trust {statement.name}") from None
    later = past.steps_after(statement).furthest(past.versions)
    if later.text != statement.text:
        raise rolled_back(root, later, statement)


def _is_succeeded(
    root: str, past: Past, founding: Environment, goal: Environment, seen: set[bytes], heads: Sequence[str]
) -> bool:
    """Whether who held an environment last founded another one later in its place, which leads to `goal`, maybe over several.

    A removal is signed by nobody, so it says nothing: whoever can push can commit one. The founding is signed. It must be later
    in history as well, else the environment that was removed could be put back in the place of the new one.
    """
    seen.add(founding.text)
    heirs = past.heirs(founding)
    for later in past.foundings() + ([goal] if goal.revision == 1 else []):
        if later.text in seen or later.id == founding.id or later.by not in heirs:
            continue
        if _is_later(root, past.path, founding, later, heads) and (
            past.steps_after(later).reaches(goal) or _is_succeeded(root, past, later, goal, seen, heads)
        ):
            return True
    return False


def _is_later(root: str, path: str, first: Environment, second: Environment, heads: Sequence[str]) -> bool:
    """Whether every commit that brought the second goes back to one that brought the first. What is in none yet is later."""
    before, after = (log.brought(root, path, statement.text, heads) for statement in (first, second))
    return all(any(log.is_ancestor(root, earlier, commit) for earlier in before) for commit in after)
