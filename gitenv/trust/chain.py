"""The chain of statements as it lies in a snapshot: the newest one, and those before it in `past/`, each named by its hash."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gitenv.errors import FirstEdition, Malformed
from gitenv.git.layout import RECIPIENTS
from gitenv.model import environment, statements
from gitenv.model.environment import Environment
from gitenv.repo.snapshot import Snapshot

MAX_STEPS = 4_096
MAX_BYTES = 64 * 1024 * 1024

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


class Bounds:
    """How much of a `past/` is looked at for one question: whoever can push makes up as much as they like."""

    def __init__(self, name: str) -> None:
        self._name, self._steps, self._bytes = name, MAX_STEPS, MAX_BYTES

    def take(self, text: bytes) -> bytes:
        """Count one statement, and give it back. Raises `TooLong`."""
        from gitenv.model.reasons import TooLong

        self._steps, self._bytes = self._steps - 1, self._bytes - len(text)
        if min(self._steps, self._bytes) < 0:
            hint = f"git log -- :/{RECIPIENTS}/{self._name}"
            raise TooLong(f"{self._name}/past: more statements than any team makes", hint)
        return text


def before(
    statement: Environment, text_of: TextOf, is_known: Callable[[str], bool], bounds: Bounds | None = None
) -> tuple[str, list[bytes]]:
    """Walk back to what is known: that one's hash ("" at the founding), and the texts after it, oldest first.

    The last text is the statement's own. Of the others nothing is read but which one is before them, and nothing is verified
    but that each has the hash that it is named by: `follow` does that. Raises `PastMissing`, `TooLong` and `Malformed`.
    """
    bounds = bounds or Bounds(statement.name)
    texts, wanted = [bounds.take(statement.text)], statement.previous
    while wanted and not is_known(wanted):
        texts.append(bounds.take(_text(statement.name, wanted, text_of)))
        wanted = environment.previous_of(texts[-1], _where(statement.name, wanted))
    return wanted, texts[::-1]


def follow(name: str, texts: Iterable[bytes], base: Environment | None) -> list[Environment]:
    """The statements of a chain, oldest first, each a good step from `base`; without one, from the founding.

    Raises the reason for the first one that is not good, and reads none after it: made-up ones cost nobody time or memory.
    """
    from gitenv.model import steps

    way: list[Environment] = []
    for text in texts:
        new = _read(text, _where(name, environment.hash_of(text)))
        if last := way[-1] if way else base:
            steps.check(last, new)
        else:
            steps.check_first(new)
        way.append(new)
    return way


def read(name: str, statement_hash: str, text_of: TextOf) -> Environment:
    """One statement of the past. Raises `PastMissing` if it is not there, or is another text."""
    return _read(_text(name, statement_hash, text_of), _where(name, statement_hash))


def _text(name: str, statement_hash: str, text_of: TextOf) -> bytes:
    from gitenv.model.reasons import PastMissing

    where, text = _where(name, statement_hash), text_of(statement_hash)
    if text is None:
        hint = f"gitenv doctor --fix; if it has nothing to put back: git log -- :/{RECIPIENTS}/{name}/past"
        raise PastMissing(f"{where}: is not there, and the statements after it go back to it", hint)
    if environment.hash_of(text) != statement_hash:
        raise PastMissing(f"{where}: is another text than its name says", f"git log -- :/{RECIPIENTS}/{name}/past")
    return text


def _read(text: bytes, where: str) -> Environment:
    try:
        return environment.read(text, where)
    except FirstEdition as error:  # no statement of this one goes back to it: nobody's repository is of the first edition
        raise Malformed(error.message) from None


def _where(name: str, statement_hash: str) -> str:
    return f"{name}/past/{statement_hash[:12]}…"
