"""The filter that git starts: clean and smudge, over a long-running process or for one file.

Rules that everything here keeps: new plain text is encrypted or refused, whatever is missing; a smudge never fails for want of
a key, it gives back what is in the commit; a clean of what is in the commit gives the same bytes.
"""

from __future__ import annotations

import functools
import gc
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from gitenv.drivers.surroundings import Surroundings
from gitenv.errors import INTERRUPTED, GitenvError, Locked, NotTrusted, from_top, printable, shell_word
from gitenv.git import alone, process
from gitenv.git.pktline import ProtocolError
from gitenv.git.process import FilterProcess, Refused, Request
from gitenv.model import clean, document, inert, simple, smudge
from gitenv.model.cipher import sha256
from gitenv.model.document import MAX_BYTES
from gitenv.model.keyring import Keyring
from gitenv.trust.access import Judged
from gitenv.trust.pins import Pin

if TYPE_CHECKING:
    from gitenv.drivers.notices import Notices

_SEVERAL = 4


def serve() -> int:
    """`filter.gitenv.process`."""
    # What the start left behind stays; only what files leave behind is worth looking through.
    gc.freeze()
    gc.enable()
    alone.take_key()
    try:
        env_filter = EnvFilter()
        FilterProcess(sys.stdin.buffer, sys.stdout.buffer, MAX_BYTES).serve(env_filter)
    except (ProtocolError, EOFError, BrokenPipeError):
        from gitenv.drivers import notices

        notices.say("error: this is for git to start, as filter.gitenv.process", "gitenv --help")
        return 2
    except GitenvError as error:
        return _stopped(error)
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def once(command: str, path: str) -> int:
    """`filter.gitenv.clean` and `.smudge`, for clients that know no processes (JGit): standard input to standard output."""
    alone.take_key()
    try:
        env_filter = EnvFilter()
        process.once(env_filter, command, path, sys.stdin.buffer, sys.stdout.buffer, MAX_BYTES)
    except Refused:
        return 1
    except GitenvError as error:
        return _stopped(error)
    return 0


class _Later(Exception):
    """A file waits until this checkout has brought `.recipients/` along."""


