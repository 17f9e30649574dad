"""The filter that git starts: clean and smudge, over a long-running process or for one file.

Rules that everything here keeps: new plain text is encrypted or refused, whatever is missing; a smudge never fails for want of
a key, it gives back what is in the commit; a clean of what is in the commit gives the same bytes.
"""

from __future__ import annotations

import functools
import gc
import os
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from gitenv.drivers.committed import Committed
from gitenv.drivers.trees import Trees
from gitenv.errors import INTERRUPTED, GitenvError
from gitenv.git import alone, layout, process
from gitenv.git.objects import Objects
from gitenv.git.pktline import ProtocolError
from gitenv.git.process import FilterProcess, Refused, Request
from gitenv.model import document, simple
from gitenv.model.document import MAX_BYTES
from gitenv.repo import clone
from gitenv.repo.clone import Made

if TYPE_CHECKING:
    from gitenv.drivers.cleaning import Cleaning
    from gitenv.drivers.notices import Notices
    from gitenv.drivers.past import Past
    from gitenv.drivers.smudging import Smudging

_SEVERAL = 4


def serve() -> int:
    """`filter.gitenv.process`."""
    # What the start left behind stays; only what files leave behind is worth looking through.
    gc.freeze()
    gc.enable()
    alone.take_key()
    try:
        env_filter = EnvFilter()
        try:
            FilterProcess(sys.stdin.buffer, sys.stdout.buffer, MAX_BYTES).serve(env_filter)
        finally:
            env_filter.save()
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
        env_filter.save()
    except Refused:
        return 1
    except GitenvError as error:
        return _stopped(error)
    return 0


class EnvFilter:
    """What gitenv does with one file after the other."""

    def __init__(self) -> None:
        self._here, self._objects = layout.find(os.getcwd()), Objects(os.getcwd())
        self._trees = Trees(self._here, self._objects)
        self._committed = Committed(self._here, self._objects)
        self._made = Made(self._here.common_dir)
        self._files = 0

    def clean(self, request: Request, data: bytes) -> bytes | Iterator[bytes]:
        """The bytes for the object store. Raises `Refused`, after it said why."""
        if not data:
            return data
        self._begin()
        try:
            if request.whole:
                document.check_size(request.whole.size)
            return self._cleaning.clean(request.path, data)
        except GitenvError as error:
            if (committed := self._cleaning.unchanged(request, data)) is not None:
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
        self._begin()
        # Only viewing comes without a tree and without a checkout that could wait, but with a blob.
        is_bare = not request.treeish and not request.can_delay and not request.is_delayed
        # What is viewed and stands in the index may be a `checkout-index`, and is one side of `git diff`: marks and all.
        is_viewing = is_bare and bool(request.blob) and not self._committed.is_staged(request.path, request.blob)
        return self._smudging.smudge(request, data, is_viewing=is_viewing)

    def answered(self) -> None:
        """What is put off until git is busy."""
        try:
            self._made.settle()
        except (GitenvError, OSError):  # as for `save`
            pass
        for each in ("_cleaning", "_smudging") if self._files >= _SEVERAL else ():
            if each in self.__dict__:
                self.__dict__[each].look_ahead()

    def checked_out(self) -> None:
        """The work tree has the new `.recipients/` now."""
        self._trees.checked_out()

    def close(self) -> None:
        """Note what is new, and end the git that is asked, if one was started."""
        self.save()
        self._objects.close()

    def save(self) -> None:
        """Note the tokens that are new: `gitenv accept --mine` knows them after a rotation."""
        try:
            self._made.save()
        except (GitenvError, OSError):  # a commit is not to fail for it
            pass

    def _begin(self) -> None:
        """One more file: of several, each is short work."""
        self._committed.follow()
        self._files += 1
        if self._files == _SEVERAL:
            simple.prepare()

    # What one file in a hundred needs, and what the other direction needs, is loaded when it is.

    @functools.cached_property
    def _cleaning(self) -> Cleaning:
        from gitenv.drivers.cleaning import Cleaning

        return Cleaning(
            self._here, self._objects, self._trees, self._committed, lambda: self._past, lambda: self._notices, self._made
        )

    @functools.cached_property
    def _smudging(self) -> Smudging:
        from gitenv.drivers.smudging import Smudging

        return Smudging(
            self._here, self._objects, self._trees, self._committed, lambda: self._past, lambda: self._notices, self._has_made
        )

    @functools.cached_property
    def _past(self) -> Past:
        from gitenv.drivers.past import Past

        return Past(self._here, self._objects, self._trees, self._committed)

    @functools.cached_property
    def _notices(self) -> Notices:
        from gitenv.drivers.notices import Notices

        return Notices(self._keep_for_later)

    def _has_made(self, tokens: Iterable[bytes]) -> bool:
        """Whether this clone made all of them: that is what `gitenv accept --mine` takes."""
        self.save()
        return clone.has_made(self._here.common_dir, tokens)

    def _keep_for_later(self, message: str, hint: str) -> None:
        """Have the next hook or command in this work tree say something."""
        from gitenv.repo import said

        said.add_unsaid(self._here.git_dir, message, hint)


def _stopped(error: GitenvError) -> int:
    """Say why a whole process stops; the exit code."""
    from gitenv.drivers import notices

    notices.say(f"error: {error.message}", error.hint)
    return error.exit_code
