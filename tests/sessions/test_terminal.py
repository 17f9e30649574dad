"""What happens on a terminal, where somebody can be asked and can press Ctrl-C."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.conftest import NewLab
from tests.lab import GITENV, Person

if sys.platform == "win32":
    pytest.skip("there are no pseudo-terminals", allow_module_level=True)
import pty

Reply = Callable[[subprocess.Popen[bytes], int], None]


def on_terminal(person: Person, *words: str, at: str = "", reply: Reply | None = None) -> tuple[int, str]:
    """Run gitenv on a terminal, reply when it has said `at`; return its exit code and all that was seen."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        *([*GITENV, *words],),
        cwd=person.cwd,
        env=person.env,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # ignored in a shell's background
    )
    os.close(theirs)
    seen = b""
    while True:
        try:
            seen += os.read(ours, 4096)
        except OSError:  # EIO: the other side has closed
            break
        if reply and at.encode() in seen:
            reply(process, ours)
            reply = None
    os.close(ours)
    return process.wait(60), seen.decode("utf-8", "replace")


def say(text: bytes) -> Reply:
    """Type something."""

    def reply(_: subprocess.Popen[bytes], terminal: int) -> None:
        os.write(terminal, text)

    return reply


def interrupt(process: subprocess.Popen[bytes], _terminal: int) -> None:
    """Press Ctrl-C until it is over: everything in the foreground gets the signal, and one just before a read is not seen."""
    for _ in range(60):
        os.killpg(process.pid, signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.5)
            return
    process.kill()


@pytest.fixture
def alice(new_lab: NewLab) -> Person:
    """alice, whom carol asks to be let in."""
    lab = new_lab("team")
    carol = lab.person("carol")
    carol.must("git", "clone", "-q", str(lab.hub), "app")
    carol.cwd = carol.home / "app"
    carol.must("gitenv", "init")
    carol.must("git", "commit", "-qm", "Ask to read .env")
    carol.must("git", "push", "-q")
    alice = lab.person("alice")
    alice.cwd = alice.home / "app"
    alice.must("git", "pull", "-q")
    return alice


def test_yes_lets_in(alice: Person) -> None:
    """Answered with y, add-recipient goes on."""
    code, seen = on_terminal(alice, "add-recipient", "carol", at="[y/N]", reply=say(b"y\n"))
    assert code == 0
    assert "carol is a holder of development; staged" in seen
    assert alice.must("git", "status", "--porcelain").said == "A  .recipients/development/carol.grant"


@pytest.mark.parametrize("answer", [b"n\n", b"\n"])
def test_no_changes_nothing(alice: Person, answer: bytes) -> None:
    """Answered with n, or with nothing, add-recipient leaves everything as it is, and is done."""
    code, seen = on_terminal(alice, "add-recipient", "carol", at="[y/N]", reply=say(answer))
    assert code == 0
    assert "nothing was changed" in seen
    assert not alice.must("git", "status", "--porcelain").said


def test_interrupted_changes_nothing(alice: Person) -> None:
    """Ctrl-C at the question ends with 130, one line, and nothing changed."""
    code, seen = on_terminal(alice, "add-recipient", "carol", at="[y/N]", reply=interrupt)
    assert code == 130
    assert "interrupted" in seen
    assert "Traceback" not in seen
    assert not alice.must("git", "status", "--porcelain").said


def test_tables(alice: Person) -> None:
    """On a terminal status and recipients are tables with headings."""
    code, seen = on_terminal(alice, "status")
    assert code == 0
    assert "holders" in seen
    code, seen = on_terminal(alice, "recipients")
    assert code == 0
    assert "asks to be let in" in seen


def test_gitignore_question(new_lab: NewLab) -> None:
    """init asks before it takes .env out of .gitignore, and does it when told to."""
    alice = new_lab("").person("alice")
    alice.must("git", "init", "-q")
    (alice.cwd / ".gitignore").write_bytes(b".env\n")
    (alice.cwd / ".env").write_bytes(b"PASSWORD=hunter2\n")
    code, seen = on_terminal(alice, "init", at="[y/N]", reply=say(b"y\n"))
    assert code == 0
    assert ".env is ignored by .gitignore:1: .env" in seen
    assert b"gitenv1:" in alice.must("git", "cat-file", "blob", ":.env").stdout
    assert (alice.cwd / ".gitignore").read_bytes() == b""