class EnvFilter:
    """What gitenv does with one file after the other."""

    def __init__(self) -> None:
        self._around = Surroundings()
        self._files = 0

    def clean(self, request: Request, data: bytes) -> bytes | Iterator[bytes]:
        """The bytes for the object store. Raises `Refused`, after it said why."""
        if not data:
            return data
        self._count()
        try:
            if request.whole:
                document.check_size(request.whole.size)
            return self._clean(request.path, data)
        except GitenvError as error:
            if (committed := self._unchanged(request, data)) is not None:
                return committed
            self._notices.refused(request.path, error)
        except Exception as error:  # plain text must not be staged, and not be shown, because of a bug of ours
            self._notices.failed(request.path, error)
        raise Refused

    def smudge(self, request: Request, data: bytes) -> bytes | None:
        """The bytes for the work tree; None to be asked again. Never fails: in doubt a file stays closed."""
        is_archive = request.treeish and not request.can_delay and not request.is_delayed
        if is_archive or not data:
            return data
        self._count()
        # Only viewing comes without a tree and without a checkout that could wait, but with a blob.
        is_bare = not request.treeish and not request.can_delay and not request.is_delayed
        # What is viewed and stands in the index may be a `checkout-index`, and is one side of `git diff`: marks and all.
        is_viewing = is_bare and bool(request.blob) and not self._around.is_staged(request.path, request.blob)
        return self._smudge(request, data, is_viewing)

    def checked_out(self) -> None:
        """The work tree has the new `.recipients/` now."""
        self._around.access.forget_judgements()

    def _count(self) -> None:
        """One more file: of several, each is short work."""
        self._files += 1
        if self._files == _SEVERAL:
            simple.prepare()

    @functools.cached_property
    def _notices(self) -> Notices:
        # Most files give nothing to say.
        from gitenv.drivers.notices import Notices

        return Notices(self._around.keep_for_later)

    def _clean(self, path: str, data: bytes) -> bytes | Iterator[bytes]:
        if data.startswith(inert.WHOLE):
            return self._around.marked_file(path, data)
        self._around.reread_index()
        access, committed = self._around.access, self._around.records_of(path)
        pin = access.claimant(path)
        if pin is None:
            return clean.pass_through(data, committed, self._around.no_environment(path))
        try:
            judged, _ = self._around.judge(pin, "")
            if judged is None:
                hint = "merge the main branch first; if your team left gitenv: gitenv uninstall"
                raise Locked("this commit has no environment for it: it is from before gitenv, or from after it", hint)
            ring = access.ring(judged.moves or pin)
        except GitenvError as error:
            hint = self._way_back(path) + (f"; or: {error.hint}" if error.hint else "")
            return clean.pass_through(data, committed, type(error)(error.message, hint))
        self._around.refuse_moved(path, pin.name, data)
        if judged.is_earlier and (unedited := self._around.unedited(path, data, [self._ring_of(pin, judged), ring])):
            return unedited
        cleaned = clean.clean(data, ring, committed, self._around.before(path, pin.name, is_earlier=judged.is_earlier))
        if new := self._around.new_tokens(path, cleaned, committed):
            self._refuse_new(pin, judged)
            self._around.note_made(new)
            if not data[:4].isascii() or b"\0" in data[:4]:
                self._notices.warn_of_encoding(path, data)
        return cleaned

    def _refuse_new(self, pin: Pin, judged: Judged) -> None:
        """Raise `RolledBack` where history went back, and `Locked` for a next key: no command has looked beside it yet."""
        self._around.refuse_rolled_back(pin, judged)
        if self._around.is_put_back(pin):
            self._around.refuse_put_back(pin, judged)
        if judged.moves and judged.moves.environment.generation != pin.environment.generation:
            text = f"{pin.name} has a new data key, which this clone does not go by yet"
            raise Locked(text, f"gitenv unlock {pin.name}")

    def _unchanged(self, request: Request, data: bytes) -> bytes | Iterator[bytes] | None:
        """The committed bytes, if the file is no other than in the index or HEAD; whatever is wrong, git may go on from there.

        Else one pushed commit with a damaged statement or an oversize file would keep everybody from leaving it again.
        """
        path = request.path
        if request.whole:
            return self._around.committed_whole(path, request.whole)
        blobs = self._around.committed(path)
        if data in blobs:
            return data
        if (unconverted := data.replace(b"\r\n", b"\n")) in blobs:
            return unconverted  # git gave it CR LF where no attribute of ours is in force: it is no other all the same
        try:
            if pin := self._around.access.claimant(path):
                cleaned = clean.clean(data, self._around.access.ring(pin), frozenset)
                return cleaned if cleaned in blobs else None
        except Exception as error:  # there is a reason to refuse already; ours would only hide it
            if not isinstance(error, GitenvError):
                self._notices.failed(path, error)
        return None

    def _way_back(self, path: str) -> str:
        if self._around.committed(path):
            return f"to drop your change: git restore {from_top(path)}"
        return f"to keep a file of your own: mv {shell_word(path)} ~/"

    def _ring_of(self, pin: Pin, judged: Judged) -> Keyring:
        """The keyring as it was in an older commit: a token that is newer than its tree's statement was put there later."""
        if (ring := self._around.access.ring(pin).at(judged.environment.generation)) is None:
            raise NotTrusted(f"the key of generation {judged.environment.generation.number} cannot be opened", "gitenv status")
        return ring

    def _smudge(self, request: Request, data: bytes, is_viewing: bool) -> bytes | None:
        """What `smudge` answers. Open or closed, for whatever reason: what nobody vouches for is marked."""
        pin: Pin | None = None
        rings: Sequence[Keyring] | None = None
        try:
            pin = self._around.access.claimant(request.path)
            is_plain = is_viewing and (request.whole or not smudge.is_encrypted(data))
            if pin is None or (is_plain and not self._around.is_side(request.path, request.blob)):
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
            self._notices.failed(request.path, error)
        return self._marked(request, data, pin, rings, is_viewing)

    def _marked(
        self, request: Request, data: bytes, pin: Pin | None, rings: Sequence[Keyring] | None, is_viewing: bool
    ) -> bytes:
        """A document opened with `rings`; closed without them."""
        try:
            if request.whole:
                result = inert.mark_file(request.blob, request.whole.sha256)
            else:
                result = smudge.smudge(data, rings, is_viewing=is_viewing)
        except Exception as error:
            if not isinstance(error, NotTrusted):  # that is too large
                self._notices.failed(request.path, error)
            result = inert.mark_file(request.blob, sha256(data))
        is_new_to_us = b"=gitenv1:" not in data and b"#gitenv1:" not in data
        if result == data or (pin and is_new_to_us and self._around.is_before_founding(pin.name, request, data)):
            return data
        if rings and pin and inert.MARK in result and (request.treeish or request.can_delay or request.is_delayed):
            around = self._around
            self._notices.warn_of_marked(request.path, result, rings[0], is_reader=pin.is_reader, are_mine=around.has_made)
        return result

    def _rings(self, request: Request, data: bytes, pin: Pin, is_viewing: bool) -> Sequence[Keyring] | None:
        """What a document is opened with; None where it stays closed, and no keyring where its tree went back behind the pin.

        Raises `_Later`, and `GitenvError` to be shown.
        """
        around = self._around
        around.access.ring(pin)  # what is locked is left alone before any tree is looked at
        judged, is_there = around.judge(pin, request.treeish)
        if judged and request.treeish and around.is_behind(pin, judged):
            if not request.is_delayed and self._may_delay(request, data):
                raise _Later
            judged, is_there = self._judge_behind(request, pin)
            if judged is None:
                return None
        if judged is None:
            if not request.treeish and self._may_delay(request, data):
                raise _Later
            return []
        rings = [around.access.ring(judged.moves or pin)]
        if is_viewing:
            return rings
        if judged.is_earlier:
            # Else who was removed could push their old branch on top of the newest commit, and it would be live by a pull.
            try:
                around.refuse_rolled_back(pin, judged, request.treeish or "HEAD")
            except NotTrusted as error:
                if not request.treeish and self._may_delay(request, data):
                    raise _Later from None  # `git revert` of it brings the right statement along
                self._warn_closed(request, error)
                return []
            rings.insert(0, self._ring_of(pin, judged))
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
            judged, is_there = self._around.judge(pin, "")
            if is_there:
                return judged, True
        why = ".recipients/ is not in the work tree" if request.is_delayed else "is in conflict"
        message = f"warning: {printable(request.path)} stays closed: may hold retired values, and {why}"
        self._notices.warn(message, f"gitenv unlock {pin.name}", is_kept=True)
        return None, False

    def _warn_closed(self, request: Request, error: GitenvError) -> None:
        message = f"warning: {printable(request.path)} stays closed: {error.message}"
        hint, is_kept = error.hint, bool(request.treeish or request.can_delay or request.is_delayed)
        if hint.startswith("gitenv trust ") and self._around.is_rebasing():  # two rotations may meet: `status` has the way
            hint, is_kept = "gitenv status", False
        self._notices.warn(message, hint, is_kept=is_kept)

    def _may_delay(self, request: Request, data: bytes) -> bool:
        """Whether a file can wait until this checkout has brought `.recipients/` along.

        git crashes if a file in conflict is delayed (`checkout -m`, `restore -m`; seen in 2.39 and 2.55) and leaves index.lock.
        """
        if not request.can_delay or smudge.has_markers(data):
            return False
        if request.treeish:  # a path that is new there is not in the index yet
            return not self._around.is_in_conflict(request.path)
        return self._around.is_merged(request.path)


def _stopped(error: GitenvError) -> int:
    """Say why a whole process stops; the exit code."""
    from gitenv.drivers import notices

    notices.say(f"error: {error.message}", error.hint)
    return error.exit_code
