"""What git's hooks ask first: does anything here concern gitenv? Most commits and checkouts do not, and must not wait.

One question to git, some names, what the files of a commit say, and hardly a module: `re` and `subprocess` would take longer
than all of it. All that is protected is noticed, and more: whoever looks closer decides (check.before_commit).
"""

from __future__ import annotations

import os
import sys

from gitenv.model import dotenv

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_RAW = ("--raw", "-z", "--no-renames", "--ignore-submodules")
_MAX_BYTES = 1024 * 1024
_MOST_FILES = 1000
_IDS_A_CALL = 200
_read: list[bytes] = []


def is_needed(name: str, arguments: Sequence[str]) -> bool:
    """Whether a hook has anything to do. Where that cannot be said, it has."""
    try:
        if name != "pre-receive" and os.path.exists(os.path.join(_git_dir(), "gitenv", "unsaid")):
            return True
        if name == "pre-commit":
            raw = _staged()
            words = [meta.split(" ") for meta in raw[0::2] if meta]
            paths = raw[1::2]
            return _concerns(paths) or _may_leak([each[3] for each in words if each[1].startswith("100")], paths)
        if name in ("pre-push", "pre-receive"):
            return any(line.split(b" ")[1].strip(b"0") for line in updates().splitlines())  # zeros: it is deleted
        if name == "post-merge":
            return arguments[:1] != ["1"] and _concerns(_between("ORIG_HEAD", "HEAD"))
        if name == "post-checkout" and len(arguments) == 3:
            old, new, flag = arguments
            return flag == "1" and old != new and (not old.strip("0") or _concerns(_between(old, new)))
    except Exception:  # whoever looks closer says what is wrong
        return True
    return True


def is_staged() -> bool:
    """Whether the next commit changes anything that concerns gitenv. Where that cannot be said, it may."""
    try:
        return _concerns(_staged()[1::2])
    except Exception:  # as in a bare repository; whoever looks closer says what is wrong
        return True


def updates() -> bytes:
    """What git writes to a hook that is asked about references. It can be read only once.

    The pre-commit framework has read it itself, and says it in variables: one branch, and all of it where it has no parent.
    """
    if not _read:
        _read.append(_from_framework() or sys.stdin.buffer.read())
    return _read[0]


def _from_framework() -> bytes:
    if os.environ.get("PRE_COMMIT") != "1" or not (branch := os.environ.get("PRE_COMMIT_REMOTE_BRANCH")):
        return b""
    local, old = os.environ.get("PRE_COMMIT_TO_REF", "HEAD"), os.environ.get("PRE_COMMIT_FROM_REF", "0" * 40)
    return os.fsencode(f"{os.environ.get('PRE_COMMIT_LOCAL_BRANCH', 'HEAD')} {local} {branch} {old}\n")


def _staged() -> list[str]:
    return os.fsdecode(_git("diff", "--cached", "--no-ext-diff", "--no-abbrev", *_RAW)).split("\0")


def _between(old: str, new: str) -> list[str]:
    return _changed("diff-tree", "-r", *_RAW, old, new, "--")


def _changed(*command: str) -> list[str]:
    return os.fsdecode(_git(*command)).split("\0")[1::2]


def _concerns(paths: list[str]) -> bool:
    if any(
        path.lower().startswith(".recipients/") or path.lower().endswith(".gitattributes") or dotenv.kind(path)
        for path in paths
    ):
        return True
    text = _own_attributes() if paths else b""
    usual = [name.encode() for name in dotenv.FILES]
    own = [line for line in text.split(b"\n") if b" filter=gitenv " in line and line.split(b" ")[0] not in usual]
    if not own:
        return False
    from gitenv.git import attributes
    from gitenv.model import names

    patterns = attributes.patterns_in(text)
    return any(names.claimed(patterns, path) for path in paths)


def _git_dir() -> str:
    """Where this work tree's notes lie."""
    if "GIT_DIR" not in os.environ and os.path.isdir(".git"):
        return ".git"
    from gitenv.git import layout

    return layout.find(os.getcwd()).git_dir


def _may_leak(ids: list[str], paths: list[str]) -> bool:
    """Whether blobs or paths have a private key, or set a name that a protected file sets, to what may be a secret."""
    from gitenv.model import leaks

    if any(mark in os.fsencode("\n".join(paths)) for mark in leaks.MARKS):
        return True
    names: set[bytes] = set()
    for _, chunk in leaks.chunks(_blobs(ids)):
        if any(mark in chunk for mark in leaks.MARKS):
            return True
        names |= leaks.assigned(chunk)
    return bool(names) and _may_be_copied(ids, names)


