"""The story that gitenv is for, played by two people with homes of their own and real git, in one folder."""

from __future__ import annotations

import itertools
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence

from gitenv.errors import NotInOrder, printable
from gitenv.git import program

_SECRETS = "# local\nHELLO=from-my-laptop\nPASSWORD=hunter2-very-secret\n"
_PRODUCTION = "HRLLO=from-the-big-server\nPASSWORD=correct-horse-battery\n"

Show = Callable[[str, str], None]
"""Called with a style ("story", "command", "output") and a line."""


def play(folder: str, show: Show) -> str:
    """Play the story below `folder` (a new temporary one if empty) and return the folder.

    Raises `NotInOrder` if the folder is not empty, or if a command does not do what the story says.
    """
    top = os.path.abspath(folder) if folder else tempfile.mkdtemp(prefix="gitenv-demo-")
    os.makedirs(top, exist_ok=True)
    if os.listdir(top):
        raise NotInOrder(f"{printable(top)} is not empty", "give a new folder: gitenv demo FOLDER")
    hub = os.path.join(top, "host.git")
    program.run(top, "init", "-q", "--bare", "-b", "main", hub)
    alice, bob = _Person(top, "alice", show), _Person(top, "bob", show)
    _alice_founds(alice, show)
    _bob_asks(alice, bob, show)
    _bob_runs_production(alice, bob, show)
    _what_the_host_sees(hub, show)
    show("story", f"Look around: {top} (alice/app and bob/app are the clones, host.git is what a git host has).")
    return top


class _Person:
    """Somebody with a home, a clone in it, and a terminal that is shown. Their git is theirs, hooks and all."""

    def __init__(self, top: str, name: str, show: Show) -> None:
        self.name, self._show = name, show
        self.home = os.path.join(top, name)
        self.folder = os.path.join(self.home, "app")
        os.makedirs(self.home)
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("GIT", "XDG_")) and k != "APPDATA"}
        self._env = {
            **inherited,
            "HOME": self.home,
            "APPDATA": self.home,
            "GIT_CONFIG_GLOBAL": os.path.join(self.home, ".gitconfig"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "NO_COLOR": "1",
            "PYTHONUTF8": "1",
        }
        for key, value in {
            "user.name": name.title(),
            "user.email": f"{name}@example.com",
            "init.defaultBranch": "main",
        }.items():
            self.quietly("git", "config", "--global", key, value, folder=self.home)
        self.quietly("git", "clone", "-q", os.path.join(top, "host.git"), "app", folder=self.home)

    def run(self, line: str) -> None:
        """Show a command, run it, show what it says."""
        self._show("command", f"{self.name}$ {line}")
        words = shlex.split(line)
        for said in _in_columns(self.quietly(*words).splitlines()):
            self._show("output", said)

    def quietly(self, *words: str, folder: str = "") -> str:
        """Run a command without showing it; raises `NotInOrder` if it fails."""
        argv = [sys.executable, "-E", "-P", "-m", "gitenv", *words[1:]] if words[0] == "gitenv" else list(words)
        done = subprocess.run(
            argv, cwd=folder or self.folder, env=self._env, capture_output=True, stdin=subprocess.DEVNULL, check=False
        )
        said = (done.stdout + done.stderr).decode("utf-8", "replace")
        if done.returncode:
            raise NotInOrder(f"{' '.join(words)} failed: {printable(said.strip()[-300:])}")
        return said

    def write(self, path: str, text: str) -> None:
        """Edit a file, and show it."""
        with open(os.path.join(self.folder, path), "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        self._show("command", f"{self.name}$ edit {path}")
        for line in text.splitlines():
            self._show("output", line)


def _in_columns(lines: Sequence[str]) -> Iterator[str]:
    """What goes to a pipe has tabs between its cells: people get columns, as they would at a terminal."""
    tables: list[list[list[str]]] = [[]]
    for row in (line.split("\t") for line in lines):
        if len(row) == 1 or not row[0]:  # no row, or the head of another table
            tables.append([])
        tables[-1].append(row)
    for table in tables:
        widths = [
            max(map(len, column)) for column in itertools.zip_longest(*(row for row in table if len(row) > 1), fillvalue="")
        ]
        yield from ("  ".join(map(str.ljust, row, widths)).rstrip() if len(row) > 1 else row[0] for row in table)


def _alice_founds(alice: _Person, show: Show) -> None:
    show("story", "alice has an application with a .env file. She sets gitenv up and commits as always.")
    alice.write(".env", _SECRETS)
    alice.run("gitenv init")
    alice.run("git commit -q -m 'Encrypt .env'")
    alice.run("git push -q origin HEAD:main")
    show("story", "In the commit, and so at the host, the names are readable and the values are not:")
    alice.run("git cat-file -p HEAD:.env")


def _bob_asks(alice: _Person, bob: _Person, show: Show) -> None:
    show("story", "bob clones. He has ciphertext (git complains of an encoding: that is the guard), and asks to be let in.")
    bob.run("git pull -q origin main")
    bob.run("gitenv init")
    bob.run("git commit -q -m 'Ask to read .env'")
    bob.run("git push -q origin HEAD:main")
    show("story", "alice compares the fingerprint with bob, and wraps the data key for him in one small file.")
    alice.run("git pull -q origin main")
    alice.run("gitenv add-recipient bob --yes")
    alice.run("git commit -q -m 'Let bob read .env'")
    alice.run("git push -q origin HEAD:main")
    show("story", "bob pulls, unlocks and reads. Nobody sent anybody a secret.")
    bob.run("git pull -q origin main")
    bob.run("gitenv unlock --yes")
    bob.run("cat .env")


def _bob_runs_production(alice: _Person, bob: _Person, show: Show) -> None:
    show("story", "bob alone holds production. alice sees what he sets there, and not to what: is HRLLO a slip?")
    bob.write(".env.production", _PRODUCTION)
    bob.run("gitenv add-environment production")
    bob.run("git commit -q -m 'Set HELLO in production'")
    bob.run("git push -q origin HEAD:main")
    alice.run("git pull -q origin main")
    alice.run("gitenv diff HEAD~1")
    alice.run("gitenv recipients")


def _what_the_host_sees(hub: str, show: Show) -> None:
    """Read every object of the host's repository, and look for each secret in all of them."""
    show("story", "The host has every object of the repository. All of them, searched for the values:")
    objects = program.run(hub, "cat-file", "--batch", "--batch-all-objects", "--unordered")
    for line in (_SECRETS + _PRODUCTION).splitlines():
        name, _, value = line.partition("=")
        if value:
            found = objects.count(value.encode())
            show(
                "output",
                f"{name}: name {'found' if name.encode() + b'=' in objects else 'not found'}, value found {found} times",
            )
            if found:
                raise NotInOrder(f"the value of {name} is at the host", "please report this")
