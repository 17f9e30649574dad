"""What the log makes of commits, without git's filter in between: the walk, moves, hostile names, damage."""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from gitenv.cli import log, show
from gitenv.cli.fact_words import sentence
from gitenv.errors import NotInOrder
from gitenv.git import commits, walk
from gitenv.git.commits import Author
from gitenv.git.objects import Objects
from gitenv.log.facts import Event, Fact, What
from gitenv.log.history import Log
from tests.fast_import import Repo

_A = b"A=gitenv1:1.abcdef:" + b"A" * 64
_B, _C, _A2 = (
    _A.replace(b"A" * 64, letter * 63 + b"A").replace(b"A=", name)
    for letter, name in ((b"B", b"B="), (b"C", b"C="), (b"D", b"A="))
)


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path)


def _facts(history: Log) -> list[Fact]:
    return [event.fact for event in history.events()]


def _told(folder: str, key: str = "", *environments: str) -> list[str]:
    return [f"{fact.path}: {sentence(fact)}" for fact in _facts(Log(folder, key=key, environments=environments))]


def _walked(folder: str, *heads: str, words: Sequence[str] = ("--date-order",)) -> list[tuple[str, list[tuple[str, ...]]]]:
    """Each commit by its subject, with path, contents before, one for each parent, and contents now of what it changed."""
    objects = Objects(folder)
    found = []
    for commit in walk.commits(folder, heads or ["main"], merges=walk.NEW, words=words):
        changes = [
            (each.path, *((objects.read(blob) or b"").decode() for blob in (*each.before, each.after)))
            for each in commit.changes
        ]
        found.append(((objects.commit(commit.id) or b"").rpartition(b"\n\n")[2].decode(), changes))
    objects.close()
    return found


