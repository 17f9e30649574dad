"""Statements that no command of gitenv writes (yet): the next generation, a stranger's environment, a grant by a reader."""

from __future__ import annotations

from pathlib import Path

from gitenv.identity import device
from gitenv.identity.device import DeviceKey
from gitenv.model import environment, grant, keys
from gitenv.model.cipher import Dek
from gitenv.model.environment import Environment
from gitenv.model.grant import Grant
from gitenv.model.keyring import Keyring
from gitenv.model.statements import Holder
from tests.lab import Person

_AT = "2026-11-21T10:00:00Z"


def rotate(person: Person, name: str) -> None:
    """Write the next generation of an environment, signed by `person`, with everybody in it who was in it."""
    key, folder = _key(person), person.cwd / ".recipients" / name
    old = environment.read((folder / "environment").read_bytes(), name)
    grants = [grant.read(file.read_bytes(), file.name) for file in folder.glob("*.grant")]
    own = next(found for found in grants if found.key == key.public)
    ring, dek = old.keyring(grant.unwrap(own, key, name)), Dek.fresh()
    generation, older = ring.next_generation(dek)
    me = Holder(own.to, key.public.fingerprint())
    holders = [Holder(found.to, found.key.fingerprint()) for found in grants if found.role == grant.HOLDER]
    new = environment.write(
        *(name, old.id, old.revision + 1, old.paths, Keyring(old.id, generation, dek, older), older, holders),
        by=me,
        at=_AT,
        signer=key,
    )
    _write(folder, new, [_grant(new, dek, found.to, found, me, key) for found in grants])


def found_over(person: Person, name: str) -> None:
    """Put a new environment, whose only holder is `person`, in the place of the one under this name."""
    key, folder = _key(person), person.cwd / ".recipients" / name
    me = Holder(person.name, key.public.fingerprint())
    paths = environment.read((folder / "environment").read_bytes(), name).paths
    new, dek = environment.found(name, paths, me, _AT, key)
    for file in folder.glob("*.grant"):
        file.unlink()
    own = grant.write(new, dek, person.name, key.public, grant.HOLDER, by=me, at=_AT, signer=key)
    (folder.parent / f"{person.name}.pub").write_bytes(key.public.line(person.name))
    _write(folder, new, [own])


def found_beside(person: Person, name: str, path: str) -> None:
    """Put one more environment there, whose only holder is `person`, whatever other environment has that path."""
    key, folder = _key(person), person.cwd / ".recipients" / name
    me = Holder(person.name, key.public.fingerprint())
    new, dek = environment.found(name, [path], me, _AT, key)
    folder.mkdir()
    own = grant.write(new, dek, person.name, key.public, grant.HOLDER, by=me, at=_AT, signer=key)
    (folder.parent / f"{person.name}.pub").write_bytes(key.public.line(person.name))
    _write(folder, new, [own])


def forge_grant(person: Person, name: str, to: str) -> None:
    """Wrap an environment's key for `to`, whether or not `person` may let anybody in."""
    key, folder = _key(person), person.cwd / ".recipients" / name
    statement = environment.read((folder / "environment").read_bytes(), name)
    own = grant.read((folder / f"{person.name}.grant").read_bytes(), name)
    (public,) = keys.read_public((folder.parent / f"{to}.pub").read_bytes(), to)
    me = Holder(person.name, key.public.fingerprint())
    dek = grant.unwrap(own, key, name)
    _write(folder, statement, [grant.write(statement, dek, to, public, grant.HOLDER, by=me, at=_AT, signer=key)])


def _key(person: Person) -> DeviceKey:
    return device.parse((person.home / ".config" / "gitenv" / "device.pem").read_bytes(), person.name)


def _grant(new: Environment, dek: Dek, to: str, old: Grant, me: Holder, key: DeviceKey) -> Grant:
    return grant.write(new, dek, to, old.key, old.role, by=me, at=_AT, signer=key)


def _write(folder: Path, statement: Environment, grants: list[Grant]) -> None:
    (folder / "environment").write_bytes(statement.text)
    for given in grants:
        (folder / f"{given.to}.grant").write_bytes(given.text)
