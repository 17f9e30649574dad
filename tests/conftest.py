"""What the tests share: a lab for each test, begun from a state that is made once and copied; and how gitenv is started there.

Most tests start it by `tests.forkserver`; those marked `real`, and each test with `GITENV_TEST_ALL=1`, as users do.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from gitenv.check import judge
from gitenv.git import program
from gitenv.repo.where import Where
from tests import forkserver
from tests.lab import Lab, Person, remove
from tests.sessions import runner

NewLab = Callable[[str], Lab]

ALL = bool(os.environ.get("GITENV_TEST_ALL"))
# A usual run has few examples, and each time the same: what fails was broken by the change at hand. The weekly run looks for
# new ones. No test of ours asserts a time, Hypothesis' own deadline included.
settings.register_profile(
    "gitenv",
    max_examples=100 if ALL else 40,
    derandomize=not ALL,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.differing_executors],
)
settings.load_profile("gitenv")
sys.dont_write_bytecode = False  # each worker would compile all of the tests, which takes it longer than to run most of them
_SHARED = "GITENV_TESTS_FOLDER"
_MEMORY = "/dev/shm"
_ENOUGH = 2 * 1024**3
_PATIENCE = 300


def _hear_signals() -> None:
    """Below `nohup`, or `&` in a script, signals are ignored, also by all that is started: no test of Ctrl-C would end."""
    for name in ("SIGINT", "SIGQUIT", "SIGHUP"):
        number = getattr(signal, name, None)
        if number and signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, lambda *_: None)  # pytest goes on, and what it starts is like anywhere else


def some(examples: int) -> int:
    """A quarter of so many examples; all of them once a week."""
    return examples if ALL else examples // 4


def pytest_configure(config: pytest.Config) -> None:
    """Before there are any workers: a folder for all of them, in memory if there is enough."""
    _hear_signals()
    if hasattr(config, "workerinput"):
        return
    if "TMPDIR" not in os.environ and _has_room(_MEMORY):
        os.environ["TMPDIR"] = tempfile.tempdir = _MEMORY
    os.environ[_SHARED] = tempfile.mkdtemp(prefix="gitenv-tests-")
    if forkserver.can_run() and not ALL:
        os.environ[forkserver.PYTHON] = forkserver.make_environment(_shared() / "python")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs no lab is quick; so are some sessions. The longest come first, pages and costs: no worker ends with one."""
    items.sort(key=lambda item: item.path.name not in ("test_docs.py", "test_costs.py"))
    for item in items:
        if not {"new_lab", "beginnings"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("quick")


def pytest_unconfigure(config: pytest.Config) -> None:
    """The workers have ended."""
    if not hasattr(config, "workerinput"):
        shutil.rmtree(_shared(), ignore_errors=True)


def _shared() -> Path:
    return Path(os.environ[_SHARED])


def _has_room(folder: str) -> bool:
    """Whether hooks can run there (containers often forbid it), and a lab for each worker has room."""
    with contextlib.suppress(OSError, AttributeError):
        found = os.statvfs(folder)
        return os.access(folder, os.W_OK) and not found.f_flag & os.ST_NOEXEC and found.f_bavail * found.f_frsize > _ENOUGH
    return False


@pytest.fixture(scope="session")
def _server() -> Iterator[None]:
    """The server of this worker, if there is to be one."""
    with forkserver.running(_shared()) if forkserver.PYTHON in os.environ else contextlib.nullcontext():
        yield


@pytest.fixture(autouse=True)
def _start(request: pytest.FixtureRequest, _server: None) -> None:
    """How this test starts gitenv. What it does not ask for is not made: most tests need no folder.

    `tmp_path` before `monkeypatch`, so that it is removed when what a test replaced (`os.lstat`) is back.
    """
    if "tmp_path" in request.fixturenames:
        request.getfixturevalue("tmp_path")
    if request.node.get_closest_marker("real"):
        request.getfixturevalue("monkeypatch").delenv(forkserver.SOCKET, raising=False)


@pytest.fixture(scope="session")
def beginnings() -> Callable[[str], Path]:
    """Labs that many tests begin from, each played once for all workers: see tests/sessions/beginnings/."""

    def beginning(name: str) -> Path:
        place = _shared() / "beginnings" / name
        with _claimed(place.with_suffix(".claim")):
            if not place.exists():
                session, draft = runner.read(runner.BEGINNINGS / f"{name}.txt"), _shared() / "drafts" / name
                runner.play(session, lambda earlier: Lab(draft, beginning(earlier) if earlier else None))
                for sample in draft.rglob("hooks/*.sample"):  # a fifth of its files, to be copied each time
                    sample.unlink()
                draft.rename(place)
        return place

    return cache(beginning)


@contextlib.contextmanager
def _claimed(claim: Path) -> Iterator[None]:
    """With a folder that nobody else has made."""
    claim.parent.mkdir(exist_ok=True)
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            claim.mkdir()
            break
        except FileExistsError:
            assert time.monotonic() < end, f"nobody gave up {claim} for {_PATIENCE} s"
            time.sleep(0.05)
    try:
        yield
    finally:
        claim.rmdir()


@pytest.fixture
def unconfigured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own, where git and gitenv know nothing of the machine's and the caller's configuration."""
    return configure_nothing(tmp_path, monkeypatch)


def configure_nothing(home: Path, patch: pytest.MonkeyPatch) -> Path:
    """Make `home` the home of whatever is started, and the only place where anything is configured."""
    for name in [name for name in os.environ if name.startswith(("GIT", "XDG_")) and name != _SHARED]:
        patch.delenv(name)
    for name, value in {"HOME": str(home), "APPDATA": str(home), "GIT_CONFIG_NOSYSTEM": "1"}.items():
        patch.setenv(name, value)
    for who in ("AUTHOR", "COMMITTER"):
        patch.setenv(f"GIT_{who}_NAME", "Eve")
        patch.setenv(f"GIT_{who}_EMAIL", "eve@example.com")
    return home


@pytest.fixture
def repository(unconfigured: Path) -> Iterator[Where]:
    """An empty repository, where git knows nobody's configuration."""
    program.run(str(unconfigured), "init", "-q", "-b", "main")
    with contextlib.closing(judge.find(str(unconfigured))) as place:
        yield place


@pytest.fixture
def new_lab(request: pytest.FixtureRequest, tmp_path: Path, beginnings: Callable[[str], Path]) -> Iterator[NewLab]:
    """Make this test's lab, from a beginning by name, or an empty one for "". It stays if the test fails."""

    def make(beginning: str) -> Lab:
        return Lab(tmp_path / "lab", beginnings(beginning) if beginning else None)

    failed = request.session.testsfailed
    yield make
    if request.session.testsfailed == failed:
        remove(tmp_path / "lab")


@pytest.fixture
def alice(new_lab: NewLab) -> Person:
    """alice in an empty repository."""
    alice = new_lab("").person("alice")
    alice.must("git", "init", "-q", "app")
    alice.cwd = alice.home / "app"
    return alice
