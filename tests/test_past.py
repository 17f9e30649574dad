"""What may be followed through history beyond what one tree shows, and what may not."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest

from gitenv.access import own_grant
from gitenv.errors import NotTrusted
from gitenv.git import program
from gitenv.git.objects import Objects
from gitenv.git.trees import WorkTree
from gitenv.lineage import Past, check_founding
from gitenv.model.environment import Environment
from gitenv.pins import Pin
from tests.model.builders import (
    ALICE,
    BOB,
    EVE,
    OTHER_IDENTITY,
    MemoryTree,
    dek,
    grant_for,
    key_of,
    ring_of,
    rotated,
    statement,
)

KEYS = {person.name: person.key.line(person.name) for person in (ALICE, BOB, EVE)}
FOUNDING = statement()
RING_2, CHAIN_2 = rotated(ring_of(), 2)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A repository with one commit, which has no environment."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    program.run(str(tmp_path), "init", "-q")
    _commit(str(tmp_path), "Begin")
    return str(tmp_path)


def _commit(root: str, subject: str) -> None:
    who = ("-c", "user.name=alice", "-c", "user.email=alice@example.org")
    program.run(root, *who, "commit", "-q", "--allow-empty", "-m", subject)


def _put(root: str, version: Environment | None) -> None:
    """Commit an environment's statement with everybody's public keys, or its removal."""
    folder = Path(root, ".recipients", FOUNDING.name)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in KEYS.items():
        (folder.parent / f"{name}.pub").write_bytes(text)
    (folder / "environment").unlink(missing_ok=True)
    if version:
        (folder / "environment").write_bytes(version.text)
    program.run(root, "add", "-A")
    _commit(root, "Change the environment")


def test_who_was_known_to_hold_it_may_sign_the_next(root: str) -> None:
    """A clone saw bob's grant once. No tree that can be reached has it any more, as in a shallow clone: his rotation counts."""
    by_bob = statement(RING_2, CHAIN_2, revision=2, holders=(ALICE, BOB), by=BOB)
    tree = MemoryTree(by_bob, **KEYS)
    with contextlib.closing(Objects(root)) as objects:
        past = Past(root, objects, tree, FOUNDING.name)
    assert not past.steps_from(Pin.of(FOUNDING, None, frozenset(), frozenset())).reaches(by_bob)
    assert past.steps_from(Pin.of(FOUNDING, None, frozenset({BOB.holder}), frozenset())).reaches(by_bob)


def test_nobody_founds_in_anothers_name(root: str) -> None:
    """eve replaces an environment by one of her own, and puts an unsigned founding by alice, its last holder, before it."""
    other = ring_of(identity=OTHER_IDENTITY)
    forged = statement(other, identity=OTHER_IDENTITY, holders=(ALICE, EVE), signer=EVE)
    hers = statement(other, identity=OTHER_IDENTITY, revision=2, holders=(ALICE, EVE), by=EVE)
    for version in (FOUNDING, None, forged, hers):
        _put(root, version)
    with contextlib.closing(Objects(root)) as objects, pytest.raises(NotTrusted, match="founded by alice"):
        check_founding(root, objects, WorkTree(root), hers)


def test_who_held_it_last_may_found_it_again(root: str) -> None:
    """The same with alice's own signature is believed."""
    other = ring_of(identity=OTHER_IDENTITY)
    again = statement(other, identity=OTHER_IDENTITY, holders=(ALICE, EVE))
    hers = statement(other, identity=OTHER_IDENTITY, revision=2, holders=(ALICE, EVE), by=EVE)
    for version in (FOUNDING, None, again, hers):
        _put(root, version)
    with contextlib.closing(Objects(root)) as objects:
        check_founding(root, objects, WorkTree(root), hers)


def test_a_grant_of_an_earlier_generation_is_none() -> None:
    """After a rotation that left somebody out, what their file still holds does not count for the new key."""
    later = statement(RING_2, CHAIN_2, revision=2, holders=(ALICE, BOB))
    old, new = grant_for(BOB), grant_for(BOB, about=later, data_key=dek(2))
    assert own_grant(later, MemoryTree(later, old, **KEYS), key_of(ALICE), BOB.device, "bob") is None
    assert own_grant(later, MemoryTree(later, new, **KEYS), key_of(ALICE), BOB.device, "bob") == new
