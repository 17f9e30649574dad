"""The server: started as gitenv is, with the descriptor of a listening socket and the path that `sys.executable` is to have."""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import os
import pkgutil
import re
import select
import socket
import sys
import time
import traceback
from pathlib import Path
from typing import NoReturn

import gitenv
from gitenv import __main__ as gitenv_main

_INNER = re.compile(r"^ +(?:from|import) ([\w.]+)(?: import (.+))?$", re.MULTILINE)
_BY_OTHERS = ("cryptography.hazmat.backends.openssl.backend", "typer._click.decorators", "encodings.ascii")
_OTHERS_OWN = "gitenv.mcp."  # as large as all else, and no fork asks for it


def serve(listening: socket.socket, python: str) -> None:
    """Fork for each connection until standard input ends."""
    load()
    sys.executable = python
    forks: set[int] = set()
    while sys.stdin not in select.select([listening, sys.stdin], [], [])[0]:
        connection, _ = listening.accept()
        fork = os.fork()
        if not fork:
            listening.close()
            _answer(connection)
        connection.close()
        forks.add(fork)
        forks -= {ended for ended in forks if os.waitpid(ended, os.WNOHANG)[0]}


def load() -> None:
    """All modules of gitenv's, and what these import when they come to it, for forks of this process."""
    names = set(_BY_OTHERS)
    for module in pkgutil.walk_packages(gitenv.__path__, "gitenv."):
        if module.name.startswith(_OTHERS_OWN):
            continue
        spec = importlib.import_module(module.name).__spec__
        assert spec
        assert spec.origin
        for source, targets in _INNER.findall(Path(spec.origin).read_text(encoding="utf-8")):
            names |= {source, *(f"{source}.{target}" for target in targets.split(", "))}
    for name in sorted(names):
        if not name.startswith(_OTHERS_OWN):
            with contextlib.suppress(ImportError):  # no module, or none of this system or version
                importlib.import_module(name)
    gc.collect()
    gc.freeze()  # a collection in a fork would copy every page


def _answer(connection: socket.socket) -> NoReturn:
    """Do what a client was asked to do, and tell it the exit code. Runs in a fork, and ends it."""
    size, streams, _, _ = socket.recv_fds(connection, 4, 3)
    with connection.makefile("rb") as incoming:
        umask, folder, count, *rest = incoming.read(int.from_bytes(size, "big")).split(b"\0")[:-1]
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(folder)
    os.umask(int(umask))
    os.environb.clear()
    os.environb.update({name: value for name, _, value in (setting.partition(b"=") for setting in rest[int(count) :])})
    time.tzset()
    sys.stdout.reconfigure(line_buffering=os.isatty(1))  # type: ignore[union-attr]
    connection.sendall(bytes([_run(*map(os.fsdecode, rest[: int(count)])) & 255]))
    os._exit(0)


def _run(start: str, *arguments: str) -> int:
    """`python -c CODE …`, `python -m gitenv …` or `python gitenv/__main__.py …`, up to the exit code."""
    code: object = 0
    try:
        if start == "-c":
            sys.argv = ["-c", *arguments[1:]]
            exec(compile(arguments[0], "<string>", "exec"), {"__name__": "__main__", "__builtins__": __builtins__})
        else:
            sys.argv = ["gitenv", *arguments[start == "-m" :]]
            code = gitenv_main.main()
    except SystemExit as end:
        code = end.code
    except BaseException:
        traceback.print_exc()
        code = 1
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
    except OSError:
        code = 120  # as Python ends then
    return code if isinstance(code, int) else 0


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])), sys.argv[2])
