"""The commands that get values in a closed work tree: exact words, said on a terminal, and kept beside the pins.

A program is known by its full path as well: who only puts another folder into PATH has not changed what was allowed.
"""

import json
import os
import shutil
import sys
from collections.abc import Sequence

from gitenv.errors import Locked, NotInOrder, shell_word
from gitenv.system import files
from gitenv.trust.pins import Pins
from gitenv.tuples import NamedTuple

_FILE = "allowed"
_MAX_BYTES = 1024 * 1024


class Allowed(NamedTuple):
    """One command, with the environment that it may be given."""

    environment: str
    command: tuple[str, ...]
    program: str  # the full path of what it starts

    @property
    def shown(self) -> str:
        """As it is typed."""
        return " ".join(map(_typed, self.command))


def _typed(word: str) -> str:
    """Behind `--` a word with a dash needs no quotes."""
    bare = word.lstrip("-")
    return word if bare and shell_word(bare) == bare else shell_word(word)


def allowed(pins: Pins) -> list[Allowed]:
    """What the user has allowed in a clone. Raises `NotInOrder` for a damaged list."""
    path = pins.beside(_FILE)
    data = files.read(path, _MAX_BYTES) if pins.is_anybodys else None
    try:
        listed = map(json.loads, (data or b"").splitlines())
        return [Allowed(environment, tuple(command), program) for environment, command, program in listed]
    except (ValueError, TypeError):
        raise NotInOrder("the list of what is allowed in this clone is damaged", f"rm {shell_word(path)}") from None


def allow(pins: Pins, new: Sequence[Allowed]) -> None:
    """Allow some more. A program that is another one by now takes the place of the former."""
    gone = {each[:2] for each in new}
    _write(pins, [*(each for each in allowed(pins) if each[:2] not in gone), *new])


def remove(pins: Pins, environments: Sequence[str], command: Sequence[str]) -> list[Allowed]:
    """Allow a command no more, for these environments or for all; return what was taken away."""
    known = allowed(pins)
    gone = [each for each in known if each.command == tuple(command) and (not environments or each.environment in environments)]
    if gone:
        _write(pins, [each for each in known if each not in gone])
    return gone


def check(pins: Pins, environment: str, command: Sequence[str], where: str = "in this closed work tree") -> None:
    """Raise `Locked` for a command that the user has not allowed for an environment."""
    wanted = Allowed(environment, tuple(command), program(command))
    known = allowed(pins)
    if wanted in known:
        return
    words = f"-e {environment} -- {wanted.shown}"
    if moved := next((each for each in known if each[:2] == wanted[:2]), None):
        there = f"it would start {wanted.program or 'nothing'}, not {moved.program}"
        raise Locked(f"{wanted.shown} was allowed here, and is another program now: {there}", f"gitenv allow {words}")
    raise Locked(
        f"this command is not allowed with {environment} {where}",
        f"for its user, in a terminal of their own: gitenv allow {words}",
    )


def program(command: Sequence[str]) -> str:
    """The full path of what a command starts, without links; "" where there is none."""
    if [*command] == sys.orig_argv:  # a program that asks for itself
        return os.path.realpath(sys.executable)
    found = shutil.which(command[0]) if command else None
    return os.path.realpath(found) if found else ""


def _write(pins: Pins, listed: Sequence[Allowed]) -> None:
    text = "".join(f"{json.dumps(each)}\n" for each in listed)
    files.replace(pins.beside(_FILE), text.encode("ascii"), 0o600)
