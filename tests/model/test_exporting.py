"""Values in the words of other programs, which are asked what they read, each where it is on this machine."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitenv.errors import Usage
from gitenv.model import dialect, exporting

_NASTY = {
    "PLAIN": "plain-1",
    "EMPTY": "",
    "SPACES": "  two  words ",
    "QUOTES": 'it\'s "x" `id` \'\' ""',
    "SMART": "\u2018a\u2019 \u201ab\u201b \u201cc\u201d",
    "SHELL": "$HOME ${HOME} $(touch pwned) !! ; & | > x * ? ~ #c",
    "BACKSLASH": "\\ \\n \\' \\\\ \\",
    "LETTERS": "äöü 日本 🎉",
    "PERCENT": "100% %0A %25",
    "EQUALS": "a=b=c",
    "LOOKS": "EOF<<x\t::set-output name=a::b",
}
_LINES = {"TEXT": "one\ntwo\n\nthree\n", "CRLF": "a\r\nb\r", "LINE": "\n"}
_BYTES = {"BYTES": "\udcff\udcc3x"}
_ALL = {**_NASTY, **_LINES, **_BYTES}
_PRINT = "import os, json; print(json.dumps({n: v for n, v in os.environ.items() if n in json.loads(os.environ['NAMES'])}))"


def _has(program: str) -> str:
    return shutil.which(program) or pytest.skip(f"there is no {program}")


def _set_by(words: Sequence[str], text: bytes, names: Sequence[str], folder: Path) -> dict[str, str]:
    """The variables that a program in another language has set for those that it starts."""
    (folder / "text").write_bytes(text)
    own = {"PATH": os.environ["PATH"], "HOME": str(folder), "NAMES": json.dumps([*names])}
    done = subprocess.run(
        [*words], capture_output=True, check=True, env={**own, "PYTHON": sys.executable, "PRINT": _PRINT}, cwd=folder
    )
    assert not (folder / "pwned").exists()
    found: dict[str, str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("shell", ["sh", "bash", "dash", "zsh", "ksh", "busybox"])
def test_shells(shell: str, tmp_path: Path) -> None:
    """`eval "$(gitenv export --format shell)"` sets each value, byte for byte, and runs nothing."""
    words = [_has(shell), *(["sh"] if shell == "busybox" else []), "-c", 'eval "$(cat text)"; exec "$PYTHON" -c "$PRINT"']
    assert _set_by(words, exporting.lines("shell", _ALL), [*_ALL], tmp_path) == _ALL


def test_fish(tmp_path: Path) -> None:
    """`gitenv export --format fish | source` does."""
    words = [_has("fish"), "--no-config", "-c", 'cat text | source; $PYTHON -c "$PRINT"']
    assert _set_by(words, exporting.lines("fish", _ALL), [*_ALL], tmp_path) == _ALL


def test_powershell(tmp_path: Path) -> None:
    """`gitenv export --format powershell | Out-String | Invoke-Expression` does. Older ones unset what is empty."""
    values = {**_NASTY, **_LINES}
    words = [_has("pwsh"), "-NoProfile", "-Command", "Get-Content -Raw text | Invoke-Expression; & $env:PYTHON -c $env:PRINT"]
    assert {"EMPTY": "", **_set_by(words, exporting.lines("powershell", values), [*values], tmp_path)} == values


def test_powershell_quotes() -> None:
    """All five characters that end its quotes are doubled, and nothing else is changed."""
    assert exporting.lines("powershell", {"A": "'\u2018\u2019\u201a\u201b\"`$\n"}).decode() == (
        "$env:A = '''\u2018\u2018\u2019\u2019\u201a\u201a\u201b\u201b\"`$\n'\n"
    )


def test_dotenv() -> None:
    """What gitenv's own dialect reads back, also all together."""
    assert dialect.values(exporting.lines("dotenv", _ALL)) == _ALL


def test_json() -> None:
    """An object in UTF-8, also with a NUL."""
    values = {**_NASTY, **_LINES, "NUL": "a\0b", "not a name": "x"}
    assert json.loads(exporting.lines("json", values).decode("utf-8")) == values
    if node := shutil.which("node"):
        done = subprocess.run(
            [node, "-p", "JSON.stringify(JSON.parse(require('fs').readFileSync(0, 'utf8')))"],
            input=exporting.lines("json", values),
            capture_output=True,
            check=True,
        )
        assert json.loads(done.stdout) == values


class _Daemon(BaseHTTPRequestHandler):
    """As much of Docker's daemon as `docker create` asks: it notes the environment that it is given."""

    created: ClassVar[list[list[str]]] = []

    def address_string(self) -> str:
        return ""

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self, body: object) -> None:
        text = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Api-Version", "1.44")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    def do_HEAD(self) -> None:
        self._answer({})

    def do_GET(self) -> None:
        self._answer({})

    def do_POST(self) -> None:
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.created.append(said["Env"])
        self._answer({"Id": "0" * 64, "Warnings": []})


@pytest.fixture
def docker(tmp_path: Path) -> Iterator[list[str]]:
    """The words that give Docker's own command line the file `text`."""
    program, socket = _has("docker"), tmp_path / "socket"
    from socketserver import ThreadingMixIn, UnixStreamServer  # Windows has none

    class Server(ThreadingMixIn, UnixStreamServer):
        pass

    with Server(str(socket), _Daemon) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield [program, "--host", f"unix://{socket}", "create", "--env-file", str(tmp_path / "text"), "image"]
        server.shutdown()
        thread.join()


