"""The merge driver that git starts for each file that both sides changed: three-way, by key, on what stands in commits.

It gets ciphertext and gives ciphertext. A key is looked for only where the sides are encrypted with different ones, to see what
is equal; nothing is ever encrypted here. What cannot be merged by key, `git merge-file` merges as text, as git does without us.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

from gitenv.errors import NotInOrder, NotTrusted, printable
from gitenv.git import program
from gitenv.model import document, merging
from gitenv.model.document import OpenOf, Record
from gitenv.model.merging import Style
from gitenv.system import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitenv.model.keyring import Keyring

_CLEAN, _CONFLICT = 0, 1
_DEFAULT_SIZE, _MAX_SIZE = 7, 19  # what model.document takes for a marker
_WITH_BASE = (b"diff3", b"zdiff3")


def merge(base: str, ours: str, theirs: str, size: str, path: str, *labels: str) -> int:
    """`merge.gitenv.driver`: merge the file `theirs` into `ours`; return what git takes for an answer.

    `labels` are of the base, ours and theirs; a git before 2.44 knows none, and gives its placeholders as they are.
    """
    style = _style(size, labels)
    try:
        sides = [files.read(name, document.MAX_BYTES) or b"" for name in (base, ours, theirs)]
        merged = merging.merge(sides[0], sides[1], sides[2], _Opener(path), style)
        if merged.conflicts and _shows_base():
            merged = merging.merge(sides[0], sides[1], sides[2], _Opener(path), style._replace(with_base=True))
    except NotTrusted:  # too large, or in conflict already, as where rerere replays a resolution
        return _as_text(base, ours, theirs, style)
    except NotInOrder as error:
        sys.stderr.write(f"error: {printable(path)}: {error.message}\nhint: {error.hint}\n")
        return _as_text(base, ours, theirs, style)
    except Exception as error:
        # git would take our end for a conflict, and leave our side without markers: theirs would be gone with a `git add`.
        from gitenv.system import refusal

        problem = refusal.lacking(error) or refusal.bug(error)
        sys.stderr.write(f"error: {printable(path)}: {problem.message}\nhint: {problem.hint}\n")
        return _as_text(base, ours, theirs, style)
    # In place, and not `files.replace`: it is git's own temporary file, and git reads it only if this process ends well.
    with open(ours, "wb") as file:
        file.write(merged.data)
    return _CONFLICT if merged.conflicts else _CLEAN


class _Opener:
    """Opens tokens, with every key at hand. They are looked for when the first token asks."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._open_of: OpenOf | None = None

    def __call__(self, record: Record) -> bytes | None:
        if self._open_of is None:
            self._open_of = merging.opener(list(_rings(self._path)))
        return self._open_of(record)


def _rings(path: str) -> Iterator[Keyring]:
    """What the user can open of the environment that a path belongs to: as pinned, and as the sides of this merge have it.

    Nothing is moved by that: what a merge brings along is not there yet.
    """
    from gitenv.drivers.trees import Trees
    from gitenv.errors import GitenvError
    from gitenv.git import layout
    from gitenv.git.objects import Objects

    try:
        trees = Trees(layout.find(os.getcwd()), Objects(os.getcwd()))
        pin = trees.access.claimant(path)
        if pin is None:
            return
        yield trees.access.ring(pin)
    except GitenvError:
        return  # no key: then only what is the same to the byte is the same
    for found in trees.pins_nearby(pin, _merged_commits()):
        try:
            yield trees.access.ring(found)
        except GitenvError:
            continue


def _merged_commits() -> list[str]:
    """The commits that `git merge` and `git pull` merge: git names them to whoever shows labels, before MERGE_HEAD is there."""
    named = (name.removeprefix("GITHEAD_") for name in os.environ if name.startswith("GITHEAD_"))
    return [commit for commit in named if len(commit) in (40, 64) and commit.isalnum() and commit.isascii()]


def _style(size: str, labels: tuple[str, ...]) -> Style:
    shown = [document.label(os.fsencode(printable(label))) for label in labels]
    base, ours, theirs = shown if len(shown) == 3 and labels[0] != "%S" else (b"base", b"ours", b"theirs")
    # `conflict-marker-size` is an attribute, and so anybody's. Of another size markers are no markers to us: `git add` would
    # encrypt them, and no gate would see the conflict. A huge one would fill the memory.
    wanted = int(size) if size.isdecimal() and len(size) < 4 else _DEFAULT_SIZE
    return Style(ours, base, theirs, min(max(wanted, _DEFAULT_SIZE), _MAX_SIZE))


def _shows_base() -> bool:
    return program.attempt(".", "config", "--get", "merge.conflictStyle").stdout.strip().lower() in _WITH_BASE


def _as_text(base: str, ours: str, theirs: str, style: Style) -> int:
    """Line by line, on what stands in the commits. Binary files stay ours and in conflict, as git leaves them."""
    labels = [word for label in (style.ours, style.base, style.theirs) for word in ("-L", os.fsdecode(label))]
    try:
        done = program.attempt(".", "merge-file", f"--marker-size={style.size}", *labels, ours, base, theirs)
    except NotInOrder:
        return _CONFLICT
    return _CLEAN if done.returncode == 0 else _CONFLICT
