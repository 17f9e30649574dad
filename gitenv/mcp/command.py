"""gitenv's own commands, as an agent's tools start them, and what they print, made short and harmless.

Each call is a command of its own (docs/decisions/an-agents-tools-are-commands.md), without a terminal: what asks on one
refuses.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys

import anyio
from anyio.abc import ByteReceiveStream, Process
from mcp.server.mcpserver.exceptions import ToolError

from gitenv.errors import printable
from gitenv.team import installation
from gitenv.tuples import NamedTuple

_MOST_READ = 16 * 1024 * 1024
_MOST_SHOWN = 40_000  # characters of one answer
_MOST_OF_A_STRING = 300
_MOST_OF_A_WORD = 1000
_MOST_OF_ERRORS = 4_000
# What Python takes for printable, and no eye sees: variation selectors alone are 256, in which any text can be hidden.
_UNSEEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
_SHORTER = (1000, 200, 50, 15, 4)  # entries of a list, until the answer is short enough
_PATIENCE = 300  # seconds
_LINGERING = 2  # seconds to read what a command has said that has ended


class Ended(NamedTuple):
    """How a command ended. Of output that is too long the end is there."""

    exit_code: int | None  # None: it was stopped, for the time was over
    output: bytes
    errors: bytes
    left_out: int  # bytes of output


async def facts(*words: str) -> object:
    """What a command says with `--json`. Raises `ToolError` with its error."""
    ended = await run(*words, "--json")
    if ended.exit_code in (0, 1) and not ended.left_out:
        try:
            return json.loads(ended.output)
        except ValueError:
            pass
    raise ToolError(failure(ended))


def failure(ended: Ended) -> str:
    """Why a command did not work, as it says itself: no error of gitenv's has a value in it."""
    if ended.left_out:
        return "the answer is too long: ask for one environment"
    said = lines(ended.errors[-_MOST_OF_ERRORS:])
    return said or ("it took too long" if ended.exit_code is None else f"it ended with {ended.exit_code}")


def lines(said: bytes) -> str:
    """Text of several lines in which nothing is hidden and nothing moves the cursor; the end of a long one."""
    text = said[-4 * _MOST_SHOWN :].decode("utf-8", "backslashreplace")
    text = "\n".join("\t".join(map(_seen, line.split("\t"))) for line in text.splitlines())
    is_whole = len(said) <= 4 * _MOST_SHOWN and len(text) <= _MOST_SHOWN
    return text if is_whole else f"[the beginning is left out]\n{text[-_MOST_SHOWN:]}"


def shown(found: object) -> str:
    """Facts as an agent gets them: harmless, and cut where they are long."""
    for most in _SHORTER:
        text = json.dumps(_harmless(found, most), ensure_ascii=False, separators=(",", ":"))
        if len(text) <= _MOST_SHOWN:
            return text
    raise ToolError("the answer is too long: ask for one environment")


def _seen(text: str) -> str:
    """As it is shown on a terminal, and nothing in it that nobody sees."""
    return _UNSEEN.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), printable(text))


def _harmless(found: object, most: int) -> object:
    """The same with names that are shown as on a terminal, and of long lists the beginning."""
    if isinstance(found, str):
        shown = _seen(found[:_MOST_OF_A_STRING])
        return shown if len(found) <= _MOST_OF_A_STRING else f"{shown}…"
    if isinstance(found, list):
        more = [f"… and {len(found) - most:,} more"] if len(found) > most else []
        return [*(_harmless(each, most) for each in found[:most]), *more]
    if isinstance(found, dict):
        shown_pairs = {str(_harmless(name, most)): _harmless(each, most) for name, each in [*found.items()][:most]}
        return shown_pairs | ({"…": f"{len(found) - most:,} more"} if len(found) > most else {})
    return found


def check_word(text: str, what: str) -> str:
    """`text`, which is no option of the command that gets it. Raises `ToolError`."""
    if text.startswith("-") or "\0" in text or len(text) > _MOST_OF_A_WORD:
        raise ToolError(f"{what} cannot be {printable(text[:80])!r}")
    return text


async def run(*words: str, stdin: bytes = b"", seconds: float = _PATIENCE, is_joined: bool = False) -> Ended:
    """Run a command of gitenv's; `is_joined` puts its errors among its output. Whoever gives up has ended all of it.

    What a command leaves running is ended with it.
    """
    own = installation.own()
    process = await anyio.open_process(
        [own.python, "-E", "-P", own.program, *words],
        stderr=subprocess.STDOUT if is_joined else subprocess.PIPE,
        env={name: value for name, value in os.environ.items() if name != "FORCE_COLOR"},
        start_new_session=True,  # without a terminal
    )
    output, errors = _Kept(), _Kept()
    is_done = is_alone = False
    try:
        with anyio.move_on_after(seconds):
            is_alone = await _talk(process, stdin, output, errors)
            is_done = True
    finally:
        if not (is_done and is_alone):
            _end(process)
        with anyio.CancelScope(shield=True):
            await process.aclose()
    return Ended(process.returncode if is_done else None, bytes(output.data), bytes(errors.data), output.left_out)


async def _talk(process: Process, stdin: bytes, output: _Kept, errors: _Kept) -> bool:
    """Until it has ended; whether it has left nothing running that can still write."""
    assert process.stdin
    assert process.stdout
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(output.take, process.stdout)
        if process.stderr:
            tasks.start_soon(errors.take, process.stderr)
        try:
            await process.stdin.send(stdin)
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            pass  # it ended without reading, and says why
        await process.stdin.aclose()
        await process.wait()
        tasks.cancel_scope.deadline = anyio.current_time() + _LINGERING
    return not tasks.cancel_scope.cancelled_caught


class _Kept:
    """The end of what a stream said, in bounded memory."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.left_out = 0

    async def take(self, stream: ByteReceiveStream) -> None:
        """Read it to its end."""
        async for chunk in stream:
            self.data += chunk
            if (over := len(self.data) - _MOST_READ) > 0:
                del self.data[:over]
                self.left_out += over


def _end(process: Process) -> None:
    """End a command, and all that it started."""
    try:
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
