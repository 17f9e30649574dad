"""Becoming another program. Its signals, its terminal and its exit code are then its own."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Mapping, Sequence

from gitenv.errors import Usage, printable
from gitenv.sdk import child

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

NOT_EXECUTABLE, NOT_FOUND = 126, 127
_OF_THE_SHELL = ("cd", "exit", "export", "eval", "exec", "source", ".", "set", "unset", "alias", "ulimit", "umask")
_ABSENT = (errno.ENOENT, errno.ENOTDIR)


class CannotStart(Usage):
    """A command that is not there (127), or cannot be executed (126), as shells have it."""

    def __init__(self, message: str, hint: str, code: int) -> None:
        super().__init__(message, hint)
        self.exit_code = code  # type: ignore[misc]


def execute(command: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    """Become `command`, which is looked for in the PATH that it gets. Raises `CannotStart`."""
    if sys.platform == "win32":
        sys.exit(_wait_for(command, environment))
    if not command[0]:
        raise _not_found("''")
    _restore_signals()
    program = _found(command[0], environment)
    try:
        if program:  # and no other one of that name behind it: `os.execvpe` goes on where the first cannot be executed
            os.execve(program, [*command], environment)  # noqa: S606
        os.execvpe(command[0], [*command], environment)  # noqa: S606
    except OSError as error:
        if error.errno == errno.ENOEXEC:
            # A script without `#!`, as execvp(3) has it.
            os.execve("/bin/sh", ["sh", program, *command[1:]], environment)  # noqa: S606
        raise _problem(command, environment, error) from None
    raise AssertionError


def _restore_signals() -> None:
    """Python ignores SIGPIPE, and what is ignored stays so in who we become: it would go on writing to nobody."""
    import signal

    for name in ("SIGPIPE", "SIGXFSZ"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)


def _wait_for(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Windows cannot exec: the console sends Ctrl-C to both, and the code is passed on."""
    import shutil
    import signal
    import subprocess

    path = {name.upper(): value for name, value in environment.items()}.get("PATH")
    program = shutil.which(command[0], path=path)
    if program is None:
        raise _not_found(command[0])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return subprocess.run([program, *command[1:]], env=dict(environment), check=False).returncode
    except OSError as error:
        raise _problem(command, environment, error) from None


def _found(name: str, environment: Mapping[str, str]) -> str:
    """The program that a name means, as `shutil.which` finds it for `trust.allowed`; "" for none."""
    paths = (os.path.join(folder, name) for folder in environment.get("PATH", os.defpath).split(os.pathsep))
    return name if "/" in name else next((path for path in paths if os.path.isfile(path) and os.access(path, os.X_OK)), "")


def _not_found(name: str) -> CannotStart:
    hint = "is it in PATH?"
    if name in _OF_THE_SHELL or not {" ", "=", "$", "|", ";"}.isdisjoint(name):
        hint = "for what a shell does: gitenv run -- sh -c 'COMMAND'"
    return CannotStart(f"{printable(name)}: command not found", hint, NOT_FOUND)


def _problem(command: Sequence[str], environment: Mapping[str, str], error: OSError) -> Usage:
    if error.errno in _ABSENT:
        return _not_found(command[0])
    if error.errno == errno.E2BIG:
        sizes = {name: len(os.fsencode(name)) + len(os.fsencode(value)) + 2 for name, value in environment.items()}
        largest = max(sizes, key=sizes.__getitem__)
        what = f"the environment (largest: {printable(largest)} with {sizes[largest]:,} bytes)"
        return child.too_large(what, sum(sizes.values()), 0)
    return CannotStart(f"{printable(command[0])} cannot be executed: {error.strerror}", "", NOT_EXECUTABLE)
