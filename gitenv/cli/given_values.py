"""Where the values come from that `gitenv set` sets: its words, a file, a prompt that shows nothing, standard input."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

from gitenv.cli import show
from gitenv.errors import Usage, from_top, joined, printable

_MAX_BYTES = 1024 * 1024
Given = dict[str, bytes | None]
"""By name; None for a value that is still to be asked for."""


def parsed(words: Sequence[str], file: str, *, is_empty: bool) -> Given:
    """Which names are meant, with the values that came along. Raises `Usage`, before anything is looked at."""
    from gitenv.team import seal

    given: Given = {}
    for number, word in enumerate(words, 1):
        name, equals, text = word.partition("=")
        # Others know `set NAME VALUE`: the second word would be a value, and no message shows one.
        seal.check_name(name, "" if number == 1 else f"word {number} is no key's name; a value goes behind =: NAME=VALUE")
        if number > 1 and not equals and words[0].partition("=")[0].isupper() and not name.isupper():
            text = f"word {number} looks like a value, which goes behind =: NAME=VALUE"
            raise Usage(text, "if it is a name, set it by itself")
        if name in given:
            raise Usage(f"{name} is there twice", f"gitenv set {name}")
        if equals and is_empty and text:
            raise Usage(f"{name} cannot be empty and have a value", "leave out --empty, or the value")
        if equals and not (text or is_empty):
            raise _empty(name, "")
        given[name] = b"" if is_empty else os.fsencode(text) if equals else None
    if file:
        if is_empty or len(given) > 1 or None not in given.values():
            raise Usage("--from-file is for one name, and in the place of a value", "gitenv set NAME --from-file FILE")
        given = {name: _from_file(name, file) for name in given}
    return given


def warn(words: Sequence[str]) -> None:
    """Whoever writes a value on the command line should know who reads it there."""
    if names := [word.partition("=")[0] for word in words if not word.endswith("=") and "=" in word]:
        text = "your shell keeps what was typed, and ps shows it to others while it runs; without =VALUE it is asked for"
        show.note(f"{joined(names)}: {text}")


def asked(given: Given, path: str) -> Mapping[str, bytes]:
    """All values; what is not there yet comes from a prompt each, or standard input. Raises `Usage` for an empty one."""
    wanted = [name for name, value in given.items() if value is None]
    is_typed = sys.stdin.isatty()
    if len(wanted) > 1 and not is_typed:
        hint = f"gitenv set {wanted[0]} -f {from_top(path)}, and so on for each"
        # Not which: a word that was meant for a value may look like a name.
        raise Usage(f"standard input holds one value, and {len(wanted)} names are without one", hint)
    return {
        name: value if value is not None else _needed(name, path, _typed(name, path) if is_typed else _piped(name))
        for name, value in given.items()
    }


def _needed(name: str, path: str, value: bytes) -> bytes:
    if not value:  # the command before the pipe failed, or somebody only pressed Enter
        raise _empty(name, path)
    return value


def _empty(name: str, path: str) -> Usage:
    where = f" -f {from_top(path)}" if path else ""
    hint = f"gitenv set {name}{where} --empty, if it is to be set to nothing"
    return Usage(f"no value came for {name}, so nothing was changed", hint)


def _typed(name: str, path: str) -> bytes:
    from gitenv.cli import hidden

    value, is_more = hidden.line(f"{name} in {path}")
    if is_more or len(value) >= hidden.LONGEST:
        why = "several lines came" if is_more else "a terminal cuts so long a line"
        raise Usage(f"{why} for {name}, so nothing was changed", f"gitenv set {name} -f {from_top(path)} --from-file FILE")
    return value


def _piped(name: str) -> bytes:
    return _without_line_end(name, sys.stdin.buffer.read(_MAX_BYTES + 1))


def _from_file(name: str, file: str) -> bytes:
    """The user's own: it may be a link, or a pipe that the shell made of another command."""
    try:
        with open(file, "rb") as opened:
            data = _without_line_end(name, opened.read(_MAX_BYTES + 1))
    except FileNotFoundError:
        raise Usage(f"there is no file {printable(file)}") from None
    except OSError as error:
        from gitenv.system import refusal

        raise refusal.refused(error, "read", file) from None
    return _needed(name, "", data)


def _without_line_end(name: str, data: bytes) -> bytes:
    if len(data) > _MAX_BYTES:
        raise Usage(f"the value of {name} has more than {_MAX_BYTES:,} bytes", "keep large data out of .env files")
    return data.removesuffix(b"\n").removesuffix(b"\r") if data.endswith(b"\n") else data
