"""What commands cost, counted where no clock is needed: modules, starts of Python and of git, files read, questions to git.

The table is `tests/costs.txt`. A number that differs is a failure, a lower one as well, so that it stays low:
`GITENV_TEST_RECORD=1 pytest -n0 tests/test_costs.py` writes the table anew, and the commit shows what changed.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests import counted
from tests.conftest import NewLab
from tests.lab import ALL_SETTINGS, HUB, Person, gitenv

_TABLE = Path(__file__).with_name("costs.txt")
_RECORDED = (3, 11)  # other versions of Python load other modules of its own
_MANY = 100
_LONG_AGO = 1_700_000_000
_SCRIPT = "import sys; from gitenv.__main__ import main; sys.exit(main())"


class Costs(NamedTuple):
    """What one command takes, with all that git starts for it."""

    pythons: int
    modules: int  # of gitenv and its packages, in all of these processes
    standard: int  # Python's own, beyond a bare start
    gits: int  # that gitenv starts; git itself may start others
    files: int  # opened, and folders listed, in the repository and the home
    questions: int  # to `git cat-file --batch`, and of what two folders differ in
    lines: int  # of what all other gits answer: whole listings are seen here


class Counted:
    """Somebody's clone in which everything that is started is counted."""

    def __init__(self, person: Person, folder: Path) -> None:
        self.person = person
        self.folder = folder
        self.python = str(counted.make(folder, person.home))
        self.details: dict[str, str] = {}
        self.table: dict[str, Costs] = {}
        self.gitenv("init")
        self._take()

    def gitenv(self, *words: str, stdin: bytes = b"") -> None:
        """A command as somebody types it."""
        done = self.person.run([self.python, "-c", _SCRIPT, *words], stdin=stdin)
        assert done.exit_code == 0, done.said

    def edit(self, data: bytes, *argv: str) -> None:
        """Write `.env`, and run a command."""
        (self.person.cwd / ".env").write_bytes(data)
        self.person.must(*argv)

    def count(self, name: str, run: Callable[[], object]) -> None:
        """Run something, and note as a line of the table what that took without the filter.

        git starts the filter as often as it likes: for each file that was written in the same second as the index, once more.
        """
        self._settle()
        run()
        self._note(name, [process for process in self._take() if not process.is_filter])

    def count_filter(self, name: str, run: Callable[[], object]) -> None:
        """Run something, and note what the filter took that git asked first."""
        self._settle()
        run()
        self._note(name, [process for process in self._take() if process.is_filter][:1])

    def _note(self, name: str, processes: list[Process]) -> None:
        self.table[name] = Costs(len(processes), *map(sum, zip(*(process.costs for process in processes), strict=True)))
        self.details[name] = "\n".join(process.details for process in processes)

    def _settle(self) -> None:
        """Let no file be as young as the index, and forget what was counted."""
        for path in self.person.cwd.rglob(".env"):
            os.utime(path, (_LONG_AGO, _LONG_AGO))
        words = shlex.join([*gitenv("filter-process")])  # another than is counted, which takes its time
        self.person.run(["git", "-c", f"filter.gitenv.process={words}", "update-index", "-q", "--refresh"])
        self._take()

    def _take(self) -> list[Process]:
        """What was counted since the last time."""
        return [Process(json.loads(line), self.folder) for line in _taken(self.folder / "counted").splitlines()]


class Process:
    """What one Python wrote down."""

    def __init__(self, found: dict[str, Any], folder: Path) -> None:
        questions = os.fsdecode(_taken(folder / f"asked.{found['pid']}")).splitlines()
        lines = sum(map(int, _taken(folder / f"answered.{found['pid']}").split()))
        standard = [module for module in found["modules"] if module.partition(".")[0] in sys.stdlib_module_names]
        others = [module for module in found["modules"] if module not in standard]
        started = [" ".join(words) for words in found["started"]]
        self.is_filter = found["words"][-1] == "filter-process"
        self.costs = (*map(len, (others, standard, started, found["read"], questions)), lines)
        details = (*started, *found["read"], *questions, " ".join(others), " ".join(standard))
        self.details = "\n  ".join((" ".join(found["words"]), *details))


