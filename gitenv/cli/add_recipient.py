"""`gitenv add-recipient`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

from gitenv.cli import consent, exclusive, generations, reissue, show
from gitenv.cli.options import Argument, Option, Yes
from gitenv.errors import NotTrusted, Usage, joined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitenv.team.let_in import LetIn
    from gitenv.team.replace_key import Exchange
    from gitenv.team.requests import Newcomer
    from gitenv.team.workspace import Workspace


def run(
    recipient: Annotated[str, Argument("PUB|NAME", "A public key file, or a name in .recipients/.", of="newcomer")],
    name: Annotated[str, Option("--name NAME", "What to call them; default: the file's name.")] = "",
    environment: Annotated[list[str] | None, Option("-e, --environment ENV", "May be repeated; default: development.")] = None,
    everything: Annotated[bool, Option("--all", "Every environment you can open.")] = False,
    role: Annotated[str, Option("--role holder|reader", "holder (default), or reader: may read and not let others in.")] = "",
    yes: Yes = False,
    fingerprint: Annotated[str, Option("--fingerprint SHA256:…", "Go on only if the key has this one.")] = "",
    replace: Annotated[bool, Option("--replace", "They have a new key; the former one opens nothing new.")] = False,
    expires: Annotated[
        str | None, Option("--expires DATE|30d", "Their last day (UTC), or a number of days; without it, no end.")
    ] = None,
) -> None:
    """Let somebody in.

    It wraps an environment's data key for their public key.
    """
    from gitenv.model import expiry
    from gitenv.team import let_in, replace_key
    from gitenv.team import requests as newcomers
    from gitenv.trust import access

    if role not in ("", "holder", "reader"):
        raise Usage(f"there is no role {role[:40]!a}", "use --role holder or --role reader")
    until = expiry.last_day(expires, access.today()) if expires is not None else ""
    workspace = exclusive.ready_workspace()
    consent.where_closed(workspace.access, f"Let {recipient} in, who then reads what you read?")
    newcomer = newcomers.read(workspace, recipient, name, os.getcwd(), replace)
    wanted = let_in.choose(workspace, environment or [], everything) if environment or everything else []
    exchange = replace_key.plan(workspace, newcomer, wanted, role, until) if replace else replace_key.NONE
    chosen = wanted or exchange.names or let_in.choose(workspace, [], everything=False)
    if not replace:  # before a fingerprint is shown that they do not ask with
        newcomers.refuse_newer_key(workspace, newcomer, chosen)
    _compare(newcomer, fingerprint)
    if not replace:  # before the question, not after it
        newcomers.refuse_other_key(workspace, newcomer, workspace.public_keys(newcomer.name))
    generations.show_plans(workspace.root, exchange.plans)
    rest = [each for each in chosen if each not in exchange.names]
    role = role or "holder"
    if not fingerprint and not show.ask(_question(newcomer.name, rest, exchange.names, role, until), yes):
        show.say("nothing was changed")
        return
    generations.show_made(replace_key.carry_out(workspace, exchange, newcomer))
    done = let_in.let_in(workspace, newcomer, rest, role, replace, until)
    _show(done, newcomer.name, role, until)
    if replace:
        reissue.show_next(workspace, newcomer.name, f"{newcomer.name}'s former key", exchange.names)
        _show_beyond(exchange, newcomer.name)
    _show_commit(workspace, newcomer.name, done.granted, exchange.names)


def _compare(newcomer: Newcomer, fingerprint: str) -> None:
    """Show whose key it is, for people to compare. Raises `NotTrusted` for another one than the caller was told."""
    show.say(f"{newcomer.name}, key {newcomer.key.fingerprint()} (from {newcomer.source})")
    if fingerprint and fingerprint != newcomer.key.fingerprint():
        raise NotTrusted(
            f"that is not the key with the fingerprint {fingerprint}",
            f"ask {newcomer.name} for theirs: gitenv key show",
        )


def _show_commit(workspace: Workspace, name: str, granted: Sequence[str], exchanged: Sequence[str]) -> None:
    from gitenv.team.discover import DEVELOPMENT

    if granted or exchanged:
        into = "read .env" if granted == [DEVELOPMENT] else f"into {joined(granted, 3)}"
        show.commit(workspace.repository, f"A new key for {name}" if exchanged else f"Let {name} {into}")


def _show_beyond(exchange: Exchange, name: str) -> None:
    if exchange.beyond:
        show.say(f"the former key is still in {joined(exchange.beyond)}, which you do not hold; who does can run:")
        show.commands(f"gitenv add-recipient {name} {' '.join(f'-e {each}' for each in exchange.beyond)} --replace")


def _question(name: str, rest: Sequence[str], exchanged: Sequence[str], role: str, until: str) -> str:
    ending = f" until {until}" if until else ""
    parts = [f"Make {name} a {role} of {joined(rest)}{ending}"] if rest else []
    if exchanged:
        parts.append(f"{'put' if rest else 'Put'} this key in the place of {name}'s former one in {joined(exchanged)}")
    return f"{', and '.join(parts)}? Compare the fingerprint with them first."


def _show(done: LetIn, name: str, role: str, until: str) -> None:
    from gitenv.model import expiry

    ending = f" until {until}" if until else ""
    for granted in done.granted:
        no_end = ", without an end from now on" if granted in done.unending else ""
        show.say(f"{name} is a {role} of {granted}{ending}{no_end}; staged")
    if until:
        show.say(f"the date is {expiry.POLICY}")
    for already in done.already:
        show.say(f"{name} is a {role} of {already}{ending} already")
    if done.finished:
        show.say(f"an earlier run was cut off; staged now: {joined(done.finished)}")
    as_role = ("" if role == "holder" else f" --role {role}") + (f" --expires {until}" if until else "")
    if done.granted and done.not_granted:
        show.say(f"not granted: {joined(done.not_granted)}")
        show.commands(f"gitenv add-recipient {name} {' '.join(f'-e {each}' for each in done.not_granted)}{as_role}")
