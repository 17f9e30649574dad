"""`gitenv complete SHELL =WORD BEFORE…`: what WORD may become, for the shells. Whoever presses Tab waits, so little is loaded.

Nothing is believed and nothing said: names from a repository that have odd characters are left out, and where anything is wrong
there is no answer. A line with a colon tells the shell to look itself: `:file`, `:folder`, `:behind N`.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence

from gitenv.cli import arguments, commands, options
from gitenv.cli.arguments import Parameter
from gitenv.cli.options import Argument
from gitenv.errors import GitenvError
from gitenv.git.layout import RECIPIENTS
from gitenv.model import dotenv, names
from gitenv.sdk import places
from gitenv.sdk.places import Top
from gitenv.system import files

_HARMLESS = re.compile(r":?[A-Za-z0-9_.=/,+@% -]+").fullmatch
_MOST = 1_000  # answers: nobody looks at more
_MOST_FILES = 20
_MOST_ENTRIES = 10_000
_GLOBAL = ["--help", *(name for each in (options.QUIET, options.COLOUR) for name in each.names if name.startswith("--"))]


def answer(words: Sequence[str]) -> int:
    """Print what may stand there, one a line."""
    shell, current, *before = words
    with contextlib.suppress(GitenvError, OSError, ValueError, RecursionError):
        current, before, typed = _joined(shell, current.removeprefix("="), before)
        found = [each for each in _Line(before).candidates(current) if _HARMLESS(each)]
        cut = len(current) - len(typed) if shell == "bash" and current.endswith(typed) else 0
        lines = [each if each.startswith(":") else each[cut:] for each in dict.fromkeys(found)]
        sys.stdout.write("".join(f"{line}\n" for line in lines[:_MOST]))
    return 0


def _joined(shell: str, current: str, before: list[str]) -> tuple[str, list[str], str]:
    """The word, those before it, and what of the word the shell will exchange: bash cuts words at `=` and at `:`."""
    if shell != "bash":
        return current, before, current
    whole = list[str]()
    for word in (*before, current):
        is_value = whole and whole[-1].startswith("--") and (word == "=" or whole[-1].endswith("="))
        whole = [*whole[:-1], whole[-1] + word] if is_value else [*whole, word]
    return whole[-1], whole[:-1], "" if current == "=" else current


class _Line:
    """The words before the one that is typed."""

    def __init__(self, before: Sequence[str]) -> None:
        self._before = before
        self._given: dict[str, list[str]] = {}  # values of options, by what they name

    def candidates(self, current: str) -> Iterable[str]:
        if self._before[-1:] == options.COLOUR.names:
            return _starting(current, options.meaning(options.COLOUR).split("|"))
        words = arguments.manner(self._before)[1]
        found = commands.find(words)
        if not found:
            return _starting(current, _first(words))
        command, rest = found
        declared = arguments.parameters(command.function())
        if "--" in rest:
            is_behind = any(isinstance(each.declared, Argument) and each.declared.is_behind for each in declared)
            return [f":behind {self._before.index('--') + 2}"] if is_behind else []
        by_name = {name: each for each in declared if not isinstance(each.declared, Argument) for name in each.declared.names}
        argument, place = None, 0
        waiting: Parameter | None = None
        listed = [each for each in declared if isinstance(each.declared, Argument)]
        for word in rest:
            if waiting:
                self._note(waiting, word)
                waiting = None
            elif word.startswith("-") and word != "-":
                name, is_joined, value = word.partition("=")
                option = by_name.get(name)
                if option and is_joined:
                    self._note(option, value)
                waiting = option if option and option.type is not bool and not is_joined else None
            else:
                place += 1
        if waiting:
            return self._values(waiting, current)
        name, is_joined, value = current.partition("=")
        if is_joined and name in by_name:
            return [f"{name}={each}" for each in self._values(by_name[name], value)]
        if current.startswith("-"):
            return _starting(current, [name for name in by_name if name.startswith("--")] + _GLOBAL)
        if listed:
            argument = listed[place] if place < len(listed) else listed[-1] if listed[-1].is_list else None
        return self._values(argument, current) if argument else []

    def _note(self, option: Parameter, value: str) -> None:
        self._given.setdefault(options.meaning(option.declared), []).append(value)

    def _values(self, parameter: Parameter, current: str) -> Iterable[str]:
        what = options.meaning(parameter.declared)
        if what in ("file", "folder"):
            return [f":{what}"]
        if "|" in what:
            return _starting(current, what.split("|"))
        done, comma, current = current.rpartition(",") if parameter.is_list else ("", "", current)
        found = [f"{done}{comma}{each}" for each in _starting(current, self._names(what))]
        return found or [":file"] if what == "newcomer" else found

    def _names(self, what: str) -> Iterable[str]:
        top = places.top_of(os.path.realpath(os.getcwd()))
        if what == "environment":
            return (name for name in _recipients(top) if os.path.isfile(_statement(top, name)))
        if what in ("person", "newcomer"):
            return (file.removesuffix(".pub") for file in _recipients(top, ".pub"))
        return self._keys(top, what) if what in ("key", "waiting") else ()

    def _keys(self, top: Top, what: str) -> Iterator[str]:
        """Of the files that are named, or of those of the environments that are, or else of all that lie here."""
        from gitenv.model import document

        for path in self._files(top)[:_MOST_FILES]:
            with contextlib.suppress(GitenvError):
                records = document.parse(files.read_inside(top.folder, path, document.MAX_BYTES) or b"")
                if what == "waiting":
                    from gitenv.model import unverified

                    records = [each.record for each in unverified.find(records)]
                yield from (record.name.decode("ascii") for record in records if record.name)

    def _files(self, top: Top) -> list[str]:
        folder = os.path.realpath(os.getcwd())
        if given := self._given.get("file"):
            return [top.relative(places.named(folder, file)) for file in given]
        chosen = self._given.get("environment")
        if not chosen:
            return places.nearest(top, folder, lambda path: dotenv.kind(path) == "shared")
        from gitenv.repo import recipients
        from gitenv.repo.snapshot import WorkSnapshot

        statements = [recipients.environment_in(WorkSnapshot(top.folder), name) for name in chosen if names.is_name(name)]
        return places.nearest(top, folder, lambda path: any(each.claims(path) for each in statements))


def _first(words: Sequence[str]) -> list[str]:
    """What may stand where no whole command does yet."""
    known = [command.name.split() for command in commands.ALL]
    if words[:1] == ["help"]:
        words = words[1:]
    if not words:
        return [*commands.names(), "help", "--version", *_GLOBAL]
    return [name[1] for name in known if name[:1] == list(words) and len(name) > 1]


def _recipients(top: Top, end: str = "") -> Iterator[str]:
    for name in files.entries(os.path.join(top.folder, RECIPIENTS), _MOST_ENTRIES):
        if name.endswith(end) and names.is_name(name.removesuffix(end)):
            yield name


def _statement(top: Top, name: str) -> str:
    return os.path.join(top.folder, RECIPIENTS, name, "environment")


def _starting(current: str, words: Iterable[str]) -> list[str]:
    return sorted({word for word in words if word.startswith(current)})
