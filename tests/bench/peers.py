"""Who is measured: git without any filter, gitenv, git-crypt. Each has a repository, set up once and copied for every run."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import ClassVar, Protocol

from tests.bench import machine
from tests.lab import Lab, Person


class Peer(Protocol):
    """One way to keep .env files in git."""

    name: ClassVar[str]

    def fresh(self) -> Person:
        """Somebody in a new repository that is set up, with nothing but its set-up committed."""
        ...

    def open_clone(self, hub: Path) -> Person:
        """Clone and open the files: what a newcomer waits for."""
        ...


class Plain:
    """git alone: what every peer's `git add` and `git clone` takes at least."""

    name: ClassVar[str] = "git, no filter"

    def __init__(self, lab: Lab) -> None:
        self.person = lab.person("eve")
        self._set_up()
        self.person.must("git", "commit", "-q", "--allow-empty", "-m", "Begin")

    def fresh(self) -> Person:
        """A copy of the repository, in the same place each time."""
        run = self.person.home / "run"
        shutil.rmtree(run, ignore_errors=True)
        shutil.copytree(self.person.home / "template", run)
        self.person.cwd = run
        return self.person

    def open_clone(self, hub: Path) -> Person:
        clone = self.person.home / "clone"
        shutil.rmtree(clone, ignore_errors=True)
        self.person.cwd = self.person.home
        self.person.must("git", "clone", "-q", str(hub), "clone")
        self.person.cwd = clone
        return self.person

    def _set_up(self) -> None:
        """The template: below, each peer adds its own."""
        self.person.must("git", "init", "-q", "template")
        self.person.cwd = self.person.home / "template"


class Gitenv(Plain):
    """gitenv, as `gitenv init` sets it up."""

    name: ClassVar[str] = "gitenv"

    def __init__(self, lab: Lab) -> None:
        self.person = lab.person("alice")
        self._set_up()
        self.person.must("gitenv", "init", "--name", "alice")
        self.person.must("git", "commit", "-q", "-m", "Set gitenv up")

    def open_clone(self, hub: Path) -> Person:
        super().open_clone(hub)
        self.person.must("gitenv", "init")
        return self.person

    def filter_command(self) -> str:
        """The command that git starts the filter with."""
        return self.person.must("git", "config", "filter.gitenv.process").stdout.decode().strip()


class GitCrypt(Plain):
    """git-crypt with one symmetric key."""

    name: ClassVar[str] = "git-crypt"

    def __init__(self, lab: Lab) -> None:
        self.person = lab.person("bob")
        self._set_up()
        self.person.must("git-crypt", "init")
        self.person.must("git-crypt", "export-key", "../key")
        (self.person.cwd / ".gitattributes").write_bytes(b".env filter=git-crypt diff=git-crypt\n")
        self.person.must("git", "add", ".gitattributes")
        self.person.must("git", "commit", "-q", "-m", "Set git-crypt up")

    def open_clone(self, hub: Path) -> Person:
        super().open_clone(hub)
        self.person.must("git-crypt", "unlock", "../key")
        return self.person


def git_crypt(lab: Lab) -> GitCrypt | None:
    """git-crypt, or None where it is absent."""
    return GitCrypt(lab) if machine.version_of("git-crypt") != machine.ABSENT else None


def env_file(keys: int, salt: int = 0) -> bytes:
    """A .env file; another `salt` makes another file of the same length."""
    return b"".join(b"SETTING_%05d=value-%05d-of-file-%04d\n" % (key, key, salt) for key in range(keys))


def write_files(folder: Path, count: int, keys: int) -> None:
    """d0000/.env, d0001/.env, …, no two alike."""
    for number in range(count):
        below = folder / f"d{number:04}"
        below.mkdir()
        (below / ".env").write_bytes(env_file(keys, number))


def remove_files(folder: Path) -> None:
    """Take what `write_files` wrote out of the work tree."""
    for below in folder.glob("d[0-9]*"):
        shutil.rmtree(below)
