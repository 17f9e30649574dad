"""Names that make a program run what their value says are not set unasked."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gitenv.sdk import dangerous

_COMPUTED = "a[$(touch ran)0]"  # bash runs commands in a subscript, and a number has one
_READ_BY_BASH = ["bash", "-c", 'export "$1=$VALUE"', "bash"]
_AT_A_PROMPT = ["sh", "-c", 'echo : | env "$1=$VALUE" bash --norc -i', "sh"]
_WITH_MAIL = [
    "sh",
    "-c",
    'printf ":\\necho new >> mbox; touch -d tomorrow mbox\\n:\\n" | env MAILCHECK=0 "$1=$VALUE" bash --norc -i',
    "sh",
]
_CASES = [
    *((_READ_BY_BASH, name, _COMPUTED) for name in ("RANDOM", "OPTIND", "HISTCMD")),
    *((_AT_A_PROMPT, name, "$(touch ran)") for name in ("PS1", "PROMPT_COMMAND")),
    (_WITH_MAIL, "MAILPATH", "mbox?$(touch ran)"),
    (["make"], "MAKEFILES", "evil.mk"),
    (["make", "empty.o"], "CC", "./evil.sh"),
    (["gcc", "-c", "empty.c"], "COMPILER_PATH", "."),
    (["wget", "-q", "http://127.0.0.1:9"], "WGETRC", "evil.rc"),
    (["tar", "-cf", "all.tar", "Makefile"], "TAR_OPTIONS", "--checkpoint=1 --checkpoint-action=exec=touch${IFS}ran"),
    *((["npm", "run", "-s", "hello"], f"{prefix}_Config_script_shell", "./evil.sh") for prefix in ("Npm", "NPM", "npm")),
]


@pytest.mark.skipif(sys.platform != "linux", reason="each system has its own bash")
@pytest.mark.parametrize(("command", "name", "value"), _CASES, ids=[f"{case[0][0]}-{case[1]}" for case in _CASES])
def test_what_runs_code(command: list[str], name: str, value: str, tmp_path: Path) -> None:
    """A program that is given such a variable runs something, so gitenv asks first."""
    assert dangerous.why(name)
    assert not dangerous.why(name, [name])
    assert dangerous.is_from_outside(name)  # an allowed command in a closed work tree does not get it, either
    if not shutil.which(command[0]):
        pytest.skip(f"there is no {command[0]}")
    (tmp_path / "Makefile").write_text("all:\n", encoding="utf-8")
    (tmp_path / "evil.mk").write_text("$(shell touch ran)\nall:\n", encoding="utf-8")
    (tmp_path / "evil.rc").write_text("use_askpass = ./evil.sh\n", encoding="utf-8")
    (tmp_path / "empty.c").write_text("", encoding="utf-8")
    (tmp_path / "mbox").write_text("old\n", encoding="utf-8")
    (tmp_path / "cc1").symlink_to("evil.sh")
    (tmp_path / "evil.sh").write_text("#!/bin/sh\ntouch ran\n", encoding="utf-8")
    (tmp_path / "evil.sh").chmod(0o755)
    (tmp_path / "package.json").write_text('{"name": "app", "scripts": {"hello": "echo hello"}}', encoding="utf-8")
    words = [*command, name] if command in (_READ_BY_BASH, _AT_A_PROMPT, _WITH_MAIL) else command
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "VALUE": value}
    if words is command:
        environment[name] = value
    subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, check=False, timeout=30)
    assert (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["PASSWORD", "DATABASE_URL", "NPM_TOKEN", "PORT", "PYTHONUNBUFFERED", "CARGO_REGISTRY_TOKEN"])
def test_what_is_ordinary(name: str) -> None:
    """Nobody is asked about those that programs have in .env files."""
    assert not dangerous.why(name)
    assert not dangerous.is_from_outside(name)


@pytest.mark.parametrize("name", ["PATH", "HOME", "SHELL", "XDG_CONFIG_HOME", "GITENV_ENVIRONMENT", "GITENV_TRUST"])
def test_how_a_machine_is_set_up(name: str) -> None:
    """No commit sets these unasked, and an allowed command in a closed work tree has them as whoever starts it does."""
    assert dangerous.why(name)
    assert not dangerous.is_from_outside(name)
