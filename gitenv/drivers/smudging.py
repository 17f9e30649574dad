"""What the filter makes of a file of a commit: what a key vouches for is opened, and the rest is marked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from gitenv.drivers.committed import Committed
from gitenv.drivers.trees import Trees
from gitenv.errors import GitenvError, Locked, NotTrusted, printable
from gitenv.git.layout import Layout
from gitenv.git.objects import Objects
from gitenv.git.process import Request
from gitenv.model import document, inert, smudge
from gitenv.model.cipher import sha256
from gitenv.model.keyring import Keyring
from gitenv.trust.access import Judged
from gitenv.trust.pins import Pin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitenv.drivers.ahead import Ahead
    from gitenv.drivers.notices import Notices
    from gitenv.drivers.past import Past


_MANY = 16  # then it is worth to start git twice


class _Later(Exception):
    """A file waits until this checkout has brought `.recipients/` along."""


class Smudging:
    """The way of one file after the other into the work tree. It never fails: in doubt a file stays closed."""

    def __init__(
        self,
        here: Layout,
        objects: Objects,
        trees: Trees,
        committed: Committed,
        past: Callable[[], Past],
        notices: Callable[[], Notices],
        has_made: Callable[[list[bytes]], bool],
    ) -> None:
        self._here, self._objects, self._trees, self._committed = here, objects, trees, committed
        self._ahead: Ahead[bytes] | None = None
        self._treeish = ""
        self._past, self._notices, self._has_made = past, notices, has_made

    def smudge(self, request: Request, data: bytes, *, is_viewing: bool) -> bytes | None:
        """The bytes for the work tree; None to be asked again. Open or closed, what nobody vouches for is marked."""
        pin: Pin | None = None
        rings: Sequence[Keyring] | None = None
        try:
            pin = self._trees.access.claimant(request.path)
            is_plain = is_viewing and (request.whole or not smudge.is_encrypted(data))
            if pin is None or (is_plain and not self._committed.is_side(request.path, request.blob)):
                return data
            if request.whole:
                document.check_size(request.whole.size)
            rings = self._rings(request, data, pin, is_viewing)
        except _Later:
            return None
        except Locked:
            pass  # nothing new to whoever was not let in; `gitenv status` says it
        except GitenvError as error:
            self._warn_closed(request, error)
        except Exception as error:
            self._notices().failed(request.path, error)
        return self._marked(request, data, pin, rings, is_viewing)

    def look_ahead(self) -> None:
        """git has its answer, and is busy with it; many files come one after the other."""
        if self._ahead is None:
            from gitenv.drivers import ahead

            def find(path: str) -> Iterator[ahead.File]:
                return ahead.in_tree(self._objects, self._here.common_dir, self._treeish or "HEAD", path)

            self._ahead = ahead.Ahead(find, smudge.in_one_pass, _MANY)
        self._ahead.look()

    def _marked(
        self, request: Request, data: bytes, pin: Pin | None, rings: Sequence[Keyring] | None, is_viewing: bool
    ) -> bytes:
        """A document opened with `rings`; closed without them."""
        try:
            if request.whole:
                result = inert.mark_file(request.blob, request.whole.sha256)
            else:
                ready = self._ahead.take(request.path, data, rings[0]) if self._ahead and rings else None
                self._treeish = request.treeish
                result = smudge.smudge(data, rings, is_viewing=is_viewing, ready=ready)
        except Exception as error:
            if not isinstance(error, NotTrusted):  # that is too large
                self._notices().failed(request.path, error)
            result = inert.mark_file(request.blob, sha256(data))
        is_new_to_us = b"=gitenv1:" not in data and b"#gitenv1:" not in data
        if result == data or (pin and is_new_to_us and self._is_before_founding(pin, request, data)):
            return data
        if rings and pin and inert.MARK in result and (request.treeish or request.can_delay or request.is_delayed):
            self._notices().warn_of_marked(request.path, result, rings[0], is_reader=pin.is_reader, are_mine=self._has_made)
        return result

    def _rings(self, request: Request, data: bytes, pin: Pin, is_viewing: bool) -> Sequence[Keyring] | None:
        """What a document is opened with; None where it stays closed, and no keyring where its tree went back behind the pin.

        Raises `_Later`, and `GitenvError` to be shown.
        """
        self._trees.access.check_may_be_written()
        self._trees.access.ring(pin)  # what is locked is left alone before any tree is looked at
        judged, is_there = self._trees.judge(pin, request.treeish)
        if judged and request.treeish and self._trees.is_behind(pin, judged):
            if not request.is_delayed and self._may_delay(request, data):
                raise _Later
            judged, is_there = self._judge_behind(request, pin)
            if judged is None:
                return None
        if judged is None:
            if not request.treeish and self._may_delay(request, data):
                raise _Later
            return []
        rings = [self._trees.access.ring(judged.moves or pin)]
        if is_viewing:
            return rings
        if judged.is_earlier:
            # Else who was removed could push their old branch on top of the newest commit, and it would be live by a pull.
            try:
                self._past().refuse_rolled_back(pin, judged, request.treeish or "HEAD")
            except NotTrusted as error:
                if not request.treeish and self._may_delay(request, data):
                    raise _Later from None  # `git revert` of it brings the right statement along
                self._warn_closed(request, error)
                return []
            rings.insert(0, self._trees.ring_at(pin, judged))
        # With a treeish all that it brings along is known already.
        is_sure = smudge.is_known(data, rings[0]) if is_there else smudge.is_current(data, rings[0])
        if is_sure or (is_there and (request.treeish or request.is_delayed)):
            return rings
        if not request.treeish and self._may_delay(request, data):
            raise _Later
        return None

    def _judge_behind(self, request: Request, pin: Pin) -> tuple[Judged | None, bool]:
        """The statement for a file whose treeish is behind what stands here, when all of the treeish is checked out.

        `git switch OLD` has brought the old statement along. `git checkout OLD -- .env` has not: somebody who left with the old
        key may have made up what it brings, and the next clean would encrypt it under today's.
        """
        if request.is_delayed:
            judged, is_there = self._trees.judge(pin, "")
            if is_there:
                return judged, True
        why = ".recipients/ is not in the work tree" if request.is_delayed else "is in conflict"
        message = f"warning: {printable(request.path)} stays closed: may hold retired values, and {why}"
        self._notices().warn(message, f"gitenv unlock {pin.name}", is_kept=True)
        return None, False

    def _warn_closed(self, request: Request, error: GitenvError) -> None:
        message = f"warning: {printable(request.path)} stays closed: {error.message}"
        hint, is_kept = error.hint, bool(request.treeish or request.can_delay or request.is_delayed)
        if hint.startswith("gitenv trust ") and _is_rebasing(self._here):  # two rotations may meet: `status` has the way
            hint, is_kept = "gitenv status", False
        self._notices().warn(message, hint, is_kept=is_kept)

    def _may_delay(self, request: Request, data: bytes) -> bool:
        """Whether a file can wait until this checkout has brought `.recipients/` along.

        git crashes if a file in conflict is delayed (`checkout -m`, `restore -m`; seen in 2.39 and 2.55) and leaves index.lock.
        """
        if not request.can_delay or smudge.has_markers(data):
            return False
        if request.treeish:  # a path that is new there is not in the index yet
            return not self._committed.is_in_conflict(request.path)
        return self._committed.is_merged(request.path)

    def _is_before_founding(self, pin: Pin, request: Request, data: bytes) -> bool:
        """Whether a file is one of a commit from before gitenv, whose plain text is its owner's."""
        return self._past().is_before_founding(pin.name, self._committed.commit_of(request, data))


def _is_rebasing(here: Layout) -> bool:
    """Whether git is in the middle of a rebase, and may go on by itself."""
    from gitenv.git import rebasing

    return rebasing.is_going_on(here)
