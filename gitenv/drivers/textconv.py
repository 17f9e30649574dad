"""What git starts for each side of a diff: within a hook, and where `gitenv.maskDiff` is set. Else its shell starts `cat`.

lefthook and lint-staged put unstaged edits away with `git diff` and bring them back with `git apply`, which compares what is in
commits. A diff of plain text would not apply, and the edits would be lost. So within a hook each side is shown encrypted.
"""

from __future__ import annotations

import contextlib
import os
import sys

from gitenv.errors import GitenvError, NotInOrder
from gitenv.git import layout, program
from gitenv.git.objects import Objects
from gitenv.git.process import Refused, Request
from gitenv.model import document

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitenv.drivers.filter import EnvFilter


def show(path: str) -> int:
    """Print a side of a diff: a file of the work tree, or one that smudge has opened and git has put somewhere."""
    try:
        # One byte more than a document may have is enough to see that it has too many.
        with open(path, "rb") as file:
            data = file.read(document.MAX_BYTES + 1)
        shown = _encrypted(path, data) if os.environ.get("GIT_INDEX_FILE") else _masked(data)
    except Refused:  # it has said why
        return 1
    except (GitenvError, OSError) as error:
        from gitenv.system import refusal

        problem = refusal.refused(error, "read") if isinstance(error, OSError) else error
        sys.stderr.write(f"error: cannot show a diff: {problem.message}\nhint: {problem.hint}\n")
        return 1
    sys.stdout.buffer.write(shown)
    return 0


def _masked(data: bytes) -> bytes:
    from gitenv.model import masking
    from gitenv.repo import clone

    return masking.mask(data, clone.mask_secret(layout.find(os.getcwd()).common_dir))


def _encrypted(path: str, data: bytes) -> bytes:
    from gitenv.drivers.filter import EnvFilter

    document.check_size(len(data))
    with contextlib.closing(EnvFilter()) as env_filter:
        if os.path.isabs(path):
            return _stored(env_filter, os.path.basename(path), data)
        cleaned = env_filter.clean(Request(path), data)  # git stands at the top of the work tree
        return cleaned if isinstance(cleaned, bytes) else b"".join(cleaned)


def _stored(env_filter: EnvFilter, name: str, data: bytes) -> bytes:
    """The blob that git opened into a temporary file. All that it tells of the path is the name."""
    objects = Objects(os.getcwd())
    try:
        for listing in (("ls-files", "-z", "--stage"), ("ls-tree", "-r", "-z", "HEAD")):
            found = set()
            for path, blob in _listed(name, *listing):
                stored = objects.read(blob, document.MAX_BYTES)
                if stored is not None and env_filter.smudge(Request(path, blob=blob), stored) == data:
                    found.add(stored)
            if len(found) > 1:
                message = "two environments have the same text in files of one name, and git does not say which it means"
                raise NotInOrder(message, "go past the hooks once: git commit --no-verify")
            if found:
                return found.pop()
    finally:
        objects.close()
    return data  # of some other commit: nobody puts that away


def _listed(name: str, *listing: str) -> set[tuple[str, str]]:
    """The paths and object ids that a temporary file may be of: git calls it `NAME` in a folder, or `XXXXXX_NAME`."""
    lines = os.fsdecode(program.attempt(os.getcwd(), *listing).stdout).split("\0")
    fields = [line.partition("\t") for line in lines if line]
    position = 1 if listing[0] == "ls-files" else 2
    return {
        (path, meta.split(" ")[position])
        for meta, _, path in fields
        if path.rpartition("/")[2] in (name, name.partition("_")[2])
    }
