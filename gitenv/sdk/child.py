"""The environment that a command is started with: what was there, and the values."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Mapping

from gitenv.errors import NotTrusted, Usage, printable, shell_word
from gitenv.git import alone
from gitenv.model import dialect
from gitenv.sdk import dangerous, places
from gitenv.sdk.environment import Values, as_bytes, as_variable
from gitenv.tuples import NamedTuple

_KEYS = (alone.PRIVATE_KEY, alone.KEY_PIPE)
_KEPT = ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "LANG", "TZ", "TMPDIR")
_KEPT_ON_WINDOWS = ("SYSTEMROOT", "SYSTEMDRIVE", "COMSPEC", "PATHEXT", "TEMP", "TMP", "USERPROFILE", "APPDATA", "LOCALAPPDATA")
_SHORTEST_KEY = 64
_MOST_OF_ONE = 128 * 1024  # Linux: MAX_ARG_STRLEN, with the name and a NUL


class Rules(NamedTuple):
    """Which values a command gets, and what beside them."""

    only: Collection[str] = ()  # these and no others, if there are any
    allowed: Collection[str] = ()  # although they change how programs load
    override: bool = False  # the values win over what is set already
    is_clean: bool = False  # nothing beside them but what a login sets
    is_closed: bool = False  # from a closed work tree: whoever starts the command there does not decide which code it loads
    environment: str = ""  # that was named, the last of several


def environment(found: Values, rules: Rules, before: Mapping[str, str]) -> dict[str, str]:
    """What the command gets. Raises `NotTrusted` for dangerous names, `Usage` for what no environment can hold."""
    kept = inheritable(before)
    if rules.is_clean:
        kept = {name: value for name, value in kept.items() if _is_kept(name)}
    if rules.is_closed:
        kept = {name: value for name, value in kept.items() if not dangerous.is_from_outside(name)}
    for name, value in chosen(found, rules.only).items():
        if rules.override or name not in kept:
            _check(found, name, value, rules)
            kept[as_variable(name)] = as_variable(value)
    # gitenv.load() in the command means the same one: else development's other values would come to production's.
    meant = rules.environment or next((source.environment for source in reversed(found.sources) if source.environment), "")
    if meant and meant != (kept.get(places.VARIABLE) or places.DEFAULT):
        kept[places.VARIABLE] = meant
    return kept


def inherited() -> dict[str, str]:
    """The environment that we were started with. In the C locale Python adds LC_CTYPE for itself (PEP 538)."""
    before = dict(os.environ)
    if sys.platform == "linux" and "LC_CTYPE" in before:
        try:
            with open("/proc/self/environ", "rb") as file:
                if not any(setting.startswith(b"LC_CTYPE=") for setting in file.read().split(b"\0")):
                    del before["LC_CTYPE"]
        except OSError:
            pass
    return before


def inheritable(before: Mapping[str, str]) -> dict[str, str]:
    """An environment without the private key, whatever it is called there, and without ciphertext."""
    key = before.get(alone.PRIVATE_KEY, "").strip()
    is_key = len(key) > _SHORTEST_KEY  # what is shorter stands in many a value
    return {
        name: value
        for name, value in before.items()
        if name not in _KEYS and not (is_key and key in value) and is_set(before, name)
    }


def is_set(before: Mapping[str, str], name: str) -> bool:
    """Whether a variable is there, and with a value: ciphertext comes from whoever read a closed file without gitenv."""
    return name in before and not before[name].startswith(dialect.ENCRYPTED)


def chosen(found: Values, only: Collection[str]) -> Mapping[str, str]:
    """All values, or those that are named. Raises `Missing` for one that is not there."""
    return {name: found.need(name) for name in sorted(only)} if only else found.values


def check_meant(found: Values, name: str, allowed: Collection[str], hint: str) -> None:
    """Raise `NotTrusted` for a name that changes how programs load, unless the user said that it is meant."""
    where = found.places[name]
    if name in _KEYS:
        raise NotTrusted(f"{where}: {name} is for gitenv itself, and never reaches a command", "give the value another name")
    if why := dangerous.why(name, allowed):
        raise NotTrusted(f"{where}: {printable(name)} is not set unasked: {why}", hint)


def _check(found: Values, name: str, value: str, rules: Rules) -> None:
    where = found.places[name]
    if not name or "=" in name or "\0" in name:
        raise Usage(
            f"{where}: {printable(name)!r} is no name that a variable can have",
            "leave it out: --only NAME",
        )
    check_meant(found, name, rules.allowed, f"gitenv run --allow {shell_word(name)} -- COMMAND, if that is meant")
    if "\0" in value:
        raise Usage(
            f"{where}: the value of {printable(name)} holds a NUL, which no variable can",
            "leave it out: --only NAME",
        )
    if sys.platform == "linux" and (size := len(as_bytes(f"{name}={value}")) + 1) > _MOST_OF_ONE:
        raise too_large(f"{where}: {printable(name)}", size, _MOST_OF_ONE)


def too_large(what: str, size: int, limit: int) -> Usage:
    """The error for what the system takes into no environment."""
    most = f", and this system takes {limit:,}" if limit else ", more than this system takes"
    return Usage(f"{what} has {size:,} bytes{most}", "keep large data in a file, and its name in the value")


def _is_kept(name: str) -> bool:
    if os.name == "nt":
        return name.upper() in (*_KEPT, *_KEPT_ON_WINDOWS)
    return name in _KEPT or name.startswith("LC_")
