"""`gitenv set`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

from gitenv.cli import exclusive, given_values, pushing, show, target
from gitenv.cli.options import Argument, Option
from gitenv.cli.words import trust_lines
from gitenv.errors import Locked, from_top, joined, printable, shell_word

if TYPE_CHECKING:
    from gitenv.model.environment import Environment
    from gitenv.team.seal import Set
    from gitenv.team.workspace import Workspace
    from gitenv.trust.pins import Pin


def run(
    names: Annotated[list[str], Argument("NAME[=VALUE]", "The key's name; several are set at once.", of="key")],
    file: target.File = "",
    environment: target.Environment = "",
    from_file: Annotated[str, Option("--from-file FILE", "The value is what this file holds.")] = "",
    empty: Annotated[bool, Option("--empty", "Set it to nothing, and read no value.")] = False,
    push: pushing.Push = False,
) -> None:
    """Set values, also in a file you cannot read.

    A value comes from a prompt that does not show it, or from standard input. Who cannot read the file seals it.
    """
    from gitenv.team import seal

    given = given_values.parsed(names, from_file, is_empty=empty)
    given_values.warn(names)
    workspace = exclusive.ready_workspace()
    words, environment = " ".join(given), target.meant(file, environment)
    if statement := seal.newcomer(workspace, environment, file or target.nearest(workspace), os.getcwd()):
        _believe(workspace, statement, f"{words} {f'-f {shell_word(file)}' if file else f'-e {statement.name}'}")
    path, pin = target.found(workspace, file, environment, f"gitenv set {words}")
    planned = pushing.begin(workspace, [path]) if push else None
    hidden = _hidden_by(workspace, path, pin)
    done = seal.set_values(workspace, given_values.asked(given, path), path, pin.name)
    for each in done:
        _show(workspace, each)
    if unstaged := done[0].unstaged:
        show.commands(*unstaged.commands)
    if hidden:
        show.note(f"{printable(path)} is new: programs there get its values, and no longer those of {printable(hidden)}")
    if done[0].sealed_for:
        _show_sealed(done, is_pushed=push)
    if planned:
        verb = "Seal" if done[0].sealed_for else "Set"
        pushing.finish(workspace, planned, verb, [*given], [path], [unstaged] if unstaged else [])


def _hidden_by(workspace: Workspace, path: str, pin: Pin) -> str:
    """The file above that programs in a folder have had until now, if it gets one of its own; "" for none."""
    folder, _, name = path.rpartition("/")
    while folder and not os.path.lexists(os.path.join(workspace.root, path)):
        folder = folder.rpartition("/")[0]
        above = f"{folder}/{name}" if folder else name
        if workspace.access.claimant(above) == pin and os.path.lexists(os.path.join(workspace.root, above)):
            return above
    return ""


def _show(workspace: Workspace, done: Set) -> None:
    where = target.staged(done.unstaged)
    if done.sealed_for:
        show.say(f"{done.name} sealed in {done.path} for the holders of {done.environment}; {where}. You cannot read it back.")
    elif done.is_same:
        show.say(f"{done.name} has that value in {done.path} already; {where}")
    else:
        show.say(f"{done.name} {'changed' if done.replaces else 'set'} in {done.path}; {where}")
    if done.replaces > 1 and not done.sealed_for:
        show.note(
            f"{done.name} stood there {done.replaces} times, of which the last one counted; now it stands where the first did"
        )
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


def _show_sealed(done: list[Set], *, is_pushed: bool) -> None:
    first, names = done[0], " ".join(each.name for each in done)
    before = "" if is_pushed else "commit and push it; then "
    show.say(f"{before}{joined(first.sealed_for, 3)} can make {'it a value' if len(done) == 1 else 'them values'}:")
    show.commands(f"gitenv accept {names} -f {from_top(first.path)}{'' if first.is_known else ' --force'}")
    if not first.is_known:
        show.say("you are in no environment here, so they need --force, and should ask you first")
