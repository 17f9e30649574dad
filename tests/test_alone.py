"""What a clone has configured to start beside git: no call of gitenv starts a hook, and nothing sees the private key."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from gitenv.git import alone, program, spawn
from gitenv.git.repository import Repository
from gitenv.git.spawn import Done
from gitenv.identity import device
from tests import lab
from tests.conftest import NewLab
from tests.lab import Person

_HOOKS = (
    *("pre-commit", "prepare-commit-msg", "commit-msg", "post-commit", "pre-merge-commit", "post-merge", "pre-push"),
    *("post-checkout", "post-index-change", "post-rewrite", "reference-transaction", "pre-auto-gc", "sendemail-validate"),
)
_COMMANDS = """
init --name alice
status
recipients
doctor
check
check HEAD~1..HEAD
check --history
diff HEAD~1
log
log --oneline
lock
unlock
add-recipient bob --yes --role reader
add-environment staging .env.staging
rotate development --yes
uninstall
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a spy is a script for a shell")


def _spy(person: Person, place: str) -> str:
    """A program that notes that it was started from `place`, and whether it saw the key."""
    script = person.home / "spies" / place
    script.parent.mkdir(exist_ok=True)
    seen = person.home / "seen"
    script.write_text(f'#!/bin/sh\necho "{place}${{GITENV_PRIVATE_KEY:+ with the key}}" >> {seen}\nexit 1\n')
    script.chmod(0o755)
    return str(script)


def _plant(person: Person) -> None:
    """Spies in every place of a clone from which git starts something."""
    for name in _HOOKS:
        (person.cwd / ".git" / "hooks" / name).unlink(missing_ok=True)
        (person.cwd / ".git" / "hooks" / name).symlink_to(_spy(person, f"hook-{name}"))
    settings = {
        "core.fsmonitor": _spy(person, "fsmonitor"),
        "core.pager": _spy(person, "pager"),
        "pager.log": _spy(person, "pager"),
        "core.editor": _spy(person, "editor"),
        "core.sshCommand": _spy(person, "ssh"),
        "core.askPass": _spy(person, "askpass"),
        "credential.helper": _spy(person, "credential"),
        "gpg.program": _spy(person, "gpg"),
        "log.showSignature": "true",
        "diff.external": _spy(person, "diff-external"),
        "diff.spy.textconv": _spy(person, "textconv"),
        "filter.spy.clean": _spy(person, "clean"),
        "filter.spy.smudge": _spy(person, "smudge"),
        # What is missing here is fetched from a host that is reached by ssh.
        "remote.origin.url": "ssh://nobody@example.com/app.git",
        "remote.origin.promisor": "true",
        "remote.origin.partialCloneFilter": "blob:none",
        "extensions.partialClone": "origin",
        **{f"alias.{verb}": f"!{_spy(person, 'alias')}" for verb in ("add", "status", "log", "rev-parse", "ls-files")},
    }
    for key, value in settings.items():
        person.must("git", "config", key, value)


def new_key(home: Path) -> device.DeviceKey:
    """A device key in a home of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(home))
        return device.make()


def test_no_call_of_gitenv_starts_what_a_clone_has_configured(new_lab: NewLab) -> None:
    """Hooks, fsmonitor, pagers, aliases, other filters and what fetches: none runs with the key, and no hook at all."""
    alice = new_lab("founded").person("alice")
    alice.cwd = alice.home / "app"
    (alice.cwd / "notes.spy").write_bytes(b"one\n")
    (alice.cwd / ".gitattributes").write_bytes((alice.cwd / ".gitattributes").read_bytes() + b"*.spy filter=spy diff=spy\n")
    (alice.cwd / ".env").write_bytes(b"HELLO=changed\n")
    alice.must("git", "add", "notes.spy", ".gitattributes", ".env")
    bob = new_key(alice.home / "bob")
    (alice.cwd / ".recipients" / "bob.pub").write_bytes(bob.public.line("bob"))
    alice.must("git", "add", ".recipients")
    alice.must("git", "commit", "-qnm", "Notes")
    alice.env["GITENV_PRIVATE_KEY"] = (alice.home / ".config" / "gitenv" / "device.pem").read_text()
    # A blob that is in no pack and no folder is what a partial clone has still to fetch.
    missing = alice.must("git", "rev-parse", "HEAD~1:.env").stdout.decode().strip()
    (alice.cwd / ".git" / "objects" / missing[:2] / missing[2:]).unlink()
    _plant(alice)
    (alice.cwd / "notes.spy").write_bytes(b"two\n")  # edited, of the same size
    (alice.cwd / ".env.staging").write_bytes(b"A=1\n")
    seen = alice.home / "seen"
    for line in _COMMANDS.strip().splitlines():
        alice.run(["gitenv", *line.split()])
        for name in _HOOKS:  # init has installed its own
            path = alice.cwd / ".git" / "hooks" / name
            if not path.is_symlink():
                path.unlink(missing_ok=True)
                path.symlink_to(alice.home / "spies" / f"hook-{name}")
    noted = set(seen.read_text().splitlines()) if seen.exists() else set()
    assert noted <= {"ssh", "clean"}  # a filter of somebody else's is asked for its own files, without the key


def test_an_unpacked_folder_starts_nothing(new_lab: NewLab) -> None:
    """`run` in somebody's archive with a `.git` of theirs, where objects are missing that a command of theirs would fetch."""
    alice = new_lab("founded").person("alice")
    alice.must("git", "clone", "-q", lab.HUB, "unpacked")
    alice.cwd = alice.home / "unpacked"
    assert alice.run(["gitenv", "get", "PASSWORD"]).exit_code == 0
    tree = alice.must("git", "rev-parse", "HEAD^{tree}").stdout.decode().strip()
    (alice.cwd / ".git" / "objects" / tree[:2] / tree[2:]).unlink()
    _plant(alice)
    done = alice.run(["gitenv", "run", "--", "printenv", "PASSWORD"])
    assert (done.exit_code, done.stdout) == (5, b"")
    assert b"hint: gitenv init\n" in done.stderr
    assert not (alice.home / "seen").exists()


