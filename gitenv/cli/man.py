"""`gitenv help --man`: the manual page gitenv(1), made from what help says of each command."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterator

from gitenv import __version__
from gitenv.cli import arguments, commands, options
from gitenv.cli.arguments import Parameter
from gitenv.cli.commands import Command
from gitenv.cli.options import Argument, Option
from gitenv.errors import Locked, NotInOrder, NotTrusted, Usage

_GLOBAL = options.QUIET, options.COLOUR
_ENDS = (Usage, Locked, NotTrusted, NotInOrder)


def page() -> str:
    """All of it, for `man -l -`."""
    return "".join(f"{line}\n" for line in _page())


def _page() -> Iterator[str]:
    yield f'.TH GITENV 1 "" "gitenv {_text(__version__)}" "User Commands"'
    yield from (".nh", ".ad l")  # options are to be copied as they stand
    yield ".SH NAME"
    yield from _prose(f"gitenv - {commands.ABOUT[:1].lower()}{commands.ABOUT[1:].rstrip('.')}")
    yield ".SH SYNOPSIS"
    both = " ".join(f"[{_text(f'{each.names[-1]} {each.metavar}'.rstrip())}]" for each in _GLOBAL)
    yield f"\\fBgitenv\\fR {both} \\fICOMMAND\\fR ..."
    yield ".SH OPTIONS"
    for each in _GLOBAL:
        yield from _item(each)
    for title, listed in commands.GROUPS.items():
        yield f'.SH "{title.upper()}"'
        for command in listed:
            yield from _command(command)
    yield ".SH EXIT STATUS"
    yield from _pair("0", "Done.")
    yield from _pair("1", "check and doctor found an error, diff --exit-code a difference; a hook refused.")
    for kind in _ENDS:
        yield from _pair(str(kind.exit_code), (kind.__doc__ or "").partition("\n")[0])
    yield ".SH SEE ALSO"
    yield "\\fBgit\\fR(1), \\fBgitattributes\\fR(5)"


def _command(command: Command) -> Iterator[str]:
    run = command.function()
    declared = arguments.parameters(run)
    in_order = sorted(declared, key=lambda each: isinstance(each.declared, Argument) and each.declared.is_behind)
    yield f'.SS "{" ".join([_text(f"gitenv {command.name}"), *map(_usage, in_order)])}"'
    for number, paragraph in enumerate(inspect.cleandoc(run.__doc__ or "").split("\n\n")):
        yield from [".PP"] * bool(number)
        yield from _prose(paragraph)
    for each in declared:
        if each.declared.help:
            yield from _item(each.declared)
    yield ".PP"
    yield f"Example: {_bold(command.example)}"


def _usage(parameter: Parameter) -> str:
    declared = parameter.declared
    form = declared.form if isinstance(declared, Argument) else f"{declared.names[0]} {declared.metavar}".rstrip()
    if isinstance(declared, Argument) and declared.is_behind:
        form = f"-- {form}"
    shown = _text(form if parameter.default is ... else f"[{form}]")
    return f"{shown}..." if parameter.is_list and not form.endswith("…") else shown


def _item(declared: Argument | Option) -> Iterator[str]:
    yield ".TP"
    yield _bold(declared.form)
    yield from _prose(declared.help)


def _pair(term: str, text: str) -> Iterator[str]:
    yield from (".TP", term, *_prose(text))


def _prose(text: str) -> Iterator[str]:
    """Sentences, in lines as short as those who read the source of a page want them."""
    yield from map(_text, textwrap.wrap(" ".join(text.split()), 72, break_long_words=False, break_on_hyphens=False))


def _bold(text: str) -> str:
    return f"\\fB{_text(text)}\\fR"


def _text(text: str) -> str:
    """Words that roff takes for nothing else: a dash is one to be copied, and no line begins with a request."""
    plain = text.replace("\\", "\\e").replace("-", "\\-").replace('"', "\\(dq").replace("…", "...")
    plain = "".join(c if c.isascii() else f"\\[u{ord(c):04X}]" for c in plain)
    return f"\\&{plain}" if plain.startswith((".", "'")) else plain
