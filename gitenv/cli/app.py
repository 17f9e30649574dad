"""The commands, one file each. Their own imports are inside them, so that `gitenv --help` is quick."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup

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
    policy,
    recipients,
    reissue,
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

_TYPE = re.compile(r" <[^ ]+>$")
_MORE = "gitenv help COMMAND says more, with an example."


class Command(NamedTuple):
    """One command as `gitenv --help` lists it."""

    name: str
    run: Callable[..., object]
    example: str


GROUPS: dict[str, list[Command]] = {
    "Start": [
        Command("init", init.run, "gitenv init --name alice"),
        Command("unlock", unlock.run, "gitenv unlock production"),
        Command("lock", lock.run, "gitenv lock"),
        Command("status", status.run, "gitenv status"),
        Command("demo", demo.run, "gitenv demo"),
    ],
    "People": [
        Command("add-recipient", add_recipient.run, "gitenv add-recipient bob -e production"),
        Command("remove-recipient", remove_recipient.run, "gitenv remove-recipient carol"),
        Command("set-role", set_role.run, "gitenv set-role bob reader -e production"),
        Command("recipients", recipients.run, "gitenv recipients"),
        Command("rotate", rotate.run, "gitenv rotate production"),
        Command("reissue", reissue.run, "gitenv reissue production"),
        Command("policy", policy.run, "gitenv policy production reissue-within=30d"),
    ],
    "Values": [
        Command("set", set_.run, "gitenv set API_KEY -e production"),
        Command("accept", accept.run, "gitenv accept API_KEY -e production"),
        Command("reject", reject.run, "gitenv reject API_KEY -e production"),
        Command("add-environment", add_environment.run, "gitenv add-environment production"),
        Command("remove-environment", remove_environment.run, "gitenv remove-environment staging"),
    ],
    "Review": [
        Command("diff", diff.run, "gitenv diff main...HEAD"),
        Command("check", check.run, "gitenv check main..HEAD"),
        Command("log", log.run, "gitenv log HELLO -e production"),
    ],
    "Repair": [
        Command("doctor", doctor.run, "gitenv doctor --fix"),
        Command("trust", trust.run, "gitenv trust production"),
        Command("hook", hook.run, "gitenv hook --print pre-receive"),
        Command("uninstall", uninstall.run, "gitenv uninstall"),
    ],
}


class _Grouped(TyperGroup):
    """Lists the commands by what they are for."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        names = {"key": "People"} | {command.name: title for title, commands in GROUPS.items() for command in commands}
        widest = max(map(len, names))
        for title in GROUPS:
            listed = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx) if names.get(name) == title]
            rows = [(name.ljust(widest), found.get_short_help_str(200)) for name, found in listed if found]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)


class _Plain(TyperCommand):
    """Its usage has no braces around what must be there: nobody types them. typer 0.29 puts Python's types behind arguments."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        write = formatter.write_dl
        formatter.write_dl = lambda rows, *more: write([(_TYPE.sub("", name), text) for name, text in rows], *more)
        super().format_options(ctx, formatter)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        return [piece.strip("{}") for piece in super().collect_usage_pieces(ctx)]


def _empty() -> typer.Typer:
    return typer.Typer(
        name="gitenv",
        help="A team's .env files in git: values encrypted, key names readable, no server.",
        epilog=_MORE,
        cls=_Grouped,
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
    version: Annotated[
        bool, typer.Option("--version", "-V", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """A team's .env files in git: values encrypted, key names readable, no server."""


for _command in (command for commands in GROUPS.values() for command in commands):
    _settings = {"ignore_unknown_options": True} if _command.name == "hook" else {}
    app.command(_command.name, epilog=f"Example: {_command.example}", context_settings=_settings, cls=_Plain)(_command.run)
for _info in key.app.registered_commands:
    _info.cls = _Plain
app.add_typer(key.app, name="key")


def names() -> list[str]:
    """What all commands are called."""
    return [
        *(command.name or "" for command in app.registered_commands),
        *(group.name or "" for group in app.registered_groups),
    ]


def only(name: str) -> typer.Typer:
    """The same with one command: typer makes all that there are before it runs one. All of them where there is no such one."""
    commands = [command for command in app.registered_commands if command.name == name]
    groups = [group for group in app.registered_groups if group.name == name]
    if not commands and not groups:
        return app
    alone = _empty()
    alone.registered_callback, alone.registered_commands, alone.registered_groups = app.registered_callback, commands, groups
    return alone
