"""The commands, one file each. Their own imports are inside them, so that `gitenv --help` is quick."""

from __future__ import annotations

from typing import Annotated

import typer

from gitenv.cli import (
    accept,
    add_environment,
    add_recipient,
    check,
    demo,
    diff,
    doctor,
    hook,
    init,
    key,
    lock,
    log,
    recipients,
    reject,
    remove_environment,
    remove_recipient,
    rotate,
    set_role,
    status,
    trust,
    uninstall,
    unlock,
)
from gitenv.cli import set as set_


def _empty() -> typer.Typer:
    return typer.Typer(
        name="gitenv",
        help="A team's .env files in git: values encrypted, key names readable, no server.",
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


app = _empty()


def _version(wanted: bool) -> None:
    if wanted:
        from gitenv import __version__

        typer.echo(f"gitenv {__version__}")
        raise typer.Exit


@app.callback()
def gitenv(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")] = False,
) -> None:
    """A team's .env files in git: values encrypted, key names readable, no server."""


app.command("init")(init.run)
app.command("unlock")(unlock.run)
app.command("lock")(lock.run)
app.command("status")(status.run)
app.command("check")(check.run)
app.command("diff")(diff.run)
app.command("recipients")(recipients.run)
app.command("log")(log.run)
app.command("add-recipient")(add_recipient.run)
app.command("add-environment")(add_environment.run)
app.command("remove-environment")(remove_environment.run)
app.command("remove-recipient")(remove_recipient.run)
app.command("set-role")(set_role.run)
app.command("rotate")(rotate.run)
app.command("set")(set_.run)
app.command("trust")(trust.run)
app.command("accept")(accept.run)
app.command("reject")(reject.run)
app.add_typer(key.app, name="key")
app.command("uninstall")(uninstall.run)
app.command("doctor")(doctor.run)
app.command("hook", context_settings={"ignore_unknown_options": True})(hook.run)
app.command("demo")(demo.run)


def only(name: str) -> typer.Typer:
    """The same with one command: typer makes all that there are before it runs one. All of them where there is no such one."""
    found = [command for command in app.registered_commands if command.name == name]
    if not found:
        return app
    alone = _empty()
    alone.registered_callback, alone.registered_commands = app.registered_callback, found
    return alone
