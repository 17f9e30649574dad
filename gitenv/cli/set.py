"""`gitenv set`."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

from gitenv.cli import exclusive, show
from gitenv.cli.options import Argument, Option
from gitenv.cli.words import joined, trust_lines
from gitenv.errors import Locked, Usage, from_top, shell_word

if TYPE_CHECKING:
    from gitenv.model.environment import Environment
    from gitenv.team.seal import Set
    from gitenv.team.workspace import Workspace

_MAX_BYTES = 1024 * 1024


def run(
    name: Annotated[str, Argument("NAME", "The key's name.")],
    file: Annotated[str, Option("-f, --file FILE", "Default: .env")] = "",
    environment: Annotated[str, Option("-e, --environment ENV", "In the file of this one.")] = "",
    empty: Annotated[bool, Option("--empty", "Set it to nothing, and read no value.")] = False,
) -> None:
    """Set a value, also in a file you cannot read.

    It comes from a prompt that does not show it, or from standard input. Who cannot read the file seals it.
    """
    from gitenv.team import let_in, seal

    workspace = exclusive.workspace()
    workspace.need_environments()
    let_in.need_access(workspace)
    if statement := seal.newcomer(workspace, environment, file or ".env", os.getcwd()):
        _believe(workspace, statement, f"{shell_word(name)} {f'-f {shell_word(file)}' if file else f'-e {statement.name}'}")
    if environment and not file:
        file = f":/{seal.only_file(workspace, environment, os.getcwd())}"
    path, pin = seal.find(workspace, name, file or ".env", os.getcwd())
    if environment not in ("", pin.name):
        raise Usage(f"{path} is a file of {pin.name}, not of {environment}", f"gitenv set {name} -f {from_top(path)}")
    done = seal.set_value(workspace, name, path, pin.name, b"" if empty else _value(name, path))
    where = f"not staged, because {done.unstaged.why}" if done.unstaged else "staged"
    if done.sealed_for:
        _show_sealed(done, where)
    elif done.is_same:
        show.say(f"{name} has that value in {path} already; {where}")
    else:
        show.say(f"{name} {'changed' if done.replaces else 'set'} in {path}; {where}")
    if done.unstaged:
        show.commands(*done.unstaged.commands)
    if done.read_otherwise:
        show.note(f"no spelling of this value suits all: it is read otherwise by {joined(done.read_otherwise)}")
    if done.is_same:
        _show_still_known(workspace, done)


def _show_still_known(workspace: Workspace, done: Set) -> None:
    """Who sets a value anew because somebody left learns that it is the one that they know."""
    from gitenv.team import reissue

    values = [value for each in reissue.here(workspace, [done.environment]) for value in each.values]
    if any((value.name, value.path) == (done.name, done.path) for value in values):
        show.say("somebody who left knows it, so it stays on the list of what to set anew:")
        show.commands(f"gitenv reissue {done.environment}")


def _believe(workspace: Workspace, statement: Environment, words: str) -> None:
    """Who cannot read an environment has no other use for it than this. Raises `Locked` where nobody says that it is right.

    `words` are what this command was given.
    """
    from gitenv.team import first_sight, seal

    is_known = seal.is_known(workspace, statement)
    if not is_known and not show.is_terminal():
        raise Locked(f"{statement.name} is new to this clone", f"gitenv unlock {statement.name}")
    for line in trust_lines(statement, "taken on trust from" if is_known else "signed by", workspace.me().fingerprint):
        show.say(line)
    if not show.ask("Is this the fingerprint that they told you?", yes=is_known):
        raise Locked(f"{statement.name} is not trusted; nothing was changed", f"gitenv set {words}")
    for problem in first_sight.pin(workspace, [statement]):
        raise problem


def _value(name: str, path: str) -> bytes:
    """From a prompt that shows nothing, or standard input without its last line end. Raises `Usage` for an empty one."""
    value = _typed(name, path) if sys.stdin.isatty() else _piped(name)
    if not value:  # the command before the pipe failed, or somebody only pressed Enter
        hint = f"gitenv set {name} -f {from_top(path)} --empty, if it is to be set to nothing"
        raise Usage(f"no value came for {name}, so nothing was changed", hint)
    return value


def _typed(name: str, path: str) -> bytes:
    return show.ask_secretly(f"{name} in {path}").encode("utf-8", "surrogateescape")


def _piped(name: str) -> bytes:
    data = sys.stdin.buffer.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        raise Usage(f"the value of {name} has more than {_MAX_BYTES:,} bytes", "keep large data out of .env files")
    return data.removesuffix(b"\n").removesuffix(b"\r") if data.endswith(b"\n") else data


def _show_sealed(done: Set, where: str) -> None:
    show.say(f"{done.name} sealed in {done.path} for the holders of {done.environment}; {where}. You cannot read it back.")
    show.say(f"commit and push it; then {joined(done.sealed_for, 3)} can make it a value:")
    show.commands(f"gitenv accept {done.name} -f {from_top(done.path)}{'' if done.is_known else ' --force'}")
    if not done.is_known:
        show.say("you are in no environment here, so they need --force, and should ask you first")
