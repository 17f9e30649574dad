"""One file after the other: used as it is, opened with what this user may open, or refused. Never ciphertext for a value.

In a clone that goes by a pin, the filter has marked what nobody vouches for, and a file without tokens is an open one.
Elsewhere (a fresh clone, a folder without git) nobody has looked at it: there a file that is an environment's has tokens, or is
refused. Whoever can write there could else take them off.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from gitenv.errors import NotInOrder, NotTrusted, Usage, from_top, printable, shell_word
from gitenv.git import alone
from gitenv.git.layout import RECIPIENTS
from gitenv.git.objects import Objects
from gitenv.identity import device
from gitenv.model import document, encoding, inert, smudge
from gitenv.model.document import Kind
from gitenv.model.environment import Environment
from gitenv.model.grant import Grant
from gitenv.model.keyring import Keyring
from gitenv.sdk.belief import Belief
from gitenv.sdk.places import Top
from gitenv.system import files
from gitenv.tuples import NamedTuple

_COPY = "copy it from a commit, with .recipients/: git archive"
_CLOSED = frozenset((Kind.TOKEN, Kind.SEALED, Kind.LOOKALIKE))


Consent = Callable[[Belief, str], object]
"""What is asked before a file of an environment is opened in a closed work tree. It raises what speaks against that."""


class ReadFile(NamedTuple):
    """A file that may be read."""

    path: str  # from the top
    environment: str  # whose it is; "" for the user's own
    text: bytes
    statement: Environment | None  # that it was opened by; None for what was open
    grant: Grant | None
    said: tuple[str, ...]  # what the user should know of that


class Opening:
    """The files below one top, for one user."""

    def __init__(self, top: Top, consent: Consent, key: device.DeviceKey | None = None, *, is_old: bool = False) -> None:
        """`is_old`: values that a later statement retired are wanted."""
        self.top, self._consent, self._is_old = top, consent, is_old
        self._objects = Objects(top.folder)
        self.belief = Belief(top, self._objects, key, is_old=is_old)

    def close(self) -> None:
        """End the git that was asked, if one was."""
        self._objects.close()
        alone.stay_offline(is_so=False)  # that was about this place

    def read(self, path: str, *, is_named: bool = False) -> ReadFile | None:
        """A file, opened; None if there is none. `is_named`: the user said which, and not only of which environment."""
        data = self._bytes(path)
        if data is None:
            return None
        kinds, said = _kinds(data), tuple[str, ...]()
        if Kind.UNVERIFIED in kinds and not kinds & _CLOSED:  # open; what is left is looked at as if no mark had been there
            data, said = _without_sealed(path, data)
            kinds = _kinds(data)
        if not kinds:
            name = self._plain(path, is_named)
            _check_merged(path, data)
            if name and data:
                self._check_typed(name, path, data)
            return ReadFile(path, name, data, None, None, said)
        if not (name := self.belief.owner(path)):
            hint = "gitenv status" if self.belief.is_begun() else "gitenv init" if self.top.layout else _COPY
            raise NotTrusted(f"{printable(path)} is encrypted, and no environment here claims it", hint)
        if (Kind.UNVERIFIED in kinds and not self._is_old) or data.startswith(inert.WHOLE):
            raise self._refusal(path, data)
        key = self.belief.key(name)
        if self.belief.is_closed(key.statement):
            from gitenv.system import core_files

            self._consent(self.belief, name)
            core_files.leave_none()
        opened = self._opened(data, key.rings) if kinds & _CLOSED else _with_retired(data, key.rings[-1])
        if Kind.SEALED in kinds:
            opened, said = _without_sealed(path, opened)
        if smudge.is_encrypted(opened):
            raise self._refusal(path, opened)
        _check_merged(path, opened)
        return ReadFile(path, name, opened, key.statement, key.grant, (*key.said, *said))

    def own(self, path: str) -> ReadFile | None:
        """A file of the user's own; None where nobody can say that it is. Raises `NotTrusted` for one that is in the commit."""
        if self._is_committed(path):
            why = f"{printable(path)} is in the commit, so it is nobody's own; --no-local leaves such files out"
            raise NotTrusted(why, f"git rm {from_top(path)}")  # not `--cached`: then it would count
        data = self._bytes(path) if self._is_users() else None
        return None if data is None else ReadFile(path, "", data, None, None, ())

    def _is_users(self) -> bool:
        """Whether this user wrote what is called like a file of their own: not whoever wrote the folder."""
        if self.top.layout is None:
            return not os.path.lexists(self.top.path(RECIPIENTS))
        if self.belief.is_begun():
            return True
        from gitenv.trust import vouchers

        return not vouchers.vouchers()  # where a signature is asked for, `.git` was unpacked with the rest, perhaps

    def _is_committed(self, path: str) -> bool:
        """Whether the index, also in a conflict, or HEAD has a file, of whatever size and name."""
        specs = [f"HEAD:{path}", *(f":{stage}:{path}" for stage in range(4))] if self.top.layout else []
        is_there = any(self._objects.id(spec) or self._objects.read(spec) is not None for spec in specs)
        if specs and not is_there:
            self._objects.check()
        return is_there

    def _bytes(self, path: str) -> bytes | None:
        data = files.read_inside(self.top.folder, path, document.MAX_BYTES)
        if data and (name := encoding.wrong(data)) and not name.startswith("UTF-8"):
            raise Usage(encoding.problem(printable(path), name), encoding.remedy(path, name))
        return data

    def _check_typed(self, name: str, path: str, data: bytes) -> None:
        """Raise `NotTrusted` for lines of an open file that stand in plain text in the commit: they are nobody's values.

        The filter marks such lines. But git writes some files without it (`cherry-pick --strategy=resolve`), other clients do,
        and `git show COMMIT:.env > .env` does.
        """
        try:
            found = self._standing(path)
        except NotInOrder:
            import shutil

            if shutil.which("git"):
                raise
            return  # whatever has no git checks nothing out, either
        lines = {line.strip() for line in data.splitlines()} - {b""}
        if standing := [
            side for side in found if not lines.isdisjoint(map(bytes.strip, side.splitlines()))
        ]:  # seldom: an open file has no line that stands in its commit but `## ` headings
            from gitenv.sdk import refusing

            refusing.check_typed(self.top.folder, self._objects, name, path, data, standing)

    def _standing(self, path: str) -> list[bytes]:
        """What an edit of a file began from: what the index has, in a conflict both sides, else HEAD."""
        for specs in ((f":0:{path}",), (f":2:{path}", f":3:{path}"), (f"HEAD:{path}",)):
            if found := [side for spec in specs if (side := self._objects.read(spec, document.MAX_BYTES)) is not None]:
                return found
        self._objects.check()
        return []

    def _opened(self, data: bytes, rings: Sequence[Keyring]) -> bytes:
        if not self._is_old:
            return smudge.smudge(data, rings)
        from gitenv.model import clean

        return smudge.smudge(clean.unmarked(data), rings, is_viewing=True)

    def _refusal(self, path: str, data: bytes) -> NotTrusted:
        from gitenv.sdk import refusing

        return refusing.unvouched(path, data, "gitenv status" if self.top.layout else _COPY)

    def _plain(self, path: str, is_named: bool) -> str:
        """Whose a file without tokens is. Raises `NotTrusted` where nobody has looked at what stands there."""
        if name := self.belief.pinned_owner(path):
            return name
        from gitenv.trust import vouchers

        name = self.belief.owner(path)
        is_asked = bool(vouchers.vouchers()) or (not is_named and bool(os.environ.get(device.VARIABLE)))
        if not name and not is_asked:  # nobody has said that values here come with a signature
            if not is_named and self.belief.names() and self._is_committed(path):
                from gitenv.model import remedies

                why = f"{printable(path)} stands in the commit in plain text, and is no environment's"
                raise NotTrusted(why, remedies.claim(path, self.belief.names()))
            return ""
        where = f"{printable(path)}, of {name}," if name else printable(path)
        hint = _COPY
        if self.top.layout:
            hint = f"gitenv unlock {shell_word(name)}" if self.belief.is_begun() and name else "gitenv init"
        raise NotTrusted(f"{where} has no tokens: nobody vouches for what stands in it", hint)


def _check_merged(path: str, data: bytes) -> None:
    """Raise `NotInOrder` for a file in conflict: readers would skip the markers, and take what stands last."""
    if smudge.is_in_conflict(data):
        raise NotInOrder(f"{printable(path)} is in conflict", "git status")


def _kinds(data: bytes) -> set[Kind]:
    """What stands in a document that holds any mark of gitenv's; nothing for one without."""
    return {record.kind for record in document.parse(data)} if smudge.is_encrypted(data) else set()


def _without_sealed(path: str, data: bytes) -> tuple[bytes, tuple[str, ...]]:
    from gitenv.sdk import refusing

    return refusing.without_sealed(path, data)


def _with_retired(data: bytes, ring: Keyring) -> bytes:
    """An open document with the values behind marks that are of an earlier generation."""
    from gitenv.model import unverified

    return unverified.accept(data, unverified.retired(document.parse(data), ring), ring)
