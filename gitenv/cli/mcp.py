"""`gitenv mcp`."""

from __future__ import annotations

import os
import signal
import sys
from typing import Annotated, NoReturn

from gitenv.cli.options import Argument
from gitenv.errors import NotInOrder, Usage, printable, shell_word


def run(folder: Annotated[str, Argument("FOLDER", "The work tree. Default: the current folder.")] = "") -> None:
    """Serve a coding agent (MCP), without values.

    Agents start it themselves, and talk to it over standard input and output. No tool returns a value.
    """
    if folder:
        try:
            os.chdir(folder)
        except OSError as error:
            raise Usage(f"{printable(folder)}: {error.strerror}", "gitenv mcp FOLDER") from None
    try:
        from gitenv.mcp import tools
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "gitenv":
            raise
        hint = f"{shell_word(sys.executable)} -m pip install 'mcp>=2'"
        raise NotInOrder("this needs the package mcp, 2 or later", hint) from None
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end)
    tools.server().run("stdio")


def _end(_number: int, _frame: object) -> NoReturn:
    """Asyncio's own handler would wait for one more line of input, and Python's for SIGTERM leave commands behind."""
    raise KeyboardInterrupt
