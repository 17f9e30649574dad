"""What programs get: `gitenv run` becomes the command, `import gitenv` is light, and no secret is where others look."""

from __future__ import annotations

import functools
import os
import re
import shutil
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
from mypy import api

import gitenv
from gitenv import errors
from gitenv.model import dialect
from gitenv.sdk import child
from tests import forkserver, lab
from tests.conftest import NewLab
from tests.lab import Person

SECRET = "hunter2"
_POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither exec nor signals")
_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
_LOADED = "import sys; before = set(sys.modules)\n{}\nprint(*sorted(set(sys.modules) - before))"
_LOG_GIT = '#!/bin/sh\n{{ echo "$@"; env; }} >> {log}\nexec {git} "$@"\n'


@pytest.fixture
def alice(new_lab: NewLab) -> Person:
    """alice in her clone, with `.env` locked."""
    person = new_lab("founded").person("alice")
    person.cwd = person.home / "app"
    person.must("gitenv", "lock")
    return person


def _start(person: Person, *command: str) -> subprocess.Popen[bytes]:
    words = [*lab.gitenv("run"), "--", *command]
    return subprocess.Popen(words, cwd=person.cwd, env=person.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


@_POSIX
def test_run_becomes_the_command(alice: Person) -> None:
    """It has the process that was gitenv's, and a signal is its own."""
    with _start(alice, "sh", "-c", "echo $$ $PASSWORD; read line; kill -TERM $$") as running:
        assert running.stdout
        assert running.stdout.readline().decode() == f"{running.pid} {SECRET}\n"
        assert running.stdin
        running.stdin.write(b"\n")
        running.stdin.flush()
        assert running.wait() == -signal.SIGTERM


@_LINUX
def test_a_command_ends_with_its_reader(alice: Person) -> None:
    """Python ignores SIGPIPE, and the command must not inherit that. No descriptor of gitenv's is open in it."""
    with _start(alice, "sh", "-c", "grep SigIgn /proc/self/status; ls /proc/self/fd") as running:
        assert running.stdout
        ignored, *descriptors = running.stdout.read().decode().split()[1:]
    assert not int(ignored, 16) & 1 << (signal.SIGPIPE - 1)
    assert descriptors == ["0", "1", "2", "3"]  # `ls` has the folder open


@_POSIX
@pytest.mark.parametrize(("how", "pipe", "said"), [([], "", b"open\n"), (["--redact"], "", b"open\n"), ([], "9", b"")])
def test_what_was_open_stays_open(how: list[str], pipe: str, said: bytes, alice: Person) -> None:
    """As in `gitenv run -- psql -f <(…)`, and a supervisor's socket; but for the key that a gitenv left there."""
    alice.must("gitenv", "unlock")
    alice.must("git", "gc", "-q")  # git is started for what is packed
    (alice.cwd / "open").write_text("open\n")
    words = ["sh", "-c", 'exec 9< open; exec "$@"', "sh", *lab.gitenv("run"), *how, "--", "sh", "-c", "cat <&9"]
    env = {**alice.env, "GITENV_PRIVATE_KEY_PIPE": pipe}
    assert subprocess.run(words, cwd=alice.cwd, env=env, capture_output=True, check=False).stdout == said


@_LINUX
def test_no_secret_where_others_look(alice: Person, tmp_path: Path) -> None:
    """Neither the words of a git that is started nor its environment have a value or the key, nor those of the command."""
    log, git = tmp_path / "log", tmp_path / "bin" / "git"
    git.parent.mkdir()
    git.write_text(_LOG_GIT.format(log=log, git="/usr/bin/git"), encoding="utf-8")
    git.chmod(0o755)
    key = alice.must("gitenv", "key", "export", "--yes").stdout.decode()
    alice.env |= {"PATH": f"{git.parent}{os.pathsep}{alice.env['PATH']}", "GITENV_PRIVATE_KEY": key}
    alice.env["XDG_CONFIG_HOME"] = str(tmp_path)
    alice.must("git", "clone", "-q", lab.HUB, "../fresh")
    alice.cwd = alice.home / "fresh"
    log.unlink()
    seen = alice.must("gitenv", "run", "--", "sh", "-c", "cat /proc/$$/cmdline; env")
    assert f"PASSWORD={SECRET}" in seen.stdout.decode()
    asked = log.read_text("utf-8")
    assert "cat-file" in asked
    assert SECRET not in asked
    private = key.splitlines()[1]
    assert private not in seen.stdout.decode()
    assert private not in asked


def test_a_copy_of_the_key_goes_no_further() -> None:
    """A job that has the key in a variable of its own, too, hands neither of them on."""
    key = "KEY" * 40
    before = {"GITENV_PRIVATE_KEY": f"{key}\n", "GITENV_PRIVATE_KEY_PIPE": "7", "JOB": f"with {key} in it", "HOME": "/home"}
    assert child.inheritable(before) == {"HOME": "/home"}
    assert child.inheritable({"GITENV_PRIVATE_KEY": "o", "HOME": "/home"}) == {"HOME": "/home"}
    assert child.inheritable({"HOME": "/home"}) == {"HOME": "/home"}


def test_an_error_shows_no_value(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even a traceback with the variables of each frame, as error trackers send them."""
    for name in ("HOME", "XDG_CONFIG_HOME", "APPDATA"):
        monkeypatch.setenv(name, alice.env[name])
    with (alice.cwd / ".env").open("ab") as file:
        file.write(b"EVIL=1\n")
    key = alice.must("gitenv", "key", "export", "--yes").stdout.decode()
    (alice.cwd / ".env.local").write_text(f"NODE_OPTIONS={SECRET}\n", encoding="utf-8")
    client = gitenv.Client(key)
    with_key = functools.partial(gitenv.load, private_key=key)
    ways = [
        functools.partial(way, path=alice.cwd) for way in (gitenv.load, with_key, client.load, gitenv.values, client.values)
    ]
    shown = [_trace(way) for way in ways]
    assert all("EVIL" in text for text in shown)
    alice.must("git", "restore", ".env")
    shown += [_trace(way) for way in ways[:3]]
    assert all("NODE_OPTIONS" in text for text in shown[5:])
    assert not any(SECRET in text or key.splitlines()[1] in text for text in shown)


def test_a_traceback_shows_the_hint(tmp_path: Path) -> None:
    """Below the message: a program that does not catch the error shows nothing else of it."""
    with pytest.raises(gitenv.Missing) as caught:
        gitenv.load(path=tmp_path)
    assert caught.value.__notes__ == ["hint: change to the folder with your .env"]


def test_no_frame_of_ours_has_a_value(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor where somebody's own function fails, the key was copied badly, or something happens that nobody thought of."""
    for name in ("HOME", "XDG_CONFIG_HOME", "APPDATA"):
        monkeypatch.setenv(name, alice.env[name])
    key = alice.must("gitenv", "key", "export", "--yes").stdout.decode().replace("\n", "\\n")
    told: list[str] = []

    def tell(*given: object) -> None:
        told.extend(map(str, given))
        raise KeyError("own")

    shown = [_trace(functools.partial(gitenv.Client(on_wrapped_dek_received=tell).values, path=alice.cwd), KeyError)]
    assert len(told) == 4
    shown.append(_trace(functools.partial(gitenv.values, private_key=key), gitenv.Usage))
    shown.append(_trace(functools.partial(gitenv.Client, key), gitenv.Usage))

    def fails(*_: object) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(dialect, "read", fails)
    shown.append(_trace(functools.partial(gitenv.load, path=alice.cwd), gitenv.GitenvError))
    assert "RuntimeError at test_sdk.py" in shown[-1]
    assert not any(SECRET in text or key[40:80] in text for text in shown)


def _trace(way: Callable[[], object], kind: type[Exception] = gitenv.NotTrusted) -> str:
    with pytest.raises(kind) as caught:
        way()
    found = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    ours = [frame for frame in found.stack if "sdk" in Path(frame.filename).parts]  # what a test has is its own
    assert ours
    assert not found.__context__
    return f"{found}{[(frame.line, frame.locals) for frame in ours]}"


def _loaded(code: str, person: Person) -> set[str]:
    words = [sys.executable, "-E", "-P", "-c", _LOADED.format(code)]
    done = subprocess.run(words, cwd=person.cwd, env=person.env, capture_output=True, check=True, text=True)
    return set(done.stdout.split())


def test_an_import_loads_nothing(alice: Person) -> None:
    """`import gitenv` is one module, and an error two."""
    assert _loaded("import gitenv", alice) == {"gitenv"}
    assert len({name for name in _loaded("from gitenv import Locked", alice) if name.startswith("gitenv")}) == 2


def test_load_loads_no_command_line(alice: Person) -> None:
    """Neither typer, rich nor pygit2, no `subprocess`, and none of the rooms that change something."""
    loaded = _loaded("import gitenv; gitenv.load()", alice)
    assert "gitenv.sdk.load" in loaded
    assert not loaded & {"typer", "rich", "pygit2", "subprocess", "logging", "gitenv.cli", "gitenv.team", "gitenv.drivers"}


def test_the_errors_are_those_of_the_house() -> None:
    """Each public name is there, and the errors are the tree of `errors.py`."""
    for name in gitenv.__all__:
        assert name in dir(gitenv)
        assert getattr(gitenv, name) is getattr(errors, name, getattr(gitenv, name))
    with pytest.raises(AttributeError):
        gitenv.nothing  # type: ignore[attr-defined]  # noqa: B018


_TYPED = """
from pathlib import Path
import gitenv

def tell(project: str, environment: str, wrapped_dek: str, lease_expires: str | None) -> None: ...

gitenv.load()
gitenv.load("production", path=Path("."), override=True, private_key="", interpolate=True, missing="ignore")
client = gitenv.Client(private_key="", on_wrapped_dek_received=tell)
found: dict[str, str] = gitenv.values("production", path=Path("."), private_key=b"", interpolate=True, missing="ignore")
found = client.values(["development", "production"])
try:
    client.load()
except gitenv.Locked as error:
    text: str = error.message + error.hint
"""
_WRONGLY = """
import gitenv

gitenv.load(missing="perhaps")
gitenv.load(1)
gitenv.Client(on_wrapped_dek_received=lambda project: None)
found: dict[str, bytes] = gitenv.values()
"""


def test_types(tmp_path: Path) -> None:
    """A type checker takes the right program, and sees each mistake of the wrong one, by what is installed."""
    for name, text in (("right", _TYPED), ("wrong", _WRONGLY)):
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    top = Path(gitenv.__file__).parent.parent
    cache = f"--cache-dir={top / '.mypy_cache'}"
    said, trouble, _ = api.run(["--strict", cache, "--config-file=", *map(str, tmp_path.glob("*.py"))])
    assert not trouble
    assert [name for name, _ in sorted(set(re.findall(r"(\w+)\.py:(\d+): error:", said)))] == ["wrong"] * 4, said
    assert Path(gitenv.__file__).with_name("py.typed").exists()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("gitenv.load(missing='perhaps')", "Usage"),
        ("gitenv.load('Production')", "Usage"),
        ("gitenv.load(private_key='no key')", "Usage"),
        ("gitenv.load('production')", "Missing"),
        ("gitenv.load('production', missing='ignore')", ""),
        ("gitenv.load(path='nowhere/.env', missing='ignore')", ""),
        ("gitenv.load(['development'])", ""),
        ("gitenv.load(('development', 'production'))", "Missing"),
    ],
)
def test_what_load_says(code: str, said: str, alice: Person) -> None:
    """Each wrong argument is named by an error of its kind, and nothing else ends a program."""
    words = [forkserver.python(), "-E", "-P", "-c", f"import gitenv\n{code}"]
    done = subprocess.run(words, cwd=alice.cwd, env=alice.env, capture_output=True, check=False, text=True)
    assert done.returncode == bool(said)
    assert done.stderr.rpartition("gitenv.errors.")[2].partition(":")[0] == said


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs somebody else's files")
def test_somebody_elses_files(alice: Person) -> None:
    """A file above that belongs to neither of us is not used; a clone of somebody else's is refused as git refuses it."""
    release = alice.home / "release"
    shutil.copytree(alice.cwd / ".recipients", release / ".recipients")
    shutil.copy(alice.cwd / ".env", release)
    (release / "bin").mkdir()
    alice.cwd = release / "bin"
    alice.must("gitenv", "run", "--", "true")
    os.chown(release / ".env", 12345, 12345)
    refused = alice.run(["gitenv", "run", "--", "true"])
    assert refused.exit_code == 5
    assert "belongs to somebody else" in refused.said
    os.chown(release / "bin", 12345, 12345)
    alice.must("gitenv", "run", "--", "true")
    shared = alice.home / "shared"
    (shared / "mine").mkdir(parents=True)
    (shared / ".git").write_text(f"gitdir: {alice.home / 'app' / '.git'}\n", encoding="utf-8")
    (shared / ".env").write_bytes(b"PASSWORD=evil\n")
    alice.cwd = shared / "mine"
    alice.must("gitenv", "run", "--", "true")
    os.chown(shared / ".git", 12345, 12345)
    refused = alice.run(["gitenv", "get", "PASSWORD"])
    assert (refused.exit_code, refused.stdout) == (5, b"")
    alice.cwd = alice.home / "app"
    os.chown(alice.cwd / ".git", 12345, 12345)
    os.chown(alice.cwd, 12345, 12345)
    refused = alice.run(["gitenv", "run", "--", "true"])
    assert refused.exit_code == 5
    assert "git does not trust this folder: somebody else owns it" in refused.said


