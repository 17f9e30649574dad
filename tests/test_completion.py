"""What Tab gives in a shell: names of this clone, and nothing that a shell could run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gitenv.cli import completing, completion
from gitenv.cli.completion import Shell
from tests.conftest import configure_nothing
from tests.lab import copy
from tests.test_hot_path import REPORT

_HOSTILE = ["$(touch pwned)", "`touch pwned`", "a b", "x;touch pwned", "..", "Evil\x1b[31m", "ü"]


@pytest.fixture(scope="module")
def _founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with such a clone."""
    with pytest.MonkeyPatch.context() as patch:
        home = configure_nothing(tmp_path_factory.mktemp("founded"), patch)
        folder = home / "app"
        (folder / "web").mkdir(parents=True)
        (folder / ".env").write_bytes(
            b"DB_HOST=1\nDB_PASSWORD=hunter2\nexport MAIL='hunter2\nNOT_A_NAME=1\n'\nhunter2words==\n"
        )
        (folder / ".env.production").write_bytes(b"DB_HOST=2\nONLY_HERE=1\n")
        subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
        for words in (["init", "--name", "alice"], ["add-environment", "production"]):
            done = [sys.executable, "-E", "-P", "-m", "gitenv", *words]
            subprocess.run(done, cwd=folder, check=False, capture_output=True)
    for name in _HOSTILE:
        (folder / ".recipients" / f"{name}.pub").write_bytes(b"")
        (folder / ".recipients" / f"{name}x").mkdir()
        (folder / ".recipients" / f"{name}x" / "environment").write_bytes(b"")
    (folder / ".recipients" / "bob.pub").write_bytes(b"")
    return home


