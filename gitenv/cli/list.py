"""`gitenv list`."""

from __future__ import annotations

from typing import Annotated

from gitenv.cli import selection, show
from gitenv.cli.options import Json, Option


def run(
    chosen: selection.Chosen = selection.USUAL,
    values: Annotated[bool, Option("--values", "Their values, too: masks that change when a value does.")] = False,
    reveal: Annotated[bool, Option("--reveal", "The values themselves.")] = False,
    json: Json = False,
) -> None:
    """List the names of the values that a program gets."""
    found = selection.values(chosen, selection.shown("List its values?") if values or reveal else selection.unshown)
    shown = found.values if reveal else found.masks() if values else {}
    if json:
        show.as_json([_facts(name, *found.places[name], shown) for name in found.values])
        return
    for name in found.values:
        show.say(f"{name}={shown[name]}" if shown else name)


def _facts(name: str, file: str, line: int, shown: dict[str, str]) -> dict[str, object]:
    return {"name": name, "file": file, "line": line, **({"value": shown[name]} if shown else {})}
