"""Which values are meant: the options that `run`, `get`, `list` and their kin have in common."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

from gitenv.cli import show
from gitenv.cli.options import Option

if TYPE_CHECKING:
    from gitenv.sdk.belief import Belief
    from gitenv.sdk.environment import Values
    from gitenv.sdk.opening import Consent

Environments = Annotated[list[str] | None, Option("-e, --environment ENV", "Its files here, or above; may be repeated.")]
Files = Annotated[list[str] | None, Option("-f, --file FILE", "Exactly this file; may be repeated.")]
Old = Annotated[bool, Option("--old", "Also values that a later statement retired.")]
WithoutOwn = Annotated[bool, Option("--no-local", "Leave out .env.local and .env.ENV.local.")]
Interpolate = Annotated[bool, Option("--interpolate", "Replace ${NAME} and ${NAME:-default} in values.")]
Only = Annotated[list[str] | None, Option("--only NAME", "Only these values; may be repeated, or A,B.", of="key")]
Allowed = Annotated[list[str] | None, Option("--allow NAME", "Set it although it changes how programs load.", of="key")]
Verbose = Annotated[bool, Option("-v, --verbose", "Say which files the values are from.")]


def values(
    environments: list[str] | None,
    files: list[str] | None,
    *,
    old: bool,
    no_local: bool,
    interpolate: bool,
    verbose: bool,
    override: bool = False,
    consent: Consent | None = None,
) -> Values:
    """The values that are meant. What the user should know of them is said on standard error."""
    from gitenv.sdk import environment

    environ = None
    if interpolate:
        from gitenv.sdk import child

        environ = child.without_key(os.environ)
    wanted = environment.Selection(
        environments or (), files or (), with_own=not no_local, is_old=old, environ=environ, override=override, consent=consent
    )
    found = environment.values(wanted)
    for line in found.said:
        show.note(line)
    for source in found.sources if verbose else ():
        whose = f"of {source.environment}" if source.environment else "your own"
        show.say(f"{source.shown}: {whose}, {'opened' if source.is_opened else 'as it is'}", aside=True)
    for place in found.unread if verbose else ():
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
