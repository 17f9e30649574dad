"""What happens on a terminal, where somebody can be asked and can press Ctrl-C."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import forkserver
from tests.conftest import NewLab
from tests.lab import Person, gitenv
from tests.sessions import forgery

if sys.platform == "win32":
    pytest.skip("there are no pseudo-terminals", allow_module_level=True)
import pty
import select
import termios

_PATIENCE = 120  # seconds, for a busy machine
Reply = Callable[[subprocess.Popen[bytes], int], None]


def on_terminal(person: Person, *words: str, at: str = "", reply: Reply | None = None) -> tuple[int, str]:
    """Run gitenv on a terminal, reply when it has said `at`; return its exit code and all that was seen."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        *(gitenv(*words),),
        cwd=person.cwd,
        env=person.env | forkserver.REAL,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # ignored in a shell's background
    )
    os.close(theirs)
    seen = b""
    while True:
        if not select.select([ours], [], [], _PATIENCE)[0]:
            process.kill()
            raise AssertionError(f"nothing more in {_PATIENCE} s after: {seen!r}")
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


def say_secretly(text: bytes) -> Reply:
    """Type something at a prompt that does not show it. It drops what was typed before it had switched that off."""

    def reply(_: subprocess.Popen[bytes], terminal: int) -> None:
        deadline = time.monotonic() + _PATIENCE
        while termios.tcgetattr(terminal)[3] & termios.ECHO and time.monotonic() < deadline:
            time.sleep(0.01)
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
    alice = new_lab("asked").person("alice")
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


def test_one_is_not_trusted(new_lab: NewLab) -> None:
    """For n, unlock leaves out what is new and opens the rest, so it does not say that nothing was changed."""
    lab = new_lab("team")
    alice, bob = lab.person("alice"), lab.person("bob")
    alice.cwd, bob.cwd = alice.home / "app", bob.home / "app"
    bob.must("gitenv", "add-environment", "staging", ".env.staging")
    bob.must("gitenv", "add-recipient", "alice", "-e", "staging", "--yes")
    bob.must("git", "commit", "-qm", "Staging")
    bob.must("git", "push", "-q")
    alice.must("gitenv", "lock")
    alice.must("git", "pull", "-q")
    code, seen = on_terminal(alice, "unlock", at="[y/N]", reply=say(b"n\n"))
    assert code == 0
    assert "not trusted: staging\r\n" in seen
    assert "development: opened .env" in seen
    assert "nothing was changed" not in seen


def test_interrupted_changes_nothing(alice: Person) -> None:
    """Ctrl-C at the question ends with 130, one line, and nothing changed."""
    code, seen = on_terminal(alice, "add-recipient", "carol", at="[y/N]", reply=interrupt)
    assert code == 130
    assert "interrupted" in seen
    assert "Traceback" not in seen
    assert not alice.must("git", "status", "--porcelain").said


def test_quiet_shows_what_a_question_is_about(alice: Person) -> None:
    """Who is asked sees whose key it is, and with what they agreed is no more said."""
    code, seen = on_terminal(alice, "add-recipient", "carol", "--quiet", at="[y/N]", reply=say(b"y\n"))
    assert code == 0
    assert "carol, key SHA256:" in seen.partition("[y/N]")[0]
    assert "staged" not in seen
    assert alice.must("git", "status", "--porcelain").said == "A  .recipients/development/carol.grant"


def test_colours(alice: Person) -> None:
    """On a terminal they are there, unless somebody says never; in a pipe only where somebody says always."""
    alice.env["TERM"] = "xterm"
    (alice.cwd / ".env").write_bytes(b"ANEW=1\n")
    assert "\x1b[" in on_terminal(alice, "diff")[1]
    assert "\x1b[" not in on_terminal(alice, "--color", "never", "diff")[1]
    assert "\x1b[" not in alice.must("gitenv", "diff").said
    alice.env["NO_COLOR"] = "1"
    assert "\x1b[" in alice.must("gitenv", "diff", "--color=always").said


def test_tables(alice: Person) -> None:
    """On a terminal status and recipients are tables with headings."""
    code, seen = on_terminal(alice, "status")
    assert code == 0
    assert "holders" in seen
    code, seen = on_terminal(alice, "recipients")
    assert code == 0
    assert "asks to be let in" in seen


