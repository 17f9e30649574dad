"""What the filter makes of a file of the work tree: all of it is encrypted, or was, or git is told to stop."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from gitenv.drivers.committed import Committed, parsed
from gitenv.drivers.trees import Trees
from gitenv.errors import GitenvError, Locked, from_top, shell_word
from gitenv.git.layout import Layout
from gitenv.git.objects import Objects
from gitenv.git.process import Request
from gitenv.model import clean, inert, simple
from gitenv.model.document import TEXT, Record
from gitenv.model.keyring import Keyring
from gitenv.repo.clone import Made
from gitenv.trust.access import Judged
from gitenv.trust.pins import Pin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitenv.drivers.ahead import Ahead
    from gitenv.drivers.notices import Notices
    from gitenv.drivers.past import Past
    from gitenv.model.clean import Cleaned


class Cleaning:
    """The way of one file after the other into the object store."""

    def __init__(
        self,
        here: Layout,
        objects: Objects,
        trees: Trees,
        committed: Committed,
        past: Callable[[], Past],
        notices: Callable[[], Notices],
        made: Made,
    ) -> None:
        self._here, self._objects, self._trees, self._committed = here, objects, trees, committed
        self._past, self._notices, self._made = past, notices, made
        self._plain: dict[str, dict[bytes, str]] = {}
        self._ahead: Ahead[Cleaned] | None = None

    def clean(self, path: str, data: bytes) -> bytes | Iterator[bytes]:
        """The bytes for the object store. Raises `GitenvError` for new text that cannot be encrypted."""
        if data.startswith(inert.WHOLE):
            return self._committed.marked_file(path, data)
        access, committed = self._trees.access, self._committed.records(path)
        pin = access.claimant(path)
        if pin is None:
            from gitenv.drivers import unclaimed

            return clean.pass_through(data, committed, unclaimed.why(access, self._here.work_tree, path))
        try:
            judged, _ = self._trees.judge(pin, "")
            if judged is None:
                hint = "merge the main branch first; if your team left gitenv: gitenv uninstall"
                raise Locked("this commit has no environment for it: it is from before gitenv, or from after it", hint)
            ring = access.ring(judged.moves or pin)
        except GitenvError as error:
            hint = self._way_back(path) + (f"; or: {error.hint}" if error.hint else "")
            return clean.pass_through(data, committed, type(error)(error.message, hint))
        if not self._committed.has(path):
            self._refuse_moved(pin, data)
        if judged.is_earlier:
            rings = [self._trees.ring_at(pin, judged), ring]
            if unedited := self._committed.unedited(path, data, rings):
                return unedited
        ready = self._ahead.take(path, data, ring) if self._ahead else None
        cleaned = clean.cleaned(
            data, ring, committed, lambda: self._before(path, pin, ring, is_earlier=judged.is_earlier), ready
        )
        if new := self._committed.new_tokens(path, cleaned, ring.head, committed):
            self._refuse_new(pin, judged)
            self._made.add(new)
            if not data[:4].isascii() or b"\0" in data[:4]:
                self._notices().warn_of_encoding(path, data)
        return cleaned.data

    def look_ahead(self) -> None:
        """git has its answer, and is busy with it; many files come one after the other."""
        if self._ahead is None:
            from gitenv.drivers import ahead

            self._ahead = ahead.Ahead(lambda path: ahead.in_work_tree(self._here.work_tree, path), clean.in_one_pass)
        self._ahead.look()

    def _before(self, path: str, pin: Pin, ring: Keyring, *, is_earlier: bool) -> Sequence[Record]:
        """The records that an edit of a file began from, for clean; none while the environment's founding is in no commit.

        In an earlier commit those that HEAD has as well: there, a text keeps its token.
        """
        documents = self._committed.before(path, with_head=is_earlier)
        if all(simple.tokens(data, ring.head) is not None for data in documents):
            return ()  # nothing of it stands in plain text, and every token counts
        stands = [record for data in documents for record in parsed(data)]
        # Only now, as it may take a walk through history: most files have nothing in plain text.
        has_text = any(record.kind in TEXT for record in stands)
        return () if has_text and self._past().is_uncommitted(pin.name) else stands

    def _refuse_moved(self, pin: Pin, data: bytes) -> None:
        """Raise `NotTrusted` for a new file with a line that another one of its environment has in plain text in the index."""
        if self._past().is_uncommitted(pin.name):
            return
        if pin.name not in self._plain:
            from gitenv.drivers import moved

            self._plain[pin.name] = moved.plain_lines(self._here.work_tree, self._objects, pin)
        if elsewhere := self._plain[pin.name]:
            from gitenv.drivers import moved

            moved.refuse(data, elsewhere)

    def _refuse_new(self, pin: Pin, judged: Judged) -> None:
        """Raise `RolledBack` where history went back, and `Locked` for a next key: no command has looked beside it yet."""
        self._past().refuse_rolled_back(pin, judged)
        if self._past().is_put_back(pin):
            self._past().refuse_put_back(pin, judged)
        if judged.moves and judged.moves.environment.generation != pin.environment.generation:
            text = f"{pin.name} has a new data key, which this clone does not go by yet"
            raise Locked(text, f"gitenv unlock {pin.name}")

    def unchanged(self, request: Request, data: bytes) -> bytes | Iterator[bytes] | None:
        """The committed bytes, if the file is no other than in the index or HEAD; whatever is wrong, git may go on from there.

        Else one pushed commit with a damaged statement or an oversize file would keep everybody from leaving it again.
        """
        path = request.path
        if request.whole:
            return self._committed.whole(path, request.whole)
        blobs = self._committed.blobs(path)
        if data in blobs:
            return data
        if (unconverted := data.replace(b"\r\n", b"\n")) in blobs:
            return unconverted  # git gave it CR LF where no attribute of ours is in force: it is no other all the same
        try:
            if pin := self._trees.access.claimant(path):
                cleaned = clean.clean(data, self._trees.access.ring(pin), frozenset)
                return cleaned if cleaned in blobs else None
        except Exception as error:  # there is a reason to refuse already; ours would only hide it
            if not isinstance(error, GitenvError):
                self._notices().failed(path, error)
        return None

    def _way_back(self, path: str) -> str:
        if self._committed.blobs(path):
            return f"to drop your change: git restore {from_top(path)}"
        return f"to keep a file of your own: mv {shell_word(path)} ~/"
