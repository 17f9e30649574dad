"""Which values are meant: the options that `run`, `get`, `list` and their kin have in common."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

from gitenv.cli import show
from gitenv.cli.options import Option
from gitenv.tuples import NamedTuple

if TYPE_CHECKING:
    from gitenv.sdk.belief import Belief
    from gitenv.sdk.environment import Values
    from gitenv.sdk.opening import Consent

_Several = list[str] | None
Only = Annotated[_Several, Option("--only NAME", "Only these values; may be repeated, or A,B.", of="key")]
Allowed = Annotated[_Several, Option("--allow NAME", "Set it although it changes how programs load.", of="key")]


class Chosen(NamedTuple):
    """What may be typed with each of them."""

    environments: Annotated[
        _Several, Option("-e, --environment ENV", "Its files, here or above; may be repeated. Default: development.")
    ] = None
    files: Annotated[_Several, Option("-f, --file FILE", "Exactly this file; may be repeated.")] = None
    old: Annotated[bool, Option("--old", "Also values that a later statement retired.")] = False
    no_local: Annotated[bool, Option("--no-local", "Leave out .env.local and .env.ENV.local.")] = False
    interpolate: Annotated[bool, Option("--interpolate", "Replace ${NAME} and ${NAME:-default} in values.")] = False
    verbose: Annotated[bool, Option("-v, --verbose", "Say which files the values are from.")] = False


USUAL = Chosen()


def values(chosen: Chosen, consent: Consent, *, override: bool = False) -> Values:
    """The values that are meant. What the user should know of them is said on standard error."""
    from gitenv.sdk import environment

    environ = None
    if chosen.interpolate:
        from gitenv.sdk import child

        environ = child.inheritable(os.environ)
    wanted = environment.Selection(
        chosen.environments or (),
        chosen.files or (),
        with_own=not chosen.no_local,
        is_old=chosen.old,
        environ=environ,
        override=override,
        consent=consent,
    )
    found = environment.values(wanted)
    for line in found.said:
        show.note(line)
    for source in found.sources if chosen.verbose else ():
        whose = f"of {source.environment}" if source.environment else "your own"
        show.say(f"{source.shown}: {whose}, {'opened' if source.is_opened else 'as it is'}", aside=True)
    for place in found.unread if chosen.verbose else ():
        show.say(f"{place}: sets nothing, and is no comment", aside=True)
    return found


def shown(question: str) -> Consent:
    """In a closed work tree a person is asked before values are shown; once, however many environments there are."""
    asked: list[str] = []

    def ask_once(_: Belief, environment: str) -> None:
        if not asked:
            ask_to_show(question)
        asked.append(environment)

    return ask_once


def ask_to_show(question: str) -> None:
    """In a closed work tree, once it is known to be one."""
    from gitenv.cli import consent

    consent.ask(f"This work tree is closed. {question}")


def unshown(_belief: Belief, _environment: str) -> None:
    """For names alone."""


def names(given: list[str] | None) -> frozenset[str]:
    """The names that are given to `--only` or `--allow`, one or several at a time."""
    return frozenset(name for each in given or () for name in each.split(",") if name)