def _taken(file: Path) -> bytes:
    """What stands in a file, which is removed; nothing if it is not there."""
    data = file.read_bytes() if file.exists() else b""
    file.unlink(missing_ok=True)
    return data


def _columns(name: str, cells: Iterator[object]) -> str:
    return f"{name:42}" + "".join(f"{cell!s:>10}" for cell in cells)


def _text(table: dict[str, Costs]) -> str:
    head = _columns("what is done", iter(Costs._fields))
    return "\n".join((head, *(_columns(name, iter(costs)) for name, costs in table.items()))) + "\n"


def _ask(clone: Counted) -> None:
    """What is looked at."""
    for verb in ("status", "check", "diff", "recipients", "log", "matrix"):
        clone.count(f"gitenv {verb}", partial(clone.gitenv, verb))
    clone.count_filter(
        "git status, touched .env", partial(clone.edit, (clone.person.cwd / ".env").read_bytes(), "git", "status")
    )


def _use(clone: Counted) -> None:
    """What programs get."""
    clone.count("gitenv get", partial(clone.gitenv, "get", "HELLO"))
    clone.count("gitenv export", partial(clone.gitenv, "export", "--format", "shell"))
    clone.count("Tab, a key", partial(clone.gitenv, "complete", "bash", "=HE", "get", "-e", "development"))
    clone.count("gitenv run", partial(clone.gitenv, "run", "--", "true"))
    clone.gitenv("lock")
    clone.count("gitenv run, locked", partial(clone.gitenv, "run", "--", "true"))
    clone.gitenv("unlock")


def _work(clone: Counted) -> None:
    """What is done in a file, and next to it."""
    alice = clone.person
    clone.count_filter("git add .env", partial(clone.edit, b"HELLO=one\n", "git", "add", ".env"))
    clone.count("git commit, .env", partial(alice.must, "git", "commit", "-qm", "Set HELLO"))
    (alice.cwd / "readme").write_bytes(b"hello\n")
    alice.must("git", "add", "readme")
    clone.count("git commit, other", partial(alice.must, "git", "commit", "-qm", "Read me"))
    (alice.cwd / ".env").unlink()
    clone.count_filter("git checkout -- .env", partial(alice.must, "git", "checkout", "-q", "--", ".env"))
    alice.must("git", "branch", "-q", "other", "HEAD~1")
    clone.count("git switch, other", partial(alice.must, "git", "switch", "-q", "other"))
    alice.must("git", "switch", "-qc", "before", "HEAD~1")
    clone.count("git switch, .env", partial(alice.must, "git", "switch", "-q", "main"))
    clone.count("git push, .env", partial(alice.must, "git", "push", "-q", "origin", "main"))


def _follow(clone: Counted, bob: Person) -> None:
    """What comes from others, and goes to them."""
    alice = clone.person
    for name, file in (("other", "theirs"), (".env", ".env")):
        bob.must("git", "pull", "-q")
        (bob.cwd / file).write_bytes(b"HELLO=bob\n")
        bob.must("git", "add", file)
        bob.must("git", "commit", "-qm", "Bob's")
        bob.must("git", "push", "-q")
        clone.count(f"git pull, {name}", partial(alice.must, "git", "pull", "-q"))
    alice.must("git", "commit", "-q", "--allow-empty", "-m", "Nothing")
    clone.count("git push, other", partial(alice.must, "git", "push", "-q", "origin", "main"))
    for name, data in (("mine", b"HELLO=bob\nMINE=1\n"), ("theirs", b"THEIRS=1\nHELLO=bob\n")):
        alice.must("git", "switch", "-qc", name, "main")
        clone.edit(data, "git", "commit", "-qam", name)
    clone.count("git merge, .env on both sides", partial(alice.must, "git", "merge", "-q", "--no-edit", "mine"))
    alice.must("git", "switch", "-q", "main")


