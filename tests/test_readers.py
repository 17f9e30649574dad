"""What programs read: whatever somebody pushes without a key, no reader of dotenv files returns a name that no holder wrote.

The readers that people use are the oracle, each in one process for all files. One that is not installed is skipped:
`pip install python-dotenv django-environ python-decouple honcho`. (environs reads with python-dotenv.)
"""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest

from gitenv.errors import NotTrusted
from gitenv.model import inert
from gitenv.model.smudge import smudge
from tests.model.builders import committed, ring_of

RING = ring_of()
HOLDERS = b"HELD=1\nHELD_TOO='a b'\n# a note\nexport HELD_LINES=\"one\ntwo\"\n## heading\n\nHELD_LAST=x\n"
HELD = {"HELD", "HELD_TOO", "HELD_LINES", "HELD_LAST"}
_ENDS = [
    *("\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\0", "\t", " ", "\n", "\\\n"),
    *("'", '"', "`", " # ", ";", "%0A", "%0D"),
]
_STARTS = [
    *("", "#", "# note", "## note", "<<<<<<< ours", "||||||| base", ">>>>>>> theirs", "=======", " ", "\t", "\\", "\ufeff"),
    *("#gitenv-unverified:", "#gitenv-unverified:AAAAAAAAAAAA:", "#gitenv1:1.AAAAAA:AAAA", "X=gitenv2:", "-----BEGIN X-----"),
    *("A='", 'A="', "A=`", "## E*", "## EVI?*", "## [E]*", "<<<<<<< */*"),
]
_EVIL = ["EVIL=1", "EVIL: 1", "export EVIL=1", "EVIL =1", "EVIL=", "EVIL='1'", "EVIL=$(id)"]
_PYTHON = {
    "dotenv": "import dotenv\ndef names(f):\n    return [n for n, v in dotenv.dotenv_values(f).items() if v is not None]",
    "environ": "import environ, logging\nlogging.disable()\n"
    "def names(f):\n    environ.Env.ENVIRON = {}\n    environ.Env.read_env(f)\n    return environ.Env.ENVIRON",
    "decouple": "import decouple\ndef names(f):\n    return decouple.RepositoryEnv(f).data",
    "honcho": "from honcho import environ\n"
    "def names(f):\n    return environ.parse(open(f, encoding='utf-8', newline='').read())",
}
_SAYS = """
import json, sys
for file in sys.argv[1:]:
    try:
        print(json.dumps(list(names(file))))
    except ValueError:  # a quote that never closes
        print("[]")
"""
_NODE = """
const { readFileSync } = require("fs");
for (const file of process.argv.slice(1)) {
  console.log(JSON.stringify(Object.keys(require("util").parseEnv(readFileSync(file, "utf8")))));
}
"""
_SHELL = 'for f in "$@"; do ( %s >/dev/null 2>&1; env | grep -aoE "^[A-Za-z_][A-Za-z0-9_]*=" | tr "\\n=" "  " ); echo; done'
_OF_A_SHELL = {"PWD", "OLDPWD", "SHLVL", "_", "PATH"}


def _hostile(chance: random.Random) -> bytes:
    """Holders' lines, and among them whatever gets a second line, a word or a quote past some reader."""
    lines = committed(HOLDERS, RING).split(b"\n")
    for _ in range(chance.randint(1, 6)):
        parts = [chance.choice(_STARTS)]
        for _ in range(chance.randint(0, 3)):
            parts += [chance.choice(_ENDS), chance.choice([*_EVIL, "x"])]
        lines.insert(chance.randint(0, len(lines)), "".join([*parts, chance.choice(["", *_ENDS])]).encode())
    return b"\n".join(lines)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Hostile commits as they stand in a work tree: open, gone back behind the pin, and too large."""
    folder, chance, found = tmp_path_factory.mktemp("read"), random.Random("readers"), list[Path]()
    for number in range(400):
        commit = _hostile(chance)
        try:
            text = smudge(commit, [RING] if number % 4 else [])
        except NotTrusted:
            text = inert.mark_file("", b"\0" * 32)
        found.append(folder / str(number))
        found[-1].write_bytes(text)
    (folder / "EVIL=1").touch()  # whoever pushes can call a file so, and a shell puts it in the place of a pattern
    return found


def _hold_only_what_holders_wrote(files: Sequence[Path], command: Sequence[str]) -> set[str]:
    """The names that a reader gives, all together."""
    words = [*command, *map(str, files)]
    done = subprocess.run(
        words, capture_output=True, check=False, timeout=60, env={"PATH": "/usr/bin:/bin"}, cwd=files[0].parent
    )
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    assert len(lines) == len(files), done.stderr[-2000:]
    read: set[str] = set()
    for file, line in zip(files, lines, strict=True):
        names = json.loads(line) if line.startswith("[") else line.split()
        # Node takes lines without a `=` for a part of the next name: no variable is called so.
        found = {name for name in names if re.fullmatch(r"[\w.-]+", name)} - _OF_A_SHELL
        assert found <= HELD, file.read_bytes()
        read |= found
    return read


@pytest.mark.parametrize("reader", _PYTHON)
def test_readers_in_python(files: list[Path], reader: str) -> None:
    """Each returns names that a holder wrote, and no other."""
    if find_spec(reader) is None:
        pytest.skip(f"{reader} is not installed")
    assert "HELD" in _hold_only_what_holders_wrote(files, [sys.executable, "-c", _PYTHON[reader] + _SAYS])


def test_node(files: list[Path]) -> None:
    """So does Node's own `util.parseEnv`."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node")
    assert "HELD" in _hold_only_what_holders_wrote(files, [node, "-e", _NODE, "--"])


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_shells(files: list[Path], shell: str) -> None:
    """So do the two ways that stand in countless READMEs. (dash stops at the first word that begins with `#`.)"""
    where = shutil.which(shell)
    if where is None:
        pytest.skip(f"there is no {shell}")
    some = files[:80]  # each is a process or two
    assert "HELD" in _hold_only_what_holders_wrote(some, [where, "-c", _SHELL % 'set -a; . "$f"; set +a', shell])
    _hold_only_what_holders_wrote(some, [where, "-c", _SHELL % 'export $(cat "$f" | xargs)', shell])
