"""A command whose output is redacted is otherwise the command: its terminal, signals, exit code, and what it leaves running."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

if sys.platform == "win32":
    pytest.skip("there are no pseudo-terminals, and no signals", allow_module_level=True)
import fcntl
import pty
import select
import struct
import termios

_PATIENCE = 4  # seconds, for a busy machine
SECRET = "hunter2-hunter2"
MARK = "[PASSWORD redacted]"
_PROGRAM = f"""
import os, signal, sys
from gitenv.system import relaying
os.environ["PASSWORD"] = {SECRET!r}
relaying.begin([("PASSWORD", os.environb[b"PASSWORD"])])
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])
"""


def _relayed(script: str) -> list[str]:
    return [sys.executable, "-c", _PROGRAM, "sh", "-c", script]


@contextlib.contextmanager
def _started(script: str, **how: Any) -> Iterator[subprocess.Popen[str]]:
    """It is killed at the end if it is still there, or a test that fails would wait for it."""
    process = subprocess.Popen(_relayed(script), text=True, process_group=0, **how)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for stream in process.stdin, process.stdout:
            if stream:
                stream.close()


def _run(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(_relayed(script), capture_output=True, text=True, timeout=_PATIENCE, check=False)


@pytest.mark.parametrize(
    ("script", "code"), [("exit 7", 7), ("kill -TERM $$", -15), ("kill -KILL $$", -9), ("exec >&- 2>&-; exit 4", 4), (":", 0)]
)
def test_the_exit_code_is_the_commands(script: str, code: int) -> None:
    """A signal where one ended it, or a shell's loop would go on after Ctrl-C; also where it had closed its output before."""
    assert _run(script).returncode == code


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="asks Linux what is open")
@pytest.mark.parametrize(("closed", "numbers"), [("<&-", "0"), (">&-", "1"), ("2>&-", "2"), ("<&- >&-", "0 1")])
def test_a_stream_that_was_closed_stays_so(closed: str, numbers: str) -> None:
    """As it is under some supervisors; what is open works."""
    script = 'for i in 0 1 2; do test -e /proc/$$/fd/$i || set "$@" $i; done; { test -e /proc/$$/fd/1 || exec >&2; }'
    words = " ".join(map(shlex.quote, _relayed(f'{script}; echo "$@" $PASSWORD; exit 5')))
    done = subprocess.run(
        ["sh", "-c", f"exec {words} {closed}"], capture_output=True, text=True, timeout=_PATIENCE, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (5, f"{numbers} {MARK}\n")


def test_both_ways_out_are_redacted() -> None:
    """What goes to standard output stays there, and so does what goes to standard error."""
    done = _run('echo "out $PASSWORD"; echo "err $PASSWORD" >&2')
    assert (done.stdout, done.stderr) == (f"out {MARK}\n", f"err {MARK}\n")


def test_one_way_for_both_keeps_their_order(tmp_path: Path) -> None:
    """Where both are one file or pipe, lines come in the order in which they were written."""
    with (tmp_path / "both").open("wb") as both:
        script = "for i in 1 2 3 4 5; do echo out $i; echo err $i $PASSWORD >&2; done"
        subprocess.run(_relayed(script), stdout=both, stderr=subprocess.STDOUT, timeout=_PATIENCE, check=True)
    expected = "".join(f"out {number}\nerr {number} {MARK}\n" for number in range(1, 6))
    assert (tmp_path / "both").read_text() == expected


def test_all_is_written_when_it_ends(tmp_path: Path) -> None:
    """Whoever looks into the file after the command finds everything there."""
    with (tmp_path / "log").open("wb") as log:
        subprocess.run(_relayed("seq 200000; echo $PASSWORD"), stdout=log, timeout=_PATIENCE, check=True)
    lines = (tmp_path / "log").read_text().splitlines()
    assert (len(lines), lines[-1]) == (200_001, MARK)


def test_a_line_appears_at_once() -> None:
    """A server's log is read while it runs; so is a prompt without a line end, and input gets to it."""
    script = "printf 'Password: '; read answer; echo got $answer"
    with _started(script, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        assert os.read(process.stdout.fileno(), 100) == b"Password: "
        process.stdin.write("typed\n")
        process.stdin.flush()
        assert process.stdout.read() == "got typed\n"


def test_nobody_reads_any_more() -> None:
    """`| head` ends what is before it, as without gitenv."""
    with _started("exec yes $PASSWORD", stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == f"{MARK}\n"
        process.stdout.close()
        assert process.wait(_PATIENCE) == -signal.SIGPIPE


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="asks Linux for a disk that is full")
@pytest.mark.parametrize(("script", "code"), [("echo $PASSWORD", 1), ("exec yes", 1), ("echo x; exit 7", 7)])
def test_a_full_disk(script: str, code: int) -> None:
    """Output that is missing is no success."""
    with open("/dev/full", "wb") as full:
        done = subprocess.run(_relayed(script), stdout=full, stderr=subprocess.PIPE, text=True, timeout=_PATIENCE, check=False)
    assert done.returncode == code
    assert ("what it printed cannot be written: No space left on device" in done.stderr) == (code == 1)


def test_what_feeds_the_command_learns_that_it_does_not_read() -> None:
    """`yes | gitenv run -- head -1` ends."""
    ours, theirs = os.pipe()
    with _started("head -1; exec sleep 60 <&-", stdin=ours, stdout=subprocess.PIPE) as process:
        os.close(ours)
        with pytest.raises(BrokenPipeError):
            _write_for_ever(theirs)
        os.close(theirs)
        process.terminate()
        assert process.wait(_PATIENCE) == -signal.SIGTERM


def _write_for_ever(target: int) -> None:
    while True:
        os.write(target, b"y\n" * 1000)


def test_what_was_left_running_is_not_waited_for(tmp_path: Path) -> None:
    """A server that a script starts keeps its output, redacted, after that; nothing hangs, nothing is killed."""
    go, log = tmp_path / "go", tmp_path / "log"
    script = f"(while ! test -e {go}; do sleep 0.05; done; echo late $PASSWORD) & echo now"
    with log.open("wb") as out:
        subprocess.run(_relayed(script), stdout=out, stderr=subprocess.DEVNULL, timeout=_PATIENCE, check=True)
    assert log.read_text() == "now\n"
    go.touch()
    assert _comes(lambda: log.read_text() == f"now\nlate {MARK}\n")


def _comes(is_so: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + _PATIENCE
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.02)
    return is_so()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGUSR1])