def test_docker(docker: list[str], tmp_path: Path) -> None:
    """`docker run --env-file` takes each line as it is, up to the longest that it can read."""
    longest = "x" * (64 * 1024 - len("LONG=\n"))
    values = {**_NASTY, "CR": "a\rb", "LONG": longest}
    (tmp_path / "text").write_bytes(exporting.lines("docker", values))
    subprocess.run(docker, check=True, capture_output=True, env={"HOME": str(tmp_path), "PATH": os.environ["PATH"]})
    assert _Daemon.created.pop() == [f"{name}={value}" for name, value in values.items()]
    (tmp_path / "text").write_bytes(f"LONG={longest}x\n".encode())
    assert subprocess.run(docker, check=False, capture_output=True, env={"HOME": str(tmp_path)}).returncode


def test_kubernetes(tmp_path: Path) -> None:
    """A Secret that kubectl reads, with keys that YAML would take for something else, and any bytes."""
    values = {**_ALL, "true": "1", "1": "2", "null": "~", "a.b-c": "\0"}
    text = exporting.kubernetes(values, "my-app")
    found = {line.split('"')[1]: line.split('"')[3] for line in text.decode("ascii").splitlines() if line.startswith('  "')}
    assert {name: base64.b64decode(value).decode("utf-8", "surrogateescape") for name, value in found.items()} == values
    (tmp_path / "secret.yaml").write_bytes(text)
    words = [_has("kubectl"), "label", "--local", "--dry-run=client", "-f", "secret.yaml", "-o", "json", "a=b"]
    read = json.loads(subprocess.run(words, check=True, capture_output=True, cwd=tmp_path).stdout)
    assert (read["kind"], read["type"], read["metadata"]["name"]) == ("Secret", "Opaque", "my-app")
    assert read["data"] == found


@given(st.dictionaries(st.sampled_from(["A", "B_1", "_c"]), st.text(st.sampled_from("a=<\n\r%:'\"$ä"), max_size=12)))
def test_github(values: dict[str, str]) -> None:
    """The runner's rules for the file give the values back, and each of their lines is hidden."""
    text, hidden = exporting.github(values, "f00d" * 8)
    assert _runner(text.decode("utf-8")) == values
    said = [line.removeprefix("::add-mask::").replace("%25", "%") for line in hidden.decode("utf-8").splitlines()]
    lines = {line for value in values.values() for line in value.replace("\r", "\n").split("\n") if line.strip()}
    assert set(said) == lines
    assert hidden.count(b"::add-mask::") == len(lines)


def _runner(text: str) -> dict[str, str]:
    """What GitHub's runner takes from the file: `NAME<<WORD`, and all lines up to one that is that word."""
    found, lines = {}, text.split("\n")
    while lines and lines[0]:
        name, word = lines.pop(0).split("<<", 1)
        end = lines.index(word)
        found[name], lines = "\n".join(lines[:end]), lines[end + 1 :]
    return found


REFUSED = {
    ("shell", "a.b", "x"): "it is no name there",
    ("shell", "A", "\0"): "holds a NUL",
    ("fish", "ä", "x"): "no name",
    ("powershell", "A", "\udcff"): "not in UTF-8",
    ("dotenv", "a=b", "x"): "no name",
    ("dotenv", "A", "gitenv1:1"): "begins as what gitenv encrypted does",
    ("json", "A", "\udcff"): "not in UTF-8",
    ("json", "\udcff", "x"): "not in UTF-8",
    ("docker", "A", "one\ntwo"): "several lines",
    ("docker", "A", "one\r"): "several lines",
    ("docker", "A", "\udcff"): "not in UTF-8",
    ("docker", "A", "x" * 65534): "more than 65,536 bytes",
    ("docker", "#A", "x"): "no name",
    ("k8s-secret", "A/B", "x"): "no name",
    ("k8s-secret", "..", "x"): "no name",
    ("k8s-secret", "A" * 254, "x"): "no name",
    ("github-actions", "NODE_OPTIONS", "x"): "no name",
    ("github-actions", "github_token", "x"): "no name",
    ("github-actions", "A", "\0"): "holds a NUL",
}


@pytest.mark.parametrize(
    ("case", "why"), REFUSED.items(), ids=[f"{form}-{ascii(name)[:9]}-{why}" for (form, name, _), why in REFUSED.items()]
)
def test_refused(case: tuple[str, str, str], why: str) -> None:
    """What a format cannot carry is named with its key and format, and without the value."""
    form, name, value = case
    values = {"FIRST": "fine", name: value}
    write: dict[str, Callable[[], object]] = {
        "k8s-secret": lambda: exporting.kubernetes(values, "name"),
        "github-actions": lambda: exporting.github(values, "f00d"),
    }
    with pytest.raises(Usage, match=why) as refused:
        write.get(form, lambda: exporting.lines(form, values))()
    assert f"cannot be written as {form}" in refused.value.message
    assert value == "x" or value not in refused.value.message


@pytest.mark.parametrize("name", ["", "Upper", "a_b", "-a", "a.", "a..b", "x" * 254, "a\nb: c"])
def test_names_of_secrets(name: str) -> None:
    """A Secret has a name as hosts have, and holds a megabyte."""
    with pytest.raises(Usage, match="a Secret cannot be"):
        exporting.kubernetes({}, name)
    with pytest.raises(Usage, match="1,048,577 bytes"):
        exporting.kubernetes({"A": "x" * (1024 * 1024 + 1)}, "name")
    assert exporting.kubernetes({}, "a.b-c").endswith(b"\ndata: {}\n")
