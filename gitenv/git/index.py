"""Writing objects and index entries past every filter, for what is encrypted already: all of it at once, or nothing.

`git add` would run the filter on files that need not even be in the work tree, and would write the index once for each command.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence, Set

from gitenv.errors import Changed, NotInOrder, printable, shell_word
from gitenv.git import program
from gitenv.git.layout import Layout, Stamp, index_path, stamp
from gitenv.tuples import NamedTuple

FILE = "100644"
_TRIES = 5
_MOST_WORDS = 200
_LOOKS, _PAUSE = 40, 0.05  # two seconds


class IndexEntry(NamedTuple):
    """One file of the index, as it is or is to be. Without an object it is taken out, all stages of it.

    `stage` is 0 unless the file is in conflict.
    """

    path: str
    object_id: str
    mode: str = FILE
    stage: int = 0

    @property
    def is_file(self) -> bool:
        return self.mode.startswith("100")

    @property
    def is_link(self) -> bool:
        return self.mode == "120000"


def write_blobs(root: str, contents: Sequence[bytes]) -> list[str]:
    """Store contents as they are, by one process whatever their number; return their object ids.

    They are in the repository's object store when this returns. Raises `NotInOrder`.
    """
    if not contents:
        return []
    parts = [b"blob\nmark :%d\ndata %d\n%b\n" % (number, len(data), data) for number, data in enumerate(contents, 1)]
    parts += [b"get-mark :%d\n" % number for number in range(1, len(contents) + 1)]
    said = program.run(root, "fast-import", "--quiet", "--done", stdin=b"".join([*parts, b"done\n"]))
    return said.decode("ascii").split()


def replace_entries(root: str, layout: Layout, entries: Iterable[IndexEntry], seen: Iterable[IndexEntry] = ()) -> None:
    """Put entries into the index, in one step: killed at any moment, the old or the new index is there.

    `seen` are the entries that they take the place of, as they were read. Raises `Changed` where somebody has staged since.

    git's own `update-index` would leave `index.lock` where it is killed. So it works on a copy, and the lock is only held for
    the moment of the exchange; where a run is killed in that moment, `clear_lock` knows the lock for ours. Raises `NotInOrder`
    where another git is at work.
    """
    import shutil

    index = os.path.join(layout.work_tree, index_path(layout))
    listed, expected = list(entries), {_staged(entry): entry.path for entry in seen}
    nothing = "0" * next((len(entry.object_id) for entry in listed if entry.object_id), 0) or _no_object(root)
    lines = "".join(_line(entry, nothing) for entry in listed)
    copy = _copy(layout)
    try:
        os.makedirs(os.path.dirname(copy), exist_ok=True)
        for _ in range(_TRIES):
            before = _checksum(index)
            if before:
                shutil.copy2(index, copy)  # as old as it is: git looks again into files that are no older than their index
            absent = _look(root, copy, expected, {entry.path for entry in listed if entry.object_id and not entry.stage})
            _update(root, copy, lines, "--index-info")
            if absent:
                _update(root, copy, absent, "--skip-worktree", "--stdin")
            if _exchange(copy, index, before, is_new=True):
                return
    except OSError as error:
        from gitenv.system import refusal

        raise refusal.refused(error, "written", index) from None
    finally:
        with contextlib.suppress(OSError):
            os.unlink(copy)
    raise NotInOrder("another git process keeps writing the index", "wait for it, then run this again")


def rewrite(layout: Layout, made: Callable[[bytes], bytes]) -> Stamp | None:
    """Put what `made` makes of the index's bytes in its place, as old as it was; None where that is nothing, or cannot be.

    Returns the stamp of the one that was read. The rest is as for `replace_entries`, without git.
    """
    index, copy = os.path.join(layout.work_tree, index_path(layout)), _copy(layout)
    try:
        read, before, status = stamp(index), _checksum(index), os.stat(index)
        with open(index, "rb") as file:
            new = made(file.read())
        if not new:
            return None
        os.makedirs(os.path.dirname(copy), exist_ok=True)
        with open(copy, "wb") as file:
            file.write(new)
        os.chmod(copy, status.st_mode)
        os.utime(copy, ns=(status.st_atime_ns, status.st_mtime_ns))
        return read if _exchange(copy, index, before, is_new=False) else None
    except (OSError, NotInOrder):  # whoever lets git do it hears what is wrong
        return None
    finally:
        with contextlib.suppress(OSError):
            os.unlink(copy)


def _copy(layout: Layout) -> str:
    """Where this run makes another index. `clear_lock` knows what a killed one left by this name."""
    return os.path.join(layout.git_dir, "gitenv", f"index-{os.getpid()}")


def _update(root: str, copy: str, lines: str, *words: str) -> None:
    """`git update-index`. Who writes an index looks once more into files as young as it is: that starts our filter."""
    program.run(root, "update-index", "-z", *words, stdin=os.fsencode(lines), index=copy, with_key=True)


def _no_object(root: str) -> str:
    object_format = program.lines(root, "rev-parse", "--show-object-format")
    return "0" * (64 if object_format == ["sha256"] else 40)


def _look(root: str, copy: str, expected: Mapping[str, str], written: Set[str]) -> str:
    """Those of the paths `written` that a sparse checkout leaves out, for git to read: a new entry would be a deleted file.

    `expected` are lines of the index, each with its path. Raises `Changed` for one that is not there any more.
    """
    paths = {*expected.values(), *written}
    tagged = program.paths(root, *_listing(paths, "-t", "--stage"), index=copy) if paths else []
    for line in expected.keys() - {line[2:] for line in tagged}:
        raise Changed(printable(expected[line]))
    absent = (line.partition("\t")[2] for line in tagged if line[0] == "S")
    return "".join(f"{path}\0" for path in absent if path in written)


def _listing(paths: Iterable[str], *words: str) -> Sequence[str]:
    """What lists some paths of the index, and perhaps others: a command line has no room for any number.

    Nor may one lead out of the work tree: git would list nothing at all.
    """
    some = sorted(set(paths))
    is_good = len(some) <= _MOST_WORDS and not any(".." in path or os.path.isabs(path) for path in some)
    return "--literal-pathspecs", "ls-files", "-z", *words, "--", *(some if is_good else ())


def _staged(entry: IndexEntry) -> str:
    """An entry as `ls-files --stage` says it."""
    return f"{entry.mode} {entry.object_id} {entry.stage}\t{entry.path}"


def need_free(layout: Layout) -> None:
    """Wait for a git that is writing the index. Raises `NotInOrder` if it goes on, or one that crashed left its `index.lock`.

    Also where its folder is closed to us. Before anything is written: else it would be written, and could not be staged.
    """
    if not os.access(layout.git_dir, os.W_OK):
        from gitenv.system import refusal

        raise refusal.refused(PermissionError(errno.EACCES, os.strerror(errno.EACCES)), "written", layout.git_dir)
    _wait_for(_lock_path(layout))


def _wait_for(lock: str) -> None:
    for _ in range(_LOOKS):
        if not os.path.lexists(lock):
            return
        time.sleep(_PAUSE)
    remove = "del" if sys.platform == "win32" else "rm"
    hint = f"wait for it; if none runs, one crashed: {remove} {shell_word(lock)}"
    raise NotInOrder("another git process is at work in this repository", hint)


def is_locked(layout: Layout) -> bool:
    """Whether a git is writing the index, or one that crashed left its lock."""
    return os.path.lexists(_lock_path(layout))


def _lock_path(layout: Layout) -> str:
    return f"{index_path(layout)}.lock"


def clear_lock(layout: Layout) -> None:
    """Remove `index.lock` where a run of gitenv left it that was killed in the moment of the exchange.

    It is another name of that run's copy, which a run holds as long as it lives: whoever gets hold of it knows that it died.
    """
    lock, folder = os.path.join(layout.git_dir, "index.lock"), os.path.join(layout.git_dir, "gitenv")
    if sys.platform == "win32" or not os.path.lexists(lock):
        return
    with contextlib.suppress(OSError):
        for name in os.listdir(folder):
            if name.startswith("index-"):
                _clear_lock_of(os.path.join(folder, name), lock)


def _clear_lock_of(copy: str, lock: str) -> None:
    with contextlib.suppress(OSError):
        descriptor = os.open(copy, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
        try:
            _hold(descriptor, is_patient=False)
            if os.path.samestat(os.fstat(descriptor), os.lstat(lock)):
                os.unlink(lock)
                os.unlink(copy)
        finally:
            os.close(descriptor)


def _hold(descriptor: int, *, is_patient: bool) -> None:
    """Hold a file until it is closed, or its process is dead. Raises `OSError` if another holds it, or none can."""
    if sys.platform != "win32":
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if is_patient else fcntl.LOCK_NB))


def _exchange(copy: str, index: str, before: bytes, *, is_new: bool) -> bool:
    """Put the copy in the place of the index, under git's own lock; False if the index was written meanwhile.

    What is new in it outlives a power cut; git itself waits for no disk to note what `lstat` says.
    """
    descriptor = os.open(copy, os.O_RDWR)
    try:
        if is_new:
            os.fsync(descriptor)
        if sys.platform != "win32":  # there, a file that is open cannot be put anywhere
            with contextlib.suppress(OSError):  # some network file systems cannot; a lock that is left is then git's to name
                _hold(descriptor, is_patient=True)
            return _swap(copy, index, before)
    finally:
        os.close(descriptor)
    return _swap(copy, index, before)


def _swap(copy: str, index: str, before: bytes) -> bool:
    lock = f"{index}.lock"
    try:
        os.link(copy, lock)  # fails if it is there, like git's own O_EXCL
    except FileExistsError:
        _wait_for(lock)
        return False
    if _checksum(index) != before:
        os.unlink(lock)
        return False
    os.replace(lock, index)
    return True


def _checksum(index: str) -> bytes:
    """What tells one state of the index from another. Empty if there is none.

    Its last bytes are a hash of the others, or zeros (`index.skipHash`): then only the file itself is another one.
    """
    try:
        with open(index, "rb") as file:
            status = os.fstat(file.fileno())
            file.seek(max(0, status.st_size - 32))
            return b"%d %d %d " % (status.st_size, status.st_ino, status.st_mtime_ns) + file.read()
    except FileNotFoundError:
        return b""


def _line(entry: IndexEntry, nothing: str) -> str:
    mode = entry.mode if entry.object_id else "0"
    return f"{mode} {entry.object_id or nothing} {entry.stage}\t{entry.path}\0"
