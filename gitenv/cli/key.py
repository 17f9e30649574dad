"""`gitenv key new|show|export|import`."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from gitenv.cli import show
from gitenv.errors import Usage, printable

app = typer.Typer(help="Your device key.", no_args_is_help=False, rich_markup_mode=None)


@app.command("new")
def new() -> None:
    """Make a device key, if there is none."""
    from gitenv.identity import device

    key = device.make()
    show.say(f"{key.public.fingerprint()} in {device.path()}")


@app.command("show")
def show_key(
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show the public key and its fingerprint."""
    from gitenv.identity import device

    public = device.need().public
    line = public.line("gitenv").decode("ascii").strip()
    if json:
        show.as_json({"fingerprint": public.fingerprint(), "public": line})
        return
    show.say(public.fingerprint())
    show.say(line)


@app.command("export")
def export(yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Print the private key (PEM), for a safe place or for GITENV_PRIVATE_KEY in CI."""
    from gitenv.identity import device

    key = device.need()
    if show.ask("Print the private key? Whoever reads it reads all that you can read.", yes):
        sys.stdout.write(key.pem().decode("ascii"))


@app.command("import")
def import_key(
    file: Annotated[str, typer.Argument(help="A PEM file, or - for standard input.", metavar="FILE")],
    replace: Annotated[bool, typer.Option("--replace", help="Keep the key that is here aside, and use this one.")] = False,
) -> None:
    """Use a private key (PEM, P-256) as this device's key."""
    from gitenv import files
    from gitenv.identity import device

    data = sys.stdin.buffer.read(64 * 1024) if file == "-" else files.read(os.path.abspath(file), 64 * 1024)
    if data is None:
        raise Usage(f"there is no file {printable(file)}", "give a PEM file, or - for standard input")
    key = device.parse(data, "standard input" if file == "-" else printable(file))
    if replace and os.path.lexists(device.path()):
        show.say(f"the old key is kept as {device.set_aside()}")
    device.save(key)
    show.say(f"{key.public.fingerprint()} in {device.path()}")
