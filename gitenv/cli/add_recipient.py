"""`gitenv add-recipient`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from gitenv.cli import exclusive, show
from gitenv.cli.words import joined
from gitenv.errors import NotTrusted, Usage

if TYPE_CHECKING:
    from gitenv.team.letting_in import LetIn


def run(
    recipient: Annotated[str, typer.Argument(help="A public key file, or a name in .recipients/.", metavar="PUB|NAME")],
    name: Annotated[str, typer.Option(help="What to call them; default: the file's name.", metavar="NAME")] = "",
    environment: Annotated[
        list[str] | None, typer.Option("-e", "--environment", help="May be repeated; default: development.", metavar="ENV")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every environment you can open.")] = False,
    role: Annotated[str, typer.Option(help="holder, or reader: may read and not let others in.")] = "holder",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    fingerprint: Annotated[str, typer.Option(help="Go on only if the key has this one.", metavar="SHA256:…")] = "",
    replace: Annotated[bool, typer.Option("--replace", help="They have a new key, or become a holder.")] = False,
    expires: Annotated[
        str | None, typer.Option(help="Their last day (UTC), or a number of days; without it, no end.", metavar="DATE|30d")
    ] = None,
) -> None:
    """Let somebody in.

    It wraps an environment's data key for their public key.
    """
    from gitenv import access
    from gitenv.model import expiry
    from gitenv.team import letting_in
    from gitenv.team import newcomer as newcomers

    if role not in ("holder", "reader"):
        raise Usage(f"there is no role {role[:40]!a}", "use --role holder or --role reader")
    until = expiry.last_day(expires, access.today()) if expires is not None else ""
    workspace = exclusive.workspace()
    workspace.need_environments()
    letting_in.need_access(workspace)
    newcomer = newcomers.read(workspace, recipient, name, os.getcwd(), replace)
    chosen = letting_in.choose(workspace, environment or [], everything)
    show.say(f"{newcomer.name}, key {newcomer.key.fingerprint()} (from {newcomer.source})")
    if fingerprint and fingerprint != newcomer.key.fingerprint():
        raise NotTrusted(
            f"that is not the key with the fingerprint {fingerprint}",
            f"ask {newcomer.name} for theirs: gitenv key show",
        )
    if not replace:  # before the question, not after it
        newcomers.refuse_other_key(workspace, newcomer, workspace.public_keys(newcomer.name))
    ending = f" until {until}" if until else ""
    question = f"Make {newcomer.name} a {role} of {joined(chosen)}{ending}? Compare the fingerprint with them first."
    if not fingerprint and not show.ask(question, yes):
        show.say("nothing was changed")
        return
    done = letting_in.let_in(workspace, newcomer, chosen, role, replace, until)
    _show(done, newcomer.name, role, until)


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
    if done.resigned:
        show.say(f"let in anew, because the old key had let them in: {joined(done.resigned)}")
    as_role = ("" if role == "holder" else f" --role {role}") + (f" --expires {until}" if until else "")
    if done.not_granted:
        show.say(f"not granted: {joined(done.not_granted)}")
        show.commands(f"gitenv add-recipient {name} {' '.join(f'-e {each}' for each in done.not_granted)}{as_role}")
    if done.granted:
        show.say("commit and push it:")
        show.commands(f"git commit -m 'Let {name} read .env'")
