"""The chain of statements as it lies in a snapshot: the newest one, and those before it in `past/`, each named by its hash."""

from __future__ import annotations

from collections.abc import Callable

from gitenv.errors import FirstEdition, Malformed
from gitenv.git.layout import RECIPIENTS
from gitenv.model import environment, statements
from gitenv.model.environment import Environment
from gitenv.repo.snapshot import Snapshot

MAX_STEPS = 4_096
_MAX_BYTES = 64 * 1024 * 1024

TextOf = Callable[[str], bytes | None]
"""Finds a statement by its hash. Where it comes from does not matter: the hash binds it."""


def path(name: str) -> str:
    """Where an environment's newest statement lies."""
    return f"{RECIPIENTS}/{name}/environment"


def past_path(name: str, statement_hash: str) -> str:
    """Where one before it lies."""
    return f"{RECIPIENTS}/{name}/past/{statement_hash}"


def newest(snapshot: Snapshot, name: str) -> Environment | None:
    """A snapshot's newest statement; None if it has none. Nobody vouches for it here. Raises `Malformed`, `FirstEdition`."""
    text = snapshot.read(path(name), statements.MAX_BYTES)
    if text is None:
        return None
    found = environment.read(text, f"{name}/environment")
    if found.name != name:
        raise Malformed(f"{name}/environment: is a statement about {found.name}")
    return found


def finder(snapshot: Snapshot, name: str) -> TextOf:
    """Finds statements in the `past/` of a snapshot."""
    return lambda statement_hash: snapshot.read(past_path(name, statement_hash), statements.MAX_BYTES)


def before(statement: Environment, text_of: TextOf, is_known: Callable[[str], bool]) -> tuple[str, list[Environment]]:
    """Walk back to what is known: that one's hash ("" at the founding), and the statements after it, oldest first.

    Nothing is verified but that each has the hash that it is named by. Raises `PastMissing` and `TooLong`.
    """
    from gitenv.model.reasons import TooLong

    way, size = [statement], 0
    while (wanted := way[-1].previous) and not is_known(wanted):
        before_it = read(statement.name, wanted, text_of)
        size += len(before_it.text)
        if len(way) >= MAX_STEPS or size > _MAX_BYTES:
            hint = f"git log -- :/{RECIPIENTS}/{statement.name}"
            raise TooLong(f"{statement.name}/past: more statements than any team makes", hint)
        way.append(before_it)
    return wanted, way[::-1]


def read(name: str, statement_hash: str, text_of: TextOf) -> Environment:
    """One statement of the past. Raises `PastMissing` if it is not there, or is another text."""
    from gitenv.model.reasons import PastMissing

    where = f"{name}/past/{statement_hash[:12]}…"
    text = text_of(statement_hash)
    if text is None:
        hint = f"gitenv doctor --fix, which puts back what this clone knows; or: git log -- :/{RECIPIENTS}/{name}/past"
        raise PastMissing(f"{where}: is not there, and the statements after it go back to it", hint)
    if environment.hash_of(text) != statement_hash:
        raise PastMissing(f"{where}: is another text than its name says", f"git log -- :/{RECIPIENTS}/{name}/past")
    try:
        return environment.read(text, where)
    except FirstEdition as error:  # no statement of this one goes back to it: nobody's repository is of the first edition
        raise Malformed(error.message) from None
