"""What commands start and bring to the disk does not grow with the number of files and of environments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest

from gitenv.model import simple
from gitenv.model.finding import Finding
from gitenv.team import file_status
from gitenv.team.file_status import FileStatus
from gitenv.team.workspace import Workspace
from tests import forkserver
from tests.conftest import NewLab
from tests.lab import Person

_COUNTED = """
import os, sys
counted, fsync = [], os.fsync
def note(event, arguments):
    if event in ("subprocess.Popen", "os.posix_spawn"):
        counted.append("process")
    elif event == "os.rename":
        counted.append("file")
def synced(descriptor):
    counted.append("fsync")
    fsync(descriptor)
sys.addaudithook(note)
os.fsync = synced
from gitenv.__main__ import main
code = main()
sys.stderr.write("\\ncounted: " + " ".join(counted))
sys.exit(code)
"""


def _count(person: Person, *words: str) -> Mapping[str, int]:
    """Run a command and return how many processes it started, files it put in their places, and how often it called fsync."""
    done = person.run([forkserver.python(), "-E", "-P", "-c", _COUNTED, *words])
    assert done.exit_code == 0, done.said
    return Counter(done.stderr.decode().rpartition("counted: ")[2].split())


@pytest.fixture
def alice(new_lab: NewLab) -> Person:
    """alice, who has a key."""
    alice = new_lab("").person("alice")
    alice.must("git", "init", "-q", ".")
    alice.must("gitenv", "init")
    return alice


def _repository(alice: Person, name: str, count: int, pattern: str) -> None:
    alice.cwd = alice.home
    alice.must("git", "init", "-q", name)
    alice.cwd = alice.home / name
    for number in range(count):
        path = alice.cwd / pattern.format(number)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"HELLO=%d\n" % number)


def _clone(alice: Person, name: str) -> None:
    alice.must("git", "commit", "-qm", "Found", "--allow-empty")
    alice.must("git", "clone", "-q", str(alice.cwd), str(alice.home / name))
    alice.cwd = alice.home / name


def test_environments(alice: Person) -> None:
    """Founding and joining start as many processes for twenty environments as for ten, and bring only the pins to the disk."""
    counted: dict[int, dict[str, Mapping[str, int]]] = {}
    for count in (10, 20):
        _repository(alice, f"app-{count}", count, ".env.stage-{}")
        counted[count] = {"found": _count(alice, "init")}
        _clone(alice, f"clone-{count}")
        counted[count] |= {"join": _count(alice, "init")}
        counted[count] |= {verb: _count(alice, verb) for verb in ("unlock", "status", "lock")}
    for verb, few in counted[10].items():
        more = counted[20][verb]
        assert more["process"] == few["process"], verb
        assert more["fsync"] - few["fsync"] == (10 if verb in ("found", "join") else 0), verb  # the pins


def _git_starts(person: Person, *words: str) -> int:
    """Run a command and return how often git was started, also by what it starts itself."""
    trace = person.home / "trace"
    trace.unlink(missing_ok=True)
    done = person.run(words, env={"GIT_TRACE2_EVENT": str(trace)})
    assert done.exit_code == 0, done.said
    return trace.read_bytes().count(b'"event":"start"')


def test_environments_with_a_past(alice: Person) -> None:
    """What is asked of history is asked once, however many environments are new in it, or are not there yet."""
    counted: dict[int, dict[str, int]] = {}
    for count in (3, 13):
        _repository(alice, f"past-{count}", count, ".env.stage-{}")
        alice.must("git", "add", ".")
        alice.must("git", "commit", "-qm", "Plain")
        done = {"found": _git_starts(alice, "gitenv", "init"), "found again": _git_starts(alice, "gitenv", "init")}
        for path in alice.cwd.glob(".env*"):
            path.write_bytes(b"HELLO=edited\n")
        done["diff"] = _git_starts(alice, "gitenv", "diff")
        done["git add"] = _git_starts(alice, "git", "add", ".")
        alice.must("git", "commit", "-qm", "Found")
        for path in alice.cwd.glob(".env*"):
            path.write_bytes(b"HELLO=edited again\n")
        done["git add, committed"] = _git_starts(alice, "git", "add", ".")
        alice.must("git", "reset", "-q", "--hard")
        done["git checkout"] = _git_starts(alice, "git", "checkout", "-q", "HEAD~1")
        alice.must("git", "checkout", "-q", "-")
        alice.must("git", "rm", "-rq", *(f".recipients/stage-{number}" for number in range(1, count)))
        alice.must("git", "commit", "-q", "--no-verify", "-m", "Remove")
        done["status"] = _git_starts(alice, "gitenv", "status")
        counted[count] = done
    # git looks once more at files as young as its index, so on a busy machine some starts come or go.
    assert {what: more for what, more in counted[13].items() if more - counted[3][what] >= 10} == {}


def test_files(alice: Person) -> None:
    """Closing and opening more files brings no more to the disk: git has what is in them."""
    counted: dict[int, dict[str, Mapping[str, int]]] = {}
    for count in (70, 90):
        _repository(alice, f"app-{count}", count, "{}/.env")
        _count(alice, "init")
        alice.must("git", "commit", "-qm", "Found")
        counted[count] = {verb: _count(alice, verb) for verb in ("lock", "unlock", "status")}
    for verb, few in counted[70].items():
        more = counted[90][verb]
        assert (more["process"], more["fsync"]) == (few["process"], few["fsync"]), verb
        assert more["file"] - few["file"] == (20 if verb in ("lock", "unlock") else 0), verb


def _raw(alice: Person, path: str, data: bytes) -> None:
    """Put something into the index past the filter, and into the work tree."""
    blob = alice.run(["git", "hash-object", "-w", "--stdin"], data).stdout.decode().strip()
    alice.must("git", "update-index", "--add", "--cacheinfo", f"100644,{blob},{path}")
    (alice.cwd / path).parent.mkdir(exist_ok=True)
    (alice.cwd / path).write_bytes(data)


def test_the_quick_look_at_a_file_says_the_same(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of ordinary files, and of edited, closed and missing ones, plain text, marks, and tokens of a retired key."""
    _repository(alice, "app", 4, "{}/.env")
    (alice.cwd / "0/.env").write_bytes(b"## head\n\n# note\nHELLO=0\nexport MORE=1\nMORE=2\n")
    alice.must("gitenv", "init")
    retired = alice.run(["git", "cat-file", "blob", ":1/.env"]).stdout
    alice.must("git", "commit", "-qm", "Found")
    alice.must("gitenv", "rotate", "development")
    token = alice.run(["git", "cat-file", "blob", ":2/.env"]).stdout
    (alice.cwd / "1/.env").unlink()
    (alice.cwd / "2/.env").write_bytes(b"HELLO=edited\n")
    _raw(alice, "plain/.env", b"EVIL=1\n")
    _raw(alice, "mixed/.env", token + b"EVIL=1\n")
    _raw(alice, "retired/.env", retired)
    _raw(alice, "opened/.env", retired)
    (alice.cwd / "opened/.env").write_bytes(b"HELLO=1\n")
    _raw(alice, "marked/.env", token)
    (alice.cwd / "marked/.env").write_bytes(b"HELLO=2\n#gitenv-unverified:x:EVIL\n")
    _raw(alice, "closed/.env", token)
    _raw(alice, "headings/.env", b"## nothing\n\n")
    _raw(alice, "wide/.env", token)
    (alice.cwd / "wide/.env").write_bytes("HELLO=2\n".encode("utf-16"))
    _raw(alice, "long/.env", token)
    (alice.cwd / "long/.env").write_bytes(b"A=1\n" * 10_001)
    for name, value in alice.env.items():
        monkeypatch.setenv(name, value)

    def look() -> tuple[list[FileStatus], list[Finding]]:
        workspace, problems = Workspace(str(alice.cwd)), list[Finding]()
        (pin,) = workspace.access.pinned()
        found = file_status.statuses(workspace, pin.environment, workspace.access.ring(pin), problems)
        workspace.repository.objects.close()
        return found, problems

    quick = look()
    monkeypatch.setattr(simple, "keys", lambda *_: None)
    assert quick == look()
    assert len(quick[0]) > 10
    assert len({problem.code for problem in quick[1]}) > 4