def test_changes(repo: Repo) -> None:
    """Of plain commits all that differs, of merges of two and three what is like in no parent; deletions and odd paths too."""
    first = repo.commit({".env": b"1", "a/.env": b"1", b"\xff\n\t": b"1"})
    left = repo.commit({".env": b"2"}, [first], branch="left")
    right = repo.commit({"a/.env": b"2"}, [first], branch="right")
    third = repo.commit({b"\xff\n\t": None}, [first], branch="third")
    merged = repo.commit({"a/.env": b"2", "merged": b"1"}, [left, right])
    repo.commit({".env": b"3", "a/.env": b"3", b"\xff\n\t": None}, [merged, right, third])
    odd = os.fsdecode(b"\xff\n\t")
    assert _walked(repo.written()) == [
        ("6", [(".env", "2", "1", "1", "3"), ("a/.env", "2", "2", "1", "3")]),
        ("5", [("merged", "", "", "1")]),
        ("4", [(odd, "1", "")]),
        ("3", [("a/.env", "1", "2")]),
        ("2", [(".env", "1", "2")]),
        ("1", [(".env", "", "1"), ("a/.env", "", "1"), (odd, "", "1")]),
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_links_are_no_files(repo: Repo) -> None:
    """A file that became a link, or a submodule's commit, is gone."""
    repo.commit({".env": b"1"})
    folder = Path(repo.written())
    repo.git("reset", "-q", "--hard")
    (folder / ".env").unlink()
    (folder / ".env").symlink_to("elsewhere")
    repo.git("commit", "-qam", "link")
    assert _walked(str(folder))[0] == ("link\n", [(".env", "1", "")])


def test_replaced_objects(repo: Repo) -> None:
    """What somebody pushed to `refs/replace/` hides nothing from the log."""
    repo.commit({".env": _A})
    repo.commit({".env": b"\n".join([_A, _B])})
    repo.commit({".env": b"\n".join([_A, _B, _C])})
    folder = repo.written()
    repo.git("replace", "main~1", "main~2")
    assert _told(folder) == [".env: set C", ".env: set B", ".env: set A"]


def test_sha256(tmp_path: Path) -> None:
    """Long ids are read as well."""
    repo = Repo(tmp_path, "--object-format=sha256")
    repo.commit({".env": _A + b"\n"})
    assert _told(repo.written()) == [".env: set A"]


def test_authors() -> None:
    """A commit's header gives name, moment and signature; what is odd comes out empty, and the message counts nothing."""
    lines = b"tree 1\nparent abc\nauthor Al <a@b> 5 +0200\ncommitter x <y> 6 +0000\n"
    assert commits.author(lines + b"\ngpgsig of the message\n") == Author("Al", "a@b", 5, False, ("abc",))
    assert commits.author(lines + b"gpgsig -----BEGIN\n x\n\nx").is_signed
    assert commits.author(lines + b"gpgsig-sha256 -----BEGIN\n x\n\nx").is_signed
    assert commits.author(b"author M\xfc <> 99999999999999999999 +0000\n\n") == Author("Mü", "", -1, False, ())
    assert commits.author(b"author <a@b> -5 +0000\n\n") == Author("", "a@b", -1, False, ())
    assert commits.author(b"author " + b"x" * 9999 + b" <> 1 +0000").name == "x" * 200
    assert commits.author(b"") == Author("", "", -1, False, ())


def test_a_key_and_its_names(repo: Repo) -> None:
    """A key is followed through renames, where it was renamed; merges that only bring together are silent."""
    lines = [_A, _B, _C]
    first = repo.commit({".env": b"\n".join(lines), ".env.production": _B})
    renamed = repo.commit({".env": b"\n".join([_A, _B.replace(b"B=", b"D="), _C])}, [first], branch="topic")
    changed = repo.commit({".env": b"\n".join([_A2, _B, _C])}, [first])
    merged = repo.commit({".env": b"\n".join([_A2, _B.replace(b"B=", b"D="), _C])}, [changed, renamed])
    repo.commit({".env": b"\n".join([_A2, _B.replace(b"B=", b"D=")])}, [merged])
    folder = repo.written()
    assert _told(folder, "D") == [".env: renamed B to D, by its place", ".env: set B"]
    assert _told(folder, "B") == [".env: renamed B to D, by its place", ".env: set B", ".env.production: set B"]
    assert _told(folder, "A") == [".env: changed A", ".env: set A"]
    assert _told(folder, "", "production") == [".env.production: set B"]
    assert _told(folder, "NONE") == []


def test_moves(repo: Repo) -> None:
    """A file that moves within its environment is not one that goes and one that comes, also if it changes a little."""
    repo.commit({".env": b"\n".join([_A, _B, _C])})
    repo.commit({".env": None, "a/.env": b"\n".join([_A, _B, _C])})
    repo.commit({"a/.env": None, "b/.env": b"\n".join([_A2, _B, _C])})
    repo.commit({"b/.env": None, ".env.production": b"\n".join([_A2, _B, _C])})
    folder = repo.written()
    told = _told(folder)
    assert told[6:9] == ["b/.env: moved from a/.env", "b/.env: changed A", "a/.env: moved from .env"]
    assert sorted(told[:6]) == sorted(f"{path} {key}" for path in (".env.production: set", "b/.env: removed") for key in "ABC")
    assert _told(folder, "B", "development") == [
        *("b/.env: removed B", "b/.env: moved from a/.env", "a/.env: moved from .env"),
        ".env: set B",
    ]


def test_generations(repo: Repo) -> None:
    """Without a statement that says so, many keys encrypted anew are one fact; one for each where a key is asked for."""
    repo.commit({".env": b"\n".join([_A, _B])})
    repo.commit({".env": b"\n".join([_A, _B]).replace(b":1.abcdef:", b":2.ghijkl:")})
    folder = repo.written()
    assert _told(folder)[0] == ".env: encrypted 2 keys anew, generation 1 to 2"
    assert _told(folder, "B")[0] == ".env: encrypted B anew, generation 1 to 2"
    assert not _facts(Log(folder))[0].is_sure


def test_what_cannot_be_looked_at(repo: Repo) -> None:
    """Documents that are too large are named, and stop nothing else."""
    repo.commit({".env": _A, "web/.env": _B})
    repo.commit({".env": b"x" * (5 * 1024 * 1024), "web/.env": b"\n" * 20_000})
    repo.commit({".env": _B, "web/.env": _C})
    folder = repo.written()
    history = Log(folder)
    assert [fact.what for fact in _facts(history)] == [What.SET, What.SET]
    assert [(skipped.path, skipped.why[:7]) for skipped in history.skipped] == [
        *((".env", "damaged"), ("web/.env", "the doc")),
        *((".env", "damaged"), ("web/.env", "the doc")),
    ]


def test_damaged(repo: Repo) -> None:
    """A damaged object is named, and git, which may end at it, reads the others all the same."""
    repo.commit({".env": _A})
    repo.commit({".env": _A2, "web/.env": _B})
    folder = repo.written()
    blob = repo.git("rev-parse", "main:.env")
    loose = Path(folder) / ".git/objects" / blob[:2] / blob[2:]
    loose.chmod(0o600)
    loose.write_bytes(b"junk")
    history = Log(folder)
    assert [f"{fact.path}: {sentence(fact)}" for fact in _facts(history)] == ["web/.env: set B", ".env: set A"]
    assert [skipped.path for skipped in history.skipped] == [".env"]


def test_a_damaged_commit(repo: Repo) -> None:
    """Where the walk cannot go on, that is an error, and not the end of the history."""
    tree = repo.git("mktree", stdin=b"")
    missing = "1" * 40
    raw = f"tree {tree}\nparent {missing}\nauthor A <a> 1 +0000\ncommitter A <a> 1 +0000\n\nx".encode()
    repo.git(
        "update-ref", "refs/heads/main", repo.git("hash-object", "-t", "commit", "-w", "--stdin", "--literally", stdin=raw)
    )
    with pytest.raises(NotInOrder, match="history is damaged"):
        _facts(Log(str(repo.folder)))


@pytest.fixture
def endless(repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three commits, and a git whose log never ends; the file that it notes its process in."""
    for lines in ([_A], [_A2], [_A]):
        repo.commit({".env": b"\n".join(lines)})
    repo.written()
    folder = tmp_path / "bin"
    folder.mkdir()
    script, real = folder / "git", shutil.which("git")
    script.write_text(f'#!/bin/sh\ncase " $* " in *" log "*) {real} "$@"; echo $$ > {folder}/pid; exec sleep 1000;; esac\n')
    with script.open("a") as file:
        file.write(f'exec {real} "$@"\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    return folder / "pid"


@pytest.mark.skipif(sys.platform == "win32", reason="a shell stands in for git")
@pytest.mark.parametrize("words", [(), ("--json",), ("--format", "csv")])
def test_first_lines_come_at_once(repo: Repo, endless: Path, words: Sequence[str]) -> None:
    """They come through a pipe while git goes on walking."""
    command = [sys.executable, "-m", "gitenv", "log", *words]
    with subprocess.Popen(command, cwd=repo.folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        said = b""
        while b"Alice" not in said:
            said += os.read(process.stdout.fileno(), 4096)
        os.kill(int(endless.read_text()), signal.SIGKILL)
        process.stdout.read()
        assert process.wait() == NotInOrder.exit_code


@pytest.mark.skipif(sys.platform == "win32", reason="a shell stands in for git")
def test_git_is_ended(repo: Repo, endless: Path) -> None:
    """Whoever wants one line waits for no more, and leaves nothing running."""
    done = subprocess.run([sys.executable, "-m", "gitenv", "log", "-n", "1"], cwd=repo.folder, capture_output=True, check=True)
    assert len(done.stdout.splitlines()) == 2
    with pytest.raises(ProcessLookupError):
        os.kill(int(endless.read_text()), 0)


def test_statements_that_are_none(repo: Repo) -> None:
    """What a stranger laid into `.recipients/` is told as what it is, and makes no file a document."""
    repo.commit(
        {".recipients/production/environment": b"junk", "secret": _A, ".recipients/x.pub": b"junk", ".recipients/y": b""}
    )
    repo.commit({".recipients/production/environment": None})
    facts = _facts(Log(repo.written()))
    assert [(fact.what, fact.environment) for fact in facts] == [(What.UNREADABLE, "production")]


def test_harmless_names(repo: Repo) -> None:
    """In CSV no name is a formula, a line or anything but ASCII, and a record is a row."""
    repo.commit({b"=1+1\n\xff/.env": _A}, author="@SUM(1)é <+1>".encode(), at=0)
    (event,) = Log(repo.written()).events()
    record = log.as_record(event)
    assert record["at"] == "1970-01-01T00:00:00Z"
    cells = [log.cell(record[name]) for name in log.NAMES]
    assert all(cell.isascii() and cell.isprintable() for cell in cells)
    assert cells[:3] == ["1970-01-01T00:00:00Z", "'@SUM(1)\\xe9", "'+1"]
    assert cells[7].startswith("'=1+1\\n")
    for text in ("=1", "+1", "-1", "@x", " =1", "\t=1", "\r=1"):
        assert not log.cell(text).lstrip().startswith(("=", "+", "-", "@"))
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    assert next(csv.reader([out.getvalue()])) == cells


class _Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Columns are even on a terminal, also with wide letters and over pages; nothing from a repository is interpreted there."""
    monkeypatch.setattr(sys, "stdout", _Screen())
    show.listing(("a", "b"), [["1", "[red]x"], ["漢字", "\x1b[31m"], *[["1", "x"]] * 600, ["123456", "x"]])
    assert isinstance(sys.stdout, _Screen)
    lines = re.sub("\x1b\\[[0-9;]*m", "", sys.stdout.getvalue()).splitlines()
    assert lines[:4] == ["a     b", "1     [red]x", "漢字  \\x1b[31m", "1     x"]
    assert lines[-2:] == ["1       x", "123456  x"]
    assert len(lines) == 604


def test_every_fact_has_words() -> None:
    """No kind of fact is without a sentence, and none shows what it does not know."""
    for what in What:
        text = sentence(Fact(what, key="KEY", person="bob", former="OLD", keys=2))
        assert text
        assert "{" not in text
    event = Event("0" * 40, Author("", "", -1, False, ()), Fact(What.SET, key="KEY"))
    assert log.as_record(event)["at"] == ""
