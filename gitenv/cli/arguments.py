"""Reads a command's words without typer, whose load takes longer than many a command.

It reads what is in order, with the standard library's getopt. Help, and what is wrong with the words, is for typer to say.
tests/test_arguments.py holds that both read the same.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from gitenv.cli import options
from gitenv.cli.options import Argument, Option
from gitenv.errors import Usage, printable
from gitenv.tuples import NamedTuple

Given = dict[str, object]
"""A command's keyword arguments."""
_LISTS = list[str] | None, list[str]
_SIMPLE: dict[object, Callable[[str], object]] = {str | None: str, int | None: int}


class Parameter(NamedTuple):
    """One parameter of a command's function."""

    name: str
    type: Any
    declared: Argument | Option
    default: object  # `...` where there is none

    @property
    def is_list(self) -> bool:
        """Whether it takes all that come."""
        return bool(self.type in _LISTS)

    def value(self, text: str) -> object:
        """What a word means for it. Raises `ValueError`."""
        return text if self.is_list else _SIMPLE.get(self.type, self.type)(text)


def parameters(run: Callable[..., object]) -> list[Parameter]:
    """How the parameters of a command's function are declared. (typing's and inspect's own ways load as much as typer.)

    A tuple with names, which several commands have in common, stands for its fields.
    """
    found = []
    for name, default in _defaults(run):
        if _is_in_common(default):
            names = vars(sys.modules[default.__module__])
            found += [_parameter(type(default), names, *field) for field in default._asdict().items()]
        else:
            found.append(_parameter(run, run.__globals__, name, default))
    return found


def call(run: Callable[..., object], given: Mapping[str, object]) -> functools.partial[object]:
    """A command with its arguments, those in common put together again."""
    rest = dict(given)
    for name, default in _defaults(run):
        if _is_in_common(default):
            rest[name] = type(default)(**{field: rest.pop(field) for field in default._fields})
    return functools.partial(run, **rest)


def _defaults(run: Callable[..., object]) -> Iterator[tuple[str, Any]]:
    """The names of a function's parameters, each with its default, or `...`."""
    code: Any = run.__code__
    defaults: Sequence[Any] = run.__defaults__ or ()
    names = code.co_varnames[: code.co_argcount]
    return zip(names, [*(... for _ in names[len(defaults) :]), *defaults], strict=True)


def _is_in_common(default: Any) -> bool:
    return hasattr(default, "_fields")


def _parameter(where: Any, names: dict[str, Any], name: str, default: object) -> Parameter:
    annotation: Any = eval(where.__annotations__[name], names)  # noqa: S307
    return Parameter(name, annotation.__origin__, annotation.__metadata__[0], default)


class Manner(NamedTuple):
    """How a command is to speak."""

    is_quiet: bool = False
    colour: str = "auto"


def manner(words: Sequence[str]) -> tuple[Manner, list[str]]:
    """What `--quiet` and `--color` say, wherever they stand before `--`, and the other words. Raises `Usage`."""
    end = words.index("--") if "--" in words else len(words)
    found, rest, listed = Manner(), list[str](), iter(words[:end])
    for word in listed:
        name, is_joined, value = word.partition("=")
        if word in options.QUIET.names:
            found = found._replace(is_quiet=True)
        elif name in options.COLOUR.names:
            value = value if is_joined else next(listed, "")
            if value not in options.COLOUR.metavar.split("|"):
                raise Usage(f"--color takes auto, always or never, not {printable(value)!r}", "gitenv --color never status")
            found = found._replace(colour=value)
        else:
            rest.append(word)
    return found, [*rest, *words[end:]]


def read(run: Callable[..., object], words: Sequence[str]) -> Given | None:
    """The keyword arguments that `words` mean; None if they mean anything else than these.

    Raises `Usage` where a command of somebody else's is to stand behind `--`, and none does.
    """
    declared = parameters(run)
    places = [each for each in declared if isinstance(each.declared, Argument)]
    options = {name: each for each in declared if isinstance(each.declared, Option) for name in each.declared.names}
    given: Given = {each.name: each.default for each in declared}
    is_behind = any(isinstance(each.declared, Argument) and each.declared.is_behind for each in places)
    if is_behind:
        behind = places.pop()
        words, given[behind.name] = _cut(run, words, behind.default)
    try:
        typed, rest = _split(words, options) if any(word[:1] == "-" for word in words) else ([], [*words])
        for name, text in typed:
            _add(given, options[name], text)
        while places and rest:
            _add(given, places[0], rest.pop(0))
            if not places[0].is_list:
                places.pop(0)
    except ValueError:
        return None
    if is_behind and rest:
        raise _no_command(run)
    return None if rest or ... in given.values() else given


def _add(given: Given, parameter: Parameter, text: str) -> None:
    if parameter.is_list:
        before = given[parameter.name]
        given[parameter.name] = [*(before if isinstance(before, list) else ()), text]
    else:
        given[parameter.name] = parameter.type is bool or parameter.value(text)


def _cut(run: Callable[..., object], words: Sequence[str], default: object) -> tuple[Sequence[str], object]:
    """The words before `--`, and those behind it, which are a command's own. Raises `Usage` where there must be some."""
    at = words.index("--") if "--" in words else len(words)
    if not words[at + 1 :] and default is ... and not {"-h", "--help"}.intersection(words):
        raise _no_command(run)
    return words[:at], [*words[at + 1 :]] or default


def _no_command(run: Callable[..., object]) -> Usage:
    return Usage("the command stands behind --", f"gitenv {run.__module__.rpartition('.')[2]} -- COMMAND")


def _split(words: Sequence[str], options: dict[str, Parameter]) -> tuple[list[tuple[str, str]], list[str]]:
    """Options with their values, and the other words. Raises `ValueError`."""
    import getopt

    short = "".join(name[1:] + ":" * (each.type is not bool) for name, each in options.items() if name[1] != "-")
    long = [name[2:] + "=" * (each.type is not bool) for name, each in options.items() if name[1] == "-"]
    # getopt takes the beginning of a name for the name, and has a variable that forbids options behind other words.
    if "POSIXLY_CORRECT" in os.environ or any(w[:2] == "--" != w and w.partition("=")[0] not in options for w in words):
        raise ValueError
    try:
        return getopt.gnu_getopt([*words], short, long)
    except getopt.GetoptError:
        raise ValueError from None
