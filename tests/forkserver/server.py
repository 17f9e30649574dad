"""The server: started as gitenv is, with the descriptor of a listening socket and the path that `sys.executable` is to have."""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import importlib
import io
import os
import pkgutil
import re
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import gitenv
from gitenv import __main__ as gitenv_main

_INNER = re.compile(r"^ +(?:from|import) ([\w.]+)(?: import (.+))?$", re.MULTILINE)
_BY_OTHERS = ("cryptography.hazmat.backends.openssl.backend", "typer._click.decorators", "encodings.ascii")
_OTHERS_OWN = "gitenv.mcp."  # as large as all else, and only forks of the tests of it ask for it
_REBINDS = re.compile(r"^ +global ", re.MULTILINE)
_USUAL = range(70)  # not a bug, a pipe that nobody reads or a signal
_Memory = type(functools.cache(lambda: None))
_WITH_STATE = ("gitenv", "typer", "rich", "tempfile")


def serve(listening: socket.socket, python: str, left_out: str = _OTHERS_OWN) -> None:
    """Have a fork answer each connection until standard input ends: one that has nothing to do any more, or a new one."""
    load(left_out)
    sys.executable = python
    loaded = Loaded()
    forks: list[socket.socket] = []
    idle: list[socket.socket] = []
    while sys.stdin not in (ready := select.select([sys.stdin, listening, *forks], [], [])[0]):
        for fork in [fork for fork in forks if fork in ready]:  # before its client knows, who may be the next to ask
            if _is_idle(fork):
                idle.append(fork)
            else:
                forks.remove(fork)
                idle = [each for each in idle if each is not fork]
                fork.close()
                os.wait()
        if listening in ready:
            connection, _ = listening.accept()
            with connection:
                if idle:
                    socket.send_fds(idle.pop(), [b"."], [connection.fileno()])
                else:
                    forks.append(_fork(connection, (listening, *forks), loaded))


def _is_idle(fork: socket.socket) -> bool:
    """Whether it says that it is as it was before, or has ended: then there is nothing more to come."""
    with contextlib.suppress(ConnectionResetError):  # killed with a connection that it had not taken
        return bool(fork.recv(1))
    return False


def _fork(connection: socket.socket, others: Iterable[socket.socket], loaded: Loaded) -> socket.socket:
    """A new fork, for a connection and all that are sent to it later."""
    ours, its = socket.socketpair()
    if os.fork():
        its.close()
        return ours
    for other in (ours, *others):
        other.close()
    descriptors = [connection.detach()]
    while descriptors:
        with socket.socket(fileno=descriptors[0]) as connection:
            code, is_as_before = _answer(connection, loaded)
            if is_as_before:
                its.sendall(b".")
            with contextlib.suppress(BrokenPipeError):  # its client was killed
                connection.sendall(bytes([code & 255]))
        descriptors = socket.recv_fds(its, 1, 1)[1] if is_as_before else []
    os._exit(0)


def load(left_out: str = _OTHERS_OWN) -> None:
    """All modules of gitenv's but some, and what these import when they come to it, for forks of this process."""
    names = set(_BY_OTHERS)
    for module in pkgutil.walk_packages(gitenv.__path__, "gitenv."):
        if module.name.startswith(left_out):
            continue
        spec = importlib.import_module(module.name).__spec__
        assert spec
        assert spec.origin
        for source, targets in _INNER.findall(Path(spec.origin).read_text(encoding="utf-8")):
            names |= {source, *(f"{source}.{target}" for target in targets.split(", "))}
    for name in sorted(names):
        if not name.startswith(left_out):
            with contextlib.suppress(ImportError):  # no module, or none of this system or version
                importlib.import_module(name)
    gc.collect()
    gc.freeze()  # a collection in a fork would copy every page


