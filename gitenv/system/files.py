"""Reading and writing files as gitenv must: bounded, through no link, and whole or not at all."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from collections.abc import Iterator, Mapping

from gitenv.errors import Changed, NotInOrder, NotTrusted, printable


def read(path: str, limit: int, shown: str = "") -> bytes | None:
    """The bytes of a regular file, or None if there is none. `shown` is what errors call it.

    Raises `NotTrusted` for a link, for a special file and for more than `limit` bytes: a repository can hold any of these.
    """
    name = shown or path
    try:
        descriptor = _open_as_it_is(path, os.O_RDONLY | _BINARY)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        if os.path.islink(path):
            raise NotTrusted(
                f"{printable(name)} is a link; gitenv does not follow links", "put the file itself there"
            ) from None
        raise _refused(error, "read", path, shown) from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise NotTrusted(f"{printable(name)} is not a regular file", "put the file itself there")
        if status.st_size <= limit:
            data = _up_to(descriptor, limit + 1, status.st_size + 1)
            if len(data) <= limit:  # it may grow while it is read
                return data
        size = max(status.st_size, limit + 1)
        raise NotTrusted(f"{printable(name)} has {size:,} bytes, {limit:,} are allowed", "put a smaller file there")
    finally:
        os.close(descriptor)


def _up_to(descriptor: int, limit: int, at_once: int) -> bytes:
    """All up to `limit` bytes. Python's own file takes longer to make than ten thousand small ones take to be read.

    `at_once` is one byte more than there should be: who gets all but that one is at the end, and need not ask.
    """
    data = piece = os.read(descriptor, min(at_once, limit))
    while piece and len(data) < limit and len(data) != at_once - 1:
        piece = os.read(descriptor, min(at_once, limit - len(data)))
        data += piece
    return data


def read_inside(root: str, relative: str, limit: int) -> bytes | None:
    """`read` for a path from the repository, none of whose folders may be a link either."""
    check_inside(root, relative)
    return read(os.path.join(root, relative), limit, relative)


def remove_inside(root: str, relative: str) -> None:
    """Take a file away, if it is there; none of the folders on the way may be a link."""
    check_inside(root, relative)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(os.path.join(root, relative))


def leads_out(relative: str) -> bool:
    """Whether a name leads out of the work tree, or to git's own folder (`git~1` is NTFS's other name for it).

    git checks out no such tree. But whoever pushes can write one, and an ancestor of what git does check out may have it. What
    git does check out on this system is none: else one odd name would stop whoever reads a folder.
    """
    if os.name == "nt":
        relative = relative.replace("\\", "/")
    return any(part in ("", "..") or _is_gits(part) for part in relative.split("/")) or (os.name == "nt" and ":" in relative)


def _is_gits(part: str) -> bool:
    if sys.platform == "darwin" and not part.isascii():  # HFS+ leaves out what nobody sees
        part = "".join(c for c in part if c.isprintable())
    return part.lower().partition("\\")[0].partition(":")[0].rstrip(" .") in (".git", "git~1")


def check_inside(root: str, relative: str) -> None:
    """Raise `NotTrusted` if the way from `root` to a file leads over a link: it could lead out of the repository.

    So could `..` in it.
    """
    if leads_out(relative):
        raise NotTrusted(f"{printable(relative)}: leads out of the work tree; git itself refuses such a name")
    folder = root
    for part in relative.split("/")[:-1]:
        folder = os.path.join(folder, part)
        if os.path.islink(folder):
            shown = printable(os.path.relpath(folder, root))
            raise NotTrusted(
                f"{printable(relative.removesuffix('/.'))}: leads over a link; gitenv does not follow links",
                f"put the folder itself there: {shown}",
            )


def replace(
    path: str, data: bytes, mode: int | None = None, *, instead_of: bytes | None = None, is_elsewhere: bool = False
) -> None:
    """Write a file beside `path`, bring it to the disk, and put it there: killed at any moment, the old or the new is there.

    `mode` is for a new file (the default is what the umask leaves of 0666); an old one keeps its own unless `mode` is given.
    `instead_of` is what was read there: an editor may have saved since. What `is_elsewhere`, in git's objects, need not outlive
    a power cut. Raises `Changed`, `NotTrusted` if `path` is a link, `NotInOrder` if the disk is full or the folder closed.
    """
    beside = _beside(path)
    try:
        _write_instead(beside, path, data, mode, is_elsewhere)
        if instead_of is not None and not _is_still(path, instead_of):
            raise Changed(printable(path))
        os.replace(beside, path)
        if not is_elsewhere:
            _sync_folder(os.path.dirname(path))
    except OSError as error:
        raise _refused(error, "written", path) from None
    finally:
        with contextlib.suppress(OSError):
            os.unlink(beside)


def replace_all(texts: Mapping[str, bytes], mode: int | None = None, *, is_elsewhere: bool = False) -> None:
    """`replace` for many files, which come to stand there in this order: killed at any moment, each is the old or the new.

    All are written before the first is brought to the disk, which then takes them together.
    """
    written, path = dict[str, str](), ""
    try:
        for path, data in texts.items():
            beside = _beside(path, f"-{len(written)}")
            written[beside] = path
            _write_instead(beside, path, data, mode, is_elsewhere or len(texts) > 1)
        for beside in written if len(texts) > 1 and not is_elsewhere else ():
            path = written[beside]
            with open(beside, "r+b") as file:
                os.fsync(file.fileno())
        for beside, path in written.items():
            os.replace(beside, path)
        for folder in () if is_elsewhere else {*map(os.path.dirname, written)}:
            _sync_folder(folder)
    except OSError as error:
        raise _refused(error, "written", path) from None
    finally:
        for beside in written:
            with contextlib.suppress(OSError):
                os.unlink(beside)


def _beside(path: str, number: str = "") -> str:
    """Where a file is written, which then takes the place of another one.

    Whatever that is called: if we are killed, the attributes of `.env.*` keep git from staging what is left behind.
    """
    return os.path.join(os.path.dirname(path), f"{_TEMPORARY}{os.getpid()}{number}.tmp")


def _write_instead(beside: str, path: str, data: bytes, mode: int | None, is_elsewhere: bool) -> None:
    if os.path.islink(path):
        raise NotTrusted(f"{printable(path)} is a link; gitenv does not follow links", "put the file itself there")
    # A leftover of a killed run with our process id may be in the way.
    with contextlib.suppress(FileNotFoundError):
        os.unlink(beside)
    group = -1
    with contextlib.suppress(OSError):
        status = os.stat(path)
        group, mode = status.st_gid, stat.S_IMODE(status.st_mode) if mode is None else mode
    _write_new(beside, data, mode, is_elsewhere, group)


def create(path: str, data: bytes, mode: int) -> bool:
    """Write a file that is not there yet, whole or not at all; False, and nothing is done, if it is. Raises `NotInOrder`."""
    beside = _beside(path)
    try:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(beside)
        _write_new(beside, data, mode, is_elsewhere=False)
        _put_new(beside, path)
        _sync_folder(os.path.dirname(path))
    except FileExistsError:
        return False
    except OSError as error:
        raise _refused(error, "written", path) from None
    finally:
        with contextlib.suppress(OSError):
            os.unlink(beside)
    return True


def append(path: str, data: bytes, limit: int) -> None:
    """Add to the end of a file, unless it has `limit` bytes already. Raises `NotInOrder`, also for a link or a pipe."""
    try:
        with open(path, "ab", opener=_open_as_it_is) as file:
            if file.tell() < limit:
                file.write(data)
    except OSError as error:
        raise _refused(error, "written", path) from None


def _open_as_it_is(path: str, flags: int) -> int:
    """Through no link, and without waiting for who reads or writes a pipe."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0), 0o666)


