"""A value in every spelling that programs have for it; those that are on the machine are asked."""

from __future__ import annotations

import base64
import json
import os
import re
import shlex
import shutil
import subprocess
import urllib.parse
from collections.abc import Callable
from functools import cache

import pytest

from gitenv.model.redaction import Redactor

VALUES = {
    "plain": "hunter2hunter2",
    "url": "postgres://app:p%40ss/w0rd+x@db:5432/a b?x=1&y={2},3",
    "quotes": 'it\'s "so" `quoted` $HOME \\n !bang ~tilde #hash',
    "first": "~#start,=~with^odd",
    "lines": "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n'tis short\n-----END KEY-----",
    "beyond ascii": "pässwörd-€-😀-x",
    "controls": "tab\there\x1b[31mred\x07bell",
    "signs": "a,b;c|d&e<f>g(h)i[j]k*l?m^n=o%p:q@r",
    "no utf-8": b"caf\xe9-hunter2".decode("utf-8", "surrogateescape"),
    "blanks": "  hunter2hunter2 ",
    "long": "0123456789abcdef" * 20,
}
UTF_8 = [name for name in VALUES if name != "no utf-8"]

_IN_PYTHON: dict[str, Callable[[str], str]] = {
    "as it is": lambda value: value,
    "on a terminal": lambda value: value.replace("\n", "\r\n"),
    "json": json.dumps,
    "json in utf-8": lambda value: json.dumps(value, ensure_ascii=False),
    "json of php": lambda value: json.dumps(value).replace("/", "\\/"),
    "json of go": lambda value: json.dumps(value).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"),
    "repr": lambda value: repr({"name": value}),
    "ascii": ascii,
    "bytes": lambda value: repr(os.fsencode(value)),
    "quote": lambda value: urllib.parse.quote(os.fsencode(value)),
    "quote all": lambda value: urllib.parse.quote(os.fsencode(value), safe=""),
    "quote in lower case": lambda value: re.sub(
        "%..", lambda code: code[0].lower(), urllib.parse.quote(os.fsencode(value), safe="")
    ),
    "quote with plus": lambda value: urllib.parse.quote_plus(os.fsencode(value)),
    "shlex": shlex.quote,
}
for before in range(4):
    for encode in base64.b64encode, base64.urlsafe_b64encode:
        _IN_PYTHON[f"{encode.__name__} after {before}"] = (
            lambda value, before=before, encode=encode: encode(  # type: ignore[misc]
                b"u:xy"[:before] + os.fsencode(value) + b" and more"
            ).decode()
        )
        _IN_PYTHON[f"{encode.__name__} after {before} at the end"] = (
            lambda value, before=before, encode=encode: (  # type: ignore[misc]
                encode(b"u:xy"[:before] + os.fsencode(value)).decode().rstrip("=")
            )
        )

_IN_NODE = [
    "JSON.stringify(v)",
    "encodeURIComponent(v)",
    "encodeURI(v)",
    "new URLSearchParams({v}).toString()",
    "require('querystring').escape(v)",
    "require('util').inspect({v})",
    "Buffer.from(v).toString('base64')",
    "Buffer.from(v).toString('base64url')",
]

_IN_SHELLS = {
    "bash": ['printf %q "$V"', "declare -p V", 'echo "${V@Q}"', "set | grep -a ^V=", 'set -x; : "$V"'],
    "dash": ["export -p | grep -a -A9 V=", 'set -x; : "$V"'],
    "zsh": ['print -r -- "${(q)V}"', 'print -r -- "${(qq)V}"', 'print -r -- "${(qqq)V}"', "typeset -p V"],
    "fish": ["string escape -- $V"],
    "sh": [
        'printf %s "$V" | base64',
        'printf "%s\\n" "$V" | base64',
        'printf "user:%s" "$V" | base64 -w0',
        "env | grep -a ^V=",
    ],
}

_MIXED = {("zsh", "controls"), ("fish", "controls"), ("fish", "quotes")}  # some of it in quotes, some not


def _is_redacted(value: str, shown: bytes) -> bool:
    """Whether nothing of the value is left that anybody could read."""
    redactor = Redactor([("V", os.fsencode(value))])
    return b"[V redacted]" in redactor.feed(shown) + redactor.flush()


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("spelled", _IN_PYTHON)
def test_what_python_prints(name: str, spelled: str) -> None:
    """In base64 at each of the three places where it can stand, in both alphabets; in URLs, JSON, literals and for shells."""
    if name == "no utf-8" and spelled in ("json in utf-8",):
        pytest.skip("no text")
    text = _IN_PYTHON[spelled](VALUES[name])
    assert _is_redacted(VALUES[name], text.encode("utf-8", "surrogateescape"))


@cache
def _printed_by_node() -> dict[tuple[str, str], bytes]:
    """By value and expression, all in one process: a start of node takes longer than the rest."""
    printed = "".join(f"process.stdout.write(({expression}) + '\\0');" for expression in _IN_NODE)
    program = f"for (let n = 0; n < {len(UTF_8)}; n++) {{ const v = process.env['V' + n]; {printed} }}"
    said = _said(["node", "-e", program], **{f"V{number}": VALUES[name] for number, name in enumerate(UTF_8)})
    asked = [(name, expression) for name in UTF_8 for expression in _IN_NODE]
    return dict(zip(asked, said.split(b"\0")[:-1], strict=True))


@pytest.mark.skipif(not shutil.which("node"), reason="no node")
@pytest.mark.parametrize("name", UTF_8)
def test_what_node_prints(name: str) -> None:
    """JSON, the four ways into a URL, base64, and what console.log makes of an object."""
    for expression in _IN_NODE:
        assert _is_redacted(VALUES[name], _printed_by_node()[name, expression]), expression


@pytest.mark.parametrize("shell", _IN_SHELLS)
@pytest.mark.parametrize("name", UTF_8)
def test_what_shells_print(shell: str, name: str) -> None:
    """Quoted to be read again, in a trace, in a list of variables; and base64 with its lines of 76 characters."""
    if not shutil.which(shell):
        pytest.skip(f"no {shell}")
    for script in _IN_SHELLS[shell]:
        if (shell, name) in _MIXED:
            continue
        assert _is_redacted(VALUES[name], _said([shell, "-c", script], V=VALUES[name])), script


def _said(command: list[str], **values: str) -> bytes:
    env = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "LC_ALL": "C.UTF-8", **values}
    return subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True).stdout