@_POSIX
def test_without_a_home(alice: Person, tmp_path: Path) -> None:
    """In a container nobody may have one: a key in the variable is enough, and without a key that is what is said."""
    key = alice.must("gitenv", "key", "export", "--yes").stdout.decode()
    shutil.copytree(alice.cwd / ".recipients", tmp_path / ".recipients")
    shutil.copy(alice.cwd / ".env", tmp_path)
    alice.cwd, nowhere = tmp_path, {"HOME": "not/absolute", "XDG_CONFIG_HOME": ""}
    with_key = alice.run(["gitenv", "get", "PASSWORD"], env={**nowhere, "GITENV_PRIVATE_KEY": key})
    assert with_key.stdout.decode() == f"{SECRET}\n"
    without = alice.run(["gitenv", "get", "PASSWORD"], env=nowhere)
    assert (without.exit_code, without.stdout) == (3, b"")
    ignoring = [sys.executable, "-E", "-P", "-c", "import gitenv; print(gitenv.values(missing='ignore'))"]
    assert alice.run(ignoring, env=nowhere).stdout.decode() == "{}\n"


@_POSIX
def test_bytes_in_any_locale(alice: Person) -> None:
    """Where somebody asked for a locale that is not in UTF-8, a program gets the bytes that stand in the file, all the same."""
    text = "café € ".encode() + b"\xff"
    (alice.cwd / ".env.local").write_bytes(b"TEXT='%s'\nBOTH=${OTHER}${TEXT}\n" % text)
    alice.env |= {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "OTHER": "é"}
    code = "import gitenv, os; gitenv.load(interpolate=True); os.write(1, os.environb[b'BOTH'])"
    both = "é".encode() + text
    assert alice.must("gitenv", "get", "TEXT").stdout == text + b"\n"
    assert alice.must("gitenv", "run", "--interpolate", "--", "printenv", "TEXT", "BOTH").stdout == text + b"\n" + both + b"\n"
    assert alice.must(sys.executable, "-P", "-c", code).stdout == both
    assert alice.must("gitenv", "run", "--redact", "--", "printenv", "TEXT").stdout == b"[TEXT redacted]\n"
    assert b"TEXT=" in alice.must("gitenv", "list", "--values").stdout