def test_narrow(alice: Person) -> None:
    """Prose is cut between words; neither a command, nor a fingerprint, nor a word is cut."""
    alice.env["COLUMNS"] = "40"
    (alice.cwd / ".env.production").write_bytes(b"X=1\n")
    _, seen = on_terminal(alice, "add-environment", "production")
    assert "you are its only holder; let somebody\r\nin:\r\n  gitenv add-recipient NAME -e production\r\n" in seen
    assert "\r\n  git commit -m 'Add production'" in seen
    _, seen = on_terminal(alice, "uninstall", "--repository", at="[y/N]: ", reply=say(b"n\n"))
    assert max(map(len, seen.split("\r\n"))) <= 41  # with the answer
    _, seen = on_terminal(alice, "status", "-e", "nowhere")
    assert "error: there is no environment nowhere\r\nhint: there are: development, production\r\n" in seen


def test_gitignore_question(new_lab: NewLab) -> None:
    """init asks before it takes .env out of .gitignore, and does it when told to."""
    alice = new_lab("").person("alice")
    alice.must("git", "init", "-q")
    (alice.cwd / ".gitignore").write_bytes(b".env\n")
    (alice.cwd / ".env").write_bytes(b"PASSWORD=hunter2\n")
    code, seen = on_terminal(alice, "init", at="[y/N]", reply=say(b"n\n"))
    assert code == 0
    assert "commit it:\r\n  git commit -m 'Set gitenv up'\r\n" in seen  # nothing of .env is in it, and there is no remote
    code, seen = on_terminal(alice, "init", at="[y/N]", reply=say(b"y\n"))
    assert code == 0
    assert ".env is ignored by .gitignore:1: .env" in seen
    assert b"gitenv1:" in alice.must("git", "cat-file", "blob", ":.env").stdout
    assert (alice.cwd / ".gitignore").read_bytes() == b""


def test_second_step_of_founding(new_lab: NewLab) -> None:
    """init asks whether everybody has pulled the first step, and shares the files for y only."""
    alice = new_lab("").person("alice")
    alice.must("git", "init", "-q")
    (alice.cwd / ".gitignore").write_bytes(b".env\n")
    alice.must("git", "add", ".gitignore")
    alice.must("git", "-c", "user.email=bob@example.com", "commit", "-qm", "The app")
    (alice.cwd / ".env").write_bytes(b"PASSWORD=hunter2\n")
    alice.must("gitenv", "init", "--unignore")
    alice.must("git", "commit", "-qm", "Set gitenv up")
    alice.env["COLUMNS"] = "80"
    for answer, listed in ((b"n\n", b""), (b"y\n", b".env\n")):
        code, seen = on_terminal(alice, "init", at="[y/N]", reply=say(answer))
        assert code == 0
        assert ".env waits until your team has pulled the first step" in seen
        told = re.search(r"What they should know:\r\n(.*?)\r\nHas", seen, re.DOTALL)
        assert told
        assert max(map(len, told[1].split("\r\n"))) <= 80
        assert alice.must("git", "ls-files", ".env").stdout == listed


def test_leaving_question(alice: Person) -> None:
    """uninstall --repository asks, and changes nothing for n."""
    code, seen = on_terminal(alice, "uninstall", "--repository", at="[y/N]", reply=say(b"n\n"))
    assert code == 0
    assert "Take gitenv out of this repository (.env: out of git, and in your work tree as before)?" in seen
    assert "nothing was changed" in seen
    assert not alice.must("git", "diff", "--cached", "--name-only").said
    assert (alice.cwd / ".recipients").is_dir()


@pytest.fixture
def rotated(new_lab: NewLab) -> Person:
    """alice on a branch where bob has made the next generation, which her clone has not followed yet."""
    alice = new_lab("rotated").person("alice")
    alice.cwd = alice.home / "app"
    alice.must("git", "-c", f"core.hooksPath={os.devnull}", "switch", "-q", "topic")  # hooks would follow
    return alice


def test_trust_answered(rotated: Person) -> None:
    """gitenv trust shows the step and moves nothing for n; for y it moves the pin, once."""
    for answer in (b"n\n", b"\n"):
        code, seen = on_terminal(rotated, "trust", at="[y/N]", reply=say(answer))
        assert code == 0
        assert "then generation 2, revision 2" in seen
        assert "nothing was changed" in seen
        assert "development: pinned at generation 1, revision 1" in seen
    code, seen = on_terminal(rotated, "trust", at="[y/N]", reply=say(b"y\n"))
    assert code == 0
    assert "development: pinned at generation 2, revision 2; to open its files:" in seen
    assert "nothing has changed since" in rotated.must("gitenv", "trust").said


