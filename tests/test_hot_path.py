"""What git starts loads nothing it does not need: every `git status` with a touched .env pays for it."""

from __future__ import annotations

import contextlib
import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import gitenv
from gitenv.errors import NotInOrder
from gitenv.repo.recipients_history import RecipientsHistory
from gitenv.team import lock
from gitenv.team.workspace import Workspace
from tests.conftest import configure_nothing
from tests.lab import copy
from tests.test_filter_process import HELLO, ask

REPORT = """
import sys
from gitenv.__main__ import main
sys.argv[1:] = {arguments!r}
try:
    main()
finally:
    sys.stderr.write("\\nloaded: " + " ".join(sorted(sys.modules)))
"""

# All that a clean may load beyond what `import ec, hpke` loads and Python itself has at its start.
_ALLOWED = {
    "gitenv",
    "gitenv.__main__",
    "gitenv.trust.access",
    "gitenv.repo.clone",
    "gitenv.drivers",
    "gitenv.drivers.filter",
    "gitenv.drivers.cleaning",
    "gitenv.drivers.committed",
    "gitenv.drivers.past",
    "gitenv.drivers.trees",
    "gitenv.errors",
    "gitenv.system",
    "gitenv.system.files",
    "gitenv.git",
    "gitenv.git.alone",
    "gitenv.git.layout",
    "gitenv.git.objects",
    "gitenv.git.pktline",
    "gitenv.git.process",
    "gitenv.git.program",
    "gitenv.git.spawn",
    "gitenv.identity",
    "gitenv.identity.device",
    "gitenv.identity.home",
    "gitenv.model",
    "gitenv.model.base64url",
    "gitenv.model.cipher",
    "gitenv.model.clean",
    "gitenv.model.document",
    "gitenv.model.dotenv",
    "gitenv.model.environment",
    "gitenv.model.grant",
    "gitenv.model.inert",
    "gitenv.model.keyring",
    "gitenv.model.kinds",
    "gitenv.model.kinds.p256",
    "gitenv.model.kinds.registry",
    "gitenv.model.names",
    "gitenv.model.simple",
    "gitenv.model.smudge",
    "gitenv.model.statements",
    "gitenv.model.token",
    "gitenv.repo",
    "gitenv.repo.snapshot",
    "gitenv.trust",
    "gitenv.trust.chain",
    "gitenv.trust.pins",
    "gitenv.trust.trusted",
    "gitenv.tuples",
    "gc",
    "select",  # git is asked for what stands in the index
    # HKDF, which every opening of a DEK needs
    "binascii",
    "cryptography.hazmat.primitives.kdf",
    "cryptography.hazmat.primitives.kdf.hkdf",
}


_MERGE = {"gitenv.drivers.merge", "gitenv.model.alike", "gitenv.model.merging", "gitenv.model.reasons"}
_SLOW = {"typer", "rich", "pygit2", "json", "dataclasses", "logging", "tempfile", "pathlib", "hashlib", "shutil"}


