"""`gitenv get`."""

from __future__ import annotations

import sys
from typing import Annotated

from gitenv.cli import selection
from gitenv.cli.options import Argument


def run(
    name: Annotated[str, Argument("NAME", "The key's name.", of="key")],
    chosen: selection.Chosen = selection.USUAL,
) -> None:
    """Print a value, as it is, and a line feed.

    It is what a program gets from the files; what is set in your shell does not count.
    """
    from gitenv.sdk import environment

    found = selection.values(chosen, selection.shown(f"Show the value of {name}?"))
    sys.stdout.buffer.write(environment.as_bytes(found.need(name)) + b"\n")
