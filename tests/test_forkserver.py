"""What the tests start in the place of gitenv is gitenv."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from tests import forkserver
from tests.lab import Lab, Person, gitenv

if not forkserver.can_run():
    pytest.skip("every start is a real one", allow_module_level=True)

_REPORT = """
import os, sys, time
print(sys.argv[1:], sys.executable, sys.flags.safe_path, os.getcwd(), time.tzname, os.umask(0o22))
print(sorted(name for name in os.environ if name != "TESTS_OF_GITENV_SOCKET"), os.environb[b"X"])
for stream in (sys.stdin, sys.stdout, sys.stderr):
    print(stream.encoding, stream.errors, stream.isatty(), stream.fileno())
print(sys.getfilesystemencoding(), sys.getfilesystemencodeerrors(), open(os.devnull).encoding.lower())
print(sys.stdin.read(), file=sys.stderr)
sys.exit(int(sys.argv[1]))
"""


@pytest.fixture(scope="module")
def alice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Person]:
    """Somebody with a server, whatever the other tests have."""
    folder = tmp_path_factory.mktemp("server")
    with forkserver.running(folder):
        yield Lab(folder / "lab").person("alice")


@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
def test_a_fork_finds_what_a_real_start_finds(locale: str, alice: Person) -> None:
    """Arguments, interpreter, folder, environment, streams and exit code are the same."""
    command = [forkserver.python(), "-E", "-P", "-c", _REPORT, "3", "ä"]
    environ = {"X": "ß", "TZ": "CET", "LC_ALL": locale}
    forked = alice.run(command, "ü".encode(), environ)
    assert forked == alice.run(command, "ü".encode(), environ | forkserver.REAL)
    assert forked.exit_code == 3
    assert forked.stderr == "ü\n".encode()


@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
def test_a_fork_is_a_fork(locale: str, alice: Person) -> None:
    """Its modules are loaded before it begins, also where gitenv's own git starts it."""
    environ = {"LC_ALL": locale}
    command = [forkserver.python(), "-E", "-P", "-c", "import sys; sys.exit('gitenv.cli.app' in sys.modules)"]
    assert alice.run(command, env=environ).exit_code == 1
    assert alice.run(command, env=environ | forkserver.REAL).exit_code == 0


def test_a_fork_that_is_killed_has_no_exit_code(alice: Person) -> None:
    """Neither has whoever asked for it."""
    assert alice.run([forkserver.python(), "-E", "-P", "-c", "import os; os.kill(os.getpid(), 9)"]).exit_code == -9


def test_a_client_that_is_killed_takes_no_other_with_it(alice: Person) -> None:
    """Its fork finds nobody to tell the exit code to, and waits for the next one."""
    null = subprocess.DEVNULL
    with subprocess.Popen(gitenv("clean", ".env"), env=alice.env, stdin=-1, stdout=null, stderr=null) as client:
        assert client.stdin
        client.stdin.write(b"#" * 1_000_000)  # more than a pipe holds, so the fork reads
        client.stdin.flush()
        client.kill()
        client.wait()
    code = "import sys; sys.exit('gitenv.cli.app' in sys.modules)"
    for _ in range(3):
        assert alice.must("gitenv", "--version").stdout
        assert alice.run([forkserver.python(), "-E", "-P", "-c", code]).exit_code == 1


_USED = """
import gc, os, signal, sys, tempfile
from gitenv.cli import show
from gitenv.git import alone
from gitenv.model import names
from tests.forkserver import server
server.load()
loaded = server.Loaded()
loaded.begin()
before = signal.getsignal(signal.SIGINT)  # a shell's background ignores it
show.speak(is_quiet=True)
alone.leave_out(["hook.x.event"])
names.is_name("A")
signal.signal(signal.SIGINT, lambda *_: None)
tempfile.gettempdir()
gc.disable()
cycle = [lost := open(os.devnull)]
cycle.append(cycle)
del cycle, lost
is_put_back = loaded.restore()
left = [show.is_quiet(), alone.are_known(), names.is_name.cache_info().currsize, tempfile.tempdir]
left += [signal.getsignal(signal.SIGINT) is not before, not gc.isenabled(), os.getcwd() != "/"]
loaded.begin()
kept = open(os.devnull)
sys.exit(not is_put_back or any(left) or loaded.restore())
"""


def test_a_fork_is_put_back(alice: Person) -> None:
    """What a command leaves in its process is not there for the next; where it leaves an open file, there is no next."""
    command = [forkserver.python(), "-E", "-P", "-c", _USED]
    assert alice.run(command, env=forkserver.REAL) == (0, b"", b"")