def test_trust_interrupted(rotated: Person) -> None:
    """Ctrl-C at the question moves nothing."""
    code, seen = on_terminal(rotated, "trust", at="[y/N]", reply=interrupt)
    assert code == 130
    assert "Traceback" not in seen
    code, seen = on_terminal(rotated, "trust", at="[y/N]", reply=say(b"n\n"))
    assert "development: pinned at generation 1, revision 1" in seen


def test_trust_in_a_stranger(new_lab: NewLab) -> None:
    """What does not follow ends with 4 for as long as the answer is n; who says y to it has it pinned."""
    lab = new_lab("crowd")
    eve, alice = lab.person("eve"), lab.person("alice")
    eve.cwd, alice.cwd = eve.home / "app", alice.home / "app"
    forgery.found_over(eve, "development")
    eve.must("git", "add", ".recipients")
    eve.must("git", "commit", "-qm", "Tidy up")
    eve.must("git", "push", "-q")
    alice.must("git", "pull", "-q")
    code, seen = on_terminal(alice, "trust", "development", at="[y/N]", reply=say(b"n\n"))
    assert code == 4
    assert "does not follow: development/environment: another environment under a known name, signed by eve" in seen
    assert alice.run(["gitenv", "unlock"]).exit_code == 4
    code, seen = on_terminal(alice, "trust", "development", at="[y/N]", reply=say(b"y\n"))
    assert code == 0
    assert "development: pinned at generation 1, revision 1" in seen
    assert "no grant for" in alice.run(["gitenv", "unlock", "development"]).said


@pytest.fixture
def pasted(new_lab: NewLab) -> Person:
    """alice, in whose file somebody has put a line in the place of a value."""
    lab = new_lab("crowd")
    eve, alice = lab.person("eve"), lab.person("alice")
    eve.cwd, alice.cwd = eve.home / "app", alice.home / "app"
    stored = eve.must("git", "cat-file", "blob", "HEAD:.env").stdout
    (eve.cwd / "pasted").write_bytes(stored + b"PASSWORD=pushed\n")
    forgery.stage(eve, "pasted", ".env")
    eve.must("git", "commit", "-qm", "Tidy up")
    eve.must("git", "push", "-q")
    alice.must("git", "pull", "-q")
    return alice


@pytest.mark.parametrize("verb", ["accept", "reject"])
@pytest.mark.parametrize("answer", [b"n\n", b"\n"])
def test_no_decides_nothing(pasted: Person, verb: str, answer: bytes) -> None:
    """Answered with n, or with nothing, accept and reject leave the file and the index as they are."""
    before = (pasted.cwd / ".env").read_bytes()
    code, seen = on_terminal(pasted, verb, "PASSWORD", at="[y/N]", reply=say(answer))
    assert code == 0
    assert "nothing was changed" in seen
    assert (pasted.cwd / ".env").read_bytes() == before
    assert not pasted.must("git", "status", "--porcelain").said


def test_accept_answered_with_yes(pasted: Person) -> None:
    """accept says what it replaces, never with what, and does it for y."""
    code, seen = on_terminal(pasted, "accept", "PASSWORD", at="[y/N]", reply=say(b"y\n"))
    assert code == 0
    assert ".env:4: PASSWORD, in the place of the value on line 3" in seen
    assert "pushed" not in seen
    assert "hunter2" not in seen
    assert (pasted.cwd / ".env").read_bytes() == b"# local\nHELLO=development\nPASSWORD=pushed\n"


def test_reject_answered_with_yes(pasted: Person) -> None:
    """reject removes the line for y, and nothing else."""
    code, seen = on_terminal(pasted, "reject", "PASSWORD", at="[y/N]", reply=say(b"y\n"))
    assert code == 0
    assert "pushed" not in seen
    assert (pasted.cwd / ".env").read_bytes() == b"# local\nHELLO=development\nPASSWORD=hunter2\n"


