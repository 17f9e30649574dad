"""`gitenv allow`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

from gitenv.cli import consent, show
from gitenv.cli.options import Argument, Option
from gitenv.errors import Locked, Usage, joined, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitenv.trust.allowed import Allowed
    from gitenv.trust.pins import Pins


def run(
    command: Annotated[list[str] | None, Argument("COMMAND…", "Exactly these words.", is_behind=True)] = None,
    environments: Annotated[
        list[str] | None, Option("-e, --environment ENV", "With its values; may be repeated. Default: development.")
    ] = None,
    remove: Annotated[bool, Option("--remove", "Allow it no more.")] = False,
) -> None:
    """Say which commands get values in a closed work tree.

    It asks on the terminal. Without a command it lists them. Whoever may edit what such a command runs can read its values.
    """
    from gitenv.repo.where import Where
    from gitenv.trust.access import Access

    pins = Access(Where.around(os.getcwd()).layout).pins
    if not pins.is_anybodys:
        raise Locked("this clone is not set up", "gitenv init; where its files are to stay closed: gitenv init --closed")
    if remove:
        _remove(pins, environments or (), command or ())
    elif command:
        _allow(pins, environments, command)
    else:
        _list(pins)


def _allow(pins: Pins, environments: Sequence[str] | None, command: Sequence[str]) -> None:
    from gitenv.model import names
    from gitenv.sdk import places
    from gitenv.trust import allowed

    chosen = environments or [places.default()]
    names.check_environments(chosen)
    program = allowed.program(command)
    if not program:
        raise Usage(f"{printable(command[0])}: command not found", "is it in PATH?")
    new = [allowed.Allowed(name, tuple(command), program) for name in chosen]
    consent.ask(f"Give the values of {joined(chosen)} to {new[0].shown} ({program}), whoever starts it here?")
    allowed.allow(pins, new)
    show.say(f"allowed with {joined(chosen)}: {new[0].shown}")


def _remove(pins: Pins, environments: Sequence[str], command: Sequence[str]) -> None:
    from gitenv.trust import allowed

    gone = allowed.remove(pins, environments, command)
    if not gone:
        raise Usage("that is not among the allowed commands", "gitenv allow lists them")
    for each in gone:
        show.say(f"no more allowed with {each.environment}: {each.shown}")


def _list(pins: Pins) -> None:
    from gitenv.trust import allowed

    found: Sequence[Allowed] = allowed.allowed(pins)
    if not found:
        show.say("no command is allowed here")
        return
    show.table(["environment", "command", "program"], [[each.environment, each.shown, each.program] for each in found])