@pytest.fixture(scope="module")
def _founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a repository that gitenv was founded in, with one .env file."""
    with pytest.MonkeyPatch.context() as patch:
        home = configure_nothing(tmp_path_factory.mktemp("founded"), patch)
        folder = home / "app"
        folder.mkdir()
        (folder / ".env").write_bytes(b"HELLO=world\n")
        subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
        words = [sys.executable, "-E", "-P", "-m", "gitenv", "init", "--name", "alice"]
        subprocess.run(words, cwd=folder, check=True, capture_output=True)
    return home


@pytest.fixture
def clone(_founded: Path, unconfigured: Path) -> Path:
    """A copy of that repository."""
    copy(_founded, unconfigured)
    return unconfigured / "app"


def _loaded(code: str, folder: Path, stdin: bytes) -> tuple[set[str], bytes]:
    done = subprocess.run([sys.executable, "-E", "-P", "-c", code], cwd=folder, input=stdin, capture_output=True, check=True)
    return set(done.stderr.decode().rpartition("loaded: ")[2].split()), done.stdout


def test_clean_loads_nothing_it_does_not_need(clone: Path) -> None:
    """Cleaning a file loads our few modules and the primitives, and not one module more."""
    baseline, _ = _loaded(
        "import contextlib, re, sys\n"  # before Python 3.13 typing loads both
        "from cryptography.hazmat.primitives import hpke\n"
        "from cryptography.hazmat.primitives.asymmetric import ec\n"
        "sys.stderr.write('loaded: ' + ' '.join(sys.modules))",
        clone,
        b"",
    )
    loaded, out = _loaded(REPORT.format(arguments=["clean", ".env"]), clone, b"HELLO=new\n")
    assert out.startswith(b"HELLO=gitenv1:1.")
    assert loaded - baseline <= _ALLOWED


def test_nothing_that_git_starts_loads_a_slow_library(clone: Path) -> None:
    """Not even a smudge, which may ask git for objects, loads the command line, libgit2, or a parser of keys."""
    committed = subprocess.run(["git", "cat-file", "blob", ":.env"], cwd=clone, capture_output=True, check=True).stdout
    loaded, out = _loaded(REPORT.format(arguments=["smudge", ".env"]), clone, committed)
    assert out == b"HELLO=world\n"
    assert not loaded & {*_SLOW, "cryptography.hazmat.primitives.serialization", "gitenv.cli", "gitenv.team"}


def test_a_merge_within_a_generation_loads_no_cryptography(clone: Path) -> None:
    """The merge driver takes no key where it needs none, and nothing that a filter would not load."""
    token = subprocess.run(["git", "cat-file", "blob", ":.env"], cwd=clone, capture_output=True, check=True).stdout
    for name, added in (("base", b""), ("ours", b"## ours\n"), ("theirs", b"")):
        (clone / name).write_bytes(token.replace(b"HELLO", b"THEIRS") * (name == "theirs") + token + added)
    words = ["merge-driver", "base", "ours", "theirs", "7", ".env", "%S", "%X", "%Y"]
    loaded, _ = _loaded(REPORT.format(arguments=words), clone, b"")
    assert (clone / "ours").read_bytes() == token.replace(b"HELLO", b"THEIRS") + token + b"## ours\n"
    assert {name for name in loaded if name.startswith("gitenv")} <= {*_ALLOWED, *_MERGE}
    assert not loaded & {"cryptography", "subprocess", "typing", *_SLOW}


def test_hooks_load_no_command_line(clone: Path) -> None:
    """Where there is something to judge or to follow, a hook loads its rules, and neither typer nor rich nor libgit2."""
    for words in (["hook", "pre-commit"], ["hook", "post-checkout", "0" * 40, "1" * 40, "1"]):
        loaded, _ = _loaded(REPORT.format(arguments=words), clone, b"")
        assert "gitenv.cli.hook_work" in loaded  # .env is staged
        assert not loaded & {"typer", "rich", "pygit2", "gitenv.cli.app", "logging", "dataclasses"}


@pytest.mark.parametrize(
    "words",
    [
        *(["get", "HELLO"], ["list"], ["run", "--", "nothing-of-that-name"]),
        *(
            ["recipients"],
            ["status"],
            ["check"],
            ["diff"],
            ["matrix"],
            ["log"],
            ["doctor"],
            ["reissue"],
            ["lock"],
            ["--version"],
        ),
        *(
            ["key", "show", "--json"],
            ["check", "--format=json", "-e", "development"],
            ["set", "HELLO="],
            ["unlock", "elsewhere"],
        ),
    ],
    ids=" ".join,
)
def test_a_command_loads_neither_typer_nor_rich(clone: Path, words: list[str]) -> None:
    """What is typed as it should be is read without typer, and what a pipe or a file gets is written without rich."""
    loaded, _ = _loaded(REPORT.format(arguments=words), clone, b"value\n")
    assert "gitenv.cli.show" in loaded
    assert not loaded & {"typer", "rich"}
    modules = {name for name in loaded if name.startswith("gitenv.cli.") and hasattr(importlib.import_module(name), "run")}
    assert len(modules) <= 1, "of all commands, the one"


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="there are no pseudo-terminals")
@pytest.mark.parametrize("words", [["status"], ["recipients"], ["check"], ["diff"], ["matrix"]], ids=" ".join)
def test_a_terminal_needs_no_rich(clone: Path, words: list[str]) -> None:
    """Colours and tables on an ordinary terminal are written without rich, which takes longer than the command."""
    command = [sys.executable, "-E", "-P", "-c", REPORT.format(arguments=words)]
    ours, theirs = os.openpty()
    settings = {name: value for name, value in os.environ.items() if name not in ("FORCE_COLOR", "TTY_COMPATIBLE")}
    done = subprocess.run(
        command, cwd=clone, env=settings | {"TERM": "xterm"}, stdout=theirs, stderr=subprocess.PIPE, check=True, timeout=60
    )
    os.close(theirs)
    os.close(ours)
    assert not set(done.stderr.decode().rpartition("loaded: ")[2].split()) & {"typer", "rich"}


def test_the_start_compiles_no_annotations(clone: Path) -> None:
    """No NamedTuple of the hot path has its fields as text, which typing would compile at every start of the filter."""
    count = "import builtins, sys\nreal, calls = compile, []\n"
    count += "def counted(*a, **k):\n    calls.append(a[1])\n    return real(*a, **k)\n"
    count += (
        "builtins.compile = counted\nimport gitenv.drivers.filter\nsys.stderr.write('loaded: ' + ' '.join(map(str, calls)))"
    )
    compiled, _ = _loaded(count, clone, b"")
    assert "<string>" not in compiled  # typing's name for what it compiles; module files have theirs


_OPENED = """
import os, sys
from gitenv.__main__ import main
sys.argv[1:] = {arguments!r}
found = []
def seen(event, arguments):
    if event == "open" and str(arguments[0]).startswith({home!r}):
        found.append(os.path.relpath(arguments[0], {home!r}))
    if event in ("subprocess.Popen", "os.posix_spawn"):
        found.append("git")
