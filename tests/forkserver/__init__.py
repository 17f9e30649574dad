"""gitenv without a start of Python for each command: a process that has loaded everything, and a `python` that asks it to fork.

A start of Python with what gitenv imports is most of what a command of the tests costs, and git starts gitenv by itself more
often than people do. So labs have a virtual environment of their own. Its `python` (client.c) hands its arguments,
environment, folder and streams to the server of this test process (server.py), and a fork does the work. `sys.executable` is
the same there, so that git's configuration has it. Which tests do without all this, tests/conftest.py says.

The server only imports. A fork whose command has ended is asked again, since to fork, and to copy each page that is touched,
takes longer than most commands: it puts back what lasts longer than a command, and ends where it cannot. So nothing of one
command reaches the next.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import gitenv

PYTHON = "GITENV_TESTS_PYTHON"
"""The variable with the path of that `python`."""
SOCKET = "TESTS_OF_GITENV_SOCKET"
"""The variable with the path of the server's socket. Where it is not set, Python starts as always.

`gitenv demo` hands on to its people what does not begin with GIT.
"""
REAL = {SOCKET: ""}
"""The setting for what must be a process of its own: on a terminal, with limits, to be killed."""

_HERE = Path(__file__).parent


def python() -> str:
    """The interpreter that gitenv runs in."""
    return os.environ.get(PYTHON) or sys.executable


def can_run() -> bool:
    """Windows has no fork; macOS is another matter again. Without a compiler all is slower, and not less."""
    return sys.platform == "linux" and shutil.which("cc") is not None


def make_environment(folder: Path) -> str:
    """Make a virtual environment that has what this one has, and return the path of its `python`."""
    base = getattr(sys, "_base_executable", sys.executable)
    client = folder / "bin" / "python"
    client.parent.mkdir(parents=True)
    alone = "include-system-site-packages = false"  # what is installed beside that Python may run at each start
    (folder / "pyvenv.cfg").write_text(f"home = {os.path.dirname(base)}\n{alone}\n", encoding="utf-8")
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
    packages.parent.mkdir(parents=True)
    packages.symlink_to(sysconfig.get_path("purelib"))
    program = Path(gitenv.__file__).with_name("__main__.py")
    words = ["cc", "-O1", f'-DPYTHON="{base}"', f'-DPROGRAM="{program}"', "-o", str(client), str(_HERE / "client.c")]
    # Its libraries are a quarter of its start; a compiler may have none for that.
    if subprocess.run([*words, "-static"], stderr=subprocess.DEVNULL, check=False).returncode:
        subprocess.run(words, check=True)
    return str(client)


@contextlib.contextmanager
def running(folder: Path, *left_out: str) -> Iterator[None]:
    """With a server for this process. It ends with its standard input, so also when this process is killed.

    `left_out` is the beginning of the names of what it does not load, where that is not as usual.
    """
    import pytest  # as large as all else that a lab needs, which is also begun in processes of its own

    client = os.environ.get(PYTHON) or make_environment(folder / "python")
    path = folder / f"{os.getpid()}.socket"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen(64)
        server = subprocess.Popen(
            [sys.executable, "-E", "-P", _HERE / "server.py", str(listening.fileno()), client, *left_out],
            env={"LC_ALL": "C.UTF-8", "TZ": "UTC", "PATH": os.environ["PATH"]},
            cwd=os.path.sep,
            stdin=subprocess.PIPE,
            pass_fds=[listening.fileno()],
            start_new_session=True,
        )
    with server, pytest.MonkeyPatch.context() as patch:
        patch.setenv(PYTHON, client)
        patch.setenv(SOCKET, str(path))
        yield
