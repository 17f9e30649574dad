"""What programs read: whatever somebody pushes without a key, no reader of dotenv files returns a name that no holder wrote.

The readers that people use are the oracle, each in one process for all files (tests/readers). `requirements.lock` brings those
in Python; each other one is skipped where it is not installed. CONTRIBUTING.md says what to install.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from gitenv.errors import NotTrusted
from gitenv.model import inert
from gitenv.model.smudge import smudge
from tests.conftest import ALL
from tests.model.builders import committed, ring_of
from tests.readers import in_python

RING = ring_of()
_ONE_LINE = b"HELD=1\nHELD_TOO='a b'\n# a note\n## heading\n\nHELD_LAST=x\n"
HOLDERS = (
    _ONE_LINE,
    _ONE_LINE + b'export HELD_LINES="one\ntwo"\n',
    _ONE_LINE + b"HELD_LATE=x'one\ntwo'\nHELD_LINES=x\"one\ntwo\"\n",  # a shell reads on in quotes that open late
)
HELD = {"HELD", "HELD_TOO", "HELD_LAST", "HELD_LINES", "HELD_LATE"}
_ENDS = [
    *("\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\0", "\t", " ", "\n", "\\\n"),
    *("'", '"', "`", " # ", ";", ":", "!", "%0A", "%0D", "' ", '" '),
]
_STARTS = [
    *("", "#", "# note", "## note", "<<<<<<< ours", "||||||| base", ">>>>>>> theirs", "=======", " ", "\t", "\\", "\ufeff"),
    *("#gitenv-unverified:", "#gitenv-unverified:AAAAAAAAAAAA:", "#gitenv1:1.AAAAAA:AAAA", "X=gitenv2:", "-----BEGIN X-----"),
    *("A='", 'A="', "A=`", "## ", "## '", '## "', "<<<<<<< ", "<<<<<<< x"),
]
_EVIL = [
    *("EVIL=1", "EVIL: 1", "export EVIL=1", "EVIL =1", "EVIL=", "EVIL='1'", "EVIL=$(id)", "define EVIL"),
    *("$(touch pwned)", "$(shell touch pwned)", "`touch pwned`", "touch pwned #", ": ; touch pwned", "! ; touch pwned"),
]
_KNOWN = [  # each was live for some reader once
    *("## note\rEVIL=1", "## note\u2028EVIL: 1", "## EVIL=1", "## E*", "## EVI?*", "## [E]*", "## !(x)", "<<<<<<< E*"),
    *("## ' touch pwned #", '## " touch pwned #', "## $(touch pwned)", "## `touch pwned`", "#gitenv-unverified:\rEVIL=1"),
    *("<<<<<<< $(shell touch pwned)", "<<<<<<< x: ; touch pwned", "<<<<<<< x\\\nEVIL=1", "A=`\nEVIL=1", "EVIL=1"),
]
_PROGRAMS = Path(in_python.__file__).parent
_READERS = {
    **{name: [sys.executable, in_python.__file__, name] for name in in_python.READERS},
    **{name: ["node", str(_PROGRAMS / "in_node.cjs"), name] for name in ("util", "dotenv", "@dotenvx/dotenvx")},
    "Ruby's dotenv": ["ruby", str(_PROGRAMS / "in_ruby.rb"), "dotenv"],
    "vlucas/phpdotenv": ["php", str(_PROGRAMS / "in_php.php"), "Dotenv"],
    "symfony/dotenv": ["php", str(_PROGRAMS / "in_php.php"), "Symfony"],
    "godotenv": ["go", "run", str(_PROGRAMS / "in_go.go"), "godotenv"],
}
# Where Debian's packages and `npm install -g` lay libraries, unless somebody has them elsewhere.
_LIBRARIES = {"NODE_PATH": "/usr/local/lib/node_modules", "GOPATH": "/usr/share/gocode", "GO111MODULE": "off"}
_SHELL = 'for f in "$@"; do echo $( { %s; } >/dev/null 2>&1; env | sed -n "s/^\\([A-Za-z][A-Za-z0-9_]*\\)=.*/\\1/p"); done'
_SOURCE = 'set -a; . "$f"; set +a'
_EXPORT = {"sh": 'export $(grep -v "^#" "$f" | xargs)'}  # dash stops at the first word that begins with `#`
_EXPORT_ALL = 'export $(cat "$f" | xargs)'
_MAKE = 'for f in "$@"; do echo $(make -rs -f "$0" F="$f" 2>/dev/null); done'


def hostile(chance: random.Random) -> bytes:
    """Holders' lines, and among them whatever gets a second line, a word or a quote past some reader."""
    lines = committed(chance.choice(HOLDERS), RING).split(b"\n")
    for _ in range(chance.randint(1, 6)):
        parts = [chance.choice(_STARTS)]
        for _ in range(chance.randint(0, 3)):
            parts += [chance.choice(_ENDS), chance.choice([*_EVIL, "x"])]
        lines.insert(chance.randint(0, len(lines)), "".join([*parts, chance.choice(["", *_ENDS])]).encode())
    return b"\n".join(lines)


