"""`gitenv log`: what happened to keys and to who is in, commit by commit. No key is needed, and nothing is vouched for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Sequence
from functools import partial
from typing import Protocol

from gitenv.errors import GitenvError, NotInOrder
from gitenv.git import commits, log, program, walk
from gitenv.git.layout import RECIPIENTS
from gitenv.git.many_objects import ManyObjects
from gitenv.git.walk import Commit, FileChange
from gitenv.log import claims, key_facts, member_facts
from gitenv.log.facts import Event, Fact, Skipped, What
from gitenv.model import document
from gitenv.model.document import OpenOf
from gitenv.repo.snapshot import CommitSnapshot, resolve
from gitenv.trust import roster
from gitenv.trust.roster import Roster

_MAX_KEPT = 32 * 1024 * 1024  # bytes: what a file was before a commit is what it is in the next one we come to
_MAX_NAMES = 10_000
_MOST_SKIPPED = 100
_MAX_MOVES = 20


class Interest(Protocol):
    """What of keys somebody wants to know who does not want to know all: most of a history is looked through quickly then."""

    def waits(self, path: str) -> bool:
        """Whether anything that a commit did to a file may be of interest."""

    def facts(self, path: str, texts: Sequence[bytes], make: Callable[[], list[Fact]]) -> list[Fact]:
        """Those of interest: of what `make` finds in the texts of the file, the last of which is what the commit has."""


class Log:
    """The events of one repository, newest first; afterwards, what was not looked at."""

    def __init__(
        self,
        folder: str,
        *,
        key: str = "",
        environments: Collection[str] = (),
        revision: str = "",
        opener_of: Callable[[str], OpenOf] | None = None,
        interest: Interest | None = None,
    ) -> None:
        """`revision` is a commit, or a range like `main..topic`; "" for HEAD. Raises `Usage` and `NotInOrder`.

        `opener_of` is what opens tokens of a path, where there are keys at hand: they tell what changed while it was rotated.
        With an `interest` people are of none.
        """
        self._folder, self._opener_of, self._interest = folder, opener_of, interest
        self._objects = ManyObjects(folder)
        self._heads, self._hidden = _ends(folder, revision)
        self._wanted = Wanted(key, environments)
        self._claims = claims.AllClaims(self._objects)
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._kept_bytes = 0
        self.is_cut = log.is_shallow(folder)
        self.skipped: list[Skipped] = []
        self.skipped_more = 0  # how many are not in that list
        self.names: set[str] = set()  # of the keys that were met, up to some thousands

    def count(self) -> int:
        """How many commits there are to look at; 0 if that is not known."""
        return commits.count(self._folder, self._heads, self._hidden)

    def events(self, looked: Callable[[], None] = lambda: None) -> Generator[Event]:
        """What happened. `looked` is called for each commit. Close it to end git before its time.

        Raises `NotInOrder` where the history is damaged.
        """
        for commit in self._walked():
            looked()
            if facts := self._facts(commit):
                author = commits.author(self._objects.commit(commit.id) or b"")
                if author.parents and not commit.parents:  # a shallow clone begins here: all looks new, and nothing is
                    facts = self._wanted.earlier(facts)
                yield from (Event(commit.id, author, fact) for fact in self._wanted.of(facts))
            self._claims.go_on(commit)
        self._objects.close()

    def _walked(self) -> Iterator[Commit]:
        """Newest first, and children before parents."""
        # Without pathspecs: statements may have claimed any path, and git compares no slower.
        ends, last = [*self._heads, *(f"^{commit}" for commit in self._hidden)], ""
        try:
            for commit in walk.commits(self._folder, ends, merges=walk.NEW, words=("--date-order",)) if self._heads else ():
                last = commit.id
                yield commit
        except program.TooManyNames:
            raise
        except NotInOrder:
            where = f"at {last[:10]}, or in what it was made from" if last else "at its newest commit"
            raise NotInOrder(f"the history is damaged {where}", "git fsck") from None

    def _facts(self, commit: Commit) -> list[Fact]:
        if not commit.changes:
            return []
        touched = [change.path for change in commit.changes if claims.is_below(change.path)]
        found = self._of_members(commit, touched) if touched and not (self._wanted.key or self._interest) else []
        keys: list[Fact] = []
        for environment, changes in self._documents(commit, touched).items():
            if self._wanted.has(environment):
                keys += [fact._replace(environment=environment) for fact in self._of_files(commit.id, environment, changes)]
        if len(self.names) < _MAX_NAMES:
            self.names.update(fact.key for fact in keys if fact.key)
        return [*found, *keys] if self._wanted.key else together(found, keys)

    def _of_members(self, commit: Commit, touched: Sequence[str]) -> list[Fact]:
        try:
            before = [self._membership(parent, touched) for parent in commit.parents] or [Roster({}, {}, {})]
            return member_facts.of_commit(before, self._membership(commit.id, touched))
        except GitenvError as error:
            self._skip(commit.id, RECIPIENTS, error.message)
            return []

    def _membership(self, commit: str, touched: Sequence[str]) -> Roster:
        return roster.read(member_facts.Touched(CommitSnapshot(self._objects, commit), touched))

    def _documents(self, commit: Commit, touched: Sequence[str]) -> dict[str, list[FileChange]]:
        """The changed documents by environment."""
        known = [self._claims.of(commit.id)]
        if any(path.endswith("/environment") for path in touched):
            known += map(self._claims.of, commit.parents)  # an environment can go together with its files
        elif touched and len(commit.parents) == 1:
            self._claims.are_as_in(commit.id, commit.parents[0])
        found: dict[str, list[FileChange]] = {}
        for change in commit.changes:
            if claims.is_below(change.path):
                continue
            claimed = next(filter(None, (each.environment_of(change.path) for each in known)), None)
            name = claimed or claims.by_name(change.path)
            if name is not None:
                found.setdefault(name, []).append(change)
        return found

    def _of_files(self, commit: str, environment: str, changes: Sequence[FileChange]) -> Iterator[Fact]:
        """What happened to the files of one environment."""
        came = [change for change in changes if not any(change.before)]
        gone = [change for change in changes if not change.after and all(change.before)]
        done: set[str] = set()
        for new in came[:_MAX_MOVES]:
            old = next((each for each in gone[:_MAX_MOVES] if each.path not in done and self._is_moved(each, new)), None)
            if old is None:
                continue
            done |= {old.path, new.path}
            if self._has_wanted(environment, new.after):
                yield Fact(What.MOVED, path=new.path, former=old.path)
            if {new.after} != set(old.before):
                yield from self._of_file(commit, new.coming_from(old))
        for change in changes:
            if change.path not in done:
                yield from self._of_file(commit, change)

    def _of_file(self, commit: str, change: FileChange) -> Iterable[Fact]:
        if self._interest and not self._interest.waits(change.path):
            return []
        texts = [self._read(blob) for blob in (*change.before, change.after)]
        there = [text for text in texts if text is not None]
        if len(there) < len(texts):
            self._skip(commit, change.path, "damaged, or larger than a document may be")
            return []
        try:
            open_of = self._opener_of(change.path) if self._opener_of else None
            make = partial(key_facts.of_document, there[:-1], there[-1], open_of)
            found = self._interest.facts(change.path, there, make) if self._interest else make()
        except GitenvError as error:
            self._skip(commit, change.path, error.message)
            return []
        return [fact._replace(path=change.path) for fact in found]

    def _is_moved(self, old: FileChange, new: FileChange) -> bool:
        if old.before[0] == new.after:
            return True
        one, other = self._read(old.before[0]), self._read(new.after)
        try:
            return bool(one and other and key_facts.alike(one, other))
        except GitenvError:
            return False

    def _has_wanted(self, environment: str, blob: str) -> bool:
        """Whether a document is of interest: all of them, where no key was asked for."""
        if not self._wanted.key:
            return True
        try:
            return not self._wanted.names(environment).isdisjoint(key_facts.occurrences(self._read(blob) or b""))
        except GitenvError:
            return False

    def _read(self, blob: str) -> bytes | None:
        if not blob:
            return b""
        if blob in self._kept:
            self._kept.move_to_end(blob)
            return self._kept[blob]
        data = self._objects.read(blob, document.MAX_BYTES)
        if data is None:
            self._objects.close()  # git ends at some damaged objects; the next question starts it again
            return None
        self._kept[blob] = data
        self._kept_bytes += len(data)
        while self._kept_bytes > _MAX_KEPT:
            self._kept_bytes -= len(self._kept.popitem(last=False)[1])
        return data

    def _skip(self, commit: str, path: str, why: str) -> None:
        if len(self.skipped) < _MOST_SKIPPED:
            self.skipped.append(Skipped(commit, path, why))
        else:
            self.skipped_more += 1


class Wanted:
    """Which facts were asked for. A key is followed to its former names, in the environment where it had them."""

    def __init__(self, key: str, environments: Collection[str]) -> None:
        """A key, or ""; environments, or none for all of them."""
        self.key = key
        self._environments = frozenset(environments)
        self._names: dict[str, set[str]] = {}

    def has(self, environment: str) -> bool:
        return not self._environments or environment in self._environments

    def names(self, environment: str) -> set[str]:
        """What the key is called in an environment, at this point of the way back."""
        return self._names.setdefault(environment, {self.key})

    def of(self, facts: Iterable[Fact]) -> Iterator[Fact]:
        """Those of one commit's facts that were asked for. Commits come newest first."""
        for fact in facts:
            if not self.has(fact.environment):
                continue
            names = self.names(fact.environment)
            if self.key and fact.what is What.RENAMED and fact.key in names:
                names.add(fact.former)
            if not self.key or fact.what is What.MOVED or fact.key in names or fact.former in names:
                yield fact

    def earlier(self, facts: Iterable[Fact]) -> list[Fact]:
        """What is to be told where the history begins in the middle: that the key was there."""
        return [fact._replace(what=What.EARLIER) for fact in facts if self.key and fact.what is What.SET]


