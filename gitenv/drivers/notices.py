"""What the filter says on standard error: each thing once a process, and later again where nobody hears it now.

Loaded when there is something to say: most files say nothing, and git starts the filter for each `git status`.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from gitenv.errors import GitenvError, joined, printable
from gitenv.model import document
from gitenv.model.keyring import Keyring

if TYPE_CHECKING:
    from gitenv.model.unverified import Unverified

_MOST = 8


class Notices:
    """What one process of the filter has said. `keep` takes a message and its hint, for the next hook or command to say."""

    def __init__(self, keep: Callable[[str, str], None]) -> None:
        self._keep = keep
        self._said: set[str] = set()

    def warn(self, message: str, hint: str, *, is_kept: bool = False) -> None:
        """Once for each reason, which follows the last colon: a checkout may bring a thousand files of one environment."""
        reason = message.rpartition(": ")[2]
        if reason not in self._said:
            self._said.add(reason)
            if is_kept:
                self._tell(message, hint)
            else:
                say(message, hint)

    def warn_of_encoding(self, path: str, data: bytes) -> None:
        """Where `data` is text that programs will not read as what its author sees."""
        from gitenv.model import encoding

        if name := encoding.wrong(data):
            self.warn(f"warning: {encoding.problem(printable(path), name)}", encoding.remedy(path, name))

    def warn_of_marked(
        self, path: str, opened: bytes, ring: Keyring, *, is_reader: bool, are_mine: Callable[[list[bytes]], bool]
    ) -> None:
        """What in `opened` came from before a rotation, or was not encrypted, with the command that decides about it."""
        from gitenv.model import remedies, unverified

        records = document.parse(opened)
        found, retired = unverified.find(records), unverified.retired(records, ring)
        others = [each for each in found if each.record.kind in document.TEXT]
        for listed in filter(None, (retired, others)):
            own = not is_reader and are_mine([each.record.raw for each in listed])
            accept, reject = remedies.decide(path, unverified.words(listed, found), are_mine=own)
            decide = f"{reject}, or ask a holder to run: {accept}" if is_reader else f"{accept}, or {reject}"
            what = "encrypted with a retired key" if listed is retired else "not encrypted"
            self._tell_once(_about(path, listed, what), f"{remedies.look(path)}; then {decide}")

    def _tell_once(self, message: str, hint: str) -> None:
        if message not in self._said:
            self._said.add(message)
            self._tell(message, hint)

    def refused(self, path: str, error: GitenvError) -> None:
        say(f"error: {printable(path)}: {error.message}", error.hint)

    def failed(self, path: str, error: Exception) -> None:
        """What the system refused, or where our bug is."""
        from gitenv.system import refusal

        self.refused(path, refusal.lacking(error) or refusal.bug(error))

    def _tell(self, message: str, hint: str) -> None:
        """Say what somebody has to know of a file that goes into the work tree.

        While git puts changes back (`--autostash`) nobody sees what a filter says: then the next hook or command says it.
        """
        say(message, hint)
        if _is_unheard():
            with contextlib.suppress(GitenvError, OSError):  # a checkout is not to fail for it
                self._keep(message, hint)


def _about(path: str, found: Sequence[Unverified], what: str) -> str:
    are, them = ("are", "them") if len(found) > 1 else ("is", "it")
    shown = joined([each.shown for each in found], _MOST)
    return f"warning: {printable(path)}: {shown} {are} {what}, and nobody vouches for {them}"


def say(message: str, hint: str) -> None:
    sys.stderr.write(message + "\n" + (f"hint: {hint}\n" if hint else ""))
    sys.stderr.flush()


def _is_unheard() -> bool:
    """Whether standard error goes nowhere."""
    try:
        return os.path.samestat(os.fstat(2), os.stat(os.devnull))
    except OSError:
        return False
