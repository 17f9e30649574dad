"""Which gitenv git starts in a clone: one for each system and each user that the clone is used from.

One clone may be used from a host and a container, or from Windows and WSL. Each has an interpreter of its own at a place of
its own, and what is set up in one of them must go on working in the others. So git is given all of them, and its shell takes
the first that is there.

Not by an `include` of a file in somebody's home: where git may not read one it ends with 128, whatever it was asked. A
container's `/root` stands on every host, and is closed there.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Sequence

import gitenv
from gitenv.git.repository import Repository
from gitenv.repo import clone
from gitenv.tuples import NamedTuple

MOST = 8
"""More than these are not kept: the newest are."""
_DRIVE = re.compile(r"[A-Za-z]:/")
_BEGIN = "gitenv() { "
_NOT_HERE = (
    'echo "error: gitenv is not set up on this machine, or is not where it was" >&2',
    'echo "hint: install gitenv, then: gitenv init" >&2',
    "exit 1",
)


class Installation(NamedTuple):
    """A gitenv that git can start. Both paths are absolute, with forward slashes."""

    python: str
    program: str  # gitenv's __main__.py, as that interpreter finds it

    @property
    def is_there(self) -> bool:
        """Whether this system has it."""
        return os.access(self.python, os.X_OK) and os.access(self.program, os.R_OK)

    @property
    def _shell_test(self) -> str:
        test = f"[ -x {shlex.quote(self.python)} ] && [ -r {shlex.quote(self.program)} ]"
        # Elsewhere than on Windows this would be a path in the work tree, where a commit could put a program.
        return f'[ "$OS" = Windows_NT ] && {test}' if _DRIVE.match(self.python) else test

    @property
    def _shell_start(self) -> str:
        # By the program's path: with `-m`, -P would be all that keeps out a gitenv.py that a pull request put into the work
        # tree, and an interpreter that was upgraded could not say so. -E keeps PYTHONPATH out.
        return f'{shlex.quote(self.python)} -E -P {shlex.quote(self.program)} "$@"'


def own() -> Installation:
    """The one that runs."""
    found = (sys.executable, os.path.join(os.path.dirname(gitenv.__file__), "__main__.py"))
    return Installation(*(os.path.abspath(path).replace(os.sep, "/") for path in found))


def noted(repository: Repository) -> list[Installation]:
    """Those that the clone was set up with."""
    words = clone.installations(repository.layout.common_dir)
    return [Installation(*pair) for pair in zip(words[::2], words[1::2], strict=False)]


def wanted(repository: Repository) -> list[Installation]:
    """Those that the clone is to have, so that git starts this one here: as they are, if it does."""
    there = noted(repository)
    if (first := next((each for each in there if each.is_there), None)) and is_own(first):
        return there
    return [own(), *(each for each in there if not is_own(each))][:MOST]


def is_own(found: Installation) -> bool:
    """Whether it is the one that runs. A `python3` beside `python` is the same one: pip's scripts may start that."""
    mine = own()
    names = (found.python, mine.python)
    is_one = len({*map(os.path.dirname, names)}) == len({*map(os.path.realpath, names)}) == 1
    return found == mine or (found.program == mine.program and is_one)


def note(repository: Repository) -> None:
    """Remember `wanted`."""
    if (places := wanted(repository)) != noted(repository):
        clone.set_installations(repository.layout.common_dir, [path for place in places for path in place])


def command(places: Sequence[Installation], verb: str) -> str:
    """How git starts the first of `places` that is there: a line for its shell."""
    tries = [f"{each._shell_test} && exec {each._shell_start}" for each in places]
    function = f"{_BEGIN}{'; '.join((*tries, *_NOT_HERE))}; }}; gitenv "
    # Where git puts words in (%f), it takes any other % in a path for its own, too.
    return (function.replace("%", "%%") if "%" in verb else function) + verb


def is_command(text: str) -> bool:
    """Whether a line is one of these, for whatever places."""
    return text.startswith(_BEGIN)


def function(places: Sequence[Installation]) -> str:
    """The same for a hook: a shell function `gitenv`, which ends with 127 where none of them is there."""
    tries = [f"    if {each._shell_test}; then {each._shell_start}; return; fi\n" for each in places]
    return f"gitenv() {{\n{''.join(tries)}    return 127\n}}\n"