@pytest.mark.parametrize("verb", ["accept", "reject"])
def test_saved_while_asked(pasted: Person, verb: str) -> None:
    """An editor saves the file while the question is open: what was shown is not what is there, and nothing is overwritten."""
    file = pasted.cwd / ".env"
    saved = file.read_bytes() + b"NEW=hunter2-new\n"

    def save_and_agree(_: subprocess.Popen[bytes], terminal: int) -> None:
        file.write_bytes(saved)
        os.write(terminal, b"y\n")

    code, seen = on_terminal(pasted, verb, "PASSWORD", at="[y/N]", reply=save_and_agree)
    assert code == 5
    assert ".env was changed in the meantime" in seen
    assert file.read_bytes() == saved


# set, rotate, remove-recipient.


@pytest.fixture
def bob(new_lab: NewLab) -> Person:
    """bob, who holds development together with alice."""
    bob = new_lab("crowd").person("bob")
    bob.cwd = bob.home / "app"
    return bob


def _changes(person: Person) -> str:
    return person.must("git", "status", "--porcelain").said


def test_set_asks_without_showing(bob: Person) -> None:
    """What is typed at the prompt is never seen, and is the value without its line end."""
    code, seen = on_terminal(bob, "set", "PASSWORD", at="PASSWORD in .env", reply=say_secretly(b"hunter2-typed\n"))
    assert code == 0
    assert "PASSWORD changed in .env; staged" in seen
    assert "hunter2" not in seen
    assert b"PASSWORD=hunter2-typed\n" in (bob.cwd / ".env").read_bytes()


def test_set_seals_without_showing(new_lab: NewLab) -> None:
    """The same for who cannot read it back."""
    alice = new_lab("crowd").person("alice")
    alice.cwd = alice.home / "app"
    code, seen = on_terminal(alice, "set", "KEY", "-f", ".env.production", at="KEY in", reply=say_secretly(b"hunter2-typed\n"))
    assert code == 0
    assert "KEY sealed in .env.production" in seen
    assert "hunter2" not in seen
    assert b"hunter2" not in (alice.cwd / ".env.production").read_bytes()


def test_set_for_whom_nobody_knows(new_lab: NewLab) -> None:
    """Whoever does not believe a founder sets nothing; the command that is proposed asks again, and seals after a y."""
    lab = new_lab("team")
    eve, alice = lab.person("eve"), lab.person("alice")
    eve.must("git", "clone", "-q", lab.hub.as_posix(), "app")
    eve.cwd, alice.cwd = eve.home / "app", alice.home / "app"
    eve.must("gitenv", "key", "new")
    forgery.found_beside(eve, "staging", ".env.staging")
    eve.must("git", "add", ".recipients")
    eve.must("git", "commit", "-qm", "Staging")
    eve.must("git", "push", "-q")
    alice.must("git", "pull", "-q")
    code, seen = on_terminal(alice, "set", "KEY", "-f", ".env.staging", at="[y/N]", reply=say(b"n\n"))
    assert code == 3
    assert "staging is not trusted; nothing was changed" in seen
    assert "gitenv set KEY -f .env.staging" in seen

    def agree(process: subprocess.Popen[bytes], terminal: int) -> None:
        os.write(terminal, b"y\n")
        say_secretly(b"hunter2-typed\n")(process, terminal)

    code, seen = on_terminal(alice, "set", "KEY", "-f", ".env.staging", at="[y/N]", reply=agree)
    assert code == 0
    assert "KEY sealed in .env.staging for the holders of staging" in seen
    assert "hunter2" not in seen


def test_set_takes_no_empty_value(bob: Person, tmp_path: Path) -> None:
    """Enter alone at the prompt sets nothing; nor does an empty file or a device that the command is redirected from."""
    code, seen = on_terminal(bob, "set", "PASSWORD", at="PASSWORD in .env", reply=say_secretly(b"\n"))
    assert code == 2
    assert "no value came for PASSWORD, so nothing was changed" in seen
    (tmp_path / "empty").touch()
    for source in (tmp_path / "empty", Path(os.devnull)):
        with source.open("rb") as redirected:
            done = subprocess.run(
                gitenv("set", "PASSWORD"), cwd=bob.cwd, env=bob.env, stdin=redirected, capture_output=True, check=False
            )
        assert done.returncode == 2
        assert b"--empty" in done.stderr
    assert not _changes(bob)


def test_set_takes_no_part_of_a_value(bob: Person) -> None:
    """Of a key that is pasted the first line alone would be set, and of a very long line what the terminal takes."""
    for pasted, why in ((b"hunter2-one\nhunter2-two\n", "several lines came"), (b"hunter2" * 700 + b"\n", "a terminal cuts")):
        code, seen = on_terminal(bob, "set", "PASSWORD", at="PASSWORD in .env", reply=say_secretly(pasted))
        assert code == 2
        assert why in seen
        assert "--from-file FILE" in seen
        assert "hunter2" not in seen
        assert not _changes(bob)


