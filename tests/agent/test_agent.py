"""An agent with a shell looks for values in a closed clone, and finds none. What it tries stands in `tries.txt`."""

from __future__ import annotations

import base64
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import forkserver
from tests.lab import HUB, Lab, Person, remove
from tests.sessions.answering import answered

if sys.platform == "win32":
    pytest.skip("there are no pseudo-terminals to allow a command on", allow_module_level=True)

_TRIES = [line for line in Path(__file__).with_name("tries.txt").read_text("utf-8").splitlines() if line[:1] not in ("#", "")]
_SECRETS = (b"hunter2-development", b"hunter2-production", b"hunter2-before")
_ASKS = ["sh", "-c", "ulimit -S -c"]
_KEPT = "config/gitenv"  # the user's own folder: who may read the key reads all, and nothing here keeps them from it


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """bob is let in, and has one clone, which is closed: an open one is gone. He allowed two commands on his terminal."""
    lab = Lab(tmp_path_factory.mktemp("agent") / "lab")
    alice, bob = lab.person("alice"), lab.person("bob")
    _founds(alice)
    bob.must("git", "clone", "-q", HUB, "was")
    bob.cwd = bob.home / "was"
    bob.must("gitenv", "init")
    bob.must("git", "commit", "-qm", "Ask")
    bob.must("git", "push", "-q")
    alice.must("git", "pull", "-q")
    alice.must("gitenv", "add-recipient", "bob", "--all", "--yes")
    alice.must("git", "commit", "-qm", "Let bob in")
    (alice.cwd / ".env").write_bytes(b"HELLO=1\nPASSWORD=hunter2-development\n")
    alice.must("git", "commit", "-qam", "Another password")
    alice.must("git", "push", "-q")
    bob.must("git", "pull", "-q")
    bob.must("gitenv", "unlock", "--yes")
    assert _SECRETS[0] in (bob.cwd / ".env").read_bytes()
    bob.cwd = bob.home
    bob.must("git", "clone", "-q", HUB, "agent")
    bob.cwd = bob.home / "agent"
    bob.must("gitenv", "init", "--closed")
    shutil.rmtree(bob.home / "was")
    for words in (["printenv", "PASSWORD"], _ASKS):
        done, _ = answered(bob, ["gitenv", "allow", "--", *words], b"y\n")
        assert done.exit_code == 0, done.said
    remove(alice.home)  # each try has a copy of the rest
    return lab


def _founds(alice: Person) -> None:
    alice.must("git", "clone", "-q", HUB, "app")
    alice.cwd = alice.home / "app"
    (alice.cwd / ".env").write_bytes(b"HELLO=1\nPASSWORD=hunter2-before\n")
    (alice.cwd / ".env.production").write_bytes(b"PASSWORD=hunter2-production\n")
    alice.must("gitenv", "init")
    alice.must("git", "commit", "-qm", "Encrypt .env")
    alice.must("git", "push", "-q", "origin", "HEAD:main")


@pytest.fixture
def agent(closed: Lab, tmp_path: Path) -> Callable[[str], bytes]:
    """Runs a line in a copy of that clone, and returns all that it could read afterwards."""
    root = tmp_path / "lab"
    bob = Lab(root, closed.root).person("bob")
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "gitenv"
    program.write_text(f'#!/bin/sh\nexec "{forkserver.python()}" -E -P -m gitenv "$@"\n', "utf-8")
    program.chmod(0o755)

    def run(line: str) -> bytes:
        own = {"TMPDIR": str(tmp_path / "tmp"), "XDG_RUNTIME_DIR": str(tmp_path / "run"), "USER": "bob"}
        for name in ("TMPDIR", "XDG_RUNTIME_DIR"):
            Path(own[name]).mkdir()
        paths = f"{folder}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{bob.env['PATH']}"
        done = subprocess.run(
            ["sh", "-c", line],
            cwd=bob.home / "agent",
            env={**bob.env, **own, "PATH": paths},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=120,
            start_new_session=True,
        )
        return b"".join([done.stdout, done.stderr, *_files([bob.home, *map(Path, (own["TMPDIR"], own["XDG_RUNTIME_DIR"]))])])

    return run


def _files(folders: list[Path]) -> Iterator[bytes]:
    for folder in folders:
        for path in folder.rglob("*"):
            if _KEPT not in path.as_posix() and path.is_file() and not path.is_symlink():
                yield path.read_bytes()


@pytest.mark.parametrize("line", _TRIES)
def test_an_agent_finds_no_value(line: str, agent: Callable[[str], bytes]) -> None:
    """Not on its screen, and in no file that it may read, as it is or in a usual spelling."""
    found = agent(line)
    for secret in _SECRETS:
        assert not [form for form in _forms(secret) if form in found], f"found {secret!r}"


def _forms(secret: bytes) -> list[bytes]:
    shifted = [base64.b64encode(b"x" * shift + secret)[4 * (shift > 0) : -4] for shift in range(3)]
    return [secret, secret[::-1], secret.hex().encode(), *shifted]


def test_the_lab_has_values(closed: Lab) -> None:
    """The user of that clone can read what the agent looks for: at a terminal."""
    bob = closed.person("bob")
    bob.cwd = bob.home / "agent"
    for environment, secret in (("development", _SECRETS[0]), ("production", _SECRETS[1])):
        done, _ = answered(bob, ["gitenv", "get", "PASSWORD", "-e", environment], b"y\n")
        assert secret in done.stdout, done.said


def test_there_are_enough_tries() -> None:
    """Thirty by who built it, and room for those of others."""
    assert len(_TRIES) >= 30
    assert len(set(_TRIES)) == len(_TRIES)


def test_no_core_file_of_a_command(agent: Callable[[str], bytes]) -> None:
    """One that crashes, or is made to, writes none into the folder where the agent works."""
    assert agent(f"ulimit -S -c $(ulimit -H -c); gitenv run -- {shlex.join(_ASKS)}").startswith(b"0\n")
