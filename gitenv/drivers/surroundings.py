"""What surrounds a file that git hands to the filter: the clone's pins, the trees with `.recipients/`, the index and HEAD."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Sequence, Set

from gitenv.errors import GitenvError, Locked, NotTrusted, from_top, printable, shell_word
from gitenv.git import layout
from gitenv.git.layout import RECIPIENTS
from gitenv.git.objects import Objects
from gitenv.git.process import Request, Whole, digest
from gitenv.model import clean, document, dotenv, inert, smudge
from gitenv.model.document import Kind, Record
from gitenv.model.keyring import Keyring
from gitenv.repo import clone
from gitenv.repo.snapshot import CommitSnapshot, Snapshot, SparseSnapshot, WorkSnapshot
from gitenv.trust.access import Access, Judged, check_not_rolled_back
from gitenv.trust.pins import Pin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitenv.trust.history import History


class Surroundings:
    """One clone, for the length of one git command. Everything is read when the first file asks for it."""

    def __init__(self) -> None:
        self._here = layout.find(os.getcwd())
        self._access: Access | None = None
        self._index = 0, 0, 0
        self._before: dict[tuple[str, str], bool] = {}
        self._plain: dict[str, dict[bytes, str]] = {}
        self._uncommitted: dict[str, bool] = {}
        self._went_back: dict[tuple[bytes, bytes, str], NotTrusted | None] = {}
        self._unseen: dict[tuple[str, str], bool] = {}
        self._looked_beside: dict[tuple[bytes, bytes, str], NotTrusted | None] = {}
        self._made = clone.Made(self._here.common_dir)
        self.objects = Objects(os.getcwd())

    @property
    def access(self) -> Access:
        if self._access is None:
            self._access = Access(self._here)
        return self._access

    def reread_index(self) -> None:
        """Ask git anew if the index was written: a rebase keeps one filter through all its steps, and `cat-file` one index."""
        stamp = layout.index_stamp(self._here)
        if stamp != self._index:
            self.objects.close()
            self._index = stamp

    def is_rebasing(self) -> bool:
        """Whether git is in the middle of a rebase, and may go on by itself."""
        from gitenv.git import rebasing

        return rebasing.is_going_on(self._here)

    def judge(self, pin: Pin, treeish: str) -> tuple[Judged | None, bool]:
        """The statement that a file is filtered under, and whether it was found where the file is.

        A treeish is final. Else it is the work tree's, and behind it the index's or HEAD's: a sparse checkout need not have
        `.recipients/`. Those may be behind what is just being checked out, so they are good for less.
        """
        if treeish:
            return self.access.judge(pin, CommitSnapshot(self.objects, treeish)), True
        if judged := self.access.judge(pin, WorkSnapshot(self._here.work_tree)):
            return judged, True
        return self.access.judge(pin, SparseSnapshot(self.objects)), False

    def is_behind(self, pin: Pin, judged: Judged) -> bool:
        """Whether a treeish's statement is of an earlier generation than what clean goes by here (without one: the pinned one).

        A checkout leaves the statement here as it is, or makes it the treeish's. So what is not behind can be opened at once.
        """
        try:
            here, _ = self.judge(pin, "")
        except GitenvError:  # then nothing new is encrypted, either
            here = None
        return judged.environment.generation.number < (here or pin).environment.generation.number

    def refuse_rolled_back(self, pin: Pin, judged: Judged, head: str = "HEAD") -> None:
        """Raise `RolledBack` if a branch went back behind the pin, and is not just an older one. History is asked once.

        `head` may be a tree without a history (`git stash`, `git checkout 'HEAD^{tree}' -- .env`): it has HEAD's.
        """
        if not judged.is_earlier:
            return
        head = head if self.objects.commit(head) else "HEAD"
        what = pin.environment.text, judged.environment.text, head
        if what not in self._went_back:
            try:
                check_not_rolled_back(self._history(), pin, judged, head)
                self._went_back[what] = None
            except NotTrusted as error:
                self._went_back[what] = error
        if (found := self._went_back[what]) is not None:
            raise found

    def is_put_back(self, pin: Pin) -> bool:
        """Whether a removal may have come together with its undoing: a hook found that out, or HEAD went on past all hooks."""
        return pin.name in clone.put_back(self._here.common_dir) or self._has_unseen(pin)

    def _has_unseen(self, pin: Pin) -> bool:
        """Whether HEAD's history has changes to an environment that no command and no hook has looked at.

        git runs no hook for `git reset --hard origin/main`.
        """
        head = self.objects.id("HEAD")
        if (pin.name, head) not in self._unseen:
            self._unseen[pin.name, head] = self._has_changes_to(pin, head)
        return self._unseen[pin.name, head]

    def _has_changes_to(self, pin: Pin, head: str) -> bool:
        searched = clone.searched(self._here.common_dir)
        if not head or searched.get(pin.name) == head:
            return False
        from gitenv.git import log

        if log.touches(self._here.work_tree, head, searched.get(pin.name, ""), f"{RECIPIENTS}/{pin.name}"):
            return True
        self._note_searched(pin, head)
        return False

    def _note_searched(self, pin: Pin, head: str) -> None:
        if pin.name not in clone.put_back(self._here.common_dir):
            with contextlib.suppress(GitenvError, OSError):  # then the next one asks again
                clone.set_searched(self._here.common_dir, clone.searched(self._here.common_dir) | {pin.name: head})

    def refuse_put_back(self, pin: Pin, judged: Judged) -> None:
        """Raise `RolledBack` or `Forked` if that is still so, also of a refused step: the one before may have its key.

        It takes five starts of git, and `git add` may bring a thousand files: each HEAD is looked at once.
        """
        head = self.objects.id("HEAD")
        what = pin.environment.text, judged.environment.text, head
        if what not in self._looked_beside:
            try:
                self._look_beside(pin, judged)
                self._looked_beside[what] = None
                if judged.environment.text == pin.environment.text:  # as a command notes it that found nothing
                    self._note_searched(pin, head)
            except NotTrusted as error:
                self._looked_beside[what] = error
        if (found := self._looked_beside[what]) is not None:
            raise found

    def _look_beside(self, pin: Pin, judged: Judged) -> None:
        from gitenv.trust import forks
        from gitenv.trust.access import check_newest
        from gitenv.trust.history import FETCHED

        since = clone.searched(self._here.common_dir).get(pin.name, "")
        first_sight = self.access.first_sight(pin.name, WorkSnapshot(self._here.work_tree))
        history = self._history()
        check_newest(history, first_sight, pin, judged.environment, since)
        if judged.moves:
            forks.check_moved(history, pin.environment, judged.verdict, ["HEAD", FETCHED])

    def _history(self) -> History:
        """As it is now: a filter may live longer than a HEAD."""
        from gitenv.trust.history import History

        return History(self._here.work_tree, self.objects)

    def pins_nearby(self, pin: Pin, commits: Iterable[str]) -> Iterator[Pin]:
        """Where good steps lead from a pin: to the statement at hand, and to those of `commits`. No pin is moved."""
        trees: list[Snapshot] = [
            WorkSnapshot(self._here.work_tree),
            *(CommitSnapshot(self.objects, commit) for commit in commits),
        ]
        for tree in trees:
            with contextlib.suppress(GitenvError):
                if (judged := self.access.judge(pin, tree)) and judged.moves:
                    yield judged.moves

    def records_of(self, path: str) -> CommittedRecords:
        """What the index and HEAD hold of a file."""
        return CommittedRecords(self, path)

    def committed(self, path: str) -> list[bytes]:
        """The blobs of a file in the index and HEAD, up to the size that a document may have."""
        found = [self.objects.read(spec, document.MAX_BYTES) for spec in _specs(path)]
        return [data for data in found if data is not None]

    def committed_whole(self, path: str, whole: Whole) -> Iterator[bytes] | None:
        """The same for a larger file: its bytes, in pieces, if it is one of those blobs."""
        for spec in _specs(path):
            if digest(self.objects.pieces(spec)) == whole:
                return self.objects.pieces(spec)
        return None

    def is_merged(self, path: str) -> bool:
        """Whether a path has its one entry in the index, and no conflict."""
        return self.objects.read(f":0:{path}") is not None

    def is_in_conflict(self, path: str) -> bool:
        """Whether a path has more than its one entry in the index."""
        specs = [f":{stage}:{path}" for stage in (1, 2, 3)]
        return any(self.objects.id(spec) or self.objects.read(spec) is not None for spec in specs)  # of any size; of any name

    def before(self, path: str, name: str, *, is_earlier: bool) -> clean.Before:
        """The records that an edit of a file began from, for clean: what the index has (in a conflict both sides), else HEAD.

        None while the environment's founding is in no commit: until then, all plain text is its owner's. In an earlier commit
        what HEAD has as well: there, a text keeps its token.
        """
        return lambda: self._before_edit(path, name, is_earlier)

    def unedited(self, path: str, data: bytes, rings: Sequence[Keyring]) -> bytes | None:
        """What the index or HEAD has, if a file is that, opened with `rings`: by two keys, one text may have two tokens."""
        return next((stored for stored in self.committed(path) if smudge.smudge(stored, rings) == data), None)

    def _before_edit(self, path: str, name: str, is_earlier: bool) -> Sequence[Record]:
        specs = [f":{stage}:{path}" for stage in (0, 2, 3)]
        found = [records for spec in specs if (records := self._parsed(spec)) is not None]
        if is_earlier or not found:
            found += [records for records in [self._parsed(f"HEAD:{path}")] if records is not None]
        stands = [record for records in found for record in records]
        # Only now, as it may take a walk through history: most files have nothing in plain text.
        has_text = any(record.kind in clean.TEXT for record in stands)
        return () if has_text and self._is_uncommitted(name) else stands

    def refuse_moved(self, path: str, name: str, data: bytes) -> None:
        """Raise `NotTrusted` for a new file with a line that another one of its environment has in plain text in the index.

        A file that was moved leaves no entry: nobody could tell there that the line is a stranger's.
        """
        if any(self.objects.id(spec) for spec in _specs(path)) or self._is_uncommitted(name):
            return
        records = document.parse(data)
        elsewhere = self._plain_lines(name)
        for position, record in enumerate(records):
            if record.kind in clean.TEXT and (raw := clean.trimmed(record.raw)) in elsewhere:
                where = elsewhere[raw]
                text = (
                    f"{clean.place(records, position)}: stands in plain text in {printable(where)}, and nobody vouches for it"
                )
                raise NotTrusted(text, f"git log -p -- {from_top(where)}")

    def _plain_lines(self, name: str) -> dict[bytes, str]:
        """Lines in plain text in the index, without white space at their end, and the file of each."""
        if name not in self._plain:
            from gitenv.git import program

            pin = self.access.pin(name)
            found: dict[bytes, str] = {}
            for path in program.paths(self._here.work_tree, "ls-files", "-z", "--cached", "--full-name"):
                if pin and pin.claims(path):
                    records = self._parsed(f":0:{path}") or ()
                    found |= {clean.trimmed(record.raw): path for record in records if record.kind in clean.TEXT}
            self._plain[name] = found
        return self._plain[name]

    def _parsed(self, spec: str) -> Sequence[Record] | None:
        data = self.objects.read(spec, document.MAX_BYTES)
        if data is None:
            return None
        try:
            return document.parse(data)
        except NotTrusted:
            return ()  # too large to be of ours

    def _is_uncommitted(self, name: str) -> bool:
        if name not in self._uncommitted:
            from gitenv.repo import founding

            self._uncommitted[name] = founding.is_uncommitted(self._here.work_tree, self.objects, name)
        return self._uncommitted[name]

    def is_before_founding(self, name: str, request: Request, data: bytes) -> bool:
        """Whether a file is one of a commit from before gitenv, whose plain text is its owner's."""
        commit = self._commit_of(request, data)
        if (name, commit) not in self._before:
            from gitenv.repo import founding

            self._before[name, commit] = founding.is_before(self._here.work_tree, name, commit)
        return self._before[name, commit]

    def _commit_of(self, request: Request, data: bytes) -> str:
        """Where a file comes from: the treeish, else HEAD if that has it; "" for what is merged with HEAD, or picked."""
        if request.treeish or not (head := self.objects.id("HEAD")):
            return request.treeish
        spec = f"{head}:{request.path}"
        if request.whole:
            return head if digest(self.objects.pieces(spec)) == request.whole else ""
        return head if self.objects.read(spec, document.MAX_BYTES) == data else ""

    def new_tokens(self, path: str, cleaned: bytes, committed: CommittedRecords) -> list[bytes]:
        """What was encrypted that neither the index nor HEAD has, as raw records."""
        if cleaned == self.objects.read(f":0:{path}", document.MAX_BYTES):
            return []
        tokens = (record.raw for record in document.parse(cleaned) if record.kind is Kind.TOKEN)
        return [raw for raw in tokens if raw not in committed()]

    def note_made(self, tokens: Iterable[bytes]) -> None:
        """Note tokens that are new: `gitenv accept --mine` knows them after a rotation."""
        with contextlib.suppress(GitenvError, OSError):  # a commit is not to fail for it
            self._made.add(tokens)

    def has_made(self, tokens: Iterable[bytes]) -> bool:
        """Whether this clone made all of them: that is what `gitenv accept --mine` takes."""
        return clone.has_made(self._here.common_dir, tokens)

    def marked_file(self, path: str, line: bytes) -> Iterator[bytes]:
        """The blob in the index that a mark for a whole file stands for. Raises `ForgedMark`."""
        for spec in (f":{stage}:{path}" for stage in (0, 2, 3)):
            if blob := self.objects.id(spec):
                sha256 = digest(self.objects.pieces(spec)).sha256
                if line.replace(b"\r\n", b"\n") in (inert.mark_file(blob, sha256), inert.mark_file("", sha256)):
                    return self.objects.pieces(spec)
        from gitenv.model.reasons import ForgedMark

        raise ForgedMark("its mark stands for a file that the index does not have", f"git restore {from_top(path)}")

    def is_staged(self, path: str, blob: str) -> bool:
        """Whether a blob is what the index has at a path."""
        return self.objects.id(f":0:{path}") == blob

    def is_side(self, path: str, blob: str) -> bool:
        """Whether a blob is a side of a conflict: `git mergetool` writes it, and asks as for a view."""
        return any(self.objects.id(f":{stage}:{path}") == blob for stage in (1, 2, 3))

    def keep_for_later(self, message: str, hint: str) -> None:
        """Have the next hook or command in this work tree say something."""
        from gitenv.repo import said

        said.add_unsaid(self._here.git_dir, message, hint)

    def no_environment(self, path: str) -> Locked | NotTrusted:
        """Why a file that the attributes protect is nobody's, and the command for it."""
        if not self.access.pinned():
            return Locked("it is encrypted in this repository, and there is no key in this clone", "gitenv init")
        if waits := [pin.name for pin in self.access.pinned() if pin.environment.claims(path)]:
            why = f"{waits[0]} claims it since a statement that nobody here has said yes to"
            return NotTrusted(why, f"gitenv unlock {waits[0]}")
        if name := self._new_environment(path):
            return Locked(f"it belongs to {name}, which is new here", f"gitenv unlock {name}")
        kind = dotenv.kind(path)
        if kind == "private":
            return NotTrusted("it is one's own by its name, and never committed", f"add {shell_word(path)} to .gitignore")
        if kind != "shared":
            why = "a .gitattributes sends it to gitenv, and it belongs to no environment"
            return NotTrusted(why, "git log -p -- ':(glob)**/.gitattributes'")
        from gitenv.model import remedies

        command = remedies.claim(path, [pin.name for pin in self.access.pinned()])
        return NotTrusted("it belongs to no environment", f"{command}, or add it to .gitignore")

    def _new_environment(self, path: str) -> str:
        from gitenv.repo import recipients

        tree: Snapshot = WorkSnapshot(self._here.work_tree)
        for name in recipients.environments(tree):
            try:
                if recipients.environment_in(tree, name).claims(path):
                    return name
            except GitenvError:
                continue
        return ""


def _specs(path: str) -> tuple[str, ...]:
    return f":0:{path}", f"HEAD:{path}", *(f":{stage}:{path}" for stage in (1, 2, 3))


class CommittedRecords:
    """The raw records of one file in the index and HEAD; looked up when it is first asked for."""

    def __init__(self, around: Surroundings, path: str) -> None:
        self._around, self._path = around, path
        self._records: set[bytes] | None = None

    def __call__(self) -> Set[bytes]:
        if self._records is None:
            self._records = set()
            for data in self._around.committed(self._path):
                try:
                    self._records.update(record.raw for record in document.parse(data))
                except NotTrusted:
                    continue  # too large to be of ours
        return self._records
