"""Starting git itself."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

from gitenv.errors import NotInOrder, printable, shell_word
from gitenv.git import alone, spawn
from gitenv.git.spawn import Child, Done

_RUN_NO_HOOK = frozenset(
    (
        *("cat-file", "check-attr", "check-ignore", "config", "diff-index", "diff-tree", "fast-import", "for-each-ref", "grep"),
        *("hash-object", "init", "log", "ls-files", "ls-tree", "merge-base", "merge-file", "remote", "rev-list", "rev-parse"),
        *("var", "worktree"),
    )
)
"""The verbs that start none, whatever hooks there are: they write neither the index nor a branch."""


class TooManyNames(NotInOrder):
    """Folders unfold into more names than honest ones have."""


def path() -> str:
    """What to start git by. On Windows an absolute path: the system would look into the current folder first."""
    if sys.platform != "win32":
        return "git"
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        candidate = os.path.join(folder, "git.exe")
        if os.path.isabs(folder) and os.path.exists(candidate):
            return candidate
    raise not_found()


def command(*arguments: str) -> list[str]:
    """The words of a call of git: every call of gitenv's begins here, but for the hooks' first question (drivers.hook)."""
    return [path(), *alone.words(), *arguments]


def environment(variables: Mapping[str, str | None] | None = None) -> dict[str, str]:
    """What git finds in its environment: ours without the private key, and `variables`, where None takes one away."""
    return {name: value for name, value in {**alone.environment(), **(variables or {})}.items() if value is not None}


def attempt(
    folder: str,
    *arguments: str,
    stdin: bytes = b"",
    index: str = "",
    variables: Mapping[str, str | None] | None = None,
    with_key: bool = False,
) -> Done:
    """Run git in `folder` and return how it ended, whatever that is.

    `index` is another index file than the usual one; `variables` as in `environment`; `with_key`: git starts our own filter.
    """
    env = environment({**({"GIT_INDEX_FILE": index} if index else {}), **(variables or {})})
    pipe = -1
    if with_key and sys.platform != "win32":
        pipe = alone.pipe_with_key()
        env |= {alone.KEY_PIPE: str(pipe)} if pipe >= 0 else {}
    elif with_key and alone.PRIVATE_KEY in os.environ:  # there, no process inherits a pipe that it was not made for
        env[alone.PRIVATE_KEY] = os.environ[alone.PRIVATE_KEY]
    inherited = (pipe,) if pipe >= 0 else ()
    writes_nothing = _verb(arguments) in _RUN_NO_HOOK or "--no-optional-locks" in arguments
    if not (writes_nothing or alone.are_known()):
        alone.leave_out(os.fsdecode(attempt(folder, "config", "-z", "--name-only", "--list").stdout).split("\0"))
    words = command(*arguments)
    try:
        return spawn.run(words, folder, env, stdin, inherited)
    except FileNotFoundError:
        raise not_found() from None
    finally:
        for descriptor in inherited:
            os.close(descriptor)


def as_user(folder: str, *arguments: str, with_key: bool = False) -> Done:
    """Run git as if the user had typed it: with hooks, on their terminal. What it complains about they have seen then.

    Hooks, and what is started to sign or to connect, get no private key, which goes to our own filter alone.
    """
    import subprocess

    env, pipe = environment(), alone.pipe_with_key() if with_key and sys.platform != "win32" else -1
    if pipe >= 0:
        env[alone.KEY_PIPE] = str(pipe)
    sys.stdout.flush()
    try:
        words = [path(), *arguments]
        done = subprocess.run(
            words, cwd=folder, env=env, stdout=subprocess.PIPE, check=False, pass_fds=(pipe,) if pipe >= 0 else ()
        )
    except FileNotFoundError:
        raise not_found() from None
    finally:
        if pipe >= 0:
            os.close(pipe)
    return Done(done.returncode, done.stdout, b"")


def start(folder: str, *arguments: str) -> Child:
    """Start git in `folder`, to speak with it. Raises `NotInOrder`."""
    try:
        return spawn.start(command(*arguments), folder, environment())
    except FileNotFoundError:
        raise not_found() from None


def run(
    folder: str,
    *arguments: str,
    stdin: bytes = b"",
    index: str = "",
    variables: Mapping[str, str | None] | None = None,
    with_key: bool = False,
) -> bytes:
    """Run git in `folder` and return what it prints. Raises `NotInOrder` with the first thing it complains about."""
    done = attempt(folder, *arguments, stdin=stdin, index=index, variables=variables, with_key=with_key)
    check(done, folder, arguments)
    return done.stdout


def check(done: Done, folder: str, arguments: Sequence[str]) -> None:
    """Raise `NotInOrder` with the first thing that a git complained about which failed."""
    if done.returncode:
        if b"dubious ownership" in done.stderr:
            raise no_repository(done)
        said = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
        why = next((line for line in said if line.startswith(("error: ", "fatal: "))), said[0] if said else "without a word")
        hint = next((line for line in said if line.startswith("hint: ")), "") or _mend(folder, done)
        raise NotInOrder(
            f"git {_verb(arguments)}: {printable(why.partition(': ')[2] or why)}", printable(hint.removeprefix("hint: "))
        )


def _verb(arguments: Sequence[str]) -> str:
    words = zip(("", *arguments), arguments, strict=False)  # each with the one before: `-c` has a value
    return next((word for before, word in words if before != "-c" and not word.startswith("-")), "")


def _mend(folder: str, done: Done) -> str:
    from gitenv.git import layout
    from gitenv.system import refusal

    try:
        found = layout.find(folder)
    except NotInOrder:
        return ""
    return refusal.by_git(done.stderr.decode("utf-8", "replace"), found.work_tree, found.common_dir)


def no_repository(done: Done) -> NotInOrder:
    """Why git found no repository, by what it said."""
    said = done.stderr.decode("utf-8", "replace")
    if "dubious ownership" in said:
        folder = said.partition("repository at '")[2].partition("'\n")[0] or "FOLDER"
        hint = f"git config --global --add safe.directory {shell_word(folder)}"
        return NotInOrder("git does not trust this folder: somebody else owns it", hint)
    if "unknown option" in said or "path-format" in said:
        return too_old()
    return NotInOrder("this is not a git repository", "change to the folder of one, or make one: git init")


def not_found() -> NotInOrder:
    """That there is no git."""
    return NotInOrder("git was not found", "install git 2.31 or later")


def too_old() -> NotInOrder:
    """That git is an older one than gitenv needs."""
    return NotInOrder("this git is too old", "install git 2.31 or later")


def listed(folder: str, *arguments: str, stdin: bytes = b"") -> bytes:
    """`run` for what compares or lists folders: of some objects that unfold into billions of names there is an end.

    `arguments` have `-t`: of folders without a file git says nothing else. Raises `NotInOrder` as `run` does.
    """
    words = command(*arguments)
    try:
        done = spawn.run(words, folder, environment(), stdin, is_bounded=True)
    except FileNotFoundError:
        raise not_found() from None
    check_names(done, arguments)
    check(done, folder, arguments)
    return done.stdout


def check_names(done: Done, arguments: Sequence[str]) -> None:
    """Raise `TooManyNames` for a git that was ended since it had too many names to hold or to say."""
    if done.returncode and (b"ut of memory" in done.stderr or done.returncode == -13):
        raise TooManyNames(f"git {_verb(arguments)}: folders have more names than can be looked at")


def lines(folder: str, *arguments: str) -> list[str]:
    """`run`, as text lines."""
    return os.fsdecode(run(folder, *arguments)).splitlines()


def paths(folder: str, *arguments: str, stdin: bytes = b"", index: str = "", with_key: bool = False) -> list[str]:
    """`run`, for output that is separated by NUL."""
    said = run(folder, *arguments, stdin=stdin, index=index, with_key=with_key)
    return [part for part in os.fsdecode(said).split("\0") if part]
