"""The same commands as typer has them: for help, and to say what is wrong with the words that were typed."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from gitenv.cli import arguments, commands
from gitenv.cli.commands import Command
from gitenv.cli.options import COLOUR, QUIET, Argument, Option

_TYPE = re.compile(r" <[^ ]+>$")
_MORE = "gitenv help COMMAND says more; gitenv help --man prints a manual page."


class _Grouped(TyperGroup):
    """Lists the commands by what they are for."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        groups = {command.name.partition(" ")[0]: title for title, listed in commands.GROUPS.items() for command in listed}
        widest = max(map(len, groups))
        for title in commands.GROUPS:
            listed = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx) if groups.get(name) == title]
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
        return [_plain(piece) for piece in super().collect_usage_pieces(ctx)]


def _plain(piece: str) -> str:
    return piece.replace("{", "").replace("}", "").replace("…...", "…").replace("…]...", "…]")


def read(words: Sequence[str]) -> Callable[[], object] | int:
    """The call that `words` mean, or an exit code where help was shown. Raises typer's exceptions."""
    found = commands.find(words)
    # typer makes all that there are before it reads one.
    app = _app([found[0]] if found else commands.ALL)
    result = app(args=[*words], prog_name="gitenv", standalone_mode=False)
    return result if callable(result) else int(result or 0)


def _app(listed: Iterable[Command]) -> typer.Typer:
    settings = {"help_option_names": ["-h", "--help"]}
    app = _empty(name="gitenv", help=commands.ABOUT, epilog=_MORE, cls=_Grouped, context_settings=settings)
    app.callback()(_options)
    key = _empty(help="Your device key.", no_args_is_help=False)
    for command in listed:
        group, _, verb = command.name.rpartition(" ")
        made = (key if group else app).command(
            verb,
            epilog=f"Example: {command.example}",
            context_settings={"ignore_unknown_options": command.name == "hook"},
            cls=_Plain,
        )
        made(_typed(command.function()))
    if key.registered_commands:
        app.add_typer(key, name="key")
    return app


def _empty(**settings: Any) -> typer.Typer:
    return typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, **settings)


def _version(wanted: bool) -> None:
    if wanted:
        commands.say_version()
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", "-V", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
    # For help: `arguments.manner` has taken them out of the words.
    quiet: Annotated[bool, typer.Option(*QUIET.names, help=QUIET.help)] = False,
    colour: Annotated[str, typer.Option(*COLOUR.names, metavar=COLOUR.metavar, help=COLOUR.help, show_default=False)] = "auto",
) -> None:
    pass


def _typed(run: Callable[..., object]) -> Callable[..., object]:
    """A function that typer reads the same parameters from; it returns the call."""

    def typed(**given: object) -> Callable[[], object]:
        return arguments.call(run, given)

    declared = [_parameter(each) for each in arguments.parameters(run)]
    typed.__doc__ = run.__doc__
    typed.__annotations__ = {each.name: each.annotation for each in declared}
    typed.__signature__ = inspect.Signature(declared)  # type: ignore[attr-defined]
    return typed


def _parameter(found: arguments.Parameter) -> inspect.Parameter:
    info = _argument(found.declared) if isinstance(found.declared, Argument) else _option(found.declared)
    return inspect.Parameter(
        found.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=inspect.Parameter.empty if found.default is ... else found.default,
        annotation=Annotated[found.type, info],
    )


def _argument(declared: Argument) -> Any:
    return typer.Argument(help=declared.help or None, metavar=f"-- {declared.form}" if declared.is_behind else declared.form)


def _option(declared: Option) -> Any:
    return typer.Option(*declared.names, help=declared.help, metavar=declared.metavar or None, show_default=False)
