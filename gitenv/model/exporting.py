"""Values in the words of whoever reads them. What a format cannot carry is an error that names the key, and never left out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from gitenv.errors import Usage, printable
from gitenv.tuples import NamedTuple

_VARIABLE = r"[A-Za-z_][A-Za-z0-9_]*"
_KEY = r"[A-Za-z_][A-Za-z0-9_.-]{0,127}"  # model.document has no other names
_OF_THE_RUNNER = r"(?i:GITHUB_|RUNNER_|NODE_OPTIONS\Z)"
_OF_A_SECRET = r"(?!\.\.)(?!\.\Z)[A-Za-z0-9._-]{1,253}"
_SECRET = r"(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*"
_SECRET_BYTES = 1024 * 1024  # all values of one Secret
_DOCKER_LINE = 64 * 1024  # the longest that Go's bufio.Scanner takes


class Format(NamedTuple):
    """What a format can carry."""

    names: str
    is_text: bool = False  # no bytes but UTF-8
    holds_nul: bool = False
    sets: bool = True  # it sets variables where it is read, and does not only list them


FORMATS: Mapping[str, Format] = {
    "dotenv": Format(_KEY, sets=False),
    "shell": Format(_VARIABLE),
    "fish": Format(_VARIABLE),
    "powershell": Format(_VARIABLE, is_text=True),
    "json": Format(r"(?s:.+)", is_text=True, holds_nul=True, sets=False),
    "docker": Format(_KEY, is_text=True, sets=False),
    "k8s-secret": Format(_OF_A_SECRET, holds_nul=True, sets=False),
    "github-actions": Format(rf"(?!{_OF_THE_RUNNER}){_VARIABLE}", is_text=True),
}


def lines(form: str, values: Mapping[str, str]) -> bytes:
    """The values in one of the formats that need nothing else. Raises `Usage` for what it cannot carry."""
    _check(form, values)
    if form == "json":
        import json

        return _bytes(json.dumps(values, indent=2, ensure_ascii=False)) + b"\n"
    return b"".join(_LINES[form](name, value) for name, value in values.items())


def kubernetes(values: Mapping[str, str], name: str) -> bytes:
    """A Secret of that name. Raises `Usage` for what it cannot carry."""
    import base64

    if not re.fullmatch(_SECRET, name):
        called = f"called {printable(name)}" if name else "without a name"
        raise Usage(f"a Secret cannot be {called}", "say one: --name NAME, of lower case letters, digits, - and .")
    _check("k8s-secret", values)
    size = sum(len(_bytes(value)) for value in values.values())
    if size > _SECRET_BYTES:
        raise Usage(f"the values have {size:,} bytes, and a Secret takes {_SECRET_BYTES:,}", "name fewer: --only NAME")
    head = [
        "apiVersion: v1",
        "kind: Secret",
        "metadata:",
        f'  name: "{name}"',
        "type: Opaque",
        "data:" if values else "data: {}",
    ]
    data = [f'  "{key}": "{base64.b64encode(_bytes(value)).decode("ascii")}"' for key, value in values.items()]
    return _bytes("\n".join([*head, *data, ""]))


def github(values: Mapping[str, str], delimiter: str) -> tuple[bytes, bytes]:
    """What belongs into the file that `GITHUB_ENV` names, and what a step prints so that GitHub hides the values.

    `delimiter` is to be a random one, which nobody can have put into a value. Raises `Usage` for what cannot be carried.
    """
    _check("github-actions", values)
    if any(delimiter in value for value in values.values()):
        raise AssertionError("a random delimiter stands in a value")
    text = "".join(f"{name}<<{delimiter}\n{value}\n{delimiter}\n" for name, value in values.items())
    hidden = dict.fromkeys(line for value in values.values() for line in re.split(r"[\r\n]", value) if line.strip())
    return _bytes(text), _bytes("".join("::add-mask::{}\n".format(line.replace("%", "%25")) for line in hidden))


def _check(form: str, values: Mapping[str, str]) -> None:
    rules = FORMATS[form]
    for name, value in values.items():
        if not re.fullmatch(rules.names, name):
            raise _cannot(form, name, "it is no name there")
        if rules.is_text and not (_is_text(value) and _is_text(name)):
            raise _cannot(form, name, "its value is not in UTF-8")
        if "\0" in value and not rules.holds_nul:
            raise _cannot(form, name, "its value holds a NUL")


def _cannot(form: str, name: str, why: str) -> Usage:
    return Usage(f"{printable(name)} cannot be written as {form}: {why}", "name the others: --only NAME")


def _dotenv(name: str, value: str) -> bytes:
    from gitenv.model import quoting
    from gitenv.model.reasons import CannotStand

    try:
        return quoting.spellings(name, _bytes(value))[0].raw + b"\n"
    except CannotStand:
        raise _cannot("dotenv", name, "it begins as what gitenv encrypted does") from None


def _shell(name: str, value: str) -> bytes:
    return _bytes("export {}='{}'\n".format(name, value.replace("'", "'\\''")))


def _fish(name: str, value: str) -> bytes:
    return _bytes("set -gx {} '{}'\n".format(name, value.replace("\\", "\\\\").replace("'", "\\'")))


def _powershell(name: str, value: str) -> bytes:
    # Any of these ends its quotes, whichever began them.
    return _bytes("$env:{} = '{}'\n".format(name, re.sub("(['\u2018\u2019\u201a\u201b])", r"\1\1", value)))


def _docker(name: str, value: str) -> bytes:
    # It takes all of a line, and no quotes off. A CR at the end is one with the line's.
    if "\n" in value or value.endswith("\r"):
        raise _cannot("docker", name, "its value has several lines")
    line = _bytes(f"{name}={value}\n")
    if len(line) > _DOCKER_LINE:
        raise _cannot("docker", name, f"its line has more than {_DOCKER_LINE:,} bytes")
    return line


_LINES: Mapping[str, Callable[[str, str], bytes]] = {
    "dotenv": _dotenv,
    "shell": _shell,
    "fish": _fish,
    "powershell": _powershell,
    "docker": _docker,
}


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _is_text(text: str) -> bool:
    return not any("\udc80" <= char <= "\udcff" for char in text)
