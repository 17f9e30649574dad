"""gitenv's commands without a start of Python for each: a fork of this process, which has everything loaded.

A fork has caches, streams and a folder of its own, so nothing of one command reaches the next, and nothing reaches us.
"""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
import warnings
from collections.abc import Sequence

from tests.lab import Done, Person


def gitenv(person: Person, *words: str, stdin: bytes = b"") -> Done:
    """Run `gitenv WORDS` where a person stands."""
    if not hasattr(os, "fork"):
        return person.run(["gitenv", *words], stdin)
    _load()
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(stdin)
        given.seek(0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # pytest-xdist has a thread; the child never waits for it
            child = os.fork()
        if child == 0:
            _in_child(person, words, given.fileno(), out.fileno(), err.fileno())
        _, status = os.waitpid(child, 0)
        for file in (out, err):
            file.seek(0)
        return Done(os.waitstatus_to_exitcode(status), out.read(), err.read())


def _load() -> None:
    from gitenv.cli import edge
    from gitenv.cli.app import app
    from gitenv.git import history
    from gitenv.team import deciding, file_report, init, opening, removing, report, reuniting, sealing

    assert all((edge, app, history, deciding, file_report, init, opening, removing, report, reuniting, sealing))


def _in_child(person: Person, words: Sequence[str], given: int, out: int, err: int) -> None:
    code = 70
    try:
        for theirs, ours in ((given, 0), (out, 1), (err, 2)):
            os.dup2(theirs, ours)
        sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115
        os.environ.clear()
        os.environ.update(person.env)
        os.chdir(person.cwd)
        from gitenv.cli import edge

        code = edge.main(list(words))
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
