"""Which gitenv may be the one that git starts: it is there, it stays, and no commit can change it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gitenv.errors import NotInOrder
from gitenv.git.repository import Repository
from gitenv.repo import clone
from gitenv.team import installation, setup
from gitenv.team.installation import Installation
from tests import forkserver
from tests.conftest import NewLab

GONE = Installation("/nowhere/bin/python", "/nowhere/gitenv/__main__.py")
"""What another system has."""
posix = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for Python is a shell script")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """An empty repository."""
    (tmp_path / "app").mkdir()
    subprocess.run(["git", "init", "-q"], cwd=tmp_path / "app", check=True)
    return Repository(str(tmp_path / "app"))


def test_an_installation_elsewhere_is_good(repository: Repository) -> None:
    """What runs these tests is outside the repository, and may be started by git."""
    setup.check_interpreter(repository)


@pytest.mark.parametrize("linked", [False, True])
def test_one_inside_a_work_tree_is_refused(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, linked: bool
) -> None:
    """A branch could bring `.venv/…/evil.pth` into this work tree, or into a linked one, and git would run it."""
    top = Path(repository.root)
    if linked:
        top = tmp_path / "linked"
        monkeypatch.setattr(Repository, "work_trees", lambda self: [self.root, str(top)])
    monkeypatch.setattr(sys, "prefix", str(top / ".venv"))
    with pytest.raises(NotInOrder, match="inside this work tree"):
        setup.check_interpreter(repository)


@posix
def test_one_that_imports_from_a_work_tree_is_refused(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An editable install elsewhere puts the project's own folder on the module path, where a branch can plant modules."""
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\nprintf '%s\\0' /usr/lib {repository.root}/src\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.setattr(sys, "path", [*sys.path, f"{repository.root}/src"])
    with pytest.raises(NotInOrder, match="inside this work tree"):
        setup.check_interpreter(repository)
    python.write_text("#!/bin/sh\nprintf '%s\\0' /usr/lib\n")  # PYTHONPATH said it to us, and says nothing to git's
    setup.check_interpreter(repository)


@posix
@pytest.mark.parametrize(("words", "count"), [([], 0), (["-s"], 1)])
def test_another_python_is_started_only_to_decide(repository: Repository, tmp_path: Path, words: list[str], count: int) -> None:
    """Where our own module path has all of it, and none of it is inside, nothing is started."""
    code = (
        "import sys, gitenv.git.repository as r, gitenv.team.setup as s\n"
        f"repository = r.Repository({repository.root!r})\n"
        "started = []\nsys.addaudithook(lambda event, _: started.append(event) if event == 'subprocess.Popen' else None)\n"
        "s.check_interpreter(repository)\nprint(len(started))"
    )
    done = subprocess.run([sys.executable, "-E", "-P", *words, "-c", code], cwd=tmp_path, capture_output=True, check=True)
    assert int(done.stdout) == count


