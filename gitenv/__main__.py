"""The way in: what git starts goes straight to a driver, everything else to the command line."""

from __future__ import annotations

import gc
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def start() -> NoReturn:
    """Run one command and end. Python does not take everything apart first: that is a tenth of what a filter's start takes."""
    code = main()
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:  # None, where it was closed
                stream.flush()
    except (OSError, ValueError):
        sys.exit(code)  # Python tries once more, and says what is wrong
    os._exit(code)


def main() -> int:
    """Run one command; return the exit code."""
    try:
        return _run(sys.argv[1:])
    except KeyboardInterrupt:  # before anything was there that says so
        sys.stderr.write("error: interrupted\n")
        return 130
    except ImportError as error:
        return _not_whole(error)
    except (MemoryError, SystemError, OSError) as error:
        return _cannot_start(error)


def _run(arguments: list[str]) -> int:
    if arguments[:1] == ["filter-process"] or (arguments[:1] in (["clean"], ["smudge"]) and len(arguments) == 2):
        # Imports make tens of thousands of objects that all stay: collecting garbage among them takes 2 ms of a start.
        gc.disable()
        from gitenv.drivers import filter as env_filter

        if arguments[0] == "filter-process":
            return env_filter.serve()
        return env_filter.once(arguments[0], arguments[1])
    if arguments[:1] == ["merge-driver"] and len(arguments) in (6, 9):
        gc.disable()
        from gitenv.drivers import merge

        return merge.merge(*arguments[1:])
    if arguments[:1] == ["textconv"] and len(arguments) == 2:
        gc.disable()
        from gitenv.drivers import textconv

        return textconv.show(arguments[1])
    if arguments[:1] == ["complete"] and len(arguments) > 2:
        gc.disable()
        from gitenv.cli import completing

        return completing.answer(arguments[1:])
    if arguments[:1] == ["hook"] and len(arguments) > 1 and not arguments[1].startswith("-"):
        from gitenv.drivers import hook

        if not hook.is_needed(arguments[1], arguments[2:]):
            return 0
    gc.set_threshold(300_000)  # of ten thousand grants all stay until the end, and looking for garbage among them takes 40 ms
    from gitenv.cli import edge

    return edge.main(arguments)


def _not_whole(error: ImportError) -> int:
    """An interpreter that was upgraded in its place has none of the packages that were installed for the one before."""
    if not isinstance(error, ModuleNotFoundError):
        return _cannot_start(error)
    name = (error.name or "gitenv").partition(".")[0]
    sys.stderr.write(
        f"error: {sys.executable} (Python {sys.version_info[0]}.{sys.version_info[1]}) has no {name}: it was upgraded, or "
        f"gitenv's installation is not whole\nhint: install gitenv again, then: gitenv init\n"
    )
    return 5


def _cannot_start(error: Exception) -> int:
    """Nothing more is loaded to say it: that is what failed."""
    why = (isinstance(error, OSError) and error.strerror) or "not enough memory, or a library that does not fit"
    sys.stderr.write(
        f"error: gitenv cannot be loaded: {why}\n"
        "hint: ulimit -v unlimited; ulimit -n 1024; or install gitenv again, then: gitenv init\n"
    )
    return 5


if __name__ == "__main__":
    start()