def test_git_is_asked_in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    """What git says is told apart by its words, as who owns a folder; people may have set another language."""
    for name in ("LANG", "LC_ALL", "LC_MESSAGES", "LANGUAGE"):
        monkeypatch.setenv(name, "de_DE.UTF-8")
    assert program.environment()["LC_ALL"] == "C"


def test_the_filter_takes_the_key_from_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key goes out of git's environment, and the filter finds it all the same; both modules name one variable."""
    monkeypatch.setenv(device.VARIABLE, "a key")
    assert device.VARIABLE == alone.PRIVATE_KEY
    assert device.VARIABLE not in program.environment()
    assert "PATH" not in program.environment({"PATH": None})
    pipe = alone.pipe_with_key()
    monkeypatch.delenv(device.VARIABLE)
    assert alone.pipe_with_key() == -1
    monkeypatch.setenv(alone.KEY_PIPE, str(pipe))
    alone.take_key()
    assert os.environ[device.VARIABLE] == "a key"
    assert alone.KEY_PIPE not in os.environ


@pytest.mark.parametrize("number", ["0", "1", "2", "99999999999999", "9" * 5000, "-1", "x"])
def test_no_other_number_is_a_pipe_with_a_key(monkeypatch: pytest.MonkeyPatch, number: str) -> None:
    """git talks to the filter over the first three, and whoever sets the variable gets neither a traceback nor a key."""
    monkeypatch.delenv(device.VARIABLE, raising=False)
    monkeypatch.setenv(alone.KEY_PIPE, number)
    alone.take_key()
    assert not {device.VARIABLE, alone.KEY_PIPE} & os.environ.keys()
    os.fstat(0)


def test_hooks_of_the_configuration_are_off_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A git that runs hooks from its configuration is told of each by its name that it is not enabled."""
    folder = str(tmp_path)
    program.run(folder, "init", "-q")
    program.run(folder, "config", "hook.a.name.event", "pre-commit")
    started: list[list[str]] = []
    real = spawn.run

    def run(words: list[str], *others: Any) -> Done:
        started.append(list(words))
        return real(words, *others)

    monkeypatch.setattr(spawn, "run", run)
    off = ["core.fsmonitor=false", "-c", "hook.a.name.enabled=false", "status"]
    Repository(folder)
    program.run(folder, "status")  # it may write the index, and so asks first
    assert started[-1][-4:] == off
    asked = len(started)
    program.run(folder, "status")
    assert (started[-1][-4:], len(started)) == (off, asked + 1)
    Repository(folder).config("user.name")  # this reads all of it anyway
    asked = len(started)
    program.run(folder, "status")
    assert (started[-1][-4:], len(started)) == (off, asked + 1)


def test_where_hooks_lie_is_asked_without_ours(tmp_path: Path) -> None:
    """What a clone has set as its hooks' folder is found, relative to the top, although our own calls have none."""
    program.run(str(tmp_path), "init", "-q")
    assert Repository(str(tmp_path)).hooks_folder() == str(tmp_path / ".git" / "hooks")
    program.run(str(tmp_path), "config", "core.hooksPath", "tools/hooks")
    (tmp_path / "below").mkdir()
    assert Repository(str(tmp_path / "below")).hooks_folder() == str(tmp_path / "tools" / "hooks")
