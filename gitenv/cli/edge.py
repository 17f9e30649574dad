"""The one edge: runs a command, prints whatever error comes out of it, and turns it into an exit code."""

from __future__ import annotations

import os
import sys

from gitenv.cli import show
from gitenv.errors import BUG, INTERRUPTED, GitenvError, Usage


def main(arguments: list[str]) -> int:
    """Run `gitenv ARGUMENTS`; return the exit code."""
    if sys.platform == "win32":  # key names and boxes are not in the old code pages
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    try:
        return _run(arguments)
    except GitenvError as error:
        show.error(error)
        return error.exit_code
    except KeyboardInterrupt:
        show.error(Usage("interrupted"))
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone; do not fail again when Python flushes at the end. It is no success: a hook that
        # was about to refuse a push would let it through, once whoever pushes hangs up.
        for stream in (sys.stdout, sys.stderr):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        return 1
    except OSError as error:
        from gitenv import refusal

        problem = refusal.refused(error, "used")
        show.error(problem)
        return problem.exit_code
    except Exception as error:
        return _other(error, arguments)


def _run(arguments: list[str]) -> int:
    from gitenv.cli import hook_work

    if arguments[:1] == ["hook"] and arguments[1:2] and arguments[1] in hook_work.NAMES and "--print" not in arguments:
        return hook_work.work(arguments[1], arguments[2:])  # git has no words to be read, and waits
    from gitenv.cli.app import only

    result = only(arguments[0] if arguments else "")(args=arguments or ["--help"], prog_name="gitenv", standalone_mode=False)
    return result if isinstance(result, int) else 0


def _other(error: Exception, arguments: list[str]) -> int:
    """typer's own exceptions by what they can do (their classes have moved between its versions); all else is our bug."""
    if isinstance(error, RuntimeError) and type(error).__name__ == "Abort":
        show.error(Usage("interrupted"))
        return INTERRUPTED
    say = getattr(error, "format_message", None)
    if say is not None:
        from gitenv.cli.app import app

        known = {*(command.name for command in app.registered_commands), *(group.name for group in app.registered_groups)}
        verb = f"{arguments[0]} " if arguments[:1] and arguments[0] in known else ""
        show.error(Usage(_lower(str(say())), f"gitenv {verb}--help"))
        return Usage.exit_code
    # The text of an exception may quote what it was working on, so only its kind and place are shown.
    trace, place = error.__traceback__, ""
    while trace:
        place = f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}"
        trace = trace.tb_next
    show.error(GitenvError(f"a bug in gitenv: {type(error).__name__} at {place}", "please report it, with what you typed"))
    return BUG


def _lower(text: str) -> str:
    first = text.splitlines()[0].rstrip(".") if text else "wrong usage"
    return first[:1].lower() + first[1:]