def test_push_shows_no_progress(bob: Person) -> None:
    """It is one small commit; what git counts for it is noise, above all where quiet was asked for."""
    code, seen = on_terminal(bob, "set", "LEVEL=1", "--push", "--quiet")
    assert (code, seen) == (0, "")


def test_set_interrupted(bob: Person) -> None:
    """Ctrl-C at the prompt sets nothing."""
    code, seen = on_terminal(bob, "set", "PASSWORD", at="PASSWORD in .env", reply=interrupt)
    assert code == 130
    assert "Traceback" not in seen
    assert not _changes(bob)


def test_a_command_on_a_terminal_is_redacted_where_asked(bob: Person) -> None:
    """It has terminals, and no value is seen; with an agent's variable alone it is as it was: somebody sits there."""
    (bob.cwd / ".env.local").write_bytes(b"TOKEN=hunter2-typed\n")
    words = ("sh", "-c", "test -t 1 && test -t 2 && echo $TOKEN")
    assert on_terminal(bob, "run", "--redact", "--", *words) == (0, "[TOKEN redacted]\r\n")
    bob.env["CLAUDECODE"] = "1"
    assert on_terminal(bob, "run", "--", *words) == (0, "hunter2-typed\r\n")


def test_set_asks_for_each(bob: Person) -> None:
    """Several values are asked for one after the other, and none is seen."""

    def answer_both(process: subprocess.Popen[bytes], terminal: int) -> None:
        say_secretly(b"hunter2-one\n")(process, terminal)
        seen = b""
        while b"TWO in .env" not in seen:
            seen += os.read(terminal, 4096)
        say_secretly(b"hunter2-two\n")(process, terminal)

    code, seen = on_terminal(bob, "set", "ONE", "TWO", at="ONE in .env", reply=answer_both)
    assert code == 0
    assert "hunter2" not in seen
    assert (bob.cwd / ".env").read_bytes().endswith(b"\nONE=hunter2-one\nTWO=hunter2-two\n")


_TYPO = """\
if [ -e "$HOME/again" ]; then sed '/no assignment/d' "$1" > "$HOME/again"; cat "$HOME/again" > "$1"
else touch "$HOME/again"; printf 'NEW=hunter2-new\\nno assignment\\n' >> "$1"; fi
"""


def _editor(person: Person, script: str) -> None:
    (person.home / "editor.sh").write_text(script, encoding="utf-8")
    person.env["GIT_EDITOR"] = f"sh '{person.home / 'editor.sh'}'"


@pytest.mark.parametrize("is_closed", [False, True])
@pytest.mark.parametrize("answer", [b"y\n", b"n\n"])
def test_edit_goes_back(bob: Person, answer: bytes, is_closed: bool) -> None:
    """What a program could not read is asked about: y opens the editor with what was saved, and n keeps that."""
    if is_closed:
        bob.must("gitenv", "lock")
    _editor(bob, _TYPO)
    code, seen = on_terminal(bob, "edit", at="[y/N]", reply=say(answer))
    assert code == 0, seen
    assert "note: .env: line 5: sets nothing, and is no comment" in seen
    assert "hunter2" not in seen
    assert ".env changed: NEW; staged" in seen
    assert (b"hunter2" in (bob.cwd / ".env").read_bytes()) is not is_closed
    shown = bob.must("git", "diff", "--cached").stdout
    assert shown.count(b"\n+") - 1 == (1 if answer == b"y\n" else 2)
    assert b"hunter2-new" in bob.must("gitenv", "get", "NEW").stdout


def test_edit_drops_what_cannot_stand(bob: Person) -> None:
    """Who does not go back to mend what no file can hold has changed nothing."""
    _editor(bob, """printf 'NEW=gitenv1:1.aaaaaa:AAAA\\n' >> "$1"\n""")
    code, seen = on_terminal(bob, "edit", at="[y/N]", reply=say(b"n\n"))
    assert code == 0
    assert "Go back into the editor? Else nothing is changed." in seen
    assert "nothing was changed" in seen
    assert not _changes(bob)


