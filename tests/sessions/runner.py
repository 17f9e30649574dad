"""Plays a session: a text file of commands, what is expected of them, and the files they need.

    # One sentence that says what the session holds.
    from team                       begin where beginnings/team.txt ends (first command, if at all)
    as alice                        who does what follows; everybody has a home of their own, and keeps their place
    clones WHO / joins WHO          as somebody who clones the hub into ~/app; who asks to be let in as well
    pulls WHO                       as somebody who pulls in ~/app
    publishes MESSAGE               `git commit` and `git push`
    refuses-new-text                new text in .env cannot be added
    cd ~/app
    env NAME=value NAME=            set or unset a variable for this person; `env-file NAME FILE` sets it to a file's text
    day 2099-01-01                  the date from now on, for this person; also `day 50d`, that many from now, and `day today`
    cp input.env .env               a file from below, or any other
    bytes .env 'A=1\\r\\n' x10       make a file with escapes, repeated
    edit .env OLD NEW               replace the one place where OLD stands
    executable FILE / mode FILE 600 make a file executable; the rights that it gives
    mv rm mkdir link stdin          as they sound; `link TARGET NAME`, `stdin TEXT` for the next command
    answers TEXT                    the next command has a terminal, where TEXT is typed at each question
    git … / gitenv … / python …     must work; `! git …` must fail; `? git …` may do either
    check … / ! check …             `gitenv check …` within this process, which saves the start of another one
    exits 3                         how the last command ended
    stdout RE / ! stdout RE         what it said (also: stderr, shown: the terminal; json DOTTED.PATH VALUE, `*` is any member)
    follow RE                       run the first command that it proposed and that RE finds, as it stands there; it must work
    let NAME RE                     keep what RE finds in its output, for $NAME later on; $LAB and $HUB are known
    to FILE                         write its standard output to a file
    exists FILE / ! exists FILE / cmp A B / ! cmp A B / grep RE FILE / ! grep RE FILE
    clean-status                    `git status` finds nothing, and leaves no lock behind
    no-secret-in-objects WORD…      no object of any repository of the lab holds one of these
    needs symlinks                  skip where there are none; also `needs linux`
    learns-nothing WHO WORD…        with the key that somebody has, no object of any repository opens to one of these
    rotate ENV / found-over ENV / found-beside ENV PATH / forge-grant ENV NAME      see tests.sessions.forgery
    forge TOOL WORD…                one of its TOOLS; after any of these git runs no hooks in this clone
    -- input.env --

Words are split as a shell would; regular expressions search, and ^ and $ are a line's.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from gitenv.cli import edge
from gitenv.model import expiry
from gitenv.trust import access
from tests.lab import HUB, Done, Lab, Person
from tests.sessions import answering, forgery, knowledge, verbs

FOLDER = Path(__file__).parent
BEGINNINGS = FOLDER / "beginnings"
_FILE = re.compile(rb"^-- (.+) --\n", re.MULTILINE)
_COLOUR = re.compile(rb"\x1b\[[0-9;]*[mK]")
_VARIABLE = re.compile(r"\$([A-Z][A-Z_]*)")


class Session(NamedTuple):
    """A session as it is written. Lines keep their numbers, for messages."""

    path: Path
    sentence: str
    beginning: str
    lines: list[tuple[int, str]]
    files: dict[str, bytes]


def read(path: Path) -> Session:
    """Take a session file apart."""
    script, *parts = _FILE.split(path.read_bytes())
    text = script.decode("utf-8").splitlines()
    written = ((number, line.strip()) for number, line in enumerate(text, 1) if line.strip() and not line.startswith("#"))
    lines = [(number, meant) for number, line in written for meant in verbs.expanded(line)]
    assert text[0].startswith("# "), f"{path}: the first line says what the session holds"
    first = shlex.split(lines[0][1])
    beginning = first[1] if first[0] == "from" else ""
    files = {name.decode("utf-8"): data for name, data in zip(parts[::2], parts[1::2], strict=True)}
    return Session(path, text[0][2:], beginning, lines[1:] if beginning else lines, files)


def play(session: Session, new_lab: Callable[[str], Lab]) -> None:
    """Run a session. Fails the test with the line that was not as it says."""
    player = _Player(session, new_lab(session.beginning))
    for number, line in session.lines:
        if wrong := player.line(line):
            last = f"last command ended with {player.last.exit_code}:\n{player.last.said}"
            pytest.fail(f"{session.path.name}:{number}: {line}\n{wrong}\n--- {last}", pytrace=False)


class _Player:
    """The state of a running session: who is on, what was said last."""

    def __init__(self, session: Session, lab: Lab) -> None:
        self.lab = lab
        self.files = session.files
        self.person: Person = lab.person("alice")
        self.last = Done(0, b"", b"")
        self.variables = {"LAB": lab.root.as_posix(), "HUB": HUB}
        self.stdin = b""
        self.answer = b""
        self.shown = b""

    def line(self, line: str) -> str:
        """Do what a line says; return what is wrong about it, if anything."""
        try:
            self._line(line)
        except AssertionError as error:
            return str(error).partition("\nassert ")[0]
        return ""

    def _line(self, line: str) -> None:
        mode, rest = (line[0], line[2:]) if line.startswith(("! ", "? ")) else ("", line)
        words = shlex.split(rest, comments=True)
        escape = re.escape if words[0] in ("stdout", "stderr", "grep") else str
        words = [_VARIABLE.sub(lambda match: escape(self.variables.get(match[1], match[0])), word) for word in words]
        if words[0] in ("git", "gitenv", "python", "check"):
            self._run(mode, words)
        elif check := getattr(self, "check_" + words[0].replace("-", "_"), None):
            assert bool(check(*words[1:])) is (mode != "!"), "that is not so"
        else:
            assert not mode, f"nothing can be expected of {words[0]}"
            getattr(self, "do_" + words[0].replace("-", "_"))(*words[1:])

    def _run(self, mode: str, words: list[str]) -> None:
        if words[0] == "python":
            words = [sys.executable, *words[1:]]
        if self.answer:
            self.last, self.shown = answering.answered(self.person, words, self.answer, self.stdin)
        else:
            self.last = _within(self.person, words) if words[0] == "check" else self.person.run(words, self.stdin)
        self.stdin = self.answer = b""
        if self.lab.settings:  # a session is about words, not about their colours
            self.last = self.last._replace(stdout=_COLOUR.sub(b"", self.last.stdout), stderr=_COLOUR.sub(b"", self.last.stderr))
        if mode != "?":
            assert (self.last.exit_code == 0) is not (mode == "!"), "it should have failed" if mode else "it failed"
        # Whatever was expected: no program may crash, and 70 is a bug of ours.
        assert not re.search(b"Traceback|a bug in gitenv|BUG: ", self.last.stderr), "something crashed"
        assert 0 <= self.last.exit_code != 70, "something crashed"

    def _path(self, name: str) -> Path:
        return self.person.home / name[2:] if name.startswith("~/") else self.person.cwd / name

    def _git_dir(self) -> Path:
        """Of the work tree where this person stands. git is asked only where it is not as usual."""
        tops = (folder / ".git" for folder in (self.person.cwd, *self.person.cwd.parents))
        usual = next((top for top in tops if top.exists()), None)
        if usual and usual.is_dir() and "GIT_DIR" not in self.person.env:
            return usual
        return Path(self.person.must("git", "rev-parse", "--absolute-git-dir").stdout.decode().strip())

    def _bytes(self, name: str) -> bytes:
        return self.files[name] if name in self.files else self._path(name).read_bytes()

    # What is expected.

    def check_exits(self, code: str) -> bool:
        return self.last.exit_code == int(code)

    def check_stdout(self, expression: str) -> bool:
        return _found(expression, self.last.stdout)

    def check_stderr(self, expression: str) -> bool:
        return _found(expression, self.last.stderr)

    def check_shown(self, expression: str) -> bool:
        return _found(expression, self.shown)

    def check_json(self, path: str, value: str) -> bool:
        members: list[object] = [json.loads(self.last.stdout)]
        for step in path.split("."):
            members = [below for member in members for below in _members(member, step)]
        return any(re.fullmatch(value, str(member), re.DOTALL) for member in members)

    def check_exists(self, name: str) -> bool:
        return self._path(name).exists()

    def check_cmp(self, first: str, second: str) -> bool:
        return self._bytes(first) == self._bytes(second)

    def check_grep(self, expression: str, name: str) -> bool:
        return _found(expression, self._bytes(name))

    def check_mode(self, name: str, mode: str) -> bool:
        return sys.platform == "win32" or f"{self._path(name).stat().st_mode & 0o777:o}" == mode

    def check_clean_status(self) -> bool:
        self.last = self.person.must("git", "status", "--porcelain")
        return not self.last.said and not (self._git_dir() / "index.lock").exists()

    def check_no_secret_in_objects(self, *secrets: str) -> bool:
        repositories = self.lab.repositories()
        objects = self.lab.every_object(repositories)
        for secret in (secret for secret in secrets if secret.encode() in objects):
            where = [repository for repository in repositories if secret.encode() in self.lab.every_object([repository])]
            raise AssertionError(f"{secret} is in an object of {', '.join(map(str, where))}")
        return bool(secrets)

    def check_learns_nothing(self, name: str, *secrets: str) -> bool:
        known = knowledge.of(self.lab.person(name), self.lab)
        return bool(secrets) and not any(secret.encode() in known for secret in secrets)

    # What is done.

    def do_as(self, name: str) -> None:
        self.person = self.lab.person(name)

    def do_cd(self, name: str) -> None:
        self.person.cwd = self.person.home if name == "~" else self._path(name)
        assert self.person.cwd.is_dir(), "there is no such folder"

    def do_env(self, *settings: str) -> None:
        for name, _, value in (setting.partition("=") for setting in settings):
            self.person.env.pop(name, None)
            if value:
                self.person.env[name] = value

    def do_day(self, day: str) -> None:
        self.person.day = "" if day == "today" else expiry.last_day(day, access.today()) if day.endswith("d") else day

    def do_env_file(self, name: str, source: str) -> None:
        self.person.env[name] = self._bytes(source).decode("ascii")

    def do_stdin(self, text: str) -> None:
        self.stdin = _unescaped(text)

    def do_answers(self, text: str) -> None:
        self.answer = _unescaped(text)
        if sys.platform == "win32":
            pytest.skip("there are no pseudo-terminals")

    def do_follow(self, expression: str) -> None:
        proposed = re.findall("^(?:hint:| +) (.*)", (self.last.stdout + self.last.stderr).decode(), re.MULTILINE)
        command = next((line for line in proposed if re.search(expression, line)), "")
        assert command, f"nothing proposed: {proposed}"
        for words in map(shlex.split, command.split(" && ")):
            asks = words[0] == "gitenv" and words[1] in ("accept", "reject")
            self._run("", [*words, *(["--yes"] if asks else [])])

    def do_let(self, name: str, expression: str) -> None:
        match = re.search(expression, self.last.stdout.decode(), re.MULTILINE)
        assert match, "nothing found"
        self.variables[name] = match[0]

    def do_to(self, name: str) -> None:
        self._path(name).write_bytes(self.last.stdout)

    def do_cp(self, source: str, name: str) -> None:
        self._path(name).write_bytes(self._bytes(source))

    def do_bytes(self, name: str, text: str, times: str = "x1") -> None:
        self._path(name).write_bytes(_unescaped(text) * int(times.removeprefix("x")))

    def do_edit(self, name: str, old: str, new: str) -> None:
        data = self._path(name).read_bytes()
        assert data.count(_unescaped(old)) == 1, f"{old} stands there {data.count(_unescaped(old))} times"
        self._path(name).write_bytes(data.replace(_unescaped(old), _unescaped(new)))

    def do_mv(self, old: str, new: str) -> None:
        self._path(old).rename(self._path(new))

    def do_rm(self, *names: str) -> None:
        for path in map(self._path, names):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()

    def do_mkdir(self, *names: str) -> None:
        for path in map(self._path, names):
            path.mkdir(parents=True)

    def do_link(self, target: str, name: str) -> None:
        self._path(name).symlink_to(target)

    def do_executable(self, name: str) -> None:
        self._path(name).chmod(0o755)

    def do_needs(self, what: str) -> None:
        assert what in ("symlinks", "linux"), f"nobody knows whether there are {what}"
        if what == "linux" and sys.platform != "linux":
            pytest.skip("other systems have other limits")
        if sys.platform == "win32":
            pytest.skip("links need a privilege on Windows")

    def _without_hooks(self) -> Person:
        """Who forges wants none, and somebody whose tools make mistakes may have none."""
        self.person.must("git", "config", "core.hooksPath", "/dev/null")
        return self.person

    def do_forge(self, tool: str, *words: str) -> None:
        forgery.TOOLS[tool](self._without_hooks(), *words)

    def do_rotate(self, environment: str) -> None:
        forgery.rotate(self._without_hooks(), environment)

    def do_forge_grant(self, environment: str, name: str) -> None:
        forgery.forge_grant(self._without_hooks(), environment, name)

    def do_found_over(self, environment: str) -> None:
        forgery.found_over(self._without_hooks(), environment)

    def do_found_beside(self, environment: str, path: str) -> None:
        forgery.found_beside(self._without_hooks(), environment, path)


def _within(person: Person, words: list[str]) -> Done:
    """Run a command of gitenv's in this process: only reading ones, which leave nothing behind in it."""
    out, err = io.StringIO(), io.StringIO()
    streams = contextlib.redirect_stdout(out), contextlib.redirect_stderr(err)
    with contextlib.chdir(person.cwd), streams[0], streams[1], pytest.MonkeyPatch.context() as patch:
        for name in os.environ.keys() - person.env.keys():
            patch.delenv(name)
        for name, value in person.env.items():
            patch.setenv(name, value)
        code = edge.main(words)
    return Done(code, out.getvalue().encode(), err.getvalue().encode())


def _found(expression: str, data: bytes) -> bool:
    return re.search(expression, data.decode("utf-8", "replace"), re.MULTILINE) is not None


def _members(value: object, step: str) -> list[object]:
    if isinstance(value, dict):
        return list(value.values()) if step == "*" else [value[step]] if step in value else []
    if isinstance(value, list):
        return list(value) if step == "*" else value[int(step) :][:1]
    return []


def _unescaped(text: str) -> bytes:
    """`\\r`, `\\n`, `\\xff` and so on; every other character as UTF-8."""
    return re.sub(rb"\\(x[0-9a-f]{2}|.)", lambda m: m[0].decode("unicode_escape").encode("latin-1"), text.encode())
