"""`gitenv key new|rotate|show|export|import`."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

from gitenv.cli import consent, exclusive, show
from gitenv.cli.options import Argument, Json, Option, Yes
from gitenv.errors import Usage, joined, printable

if TYPE_CHECKING:
    from gitenv.git.repository import Repository
    from gitenv.team.rotate_key import KeyPlan, Rekeyed


def run_new() -> None:
    """Make a device key, if there is none."""
    from gitenv.identity import device

    key = device.make()
    show.say(f"{key.public.fingerprint()} in {device.path()}")


def run_rotate(yes: Yes = False) -> None:
    """Make a new device key, and take your own grants over to it."""
    from gitenv.team import rotate_key

    exclusive.device_key()
    workspace = exclusive.ready_workspace()
    planned = rotate_key.plan(workspace)
    show.say(f"your key now: {planned.now.fingerprint()}")
    if not planned.is_exchange:
        show.say("grants here are for a former key of yours: they come to this one, and no new key is made")
    elif planned.target:
        show.say(f"an earlier run made the next one, and was stopped: {planned.target.public.fingerprint()}")
    if not show.agree("Take your grants over to a new key?" if planned.is_exchange else "Go on?", yes):
        show.say("nothing was changed")
        return
    _show_rekeyed(workspace.repository, planned, rotate_key.carry_out(workspace, planned))


def _show_rekeyed(repository: Repository, planned: KeyPlan, done: Rekeyed) -> None:
    if planned.is_exchange:
        show.say(f"your new key: {done.new.fingerprint()}")
        show.say(f"the old one is kept, for other clones here, as {done.aside}")
    if done.rewrapped:
        show.say(f"wrapped for it: {joined(done.rewrapped)}; staged")
    for left in planned.left:
        if left.why:
            show.error(left.why)
            continue
        show.say(f"{left.own.environment} stays with the old key: you are a reader. Ask {' or '.join(left.holders)} to run:")
        show.commands(f"gitenv add-recipient {left.own.to} -e {left.own.environment} --role reader --replace")
    show.commit(repository, "A new device key")
    show.say("no data key has changed. If somebody else may have had the old key, a holder must run as well:")
    show.commands("gitenv rotate")


def run_show(json: Json = False) -> None:
    """Show the public key and its fingerprint."""
    from gitenv.identity import device

    public = device.need().public
    line = public.line("gitenv").decode("ascii").strip()
    if json:
        show.as_json({"fingerprint": public.fingerprint(), "public": line})
        return
    show.say(public.fingerprint())
    show.say(line)


def run_export(yes: Yes = False) -> None:
    """Print the private key (PEM).

    For a safe place, or for GITENV_PRIVATE_KEY in CI. A file that it goes to becomes yours alone (0600).
    """
    from gitenv.identity import device
    from gitenv.system import files

    key = device.need()
    consent.around(os.getcwd(), "Print the private key, which opens all of them?")
    if show.ask("Print the private key? Whoever reads it reads all that you can read.", yes):
        files.keep_to_owner(sys.stdout.fileno())  # a shell makes `> FILE` as the umask has it: readable for all
        sys.stdout.write(key.pem().decode("ascii"))


def run_import(
    file: Annotated[str, Argument("FILE", "A PEM file, or - for standard input.")],
    replace: Annotated[bool, Option("--replace", "Keep the key that is here aside, and use this one.")] = False,
) -> None:
    """Use a private key (PEM, P-256) as this device's key."""
    from gitenv.identity import device
    from gitenv.system import files

    consent.around(os.getcwd(), "Take another key for yours?")
    data = sys.stdin.buffer.read(64 * 1024) if file == "-" else files.read(os.path.abspath(file), 64 * 1024)
    if data is None:
        raise Usage(f"there is no file {printable(file)}", "give a PEM file, or - for standard input")
    key = device.parse(data, "standard input" if file == "-" else printable(file))
    exclusive.device_key()
    if replace and os.path.lexists(device.path()):
        show.say(f"the old key is kept as {device.exchange(key)}")
    else:
        device.save(key)
    show.say(f"{key.public.fingerprint()} in {device.path()}")
