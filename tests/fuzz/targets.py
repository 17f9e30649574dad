"""Every reader of what strangers can push: how to make inputs for it, and what must hold.

A check says what came of its input, and raises whatever is not allowed to come.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import NamedTuple

from gitenv.errors import NotTrusted, Usage
from gitenv.model import grant
from gitenv.model.keys import read_public
from gitenv.trust.pins import Pin, Pins
from tests.fuzz import seeds
from tests.fuzz.documents import check_clean, check_document, check_smudge, check_token
from tests.fuzz.mutator import Mutator
from tests.fuzz.outcome import said
from tests.fuzz.programs import check_values
from tests.fuzz.sealed import check_rotated, check_sealed, resealed
from tests.fuzz.statements import check_environment, check_grant, check_signed_by_a_holder, resigned


class Target(NamedTuple):
    """One reader: how to make inputs for it, and what must hold. `examples` are those of the bounded run."""

    name: str
    make: Callable[[Random], bytes]
    check: Callable[[bytes], str]
    examples: int


def check_public_key(data: bytes) -> str:
    """Every key that is read is a point on the curve, and comes back from the line that gitenv writes."""
    try:
        keys = read_public(data, "key")
    except Usage as error:
        return said(error)
    assert keys
    for key in keys:
        assert read_public(key.line("alice"), "again") == [key]
        assert len(key.fingerprint()) == 50
    return "read"


def _pin_target(folder: Path) -> Target:
    """Pins read as files, from the folder that the user's configuration is in."""
    pin = Pin.of(seeds.PINNED, None, frozenset({seeds.PINNED.by}), frozenset({seeds.PINNED.by}))
    grants = [grant.read(data, "grant") for data in seeds.VALID_GRANTS]
    pins, written = Pins("0123456789abcdef"), []
    for own in (None, *grants):
        pins.forget()
        pins.put(pin._replace(grant=own))
        (path,) = folder.rglob("*.pin")
        written.append(path.read_bytes())

    def check(data: bytes) -> str:
        path.write_bytes(data)
        try:
            pins.get(pin.name)
        except NotTrusted as error:
            return said(error)
        assert data in written
        return "read"

    return Target("pin", Mutator(written, seeds.STATEMENT_FRAGMENTS).make, check, 600)


def _sealed_target() -> Target:
    mutator = Mutator(seeds.SEALED, seeds.DOCUMENT_FRAGMENTS)
    return Target("sealed", lambda random: resealed(random, mutator.make(random)), check_sealed, 1500)


def _statements(name: str, texts: list[bytes], check: Callable[[bytes], str], by: str) -> Target:
    mutator = Mutator(texts, seeds.STATEMENT_FRAGMENTS)

    def make(random: Random) -> bytes:
        data = mutator.make(random)
        return resigned(random, data, by) if by == "alice" or random.randrange(3) == 0 else data

    return Target(name, make, check, 1500)


def targets(folder: Path) -> list[Target]:
    """All of them. `folder` is where the environment variables say that the user's configuration is."""
    documents = Mutator(seeds.DOCUMENTS, seeds.DOCUMENT_FRAGMENTS).make
    keys = Mutator(seeds.PUBLIC_KEYS, seeds.KEY_FRAGMENTS).make
    return [
        Target("document", documents, check_document, 2000),
        Target("clean", documents, check_clean, 2000),
        Target("smudge", documents, check_smudge, 2000),
        Target("values", documents, check_values, 500),
        Target("token", Mutator(seeds.TOKENS, seeds.DOCUMENT_FRAGMENTS).make, check_token, 1500),
        _sealed_target(),
        Target("next generation", documents, check_rotated, 1500),
        _statements("environment", seeds.ENVIRONMENTS, check_environment, "eve"),
        _statements("grant", seeds.GRANTS, check_grant, "eve"),
        _statements("signed by a holder", seeds.ENVIRONMENTS + seeds.GRANTS, check_signed_by_a_holder, "alice"),
        Target("public key", keys, check_public_key, 2000),
        _pin_target(folder),
    ]
