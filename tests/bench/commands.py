"""What somebody waits for at a terminal: the start of gitenv's own commands, by hyperfine."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping

from tests.bench import machine
from tests.bench.measure import Row
from tests.bench.peers import Gitenv, write_files
from tests.lab import gitenv as command

PART = "commands"
FILES, KEYS = 10, 20
_COMMANDS: Mapping[str, list[str]] = {"gitenv --help": ["--help"], "gitenv status": ["status"]}


def run(gitenv: Gitenv, rounds: int) -> list[Row]:
    """`gitenv --help` and `gitenv status` in a repository of 10 files. Without times where hyperfine is absent."""
    if machine.version_of("hyperfine") == machine.ABSENT:
        return [Row(PART, what, "hyperfine", FILES, ()) for what in _COMMANDS]
    person = gitenv.fresh()
    write_files(person.cwd, FILES, KEYS)
    person.must("git", "add", ".")
    person.must("git", "commit", "-q", "-m", "Add files")
    commands = [shlex.join(command(*arguments)) for arguments in _COMMANDS.values()]
    report = person.home / "hyperfine.json"
    person.must("hyperfine", "-N", "--warmup", "1", "--runs", str(rounds), "--export-json", str(report), *commands)
    results = json.loads(report.read_text(encoding="utf-8"))["results"]
    return [
        Row(PART, what, gitenv.name, FILES, tuple(result["times"])) for what, result in zip(_COMMANDS, results, strict=True)
    ]
