"""`${NAME}` and `${NAME:-default}` in values, as python-dotenv has them where it is not told `interpolate=False`.

Nothing else is replaced: no `$NAME`, and no command. What stands in quotes is no exception, and a default is taken as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from gitenv.errors import NotTrusted
from gitenv.model.dialect import Assignment
from gitenv.model.document import MAX_BYTES

_Look = Callable[[str, str], str]


def expand(found: Iterable[Assignment], environ: Mapping[str, str], *, override: bool) -> dict[str, str]:
    """The variables that assignments set, in which each value sees those before it and `environ`; with `override` those first.

    Raises `NotTrusted` for more than 4 MiB: a value can have the one before it twice, and so on.
    """
    done: dict[str, str | None] = {}
    room = MAX_BYTES

    def look(name: str, default: str) -> str:
        nonlocal room
        first, then = (done, environ) if override else (environ, done)
        text = (first[name] if name in first else then.get(name, default)) or ""
        room -= len(text)
        if room < 0:
            raise NotTrusted(f"the values have more than {MAX_BYTES:,} characters once ${{NAME}} is replaced in each")
        return text

    for name, value, _ in found:
        if name:
            done[name] = _replaced(value, look) if value else value
    return {name: value for name, value in done.items() if value is not None}


def _replaced(text: str, look: _Look) -> str:
    """A value with everything replaced, in one pass: what comes next of `:` and `}` is not looked for again."""
    parts: list[str] = []
    done = 0
    colon = brace = -1
    start = text.find("${")
    while start >= 0:
        name = start + 2
        brace = text.find("}", name) if brace < name else brace
        if brace < 0:
            break
        colon = _found(text, ":", name) if colon < name else colon
        if colon > brace or text.startswith(":-", colon):
            default = text[colon + 2 : brace]
            parts += [text[done:start], look(text[name : min(colon, brace)], default)]
            done = name = brace + 1
        start = text.find("${", name)
    return "".join([*parts, text[done:]])


def _found(text: str, part: str, start: int) -> int:
    at = text.find(part, start)
    return len(text) if at < 0 else at
