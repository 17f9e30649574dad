"""How gitenv starts git: with nothing that the clone's configuration would start beside it, and without the private key.

A hook, an fsmonitor or an `ssh` command of the clone's may write its environment into a log, and a job's log is read by many.
This loads no module but `os`, for hooks begin here (drivers.hook).
"""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

PRIVATE_KEY = "GITENV_PRIVATE_KEY"
KEY_PIPE = "GITENV_PRIVATE_KEY_PIPE"
_PIPE_HOLDS = 4096  # bytes, on every system
_LEFT_OUT = frozenset((PRIVATE_KEY, *(f"GIT_{how}_PATHSPECS" for how in ("LITERAL", "GLOB", "NOGLOB", "ICASE"))))
OFF = ["-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"]
"""Words before git's verb. git for Windows knows /dev/null, too, and no hook is there."""

_FOR_ALL = {"LC_ALL": "C", "GIT_NO_REPLACE_OBJECTS": "1"}
_OFFLINE = {"GIT_ALLOW_PROTOCOL": "", "GIT_NO_LAZY_FETCH": "1"}  # the latter is known to a git since 2.39.4 and 2.45

_off = list(OFF)
_are_known: list[bool] = []
_offline: dict[str, str] = {}


def words() -> list[str]:
    """What stands before git's verb in this process."""
    return _off


def leave_out(keys: "Iterable[str]") -> None:
    """From here on also start none of the hooks that these keys of the configuration, all it has, are about.

    A git since 2.54 runs them beside those in files, whatever `core.hooksPath` is. An older one knows no such keys.
    """
    names = dict.fromkeys(key[5:].rpartition(".")[0] for key in keys if key.startswith("hook.") and key.endswith(".event"))
    _off[:] = [*OFF, *(word for name in names for word in ("-c", f"hook.{name}.enabled=false"))]
    _are_known[:] = [True]


def are_known() -> bool:
    """Whether anybody has said which hooks the configuration has."""
    return bool(_are_known)


def forget() -> None:
    """Another repository comes next, with hooks of its own."""
    _off[:], _are_known[:] = OFF, []


def stay_offline(*, is_so: bool) -> None:
    """From here on fetch no object that is missing: nobody has said that this `.git` is theirs, and it may be an archive's.

    What connects is a command of its configuration (`core.sshCommand`, `credential.helper`).
    """
    _offline.clear()
    _offline.update(_OFFLINE if is_so else {})


def environment() -> dict[str, str]:
    """Ours, without the private key, and without what gives paths another meaning. git speaks English: what it says is read.

    It shows each object as it is: a clone may have `refs/replace/` of somebody who could push there, which hides a commit, or
    puts one before the founding, where plain text is nobody's business.

    `git --literal-pathspecs add` hands that on to the filter. There `:(top)…` would be a file that nobody has, and a history in
    which nothing speaks against a statement.
    """
    return {name: value for name, value in os.environ.items() if name not in _LEFT_OUT} | _FOR_ALL | _offline


def pipe_with_key() -> int:
    """A pipe with the private key in it, for a git that starts our filter: `take_key` reads it there. -1 where there is none.

    `git add` also starts other filters, and whatever they write down must not have it.
    """
    key = os.fsencode(os.environ.get(PRIVATE_KEY, ""))
    if not 0 < len(key) <= _PIPE_HOLDS:
        return -1
    reading, writing = os.pipe()
    os.write(writing, key)
    os.close(writing)
    return reading


def keep_key() -> None:
    """A command that we become gets the pipe as little as the key."""
    number = os.environ.get(KEY_PIPE, "")
    if number.isdecimal() and len(number) < 10:
        try:
            os.set_inheritable(int(number), False)
        except OSError:
            pass  # what is not open


def take_key() -> None:
    """For the filter: the key that a gitenv which started git left in a pipe, as if it were in our environment."""
    number = os.environ.pop(KEY_PIPE, "")
    if number.isdecimal() and len(number) < 10 and int(number) > 2 and PRIVATE_KEY not in os.environ:  # 0 to 2 are git's
        try:
            with open(int(number), "rb", buffering=0) as pipe:
                os.environ[PRIVATE_KEY] = os.fsdecode(pipe.read(_PIPE_HOLDS))
        except (OSError, ValueError):
            pass  # what git closed; then there is no key, and the filter says so