def _may_be_copied(ids: list[str], names: set[bytes]) -> bool:
    """Whether blobs set one of `names` to what a protected file sets it to; True where only the key can say that."""
    from gitenv.model import leaks

    specs = _protected()
    if not specs:
        return False
    texts, is_all, has_link = _texts(specs)
    if has_link or _has_linked_folder():  # what is typed into it lands elsewhere
        return True
    names &= {name for text in texts for name in leaks.assigned(text)}
    if not names:
        return False
    opened = {each for text in texts for each in leaks.settings(text, names)}
    is_closed = any(value.startswith(b"gitenv1") for _, value in opened) or any(b"#gitenv-" in text for text in texts)
    # What is edited stands with another value in the index, and nobody has opened that here.
    if is_closed or not is_all or _git("diff-files", "--name-only", "-z", "--", *specs):
        return True
    staged = (each for _, chunk in leaks.chunks(_blobs(ids)) for each in leaks.settings(chunk, names))
    # A value of several lines may have become one.
    return any(name == known and value.startswith(first) for name, value in staged for known, first in opened)


def _protected() -> list[str]:
    """What git finds protected files by."""
    if b" filter=gitenv " not in (text := _own_attributes()):
        return []
    specs = [f":(top,glob,icase)**/{name}" for name in dotenv.FILES]
    if text.count(b" filter=gitenv ") > len(dotenv.FILES):
        from gitenv.git import attributes

        specs += [f":(top,glob){'' if '/' in pattern else '**/'}{pattern}" for pattern in attributes.patterns_in(text)]
    return specs


def _has_linked_folder() -> bool:
    """Whether a folder on the way to a protected file is a link, or may be one where a wild card stands."""
    from gitenv.git import attributes

    for pattern in attributes.patterns_in(_own_attributes()):
        folder = ""
        for part in pattern.split("/")[:-1]:
            if "*" in part or "?" in part:
                if _has_link(folder or "."):
                    return True
                break
            folder = os.path.join(folder, part)
            if os.path.islink(folder):
                return True
    return False


def _has_link(folder: str) -> bool:
    try:
        return any(os.path.islink(os.path.join(folder, name)) for name in os.listdir(folder))
    except OSError:
        return False


def _texts(specs: list[str]) -> tuple[list[bytes], bool, bool]:
    """Protected files, open or closed: as they lie in the work tree, or else in the index.

    And whether git looks at all of them, and whether one is a link.
    """
    from gitenv.model import leaks

    found: list[bytes] = []
    missing: list[str] = []
    is_all, has_link = True, False
    for line in os.fsdecode(_git("ls-files", "-z", "-v", "--stage", "--full-name", "--", *specs)).split("\0")[:_MOST_FILES]:
        meta, _, path = line.partition("\t")
        has_link = has_link or meta[2:8] == "120000"
        is_all = is_all and meta[:1] in ("", "H", "M")  # not hidden from git, as `--assume-unchanged` does it
        if os.path.isfile(path) and not os.path.islink(path):
            with open(path, "rb") as file:
                found.append(file.read(_MAX_BYTES))
        elif meta:
            missing.append(meta.split(" ")[2])
    return [*found, *(chunk for _, chunk in leaks.chunks(_blobs(missing)))], is_all, has_link


def _blobs(ids: list[str]) -> Iterator[bytes]:
    """What git prints of objects, each with its line before it, in pieces."""
    for start in range(0, len(ids), _IDS_A_CALL):
        asked = "".join(f"{each}\n" for each in ids[start : start + _IDS_A_CALL])
        yield from _pieces("cat-file", "--batch", stdin=asked.encode("ascii"))


def _own_attributes() -> bytes:
    """`info/attributes`: the paths of pinned environments, where nobody who pushes can write."""
    common_dir = ".git"
    if "GIT_DIR" in os.environ or not os.path.isdir(common_dir):
        from gitenv.git import layout

        common_dir = layout.find(os.getcwd()).common_dir
    try:
        with open(os.path.join(common_dir, "info", "attributes"), "rb") as file:
            return file.read(_MAX_BYTES)
    except FileNotFoundError:
        return b""


def _git(*command: str) -> bytes:
    """What git prints. Raises `OSError` where it fails; the errors are for who looks closer."""
    return b"".join(_pieces(*command))


def _pieces(*command: str, stdin: bytes = b"") -> Iterator[bytes]:
    """`_git`, piece by piece. `stdin` has no more bytes than a pipe holds."""
    if sys.platform == "win32":
        from gitenv.git import program

        done = program.attempt(os.getcwd(), *command, stdin=stdin)
        if done.returncode:
            raise OSError
        yield done.stdout
        return
    asked, asking = os.pipe()
    os.write(asking, stdin)
    os.close(asking)
    reading, writing = os.pipe()
    try:
        actions = [
            *((os.POSIX_SPAWN_DUP2, asked, 0), (os.POSIX_SPAWN_DUP2, writing, 1)),
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
        ]
        from gitenv.git import alone

        process = os.posix_spawnp("git", ["git", *alone.words(), *command], alone.environment(), file_actions=actions)
    except OSError:
        os.close(reading)
        raise
    finally:
        os.close(asked)
        os.close(writing)
    with open(reading, "rb", buffering=0) as pipe:
        while piece := pipe.read(65536):
            yield piece
    if os.waitpid(process, 0)[1]:
        raise OSError