@pytest.mark.parametrize(
    "path",
    [
        "/home/alice/.cache/uv/archive-v0/Ab3/bin/python",
        "/home/alice/.cache/uv/environments-v2/gitenv/bin/python",
        "/home/alice/.local/pipx/.cache/1f2/bin/python",
    ],
)
def test_one_in_a_throw_away_cache_is_refused(repository: Repository, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    """What `uvx` and `pipx run` start is gone tomorrow, and with `required` every checkout would stop."""
    monkeypatch.setattr(sys, "executable", path)
    with pytest.raises(NotInOrder, match="throw-away"):
        setup.check_interpreter(repository)


def _stand_in(folder: Path) -> Installation:
    """An interpreter that prints what it is started with."""
    folder.mkdir(parents=True)
    python, program = folder / "python", folder / "__main__.py"
    python.write_text('#!/bin/sh\nshift 3\nprintf "%s\\n" "$@"\n')
    python.chmod(0o755)
    program.touch()
    return Installation(str(python), str(program))


def _shell(line: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["sh", "-c", line], cwd=folder, capture_output=True, check=False, timeout=60)


@posix
def test_git_starts_the_first_that_is_there(repository: Repository, tmp_path: Path) -> None:
    """Whatever is in its path, by each of git's ways to start one: a filter's line, one with words of git's in it, a hook."""
    here = _stand_in(tmp_path / """it's "here" 100%f $HOME""")
    places = [GONE, here, _stand_in(tmp_path / "later")]
    assert _shell(installation.command(places, "filter-process"), tmp_path).stdout == b"filter-process\n"
    assert _shell(f"{installation.function(places)}gitenv hook a 'b c'; echo $?", tmp_path).stdout == b"hook\na\nb c\n0\n"
    repository.set_config("filter.gitenv.clean", installation.command(places, "clean %f"))
    Path(repository.path(".gitattributes")).write_text("* filter=gitenv\n")
    Path(repository.path("a b")).touch()
    subprocess.run(["git", "add", "a b"], cwd=repository.root, check=True)
    shown = subprocess.run(["git", "cat-file", "blob", ":a b"], cwd=repository.root, capture_output=True, check=True)
    assert shown.stdout == b"clean\na b\n"


@posix
def test_another_systems_path_is_never_one_of_the_work_tree(tmp_path: Path) -> None:
    """What Windows calls C:/… is a folder of the work tree elsewhere, where a commit could put a program."""
    _stand_in(tmp_path / "C:/gitenv")
    places = [Installation("C:/gitenv/python", "C:/gitenv/__main__.py")]
    done = _shell(installation.command(places, "clean %f"), tmp_path)
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"hint: install gitenv, then: gitenv init\n" in done.stderr
    assert _shell(f"{installation.function(places)}gitenv hook; echo $?", tmp_path).stdout == b"127\n"


def test_what_another_system_set_up_stays(repository: Repository) -> None:
    """init puts its own first and keeps the others, and nothing changes once git starts it here; no more than some are kept."""
    common_dir = repository.layout.common_dir
    others = [GONE._replace(python=f"/nowhere/it's {number}/python") for number in range(installation.MOST)]
    clone.set_installations(common_dir, [path for each in others for path in each])
    assert installation.noted(repository) == others
    installation.note(repository)
    assert installation.noted(repository) == [installation.own(), *others[:-1]]
    clone.set_installations(common_dir, [*others[0], *installation.own()])
    installation.note(repository)
    assert installation.noted(repository) == [others[0], installation.own()]


@posix
def test_one_interpreter_has_several_names(repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip's scripts may start `python3` where somebody types `python -m gitenv`; another version beside it is another one."""
    first = installation.own()._replace(python=_stand_in(tmp_path / "bin").python)
    (tmp_path / "bin/python3").symlink_to("python")
    _stand_in(tmp_path / "other")
    (tmp_path / "bin/python3.99").symlink_to("../other/python")
    counts = []
    for name in ("python", "python3", "python3.99"):
        monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / name))
        installation.note(repository)
        counts.append(len(installation.noted(repository)))
        assert installation.is_own(installation.noted(repository)[0])
    assert counts == [1, 1, 2]
    assert installation.noted(repository)[1] == first
    assert not installation.is_own(first)


def test_one_clone_on_two_systems(new_lab: NewLab) -> None:
    """Where another system set the clone up, nothing here changes; where none of its installations is, git says what to do."""
    alice = new_lab("founded").person("alice")
    alice.cwd = alice.home / "app"
    repository = Repository(str(alice.cwd))
    places = [GONE, installation.own()]
    repository.set_config("filter.gitenv.process", installation.command(places, "filter-process"))
    clone.set_installations(repository.layout.common_dir, [path for each in places for path in each])
    (alice.cwd / ".env").write_bytes(b"HELLO=other\n")
    alice.must("git", "add", ".env")
    for key in ("process", "clean", "smudge"):
        repository.set_config(f"filter.gitenv.{key}", installation.command([GONE], key))
    clone.set_installations(repository.layout.common_dir, GONE)
    (alice.cwd / ".env").write_bytes(b"HELLO=third\n")
    done = alice.run(["git", "add", ".env"])
    assert done.exit_code == 128
    assert (
        "error: gitenv is not set up on this machine, or is not where it was\nhint: install gitenv, then: gitenv init"
        in done.said
    )
    assert "filter-gone" in alice.run(["gitenv", "doctor"]).said
    assert GONE.python in alice.must("gitenv", "init").said
    alice.must("git", "add", ".env")
    assert installation.noted(repository) == [installation.own()._replace(python=forkserver.python()), GONE]


def test_an_upgraded_interpreter_says_so() -> None:
    """One without the packages of the one before it names the way out, and no traceback."""
    words = [sys.executable, "-E", "-P", "-S", installation.own().program, "filter-process"]
    done = subprocess.run(words, capture_output=True, check=False, timeout=60)
    assert done.returncode == 5
    assert done.stderr.decode().splitlines()[1:] == ["hint: install gitenv again, then: gitenv init"]
    assert sys.executable.encode() in done.stderr
