"""Who is measured: gitenv, git without a filter, git-crypt. Each has a home of its own, and founds repositories in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tests import lab
from tests.bench import machine


class Cost(NamedTuple):
    """What one run took, in seconds."""

    wall: float
    cpu: float  # of the command and all that it started; 0 where the system does not tell


Run = Callable[[], Cost]
"""Prepares what is to be measured, does it, and says what that took."""


class Repository:
    """A repository of somebody's, and how commands are run and measured in it."""

    def __init__(self, owner: Subject, path: Path) -> None:
        self.owner = owner
        self.path = path

    def must(self, *argv: str, stdin: bytes = b"") -> bytes:
        """What a command prints, which has to work."""
        words = self.owner.words(argv)
        done = subprocess.run(words, cwd=self.path, env=self.owner.env, input=stdin, capture_output=True, check=False)
        _check(argv, done.returncode, done.stderr)
        return done.stdout

    def cost(self, *argv: str, stdin: bytes = b"", codes: Collection[int] = (0,)) -> Cost:
        """What a command takes that ends with one of `codes`. Its output goes into a pipe."""
        words, begin, cpu = self.owner.words(argv), time.perf_counter(), machine.cpu_of_children()
        done = subprocess.run(words, cwd=self.path, env=self.owner.env, input=stdin, capture_output=True, check=False)
        taken = Cost(time.perf_counter() - begin, machine.cpu_of_children() - cpu)
        _check(argv, done.returncode, done.stderr, codes)
        return taken

    def cost_of_first_line(self, *argv: str) -> Cost:
        """What it takes until a command has written its first line; the rest is not waited for."""
        words, begin = self.owner.words(argv), time.perf_counter()
        with subprocess.Popen(words, cwd=self.path, env=self.owner.env, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline()
            taken = time.perf_counter() - begin
            process.kill()
        return Cost(taken, 0)

    def cost_on_terminal(self, *argv: str) -> Cost:
        """What a command takes that writes to a terminal."""
        import pty  # not on Windows

        ours, theirs = pty.openpty()
        env = {**self.owner.env, "TERM": "xterm-256color"}
        env.pop("NO_COLOR", None)
        begin, cpu = time.perf_counter(), machine.cpu_of_children()
        with subprocess.Popen(self.owner.words(argv), cwd=self.path, env=env, stdout=theirs) as process:
            os.close(theirs)
            try:
                while os.read(ours, 65536):
                    pass
            except OSError:  # Linux's end of a terminal
                pass
        taken = Cost(time.perf_counter() - begin, machine.cpu_of_children() - cpu)
        os.close(ours)
        _check(argv, process.returncode, b"")
        return taken

    def write(self, name: str, data: bytes) -> None:
        """Write a file, and the folders above it."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def commit(self, files: Mapping[str, bytes], message: str = "Files") -> None:
        """Write files, and commit them as this repository encrypts them."""
        for name, data in files.items():
            self.write(name, data)
        self.must("git", "add", ".")
        self.must("git", "commit", "-q", "-m", message)

    def load(self, stream: bytes) -> None:
        """Let `git fast-import` make commits, and check out what the branch has then."""
        self.must("git", "fast-import", "--quiet", stdin=stream)
        self.must("git", "reset", "-q", "--hard")

    def copy(self, name: str) -> Repository:
        """The same once more, in the same place each time."""
        place = self.path.parent / name
        shutil.rmtree(place, ignore_errors=True)
        lab.copy(self.path, place)
        return Repository(self.owner, place)


class Subject:
    """git without any filter: what everybody's commands take at least."""

    name = "git alone"
    person = "eve"

    def __init__(self, place: lab.Lab, python: str = sys.executable) -> None:
        """In a home of their own. `python` is the interpreter that the gitenv which is measured is installed for."""
        self.python = python
        self.home = place.person(self.person).home
        self.env = place.person(self.person).env
        self._founded: Repository | None = None

    def words(self, argv: Sequence[str]) -> list[str]:
        """A command, where `gitenv` is the one that is measured, started as people do."""
        if argv[0] != "gitenv":
            return list(argv)
        script = os.path.join(os.path.dirname(self.python), "gitenv")
        return [script, *argv[1:]] if os.path.exists(script) else [self.python, "-E", "-P", "-m", "gitenv", *argv[1:]]

    def empty(self, name: str = "empty") -> Repository:
        """A new repository without anything."""
        shutil.rmtree(self.home / name, ignore_errors=True)
        (self.home / name).mkdir()
        repository = Repository(self, self.home / name)
        repository.must("git", "init", "-q")
        return repository

    def repository(self) -> Repository:
        """A new repository that is set up, with nothing but its set-up committed."""
        if self._founded is None:
            self._founded = self.empty("founded")
            self._set_up(self._founded)
        return self._founded.copy("repository")

    def opened(self, source: Repository) -> Cost:
        """Clone and open the files: what a newcomer waits for."""
        shutil.rmtree(self.home / "clone", ignore_errors=True)
        cloned = Repository(self, self.home).cost("git", "clone", "-q", str(source.path), "clone")
        opening = self._opening()
        opened = Repository(self, self.home / "clone").cost(*opening) if opening else Cost(0, 0)
        return Cost(cloned.wall + opened.wall, cloned.cpu + opened.cpu)

    def _set_up(self, repository: Repository) -> None:
        repository.must("git", "commit", "-q", "--allow-empty", "-m", "Begin")

    def _opening(self) -> Sequence[str]:
        return ()


class Gitenv(Subject):
    """gitenv, as `gitenv init` sets it up."""

    name = "gitenv"
    person = "alice"

    def _set_up(self, repository: Repository) -> None:
        repository.must("gitenv", "init", "--name", "alice")
        repository.must("git", "commit", "-q", "-m", "Set gitenv up")

    def _opening(self) -> Sequence[str]:
        return ("gitenv", "init")

    def script(self, repository: Repository, name: str, *argv: str) -> bytes:
        """Run a module beside this one, which uses this tree's own functions, whatever gitenv is measured."""
        words = [sys.executable, "-m", f"tests.bench.{name}", str(repository.path), *argv]
        done = subprocess.run(words, cwd=Path(__file__).parents[2], env=self.env, capture_output=True, check=False)
        _check(words, done.returncode, done.stderr)
        return done.stdout


class GitCrypt(Subject):
    """git-crypt with one symmetric key."""

    name = "git-crypt"
    person = "bob"

    def _set_up(self, repository: Repository) -> None:
        repository.must("git-crypt", "init")
        repository.must("git-crypt", "export-key", "../key")
        repository.commit({".gitattributes": b".env filter=git-crypt diff=git-crypt\n"}, "Set git-crypt up")

    def _opening(self) -> Sequence[str]:
        return ("git-crypt", "unlock", "../key")


def _check(argv: Sequence[str], code: int, said: bytes, codes: Collection[int] = (0,)) -> None:
    if code not in codes:
        raise RuntimeError(f"{' '.join(argv)} ended with {code}: {said.decode('utf-8', 'replace').strip()[-300:]}")
