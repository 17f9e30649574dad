"""The one edge: runs a command, prints whatever error comes out of it, and turns it into an exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from gitenv.cli import commands, output, show, unsaid
from gitenv.errors import BUG, INTERRUPTED, GitenvError, Usage
from gitenv.system import locking


def main(arguments: list[str]) -> int:
    """Run `gitenv ARGUMENTS`; return the exit code."""
    if sys.warnoptions:  # `PYTHONWARNINGS` and `PYTHONDEVMODE` are for somebody else's program
        import warnings

        warnings.simplefilter("ignore")
    output.begin()
    try:
        return _reported(lambda: output.end(_reported(lambda: _run(arguments), arguments)), arguments)
    finally:
        locking.release()


def _reported(run: Callable[[], int], arguments: list[str]) -> int:
    """Run something, and print whatever error comes out of it; return the exit code."""
    try:
        return run()
    except GitenvError as error:
        show.error(error)
        return error.exit_code
    except KeyboardInterrupt:
        return _interrupted()
    except BrokenPipeError:
        return 1
    except Exception as error:
        from gitenv.system import refusal

        if problem := refusal.lacking(error):
            show.error(problem)
            return problem.exit_code
        return _other(error, arguments)


def _run(arguments: list[str]) -> int:
    show.speak()
    if arguments[:1] == ["hook"] and len(arguments) > 1 and "--print" not in arguments:
        from gitenv.cli import hook_work

        if arguments[1] in hook_work.NAMES:
            return hook_work.work(arguments[1], arguments[2:])  # git has no words to be read, and waits
    from gitenv.cli.arguments import manner

    how, arguments = manner(arguments)
    if arguments[:1] == ["help"] and "--man" in arguments:
        from gitenv.cli import man

        show.write(man.page())
        return 0
    if arguments[:1] == ["help"]:
        arguments = [*(word for word in arguments[1:] if word != "help"), "--help"]
    if arguments == ["key"]:
        arguments = ["key", "--help"]
    if arguments and not arguments[0].startswith("-") and arguments[0] not in commands.names():
        from gitenv.cli import unknown

        raise unknown.command(arguments[0], commands.names())
    found = commands.find(arguments)
    show.speak(is_quiet=how.is_quiet and bool(found), tells=bool(found and found[0].tells), colour=how.colour)
    if not how.is_quiet:
        unsaid.say()
    call = _call(arguments or ["--help"])
    try:
        result = call() if callable(call) else call
    except KeyboardInterrupt:  # whoever pressed it at work sees that it ended; at a question it is said
        return INTERRUPTED
    return result if isinstance(result, int) else 0


def _call(words: Sequence[str]) -> Callable[[], object] | int:
    """What the words mean, or an exit code where they ask for no more than to be told something."""
    from gitenv.cli import arguments

    if words in (["--version"], ["-V"]):
        return commands.say_version
    found = commands.find(words)
    if found and (given := arguments.read(run := found[0].function(), found[1])) is not None:
        return arguments.call(run, given)
    from gitenv.cli import app

    return app.read(words)


def _other(error: Exception, arguments: list[str]) -> int:
    """typer's own exceptions by what they can do (their classes have moved between its versions); all else is our bug."""
    if isinstance(error, RuntimeError) and type(error).__name__ == "Abort":
        return _interrupted()
    say = getattr(error, "format_message", None)
    if say is not None:
        verb, text = f"{arguments[0]} " if arguments[:1] and arguments[0] in commands.names() else "", _lower(str(say()))
        hint = f"gitenv {verb}--help"
        if "extra argument" in text:
            from gitenv.cli import unknown

            hint = unknown.remedy(arguments) or hint
        show.error(Usage(text, hint))
        return Usage.exit_code
    from gitenv.system import refusal

    show.error(refusal.bug(error))
    return BUG


def _interrupted() -> int:
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who presses it twice need not see Python's own words
    show.error(Usage("interrupted"))
    return INTERRUPTED


def _lower(text: str) -> str:
    first = text.splitlines()[0].rstrip(".") if text else "wrong usage"
    return first[:1].lower() + first[1:]