def _many(clone: Counted) -> None:
    """A hundred files take as much as one, where that depends on gitenv."""
    alice = clone.person
    for number in range(_MANY):
        (alice.cwd / f"d{number}").mkdir()
        (alice.cwd / f"d{number}" / ".env").write_bytes(b"NUMBER=%d\n" % number)
    clone.count_filter(f"git add, {_MANY} files", partial(alice.must, "git", "add", "."))
    alice.must("git", "commit", "-qm", "Many")
    for number in range(_MANY):
        (alice.cwd / f"d{number}" / ".env").unlink()
    clone.count_filter(f"git checkout, {_MANY} files", partial(alice.must, "git", "checkout", "-q", "--", "."))
    clone.count(f"gitenv status, {_MANY} files", partial(clone.gitenv, "status"))
    clone.count(f"gitenv lock, {_MANY} files", partial(clone.gitenv, "lock"))
    clone.count(f"gitenv unlock, {_MANY} files", partial(clone.gitenv, "unlock"))


def _change(clone: Counted, carol: Person) -> None:
    """What is changed by gitenv's own commands."""
    alice = clone.person
    clone.count("gitenv example", partial(clone.gitenv, "example"))
    clone.count("gitenv set", partial(clone.gitenv, "set", "NEW", stdin=b"value"))
    clone.count("gitenv rename", partial(clone.gitenv, "rename", "NEW", "NEWER"))
    clone.count("gitenv unset", partial(clone.gitenv, "unset", "NEWER"))
    alice.env["GIT_EDITOR"] = "echo ONE=1 >>"
    clone.count("gitenv edit", partial(clone.gitenv, "edit"))
    alice.must("git", "commit", "-qm", "Set ONE")
    carol.must("git", "clone", "-q", HUB, "app")
    carol.cwd = carol.home / "app"
    carol.must("gitenv", "init")
    (alice.cwd / ".recipients" / "carol.pub").write_bytes((carol.cwd / ".recipients" / "carol.pub").read_bytes())
    clone.count("gitenv add-recipient", partial(clone.gitenv, "add-recipient", "carol", "--yes"))
    alice.must("git", "commit", "-qm", "Let carol in")
    clone.count("gitenv rotate", partial(clone.gitenv, "rotate", "development"))


@pytest.mark.skipif(
    sys.platform != "linux" or bool(ALL_SETTINGS),
    reason="other systems start processes in other ways; git answers more with more settings",
)
def test_no_command_costs_more_than_it_did(new_lab: NewLab, tmp_path: Path) -> None:
    """Every number in the table is what it was."""
    lab = new_lab("team")
    alice, bob = lab.person("alice"), lab.person("bob")
    alice.cwd, bob.cwd = alice.home / "app", bob.home / "app"
    for number in range(_MANY):
        (alice.cwd / f"other{number}").write_bytes(b"hello\n")
    alice.must("git", "add", ".")
    alice.must("git", "commit", "-qm", "What is none of gitenv's")
    alice.must("git", "push", "-q")
    clone = Counted(alice, tmp_path / "counted")
    _ask(clone)
    _use(clone)
    _work(clone)
    _follow(clone, bob)
    _many(clone)
    _change(clone, lab.person("carol"))
    if os.environ.get("GITENV_TEST_RECORD"):
        _TABLE.write_text(_text(clone.table), encoding="utf-8")
    before = _read(_TABLE.read_text("utf-8"))
    differing = [name for name, costs in clone.table.items() if _comparable(costs) != _comparable(before.get(name))]
    for name in differing:
        print(_columns(f"was: {name}", iter(before.get(name, ()))), _columns(f"is:  {name}", iter(clone.table[name])), sep="\n")
        print(clone.details[name])
    assert not differing, (
        "if that is as it should be: GITENV_TEST_RECORD=1 pytest -n0 tests/test_costs.py, and commit the table"
    )
    assert [*before] == [*clone.table]


def _comparable(costs: Costs | None) -> Costs | None:
    """Without what depends on the version of Python."""
    return costs and (costs if sys.version_info[:2] == _RECORDED else costs._replace(standard=0))


def _read(text: str) -> dict[str, Costs]:
    rows = (line.rsplit(maxsplit=len(Costs._fields)) for line in text.splitlines()[1:])
    return {name: Costs(*map(int, cells)) for name, *cells in rows}