def _hold(person: Person) -> tuple[subprocess.Popen[bytes], Path]:
    """An editor in which somebody sits, with a closed file; and the folder in which that lies."""
    person.must("gitenv", "lock")
    runtime = person.home / "runtime"
    runtime.mkdir()
    person.env["XDG_RUNTIME_DIR"] = str(runtime)
    _editor(person, """echo there > "$HOME/begun"; exec sleep 60\n""")
    process = subprocess.Popen(
        gitenv("edit"),
        cwd=person.cwd,
        env=person.env | forkserver.REAL,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + _PATIENCE
    while not (person.home / "begun").exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert b"hunter2" in b"".join(path.read_bytes() for path in runtime.rglob(".env"))
    return process, runtime


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_edit_leaves_no_value(bob: Person, number: signal.Signals) -> None:
    """Asked to end, it takes the plain text away; what one left that was killed, the next one takes away."""
    process, runtime = _hold(bob)
    os.kill(process.pid, number)
    assert process.wait(60) == (-number if number == signal.SIGKILL else 128 + number)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # what the editor started
    if number == signal.SIGKILL:
        bob.env["GIT_EDITOR"] = "true"
        bob.must("gitenv", "edit")
    assert not list(runtime.iterdir())
    assert not _changes(bob)


ASKED = [["rotate", "development"], ["remove-recipient", "carol"], ["set-role", "carol", "holder"]]


@pytest.mark.parametrize("words", ASKED)
@pytest.mark.parametrize("answer", [b"n\n", b"\n"])
def test_no_takes_nothing_away(bob: Person, words: list[str], answer: bytes) -> None:
    """Answered with n, or with nothing, nothing is rotated and nobody is taken out."""
    code, seen = on_terminal(bob, *words, at="[y/N]", reply=say(answer))
    assert code == 0
    assert "nothing was changed" in seen
    assert not _changes(bob)


@pytest.mark.parametrize("words", ASKED)
def test_yes_does_it(bob: Person, words: list[str]) -> None:
    """Answered with y, it is done and staged, after everybody who will be in was named with their fingerprint."""
    code, seen = on_terminal(bob, *words, at="[y/N]", reply=say(b"y\n"))
    assert code == 0
    assert "staged" in seen
    assert "hunter2" not in seen
    if words[0] != "set-role":
        assert seen.index("for alice, holder, SHA256:") < seen.index("[y/N]")
    assert "carol.grant" in _changes(bob)


@pytest.mark.parametrize("answers", [b"n\n", b"y\nn\n", b"y\n\n"])
def test_removing_oneself_asks_twice(bob: Person, answers: bytes) -> None:
    """A no at either question changes nothing."""
    code, seen = on_terminal(bob, "remove-recipient", "bob", "-e", "development", at="[y/N]", reply=say(answers))
    assert code == 0
    assert seen.count("[y/N]") == (1 if answers[:1] == b"n" else 2)
    assert ("That is you" in seen) is (answers[:1] == b"y")
    assert "nothing was changed" in seen
    assert not _changes(bob)


def test_removing_oneself(bob: Person) -> None:
    """Twice yes does it, and says what only another holder can do afterwards."""
    code, seen = on_terminal(bob, "remove-recipient", "bob", "-e", "development", at="[y/N]", reply=say(b"y\ny\n"))
    assert code == 0
    assert seen.count("[y/N]") == 2
    assert "you made this key, so you know it" in seen
    assert "D  .recipients/development/bob.grant" in _changes(bob)
    assert b"hunter2" not in (bob.cwd / ".env").read_bytes()


def test_push_after_a_switch_while_it_asks(alice: Person) -> None:
    """What is on another branch by then is not pushed to the one that `gitenv set --push` began on."""
    alice.must("git", "switch", "-qc", "topic")
    alice.must("git", "commit", "-q", "--allow-empty", "-m", "Not for main")
    alice.must("git", "switch", "-q", "main")
    before = alice.must("git", "ls-remote", "origin").stdout

    def switch(process: subprocess.Popen[bytes], terminal: int) -> None:
        alice.must("git", "switch", "-q", "topic")
        say_secretly(b"secret-value\n")(process, terminal)

    code, seen = on_terminal(alice, "set", "HELLO", "--push", at="HELLO in .env", reply=switch)
    assert code == 5, seen
    assert "another commit is checked out by now" in seen
    assert alice.must("git", "ls-remote", "origin").stdout == before