class Loaded:
    """What lasts longer than a command, as it is before the first: where all is put back, a fork may answer another client.

    In the modules of gitenv and of what it shows things with, it is what names stand for where a function says `global`, lists
    and the like, and what functions remember.
    """

    def __init__(self) -> None:
        found: dict[int, Any] = {}
        for name, module in sys.modules.items():
            if name.partition(".")[0] in _WITH_STATE:
                names = vars(module)
                if _REBINDS.search(Path(str(module.__file__)).read_text(encoding="utf-8")):
                    found[id(names)] = names
                for each, value in names.items():
                    if not each.isupper():  # what is written so stays as it is
                        _collect(value, found)
        self._containers = [(each, each.copy()) for each in found.values() if isinstance(each, list | dict | set)]
        self._memories = [each for each in found.values() if isinstance(each, _Memory)]
        self._encodings = [(stream.encoding, stream.errors or "") for stream in (sys.stdin, sys.stdout, sys.stderr)]
        self._threshold = gc.get_threshold()
        self._handlers = _handlers()
        self._left: object = None

    def begin(self) -> None:
        """A command comes next."""
        self._left = _left()

    def restore(self) -> bool:
        """Put all back that can be. Returns False where a command said something else, or left what cannot."""
        _stand([os.open(os.devnull, os.O_RDWR) for _ in range(3)])
        os.chdir(os.path.sep)
        for each, before in self._containers:
            if each != before:
                each.clear()
                (each.extend if isinstance(each, list) else each.update)(before)
        for memory in self._memories:
            memory.cache_clear()
        for number, handler in self._handlers.items():
            if signal.getsignal(number) is not handler:
                signal.signal(number, handler)
        sys.stdin, sys.stdout, sys.stderr = (_stream(number, *encoding) for number, encoding in enumerate(self._encodings))
        gc.enable()
        gc.set_threshold(*self._threshold)
        return _left() == self._left or (gc.collect() >= 0 and _left() == self._left)


def _stream(number: int, encoding: str, errors: str) -> io.TextIOWrapper:
    """A standard stream as Python makes it."""
    raw = io.FileIO(number, "w" if number else "r", closefd=False)
    buffer = io.BufferedWriter(raw) if number else io.BufferedReader(raw)
    return io.TextIOWrapper(buffer, encoding, errors, "\n", line_buffering=number == 2)


def _left() -> object:
    """What cannot be put back: open files, threads, blocked signals. Children end by themselves, as after any process."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    files, threads = (len(os.listdir(f"/proc/self/{each}")) for each in ("fd", "task"))
    return files, threads, signal.pthread_sigmask(signal.SIG_BLOCK, ())


def _handlers() -> Mapping[int, Any]:
    return {number: signal.getsignal(number) for number in signal.valid_signals()}


def _collect(value: object, found: dict[int, Any]) -> None:
    """A value, and all below it that may be changed, each once."""
    if id(value) in found:
        return
    found[id(value)] = value
    if isinstance(value, type):
        value = dict(vars(value)) if value.__module__.partition(".")[0] in _WITH_STATE else ()
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list | set) else ():
        _collect(each, found)


def _answer(connection: socket.socket, loaded: Loaded) -> tuple[int, bool]:
    """Do what a client asks for. Returns the exit code, and whether this process is as it was before."""
    loaded.begin()
    size, streams, _, _ = socket.recv_fds(connection, 4, 3)
    with connection.makefile("rb") as incoming:
        umask, folder, count, *rest = incoming.read(int.from_bytes(size, "big")).split(b"\0")[:-1]
    _stand(streams)
    os.chdir(folder)
    os.umask(int(umask))
    os.environb.clear()
    os.environb.update({name: value for name, _, value in (setting.partition(b"=") for setting in rest[int(count) :])})
    time.tzset()
    sys.stdout.reconfigure(line_buffering=os.isatty(1))  # type: ignore[union-attr]
    words = [os.fsdecode(word) for word in rest[: int(count)]]
    code = _run(*words)
    return code, words[0] != "-c" and code in _USUAL and loaded.restore()


def _stand(descriptors: Iterable[int]) -> None:
    """Have these as standard streams."""
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)


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
    serve(socket.socket(fileno=int(sys.argv[1])), *sys.argv[2:])
