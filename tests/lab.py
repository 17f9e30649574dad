"""People with homes of their own, and real git between them: one hub, and whatever they clone from it.

Nothing of the machine's reaches in: no configuration of the user or the system, no inherited GIT_* or GITENV_* variable, no
terminal, no editor. gitenv is this interpreter's, whatever is on PATH.

`GITENV_TEST_GIT=windows` gives everybody the configuration of git that stands in tests/sessions/settings; `habits` is another.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tests import clock, forkserver

HUB = "git@example.com:team/app.git"
"""The hub's address in everybody's clone. Each person's git is told where it really lies, so that a whole lab can be copied."""

_KEPT = ("PATH", "SYSTEMROOT", "COMSPEC", "PATHEXT", "TEMP", "TMP", "TMPDIR", forkserver.SOCKET)


def gitenv(*words: str) -> list[str]:
    """A command of the gitenv that is under test."""
    return [forkserver.python(), "-E", "-P", "-m", "gitenv", *words]


SETTINGS = Path(__file__).parent / "sessions" / "settings"
ALL_SETTINGS = os.environ.get("GITENV_TEST_GIT", "")
"""The settings that everything is played under, like `windows`, or one in ten of the sessions, like `windows/7`."""

_OF_GIT = {"objects", "refs", "logs", "hooks", "info"}  # most folders of a repository, and no submodule is there


def copy(source: Path, target: Path) -> None:
    """Copy a folder whole: thousands of small files, for which Python takes four times as long as `cp`."""
    if sys.platform == "win32":
        shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)
        return
    target.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-pPR", f"{source}/.", str(target)], check=True)


def remove(folder: Path) -> None:
    """Remove a folder whole, in the same way."""
    if sys.platform != "win32":
        subprocess.run(["rm", "-rf", str(folder)], check=False)  # what it may not remove, pytest does


class Done(NamedTuple):
    """How a command ended."""

    exit_code: int
    stdout: bytes
    stderr: bytes

    @property
    def said(self) -> str:
        """Both streams as text, to be shown when something is not as expected."""
        return (self.stdout + self.stderr).decode("utf-8", "backslashreplace").strip()


class Person:
    """Somebody at a machine of their own: home, configuration, name, and where they stand."""

    def __init__(self, lab: Lab, name: str) -> None:
        self.name = name
        self.home = lab.root / "homes" / name
        self.cwd = self.home
        self.day = ""  # another than today, see tests.clock
        self.home.mkdir(parents=True, exist_ok=True)
        text = _configuration(name, lab.hub)
        if lab.settings:
            text += (SETTINGS / f"{lab.settings}.gitconfig").read_text("utf-8")
            _copy_if_there(SETTINGS / f"{lab.settings}.attributes", self.home / ".config" / "git" / "attributes")
        (self.home / ".gitconfig").write_text(text, encoding="utf-8", newline="\n")
        self.env = {key: os.environ[key] for key in _KEPT if key in os.environ} | {
            "HOME": str(self.home),
            "USERPROFILE": str(self.home),
            "APPDATA": str(self.home / ".config"),
            "XDG_CONFIG_HOME": str(self.home / ".config"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_EDITOR": "false",
            "GIT_AUTHOR_DATE": "2026-11-21T10:00:00Z",
            "GIT_COMMITTER_DATE": "2026-11-21T10:00:00Z",
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "TERM": "dumb",
            "NO_COLOR": "1",
            "COLUMNS": "200",
            "PYTHONUTF8": "1",
        }

    def run(self, argv: Sequence[str], stdin: bytes = b"", env: Mapping[str, str] | None = None) -> Done:
        """Run a command where this person stands; `gitenv` is the one under test."""
        start, settings = (clock.command(self.day), clock.settings(self.day)) if self.day else (gitenv(), {})
        command = [*start, *argv[1:]] if argv[0] == "gitenv" else list(argv)
        environ = {**self.env, **settings, **(env or {})}
        done = subprocess.run(command, cwd=self.cwd, env=environ, input=stdin, capture_output=True, check=False, timeout=120)
        return Done(done.returncode, done.stdout, done.stderr)

    def must(self, *argv: str) -> Done:
        """`run`, for what has to work."""
        done = self.run(argv)
        assert done.exit_code == 0, f"{self.name}: {' '.join(argv)} ended with {done.exit_code}\n{done.said}"
        return done


class Lab:
    """One hub and some people, all below one folder."""

    def __init__(self, root: Path, copy_of: Path | None = None, settings: str = "") -> None:
        """A new lab with an empty hub, or one that goes on where the lab in `copy_of` stopped.

        `settings` is a name in `SETTINGS`: what everybody has set for git from now on.
        """
        self.root = root
        self.settings = settings or ALL_SETTINGS.partition("/")[0]
        self.hub = root / "hub.git"
        self._people: dict[str, Person] = {}
        if copy_of:
            copy(copy_of, root)
        else:
            root.mkdir(parents=True, exist_ok=True)
            subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(self.hub)], check=True)

    def person(self, name: str) -> Person:
        """Somebody; they are there as soon as they are spoken of."""
        if name not in self._people:
            self._people[name] = Person(self, name)
        return self._people[name]

    def repositories(self) -> list[Path]:
        """Every repository of the lab: the hub, clones, submodules."""
        found = []
        for folder, below, _ in os.walk(self.root):
            if {"objects", "refs"} <= set(below):
                found.append(Path(folder))
                below[:] = set(below) - _OF_GIT
        return sorted(found)

    def every_object(self, repositories: Sequence[Path]) -> bytes:
        """All objects of these, reachable or not, each once, decompressed and joined: what a git host can read."""
        by_hash: dict[bool, list[Path]] = {}
        for repository in repositories:
            by_hash.setdefault(b"sha256" in (repository / "config").read_bytes(), []).append(repository)
        return b"".join(self._all_in(*alike) for alike in by_hash.values())

    def _all_in(self, first: Path, *others: Path) -> bytes:
        """git lists what is in the objects of the others as if they were the first one's: one start of git for all."""
        listing = ("git", f"--git-dir={first}", "cat-file", "--batch", "--batch-all-objects", "--unordered", "--buffer")
        elsewhere = {"GIT_ALTERNATE_OBJECT_DIRECTORIES": os.pathsep.join(str(other / "objects") for other in others)}
        done = self.person("host").run(listing, env=elsewhere)
        assert done.exit_code == 0, done.said
        return done.stdout


def _configuration(name: str, hub: Path) -> str:
    """What is set in everybody's git. No lab has so many objects that git would clean up, so git need not look each time."""
    return f"""\
[user]
\tname = {name.title()}
\temail = {name}@example.com
[init]
\tdefaultBranch = main
[pull]
\trebase = false
[protocol "file"]
\tallow = always
[advice]
\tdetachedHead = false
[maintenance]
\tauto = false
[receive]
\tautoGC = false
[url "{hub.as_posix()}"]
\tinsteadOf = {HUB}
"""


def _copy_if_there(source: Path, target: Path) -> None:
    if source.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
