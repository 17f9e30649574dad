"""`gitenv edit`: a file in the user's editor; of a closed one its plain text, in a place that is no work tree and that goes."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator

from gitenv.errors import Changed, NotInOrder, NotTrusted, from_top, printable
from gitenv.git import editor
from gitenv.model import dialect, disagreement, document, encoding, merging
from gitenv.model.keyring import Keyring
from gitenv.system import files, private
from gitenv.team import amend, follow, save
from gitenv.team.amend import Standing
from gitenv.team.save import Unstaged
from gitenv.team.workspace import Workspace
from gitenv.trust.pins import Pin
from gitenv.tuples import NamedTuple


class Flaw(NamedTuple):
    """Something in the text that somebody should look at once more."""

    line: int  # 0 for all of it
    text: str  # no value is in it
    is_fatal: bool  # it cannot stand there

    def __str__(self) -> str:
        return f"line {self.line}: {self.text}" if self.line else self.text


class Editing:
    """A file while it is edited."""

    def __init__(self, workspace: Workspace, pin: Pin, standing: Standing, ring: Keyring, place: str) -> None:
        """`place` is where the editor finds it."""
        self._workspace, self._pin, self._standing, self._ring, self._place = workspace, pin, standing, ring, place
        self._committed = self._in_index()
        self._own = workspace.repository.path(standing.path) == place
        self._mode = stat.S_IMODE(os.lstat(place).st_mode)
        self._unstaged = save.not_to_stage(workspace, [standing.path]).get(standing.path) if self._own else None
        self.text = standing.text

    def edit(self) -> None:
        """Start the editor, and read what it leaves. Raises `NotInOrder` where that fails: nothing is changed then."""
        folder = self._workspace.root if self._own else os.path.dirname(self._place)
        # In a closed work tree anybody may have written into the clone's configuration who must not see values.
        name = editor.of(folder, is_users_own=self._standing.is_closed)
        code = editor.edit(name, self._place, folder)
        self._workspace.repository.objects.forget_index()  # git had the time to write it
        if code:
            raise NotInOrder(f"the editor ended with {code}, so nothing was changed", "git var GIT_EDITOR")
        text = files.read(self._place, document.MAX_BYTES, self._standing.path)
        if text is None:
            raise NotInOrder("the editor left no file, so nothing was changed", "git var GIT_EDITOR")
        self.text = text
        if self._own and os.name != "nt":  # some put another file in its place
            os.chmod(self._place, self._mode)

    def flaws(self) -> list[Flaw]:
        """What is wrong with the text, of what was not there before. What holds it up as a whole is one alone."""
        try:
            if name := encoding.wrong(self.text):
                return [Flaw(0, encoding.problem(printable(self._standing.path), name), is_fatal=True)]
            if self._standing.text and not self.text:
                return [Flaw(0, "nothing is left in it", is_fatal=True)]
            stored = self._standing.stored
            if stored is None:
                stored = self._workspace.repository.objects.read(f":0:{self._standing.path}", document.MAX_BYTES) or b""
            amend.cleaned(stored, self.text, self._ring)
            return sorted({*_unread(self._standing.text, self.text), *_disagreed(self._standing.text, self.text)})
        except NotTrusted as error:
            return [Flaw(0, error.message, is_fatal=True)]

    @property
    def is_same(self) -> bool:
        """Whether it is as it was."""
        return self.text == self._standing.text

    def names(self) -> list[str]:
        """The keys whose lines are others than before."""
        before, after = ({each[:2] for each in dialect.read(text)} for text in (self._standing.text, self.text))
        return list(dict.fromkeys(name for name, _ in sorted(before ^ after, key=str) if name))

    def save(self) -> Unstaged | None:
        """Put the text into its place, and stage it; return why it was not staged."""
        if self._own:
            if self._unstaged is None:
                self._workspace.repository.stage([self._standing.path])
            return self._unstaged
        for _ in range(amend.TRIES):
            with contextlib.suppress(Changed):
                return amend.write(self._workspace, self._standing, self.text, self._ring)
            self._merge(amend.look(self._workspace, self._pin, self._standing.path, self._ring))
        raise Changed(printable(self._standing.path))

    def _merge(self, now: Standing) -> None:
        """Bring what was typed, and stands nowhere else, together with what git or another program did to the file."""
        merged = merging.merge(self._standing.text, self.text, now.text)
        if merged.conflicts:
            again = f"gitenv edit -f {from_top(now.path)}"
            raise NotInOrder(
                f"{printable(now.path)} has other values by now where you changed it, so nothing was changed", again
            )
        self._standing, self.text = now, merged.data

    def _in_index(self) -> str:
        listed = self._workspace.repository.tracked()
        return next((entry.object_id for entry in listed if entry.path == self._standing.path), "")

    def drop(self) -> None:
        """Put back what was there, if the editor had the file itself. Raises `NotInOrder` where git has put another there."""
        there = files.read(self._place, document.MAX_BYTES) if self._own else None
        if self._own and there != self._standing.data:
            if self._in_index() != self._committed:  # another branch, say
                path = self._standing.path
                raise NotInOrder(
                    f"{printable(path)} was changed by git while it was edited, so it stays as it is now",
                    f"git diff -- {from_top(path)}",
                )
            self._workspace.write(self._standing.path, self._standing.data or b"", self._mode, instead_of=there)


@contextlib.contextmanager
def begin(workspace: Workspace, path: str, environment: str) -> Iterator[Editing]:
    """A file that is to be edited, for who can read it. Raises `Locked`, and `NotTrusted`."""
    follow.refresh(workspace)
    pin = workspace.need_pin(environment)
    ring = workspace.access.ring_though_locked(pin)
    standing = amend.look(workspace, pin, path, ring)
    if standing.data is not None and not standing.is_closed:
        yield Editing(workspace, pin, standing, ring, workspace.repository.path(path))
        return
    layout = workspace.repository.layout
    outside = (workspace.root, layout.git_dir, layout.common_dir)
    from gitenv.system import core_files

    core_files.leave_none()  # of an editor, either
    with private.file(os.path.basename(path), standing.text, outside) as place:
        yield Editing(workspace, pin, standing, ring, place)


def _unread(before: bytes, text: bytes) -> Iterator[Flaw]:
    known, lines = set(before.splitlines()), text.splitlines()
    for each in dialect.read(text):
        if each.value is None and not (each.line <= len(lines) and lines[each.line - 1] in known):
            yield Flaw(each.line, "sets nothing, and is no comment", is_fatal=False)


def _disagreed(before: bytes, text: bytes) -> Iterator[Flaw]:
    """Who writes `${NAME}` knows what they mean by it."""
    known = {record.raw for record in document.parse(before)}
    new = (each for each in document.numbered(document.parse(text)) if each[0].raw not in known and b"${" not in each[0].raw)
    for each in disagreement.find(new):
        yield Flaw(each.line, each.text, is_fatal=False)