def _refused(error: OSError, verb: str, path: str, shown: str = "") -> NotInOrder:
    from gitenv.system import refusal

    return refusal.refused(error, verb, path, shown)


def _put_new(beside: str, path: str) -> None:
    """Give a file its name, if no other has it. Raises `FileExistsError`."""
    if os.name == "nt":
        os.rename(beside, path)  # there it does not replace anything
        return
    try:
        os.link(beside, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if os.path.lexists(path):
            raise FileExistsError from None
        os.rename(beside, path)


def _is_still(path: str, data: bytes) -> bool:
    try:
        return read(path, len(data)) == data
    except NotTrusted:  # longer, or a link by now
        return False


def _write_new(path: str, data: bytes, mode: int | None, is_elsewhere: bool, group: int = -1) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY
    descriptor = os.open(path, flags, 0o666 if mode is None else mode & 0o600)
    with open(descriptor, "wb") as file:
        if mode is not None and hasattr(os, "fchmod"):
            os.fchmod(descriptor, _with_group(descriptor, group, mode))
        file.write(data)
        file.flush()
        if not is_elsewhere:
            os.fsync(descriptor)


def _with_group(descriptor: int, group: int, mode: int) -> int:
    """Give a new file the group of the one that it replaces; return its rights: less where that group alone was to read it."""
    if mode & 0o070 and group not in (-1, os.fstat(descriptor).st_gid):
        try:
            os.fchown(descriptor, -1, group)
        except OSError:
            return mode if mode & 0o007 else mode & ~0o070
    return mode


def keep_to_owner(descriptor: int) -> None:
    """Take an open file from all but its owner, if it is a file. Raises `NotInOrder` where that cannot be."""
    if os.name != "nt" and stat.S_ISREG(os.fstat(descriptor).st_mode):
        try:
            os.fchmod(descriptor, 0o600)
        except OSError as error:
            hint = "write to a file of your own: (umask 077; gitenv key export > FILE)"
            raise NotInOrder(f"others could read that file: {error.strerror}", hint) from None


def _sync_folder(folder: str) -> None:
    if os.name == "nt":  # a folder cannot be opened there
        return
    descriptor = os.open(folder or ".", os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError:
        pass  # some network file systems cannot; the file itself is on the disk
    finally:
        os.close(descriptor)


def make_folder(path: str, mode: int = 0o777) -> None:
    """Make a folder and those above it. Raises `NotInOrder`."""
    try:
        os.makedirs(path, mode=mode, exist_ok=True)
    except OSError as error:
        raise _refused(error, "made", path) from None


def entries(path: str, limit: int, shown: str = "") -> Iterator[str]:
    """The sorted names in a folder; none if it is not one. Raises `NotTrusted` beyond `limit`, or for a link.

    `shown` is what errors call it.
    """
    if os.path.islink(path):
        raise NotTrusted(f"{printable(shown or path)} is a link; gitenv does not follow links")
    try:
        found = sorted(os.listdir(path))
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise _refused(error, "read", path, shown) from None
    check_entries(len(found), limit, shown or path)
    yield from found


def check_entries(count: int, limit: int, shown: str) -> None:
    """Raise `NotTrusted` for a folder that holds more than it may."""
    if count > limit:
        raise NotTrusted(
            f"{printable(shown)} has {count:,} entries, {limit:,} are allowed", "remove what does not belong there"
        )


_BINARY = getattr(os, "O_BINARY", 0)
_TEMPORARY = ".env.gitenv-"
TEMPORARY = f"{_TEMPORARY}*.tmp"
"""What a file is called that is being written, as a pattern."""