def together(members: Sequence[Fact], keys: Sequence[Fact]) -> list[Fact]:
    """All facts of a commit, with one for each environment in the place of every key that was encrypted anew."""
    again: dict[str, list[Fact]] = {}
    for fact in keys:
        if fact.what is What.REENCRYPTED:
            again.setdefault(fact.environment, []).append(fact)
    found = []
    for fact in members:
        if fact.what in (What.ROTATED, What.PUT_BACK):
            fact = fact._replace(keys=len(again.pop(fact.environment, ())))
        found.append(fact)
    for environment, facts in again.items():
        paths = {fact.path for fact in facts}
        path = paths.pop() if len(paths) == 1 else ""
        found.append(facts[0]._replace(environment=environment, path=path, key="", keys=len(facts)))
    return [*found, *(fact for fact in keys if fact.what is not What.REENCRYPTED)]


def _ends(folder: str, revision: str) -> tuple[list[str], list[str]]:
    """The commits to begin at, and those whose past is left out."""
    if not revision:
        head = log.head(folder)
        return ([head] if head else []), []
    for dots in ("...", ".."):
        one, found, other = revision.partition(dots)
        if found:
            first, second = (resolve(folder, each or "HEAD") for each in (one, other))
            both = dots == "..."
            return ([first, second], commits.merge_bases(folder, first, second)) if both else ([second], [first])
    return [resolve(folder, revision)], []