@pytest.fixture
def clone(_founded: Path, unconfigured: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone with two environments and some people, and with names in `.recipients/` that somebody pushed to be run."""
    copy(_founded, unconfigured)
    monkeypatch.chdir(unconfigured / "app")
    return unconfigured / "app"


def _answer(capsys: pytest.CaptureFixture[str], *words: str, shell: str = "zsh") -> list[str]:
    *before, current = words
    assert completing.answer([shell, f"={current}", *before]) == 0
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (["stat"], ["status"]),
        (["key", "ro"], ["rotate"]),
        (["help", "key", "sh"], ["show"]),
        (["status", "--j"], ["--json"]),
        (["unlock", ""], ["development", "production"]),
        (["unlock", "development", "pro"], ["production"]),
        (["get", "-e", "p"], ["production"]),
        (["get", "--environment=p"], ["--environment=production"]),
        (["get", "DB"], ["DB_HOST", "DB_PASSWORD"]),
        (["get", "-e", "production", ""], ["DB_HOST", "ONLY_HERE"]),
        (["get", "-f", ".env.production", "O"], ["ONLY_HERE"]),
        (["run", "--only", "MAIL,DB_H"], ["MAIL,DB_HOST"]),
        (["run", "-e", "production", "--", ""], [":behind 5"]),
        (["run", "--", "echo", "a"], [":behind 3"]),
        (["set-role", "b"], ["bob"]),
        (["add-recipient", ""], ["alice", "bob"]),
        (["add-recipient", "../bob.p"], [":file"]),
        (["set-role", "bob", "r"], ["reader"]),
        (["set-role", "bob", "reader", "x"], []),
        (["log", "--format", ""], ["csv", "json", "text"]),
        (["export", "--format", "k"], ["k8s-secret"]),
        (["key", "import", ""], [":file"]),
        (["demo", ""], [":folder"]),
        (["nothing", ""], []),
        (["get", "NOT"], []),
        (["get", "hunter"], []),
    ],
)
def test_answers(clone: Path, capsys: pytest.CaptureFixture[str], typed: list[str], expected: list[str]) -> None:
    """Commands, options, choices, and names: of keys those that a reviewer may see, whatever stands in a value."""
    assert _answer(capsys, *typed) == expected


def test_bash_cuts_words_at_an_equals_sign(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It gets back what stands behind it."""
    assert _answer(capsys, "get", "--environment", "=", shell="bash") == ["development", "production"]
    assert _answer(capsys, "get", "--environment", "=", "p", shell="bash") == ["production"]
    assert _answer(capsys, "get", "--environment", "=", "production", "O", shell="bash") == ["ONLY_HERE"]


def test_hostile_names_are_left_out(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither a person nor an environment that nobody can be called is proposed, and outside a clone there is nothing."""
    assert _answer(capsys, "set-role", "") == ["alice", "bob"]
    assert _answer(capsys, "unlock", "") == ["development", "production"]
    os.chdir(clone.parent)
    assert _answer(capsys, "unlock", "") == []


def test_loads_little(clone: Path) -> None:
    """Whoever presses Tab waits: no typer, no rich, no git; and statements are read only where an environment is named."""
    for words in (["get", "-e", "production"], ["set-role"], [], ["run", "--only"]):
        code = REPORT.format(arguments=["complete", "bash", "=", *words])
        done = subprocess.run([sys.executable, "-E", "-P", "-c", code], cwd=clone, capture_output=True, check=True)
        loaded = set(done.stderr.decode().rpartition("loaded: ")[2].split())
        assert done.stdout
        assert not loaded & {"typer", "rich", "pygit2", "subprocess", "json", "gitenv.cli.edge"}
        assert "-e" in words or "cryptography" not in loaded


_IN_BASH = r"""
{script}
COMP_WORDS=(gitenv {words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_gitenv gitenv "${{COMP_WORDS[COMP_CWORD]}}" ""
printf '%s\n' "${{COMPREPLY[@]}}"
"""


def _path(folder: Path) -> dict[str, str]:
    """An environment in which `gitenv` is this one, and what it is told is not a name of anybody's choosing."""
    program = folder.parent / "bin" / "gitenv"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -E -P -m gitenv "$@"\n')
    program.chmod(0o755)
    return {**os.environ, "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}", "TERM": "xterm"}


@pytest.mark.skipif(os.name == "nt", reason="needs bash")
@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("get DB", "DB_HOST\nDB_PASSWORD\n"),
        ("set-role ''", "alice\nbob\n"),
        ("run -- printen", "printenv\n"),
        ("run -- printenv prin", "\n"),
    ],
)
def test_in_bash(clone: Path, typed: str, expected: str) -> None:
    """Its function gives the words."""
    code = _IN_BASH.format(script=_script(Shell.BASH), words=typed)
    done = subprocess.run(["bash", "-c", code], cwd=clone, env=_path(clone), capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == (expected, "")


def test_bash_runs_nothing_that_is_typed_or_answered(clone: Path) -> None:
    """Neither `$(…)` on the line nor what a program in gitenv's place says is run."""
    settings = _path(clone)
    (clone.parent / "bin" / "gitenv").write_text("#!/bin/sh\nprintf '%s\\n' '$(touch pwned)' '`touch pwned`' ':other'\n")
    code = _IN_BASH.format(script=_script(Shell.BASH), words="get '$(touch pwned)'")
    done = subprocess.run(["bash", "-c", code], cwd=clone, env=settings, capture_output=True, text=True, check=False)
    assert done.stdout == "$(touch pwned)\n`touch pwned`\n:other\n"
    assert not (clone / "pwned").exists()


@pytest.mark.skipif(not shutil.which("fish"), reason="needs fish")
def test_in_fish(clone: Path) -> None:
    """`complete -C` is what Tab does."""
    settings = {**_path(clone), "HOME": str(clone.parent)}
    (clone.parent / "key.pem").touch()
    for typed, expected in (
        ("gitenv get DB", ["DB_HOST", "DB_PASSWORD"]),
        ("gitenv get -e production O", ["ONLY_HERE"]),
        ("gitenv set-role ", ["alice", "bob"]),
        ("gitenv key import .env.p", [".env.production"]),
        ("gitenv key import ~/key.p", ["~/key.pem"]),
        ("gitenv get '$(touch pwned)'", []),
        ("gitenv key import '$(touch pwned)'", []),
        ("gitenv run -- gite", ["gitenv"]),
        ("gitenv run -e production -- cat .env.p", [".env.production"]),
        ("gitenv run -- cat 'a b' '$(touch pwned)' .env.p", [".env.production"]),
    ):
        code = f'{_script(Shell.FISH)}\ncomplete -C "{typed.replace("$", chr(92) + "$")}"'
        done = subprocess.run(["fish", "-c", code], cwd=clone, env=settings, capture_output=True, text=True, check=False)
        assert [line.partition("\t")[0] for line in done.stdout.splitlines()] == expected, done.stderr
    assert not (clone / "pwned").exists()


@pytest.mark.skipif(not shutil.which("zsh") or not hasattr(os, "openpty"), reason="needs zsh")
@pytest.mark.parametrize(
    ("typed", "expected"),
    [("gitenv get DB_P", "ASSWORD"), ("gitenv unlock pro", "duction"), ("gitenv key import .env.p", "roduction")],
)
def test_in_zsh(clone: Path, typed: str, expected: str) -> None:
    """On a terminal, Tab puts the rest of the word there."""
    (clone.parent / "script.zsh").write_text(_script(Shell.ZSH))
    ours, theirs = os.openpty()
    settings = {**_path(clone), "HOME": str(clone.parent), "PS1": "first> "}
    shell = subprocess.Popen(
        ["zsh", "-f", "-i"], cwd=clone, env=settings, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    try:
        _wait(ours, b"first> ")
        os.write(ours, b"autoload -U compinit; compinit -u -D; source ../script.zsh; PS1=sec; PS1=${PS1}ond\n")
        _wait(ours, b"second")
        os.write(ours, typed.encode() + b"\t")
        _wait(ours, expected.encode())
    finally:
        shell.kill()
        shell.wait()
        os.close(ours)


def _wait(terminal: int, text: bytes) -> None:
    import select

    seen = b""
    while text not in seen.replace(b"\x08", b""):
        assert select.select([terminal], [], [], 120)[0], seen
        seen += os.read(terminal, 4096)


def _script(shell: Shell) -> str:
    import contextlib
    import io

    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        completion.run(shell)
    return text.getvalue()
