"""Plain text in the commits of a change, each by itself: what got into history once is not taken out by a later commit."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from gitenv.check import leaks
from gitenv.check.documents import Document, bounded, is_plain, plain, records_of
from gitenv.check.misplaced import like_dotenv, not_a_file, protected_target, unreadable
from gitenv.check.texts import Texts, is_note
from gitenv.errors import NotTrusted, from_top
from gitenv.git import changes, program, walk
from gitenv.git.objects import Objects
from gitenv.git.walk import FileChange
from gitenv.model import document, dotenv, remedies
from gitenv.model.codes import finding
from gitenv.model.finding import Finding, Severity
from gitenv.model.leaks import key_lines
from gitenv.repo.claims import Claims
from gitenv.repo.snapshot import Snapshot
from gitenv.trust.change import Change
from gitenv.tuples import NamedTuple

_MAX_BYTES = document.MAX_BYTES + 1
_MAX_FINDINGS = 200
_MAX_KEYS = 100_000
_LINK = "120000"
_MESSAGE = "COMMIT_EDITMSG"  # what git calls the file with a message


class Scan:
    """Looks at what commits brought. Each blob is read once at each path; each line is named once, in its first commit."""

    def __init__(
        self,
        objects: Objects,
        claims: Claims,
        before: Snapshot | None,
        *also: Snapshot,
        tips: Collection[str],
        with_keys: bool,
        texts: Texts | None = None,
        is_others: bool = False,
        back: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
    ) -> None:
        """`before` is what the commits began from: lines that stood there, or in `also`, already are nobody's fault now.

        `tips` are the full ids of the newest commits: these are mended without a rebase. `with_keys`: read each blob, and look
        for private keys. `texts` looks at notes. `is_others`: whoever reads this is not at a tip. `back` are the
        commands that take back what is no commit, by its id.
        """
        self._texts, self._back, self._is_others = texts, back, is_others
        self._with_keys = with_keys
        self._objects, self._claims, self._before, self._also, self._tips = objects, claims, before, also, tips
        self._seen: set[tuple[str, str]] = set()
        self._named: set[tuple[str, bytes]] = set()
        self._old: dict[str, frozenset[bytes]] = {}
        self._ids: frozenset[str] | None = None

    def findings(self, brought: Iterable[FileChange]) -> list[Finding]:
        """What is plain in them."""
        found: list[Finding] = []
        for each in brought:
            if (each.path, each.object_id) in self._seen:
                continue
            self._seen.add((each.path, each.object_id))
            if len(found) <= _MAX_FINDINGS:
                found += [*self._judge(each), *self._keys(each)]
        return bounded(found, _MAX_FINDINGS)

    def _judge(self, each: FileChange) -> list[Finding]:
        if self._claims.covers(each.path):
            if each.mode.startswith("100"):
                return self._protected(each)
            # Whether what a link leads to is there is asked where the change ends.
            is_harmless = bool(protected_target(self._objects, self._claims, each.path, each.mode, each.object_id))
            return [] if is_harmless else [not_a_file(each.path, each.mode, each.commit)]
        if self._texts and is_note(each.path) and each.mode.startswith("100"):
            return self._texts.note(each.path, each.object_id, each.commit, with_keys=self._with_keys)
        is_file = each.mode.startswith("100") and not each.path.startswith(".recipients/")
        return self._alike(each) if is_file and dotenv.kind(each.path) == "alike" else []

    def _keys(self, each: FileChange) -> list[Finding]:
        if not self._with_keys or not each.mode.startswith(("100", _LINK)) or (self._texts and is_note(each.path)):
            return []
        old = self._before.entry(each.path) if self._before else None
        commit = each.commit
        mend = _again(commit, self._tips, f"{remedies.take_out(each.path)} && ")
        ways = (*self._back.get(commit, (mend,)), *leaks.allow(each.path))
        if named := leaks.key_in_name(each.path, commit, f" && {_again(commit, self._tips)}", was_before=old is not None):
            return named
        return leaks.keys_in(self._objects, each.path, each.object_id, old, ways, commit)

    def _protected(self, each: FileChange) -> list[Finding]:
        data = self._objects.read(each.object_id, _MAX_BYTES)
        if data is None:
            return [unreadable(each.path, each.commit)]
        try:
            # Reading what stood there before is only for who needs it.
            records = [record.raw for record in document.parse(data) if is_plain(record)]
            if not records:
                return []
            before = self.before(each)
            is_old = before.issuperset(records)
            version = Document(each.path, data, None, before)
            found = plain(version, lambda lines: self._mend(each, lines, is_old=is_old), each.commit)
        except NotTrusted as error:
            return [unreadable(each.path, each.commit, error.message)]
        new = {raw for raw in records if (each.path, raw) not in self._named}
        self._named.update((each.path, raw) for raw in new)
        if new == set(records):
            return found
        at = {line: record.raw for record, line in document.numbered(document.parse(data))}
        return [one for one in found if new and (not one.line or at.get(one.line) in new)]

    def _mend(self, each: FileChange, lines: Sequence[remedies.Line], *, is_old: bool) -> tuple[str, ...]:
        if each.commit in self._back:
            return self._back[each.commit]
        if self._is_others:
            return (f"git show {each.commit[:10]} -- {from_top(each.path)}",)
        is_tip, statement = each.commit in self._tips, self._claims.statement_of(each.path)
        ways = remedies.plain_text(
            each.path,
            lines,
            is_committed=True,
            is_claimed=statement is not None,
            environments=self._claims.environments,
        )
        if is_old:  # another commit brought it, and who made that may be anybody
            return (remedies.look(each.path), *ways)
        amend = [f"{way} && git commit --amend" for way in ways]
        if is_tip:
            return tuple(amend)
        # With --autostash, for the file differs from the index as long as plain text is staged. Where the rebase stops git
        # has checked the file out, and its plain lines are marks there.
        start = f"{each.commit[:10]}^" if self._objects.id(f"{each.commit}^1") else "--root"
        return f"git rebase -i --autostash {start}", *amend

    def before(self, each: FileChange) -> frozenset[bytes]:
        """The records that stood at a path, or in the very file that was moved there."""
        if self._before is None:
            return frozenset()
        if each.path not in self._old:
            sides = (self._before, *self._also)
            self._old[each.path] = frozenset[bytes]().union(*(records_of(side.document(each.path)) for side in sides))
        if self._ids is None:
            self._ids = frozenset(entry.object_id for entry in self._before.entries().values())
        if each.object_id in self._ids:
            return self._old[each.path] | records_of(self._objects.read(each.object_id, _MAX_BYTES))
        return self._old[each.path]

    def _alike(self, each: FileChange) -> list[Finding]:
        data = self._objects.read(each.object_id, _MAX_BYTES) or b""
        found = like_dotenv(each.path, data, self.before(each), each.commit)
        return [found] if found else []


def messages(folder: str, revisions: Sequence[str], tips: Collection[str]) -> list[Finding]:
    """The private keys in what commits say of themselves: in their messages, and in the lines that git keeps above these."""
    found: list[Finding] = []
    for each in program.run(folder, "rev-list", "--header", *revisions, "--").split(b"\0"):
        commit, _, said = each.partition(b"\n")
        head, _, message = said.partition(b"\n\n")
        if lines := list(key_lines([message])) or list(key_lines([head])):
            name = commit.decode("ascii")
            found += leaks.keys_at(lines, _MESSAGE, (_again(name, tips), *leaks.allow(_MESSAGE)), name)
    return bounded(found, _MAX_FINDINGS)


def _again(commit: str, tips: Collection[str], first: str = "") -> str:
    """The command to make a commit anew."""
    return f"{first}git commit --amend" if commit in tips else f"git rebase -i {commit[:10]}^"


def ended(change: Change) -> Iterator[FileChange]:
    """The files that a change ends with, as if its last commit had brought them.

    No commit brings what a merge takes from a parent, and that parent may be any older one, from before a value was encrypted.
    """
    entries = change.files
    yield from (walk.as_brought(change.after.commit, path, *entries[path]) for path in change.changed)


class _Key(NamedTuple):
    """One key that stood in plain text: the newest and the oldest commit that brought it, and where."""

    line: int
    newest: str
    oldest: str
    versions: int


def history(folder: str, objects: Objects, claims: Claims, specs: Sequence[str]) -> Iterator[Finding]:
    """All plain text that any commit of any branch ever had, newest first: each key once for each path."""
    seen: set[tuple[str, str]] = set()
    keys: dict[tuple[str, str], _Key] = {}
    for each in changes.brought(folder, ["--all"], specs, is_newest_first=True):
        looks_so = dotenv.kind(each.path) == "alike"
        if (each.path, each.object_id) in seen or not each.mode.startswith("100"):
            continue
        seen.add((each.path, each.object_id))
        if not looks_so and not claims.covers(each.path):
            continue
        data = objects.read(each.object_id, _MAX_BYTES)
        for name, line in _plain_names(data or b"", only_names=looks_so and not claims.covers(each.path)):
            known = keys.get((each.path, name))
            if known or len(keys) < _MAX_KEYS:
                first = known or _Key(line, each.commit, each.commit, 0)
                keys[each.path, name] = first._replace(oldest=each.commit, versions=first.versions + 1)
    by_path: dict[str, list[Finding]] = {}
    for (path, name), key in keys.items():
        found = _once(path, name, key)
        is_ours = claims.covers(path)
        by_path.setdefault(path, []).append(found if is_ours else found._replace(severity=Severity.WARNING))
    for listed in by_path.values():
        yield from bounded(listed)


def _plain_names(data: bytes, *, only_names: bool) -> Iterator[tuple[str, int]]:
    try:
        for record, line in document.numbered(document.parse(data)):
            if record.kind in document.TEXT and (record.name or not only_names):
                yield record.name.decode("ascii"), line
    except NotTrusted:
        return


def _once(path: str, name: str, key: _Key) -> Finding:
    what = name or "a line without a name"
    times = "in 1 version" if key.versions == 1 else f"in {key.versions:,} versions, since {key.oldest[:10]}"
    text = f"{what} stood in plain text {times}: change the value where it comes from"
    return finding("plain-in-history", text, path, key.line, (f"git show {key.newest[:10]} -- {from_top(path)}",), key.newest)
