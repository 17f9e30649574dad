"""What the operating system refused: which file, why, and the command that mends it.

One `sudo git pull` leaves files to root, and from then on their user may not read them. Loaded only where something failed.
"""

from __future__ import annotations

import errno
import os
import re
import sys

from gitenv.errors import GitenvError, NotInOrder, printable, shell_word

_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
# What was done once as root leaves more than one file behind: git's own folder, gitenv's in the user's configuration.
_WHOLE = re.compile(r"(.*?/\.git(?=/|$)|.*/gitenv(?=/(?:clones|device\.pem)))")
_GIT_SAYS = re.compile(r"permission denied|insufficient permission", re.IGNORECASE)
_GIT_IS_FULL = re.compile(r"no space left|out of diskspace|quota exceeded", re.IGNORECASE)
_ROOM = "make room on that disk, then run this again"
_FILE_IN_IT = re.compile(r"(?:open\(\"|['\"])([^'\"]+)['\"]")


def lacking(error: Exception) -> NotInOrder | None:
    """What the machine did not give: a file, memory, a library. None for any other exception: that is a bug of ours."""
    if isinstance(error, OSError):
        return refused(error, "used")
    if isinstance(error, (MemoryError, SystemError)):  # where memory ends, what is written in C may fail without a reason
        return NotInOrder("there is not enough memory", "let it have more: ulimit -v unlimited")
    if isinstance(error, ImportError) and not (error.name or "gitenv").startswith("gitenv"):
        hint = "let it have more memory (ulimit -v unlimited), or install gitenv again"
        return NotInOrder("a library that gitenv needs cannot be loaded", hint)
    return None


def bug(error: Exception) -> GitenvError:
    """What is said of all else. The text of an exception may quote what it was working on, so only its kind and place are."""
    trace, place = error.__traceback__, ""
    while trace:
        place = f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}"
        trace = trace.tb_next
    return GitenvError(f"a bug in gitenv: {type(error).__name__} at {place}", "please report it, with what you typed")


def refused(error: OSError, verb: str, path: str = "", shown: str = "") -> NotInOrder:
    """The error for a file that cannot be `verb` (read, written). `path` is where it happened, and `shown` what to call it."""
    named = path or os.fsdecode(error.filename or "")
    why = error.strerror or type(error).__name__
    what = f"{printable(shown or named)} cannot be {verb}" if named else "the operating system refused what was needed here"
    try:
        hint = _hint(error.errno, os.path.abspath(named or os.curdir))
    except OSError:  # the folder that we are in is gone, or what we looked at is
        hint = "change to a folder that is there, and run this again"
    return NotInOrder(f"{what}: {why}", hint)


def by_git(said: str, root: str, common_dir: str) -> str:
    """The command that mends what git complains about, where that is its rights to a file, or a full disk; else ""."""
    if _GIT_IS_FULL.search(said):
        return _ROOM
    line = next((line for line in said.splitlines() if _GIT_SAYS.search(line)), "")
    if not line:
        return ""
    try:
        found = _FILE_IN_IT.search(line)
        path = os.path.abspath(os.path.join(root, found[1])) if found else ""
        # A file's name may have quotes and all, and whoever pushed it must not choose what is given away.
        if any(path.startswith(os.path.join(top, "")) for top in (root, common_dir)):
            return _give_back(path)
        objects = os.path.join(common_dir, "objects")
        below = sorted(os.listdir(objects)) if os.access(objects, os.R_OK) else []
        folders = [common_dir, objects, *(os.path.join(objects, name) for name in below)]
        return _let_in(next((folder for folder in folders if not os.access(folder, os.W_OK)), common_dir))
    except OSError:
        return ""


def _hint(number: int | None, path: str) -> str:
    if number in (errno.EACCES, errno.EPERM):
        return _give_back(path)
    if number == errno.EROFS:
        return "that disk is read-only: mount it for writing"
    if number in _FULL:
        return _ROOM
    if number in (errno.EMFILE, errno.ENFILE):
        return "let more files be open: ulimit -n 1024"
    return f"look at it: ls -ld {shell_word(path)} {shell_word(os.path.dirname(path))}"


def _give_back(path: str) -> str:
    """The command that lets this user in again, by whose the file is."""
    return _let_in(_closed(path))


def _let_in(closed: str) -> str:
    if sys.platform == "win32":
        return f'icacls {shell_word(closed)} /grant "%USERNAME%:F" /t'
    owner, found = os.lstat(closed).st_uid, _WHOLE.match(closed)
    whole = shell_word(found[0] if found else closed)
    if owner == os.geteuid():
        return f"chmod -R u+rwX {whole}"
    mend = f'sudo chown -R "$USER" {whole}'
    if not owner or (found and found[0].endswith("gitenv")):
        return mend
    if found:
        return f"{mend}; or, where {_user(owner)} works here too: sudo chmod -R g+rwX {whole}"
    return f"{mend}; or, where {_user(owner)} works here too, they run: git config gitenv.fileMode 0660 && gitenv unlock"


def _closed(path: str) -> str:
    """What keeps this user from `path`: a folder on the way that lets nobody through, the file itself, or its folder."""
    way = os.sep
    for part in path.split(os.sep)[1:]:
        if not os.access(way, os.X_OK):
            return way
        if not os.path.lexists(os.path.join(way, part)):
            return way
        way = os.path.join(way, part)
    is_open = os.access(path, os.R_OK) and os.access(path, os.W_OK)
    return os.path.dirname(path) if is_open else path  # a file is replaced by another one in its folder


def _user(number: int) -> str:
    import pwd

    try:
        return printable(pwd.getpwuid(number).pw_name)
    except KeyError:
        return f"user {number}"