def test_signals_are_passed_on(number: signal.Signals) -> None:
    """The command decides what they do; a supervisor knows only the process that it started."""
    name = number.name.removeprefix("SIG")
    script = f"trap 'echo caught; exit 9' {name}; echo ready; while :; do sleep 0.05; done"
    with _started(script, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        assert process.stdout.read() == "caught\n"
        assert process.wait(_PATIENCE) == 9


_COUNTS = """
import signal, time
caught = []
signal.signal(signal.{name}, lambda *_: caught.append(1))
print("ready", flush=True)
while not caught:
    time.sleep(0.01)
end = time.monotonic() + 0.5
while time.monotonic() < end:
    time.sleep(0.01)
print("caught", len(caught))
"""


def _counts(number: signal.Signals) -> str:
    return f"exec '{sys.executable}' -c '{_COUNTS.format(name=number.name)}'"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_all_get_comes_once(number: signal.Signals) -> None:
    """A supervisor or `timeout` sends to the whole group; for many servers a second one means: at once."""
    with _started(_counts(number), stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        os.killpg(process.pid, number)
        assert process.stdout.read() == "caught 1\n"


def test_who_starts_us_ignores_what_becomes_of_children() -> None:
    """Some daemons do, and the system then keeps no exit code. The command is started as it would be without gitenv."""
    asks = "import signal; exit(3 + (signal.getsignal(signal.SIGCHLD) != signal.SIG_IGN))"
    words = [sys.executable, "-c", _PROGRAM, sys.executable, "-c", asks]  # a shell has a way of its own with it
    starts = "import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"
    for each, code in ((_relayed("exit 3"), 3), (words, 3)):
        done = subprocess.run([sys.executable, "-c", starts, *each], capture_output=True, timeout=_PATIENCE, check=False)
        assert done.returncode == code


def test_stopped_and_continued() -> None:
    """SIGTSTP stops both, SIGCONT lets both go on."""
    with _started("echo $$; while :; do sleep 0.05; done", stdout=subprocess.PIPE) as process:
        assert process.stdout
        command = int(process.stdout.readline())
        process.send_signal(signal.SIGTSTP)
        assert _comes(lambda: _state(process.pid) == _state(command) == "T")
        process.send_signal(signal.SIGCONT)
        assert _comes(lambda: "T" not in (_state(process.pid), _state(command)))
        process.terminate()
        assert process.wait(_PATIENCE) == -signal.SIGTERM


def _state(pid: int) -> str:
    return subprocess.run(["ps", "-o", "state=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout.strip()[
        :1
    ]


class _Terminal:
    """Somebody before a screen of 100 columns, on which a command runs."""

    def __init__(self, script: str) -> None:
        self._ours, theirs = pty.openpty()
        self.resize(100)
        self.process = subprocess.Popen(
            _relayed(script), stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True, preexec_fn=_control
        )
        os.close(theirs)
        self.seen = ""

    def resize(self, columns: int) -> None:
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("4H", 40, columns, 0, 0))

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def until(self, text: str) -> str:
        """What is seen until there is that."""
        while text not in self.seen and self._read():
            pass
        assert text in self.seen, self.seen
        return self.seen

    def end(self) -> int:
        while self._read():
            pass
        os.close(self._ours)
        return self.process.wait(_PATIENCE)

    def _read(self) -> bool:
        assert select.select([self._ours], [], [], _PATIENCE)[0], self.seen
        try:
            self.seen += os.read(self._ours, 4096).decode()
        except OSError:  # EIO: closed
            return False
        return True


def _control() -> None:
    """The terminal is the one that Ctrl-C counts on."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def test_a_terminal_stays_one() -> None:
    """All three streams are terminals of its size, lines end once, and values go."""
    terminal = _Terminal("test -t 0 && test -t 1 && test -t 2 && echo on; stty size <&1; echo $PASSWORD")
    assert terminal.end() == 0
    assert terminal.seen == f"on\r\n40 100\r\n{MARK}\r\n"


def test_a_terminal_is_made_wider() -> None:
    """The command hears of it when its terminal has the new size."""
    terminal = _Terminal("trap 'stty size <&1; exit' WINCH; echo ready; while :; do sleep 0.05; done")
    terminal.until("ready")
    terminal.resize(120)
    terminal.until("40 120")
    assert terminal.end() == 0


def test_a_key_is_seen_that_begins_a_value() -> None:
    """A program that shows key by key what is typed is usable, and shows no value."""
    keys = 'while c=$(dd bs=1 count=1 2>/dev/null) && test "$c" != q; do printf %s $c; done'
    terminal = _Terminal(f"stty -icanon -echo; echo ready; {keys}")
    terminal.until("ready\r\n")
    terminal.type("h")
    terminal.until("ready\r\nh")
    terminal.type("u")
    terminal.until("ready\r\nhu")
    for key in SECRET[2:] + "q":
        terminal.type(key)
    assert terminal.end() == 0
    assert SECRET[3:] not in terminal.seen
    assert MARK in terminal.seen


def test_ctrl_c_comes_once() -> None:
    """From the terminal, which sends it to all; the command says what is done about it."""
    terminal = _Terminal(_counts(signal.SIGINT))
    terminal.until("ready")
    terminal.type("\x03")
    terminal.until("caught 1")
    assert terminal.end() == 0


def test_sigint_of_somebody_else() -> None:
    """From another terminal, to the process that is in the foreground here."""
    terminal = _Terminal(_counts(signal.SIGINT))
    terminal.until("ready")
    terminal.process.send_signal(signal.SIGINT)
    terminal.until("caught 1")
    assert terminal.end() == 0


def test_a_terminal_that_hangs_up() -> None:
    """Both end, and nothing is left."""
    terminal = _Terminal("echo $$; while :; do sleep 0.05; done")
    command = int(terminal.until("\n"))
    terminal.process.send_signal(signal.SIGHUP)
    assert terminal.end() == -signal.SIGHUP
    assert _comes(lambda: _state(command) == "")