def _in_a_work_tree(commit: bytes, number: int) -> bytes:
    try:
        return smudge(commit, ([RING], [RING], [], None)[number % 4])
    except NotTrusted:
        return inert.mark_file("", b"\0" * 32)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Hostile commits as they stand in a work tree: open, gone back behind the pin, closed, and too large."""
    chance = random.Random(os.urandom(8) if ALL else "readers")
    known = [(b"\n%b\n" % line.encode()).join(committed(each, RING).split(b"\n")) for each in HOLDERS for line in _KNOWN]
    texts = [smudge(commit, [RING]) for commit in known]
    texts += [_in_a_work_tree(hostile(chance), number) for number in range(4000 if ALL else 400)]
    folder = tmp_path_factory.mktemp("read")
    (folder / "EVIL=1").touch()  # whoever pushes can call a file so, and a shell puts it in the place of a pattern
    found = [folder / str(number) for number in range(len(texts))]
    for file, text in zip(found, texts, strict=True):
        file.write_bytes(text)
    return found


def _run(command: Sequence[str], files: Sequence[Path], cwd: Path) -> subprocess.CompletedProcess[bytes]:
    env = {name: os.environ.get(name, there) for name, there in {"PATH": "", "HOME": "/", **_LIBRARIES}.items()}
    words = [*command, *map(str, files)]
    return subprocess.run(words, capture_output=True, check=False, timeout=300, env=env, cwd=cwd)


def _hold_only_what_holders_wrote(files: Sequence[Path], command: Sequence[str]) -> set[str]:
    """The names that a reader gives, all together. It runs nothing, either."""
    folder = files[0].parent
    (folder / "pwned").unlink(missing_ok=True)
    done = _run(command, [Path(os.devnull), *files], folder)
    assert not (folder / "pwned").exists()
    (own, *lines) = map(_names, done.stdout.decode("utf-8", "replace").splitlines())
    assert len(lines) == len(files), done.stderr[-2000:]
    for file, found in zip(files, lines, strict=True):
        assert found <= HELD | own, file.read_bytes()
    return set().union(*lines)


def _names(line: str) -> set[str]:
    """The names in what a reader says. Node takes lines without a `=` for a part of the next one: no variable is called so."""
    said = json.loads(line) if line.startswith("[") else line.split()
    return {name for name in said if re.fullmatch(r"[A-Za-z.][\w.-]*", name)}


@pytest.mark.parametrize("reader", _READERS)
def test_libraries(files: list[Path], reader: str) -> None:
    """Each returns names that a holder wrote, and no other."""
    command = _READERS[reader]
    if shutil.which(command[0]) is None or _run(command, [], files[0].parent).returncode:
        pytest.skip(f"{reader} is not installed")
    assert "HELD" in _hold_only_what_holders_wrote(files, command)


@pytest.mark.parametrize("shell", ["sh", "bash", "zsh", "ksh"])
def test_shells(files: list[Path], shell: str) -> None:
    """So do the two ways that stand in countless READMEs."""
    where = shutil.which(shell)
    if where is None:
        pytest.skip(f"there is no {shell}")
    command = [where, *(["-O", "extglob"] if shell == "bash" else []), "-c"]  # as with bash-completion
    some = files[: len(files) // 5]  # all that is known; each is a process or two
    assert "HELD" in _hold_only_what_holders_wrote(some, [*command, _SHELL % _SOURCE, shell])
    _hold_only_what_holders_wrote(some, [*command, _SHELL % _EXPORT.get(shell, _EXPORT_ALL), shell])


def test_make(files: list[Path]) -> None:
    """So does `include .env`. (make stops at a value of several lines, and at a conflict.)"""
    if shutil.which("make") is None or shutil.which("sh") is None:
        pytest.skip("there is no make")
    assert "HELD" in _hold_only_what_holders_wrote(files[: len(files) // 5], ["sh", "-c", _MAKE, str(_PROGRAMS / "names.mk")])