sys.addaudithook(seen)
try:
    main()
finally:
    sys.stderr.write("\\nloaded: " + " ".join(found))
"""


def test_the_filter_reads_no_more_with_every_rotation(clone: Path) -> None:
    """What a clean and a smudge read and start is a short list, and it stays the same however long the chain is."""
    words = [sys.executable, "-E", "-P", "-m", "gitenv", "rotate", "development"]
    notes = {"app/.git/gitenv/clone", "app/.git/gitenv/locked", "app/.git", "app/.git/commondir"}
    read = {".config/gitenv/device.pem", "app/.recipients/development/environment", *notes}
    new = {f"app/.git/gitenv/{name}" for name in ("put-back", "searched", "made")}  # only for what is encrypted anew
    for _ in range(2):
        committed = subprocess.run(["git", "cat-file", "blob", ":.env"], cwd=clone, capture_output=True, check=True).stdout
        asked = (
            ("clean", b"HELLO=world\n", {"git"}),
            ("clean", b"HELLO=new\n", {"git", *new}),
            ("smudge", committed, set[str]()),
        )
        for verb, text, also in asked:
            code = _OPENED.format(arguments=[verb, ".env"], home=str(clone.parent))
            found = {name for name in _loaded(code, clone, text)[0] if not name.endswith("/development.pin")}
            assert found == read | also
        for _ in range(3):
            subprocess.run(words, cwd=clone, check=True, capture_output=True)


def test_the_filter_starts_no_more_git_with_every_file(clone: Path) -> None:
    """However many new files one `git add` brings, history and the index are asked once, and notes are read once."""
    subprocess.run(["git", "-c", "user.name=alice", "-c", "user.email=a@b.c", "commit", "-qm", "Found"], cwd=clone, check=True)
    counted = 'f"{name}*{found.count(name)}" for name in {*found}'
    code = _OPENED.format(arguments=["filter-process"], home=str(clone.parent)).replace("join(found)", f"join({counted})")
    started = []
    (clone / ".git/index.lock").touch()  # as git has it then
    for count in (20, 50):
        for name in ("searched", "made"):
            (clone / ".git/gitenv" / name).unlink(missing_ok=True)
        asked = b"".join(ask(b"clean", b"%d/%d/.env" % (count, number), b"HELLO=new\n") for number in range(count))
        found, out = _loaded(code, clone, HELLO + asked)
        assert out.count(b"HELLO=gitenv1:1.") == count
        started.append({name for name in found if name.startswith("git*") or "/clone" in name or "/made" in name})
    assert started[0] == started[1]


def test_what_one_filter_found_in_history_is_noted_for_the_next(clone: Path) -> None:
    """After a commit of `.recipients/` history is looked at once, and not by each `git add` until somebody runs a command."""
    subprocess.run(["git", "-c", "user.name=alice", "-c", "user.email=a@b.c", "commit", "-qm", "Found"], cwd=clone, check=True)
    code = _OPENED.format(arguments=["clean", ".env"], home=str(clone.parent)).replace("join(found)", "join(map(str, counted))")
    code = code.replace("finally:", "finally:\n    counted = [found.count('git')]")
    started = [int(_loaded(code, clone, b"HELLO=%d\n" % number)[0].pop()) for number in range(3)]
    assert started[0] > 1
    assert started[1:] == [1, 1]


def test_lock_asks_history_once_for_all_files(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anybody can push thousands of files in plain text, and a question to git for each would take minutes."""
    subprocess.run(["git", "-c", "user.name=alice", "-c", "user.email=a@b.c", "commit", "-qm", "Found"], cwd=clone, check=True)
    for name in ("one", "two"):
        (clone / name).mkdir()
        (clone / name / ".env").write_bytes(b"EVIL=1\n")
        written = ["git", "hash-object", "-w", "--no-filters", f"{name}/.env"]
        blob = subprocess.run(written, cwd=clone, check=True, capture_output=True, text=True).stdout.strip()
        subprocess.run(["git", "update-index", "--add", "--cacheinfo", f"100644,{blob},{name}/.env"], cwd=clone, check=True)
    asked: list[str] = []

    def brought(_: RecipientsHistory, name: str) -> Iterator[str]:
        asked.append(name)
        return iter(())

    monkeypatch.setattr(RecipientsHistory, "brought", brought)
    workspace = Workspace(str(clone))
    with contextlib.suppress(NotInOrder):  # what is staged is not committed
        lock.lock(workspace)
    workspace.repository.objects.close()
    assert asked == ["development"]


def test_python_takes_nothing_apart_at_the_end(clone: Path) -> None:
    """What git starts ends at once with its exit code, and all that it had to say is said."""
    code = "import atexit, sys\nfrom gitenv import __main__\natexit.register(print, 'taken apart')\n"
    code += "sys.argv[1:] = ['textconv', {path!r}]\n__main__.start()"
    for path, status in ((".env", 0), ("nowhere", 1)):
        words = [sys.executable, "-E", "-P", "-c", code.format(path=path)]
        done = subprocess.run(words, cwd=clone, capture_output=True, check=False)
        assert done.returncode == status
        assert (b"HELLO=" in done.stdout) is (status == 0)
        assert b"taken apart" not in done.stdout


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a file that is always full")
def test_what_cannot_be_written_at_the_end_is_no_success(clone: Path) -> None:
    """git must not take the half of a diff for all of it."""
    words = [sys.executable, "-E", "-P", str(Path(gitenv.__file__).with_name("__main__.py")), "textconv", ".env"]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(words, cwd=clone, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode
    assert b"No space left" in done.stderr
