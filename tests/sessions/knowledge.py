"""What somebody can know: all that their device key opens in everything that anybody of a lab has stored.

Reads the format by the model alone and believes everything: no pin, no signature, no rule about who counts. What it does not
find, nobody finds with that key.
"""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Iterable, Iterator

from gitenv.errors import GitenvError
from gitenv.identity.device import DeviceKey
from gitenv.model import document, environment, grant, sealed, token
from gitenv.model.cipher import Dek, Keys, Unopened
from gitenv.model.document import Kind
from gitenv.model.environment import Environment
from tests.lab import Lab, Person
from tests.sessions import forgery

_ENVIRONMENT = re.compile(rb"^gitenv-environment 1\n(?:.+\n)*?signature .+\n", re.MULTILINE)
_GRANT = re.compile(rb"^gitenv-grant 1\n(?:.+\n)*?signature .+\n", re.MULTILINE)


def of(person: Person, lab: Lab) -> bytes:
    """Every record that this person's key opens in the objects of all repositories, joined."""
    return opened_by(person, everything(lab))


def everything(lab: Lab) -> bytes:
    """All objects of all repositories, and what lies in `.recipients/` of work trees."""
    objects = lab.every_object(lab.repositories())
    files = [file.read_bytes() for file in lab.root.glob("homes/*/*/.recipients/*/*") if file.is_file()]
    return b"\n".join([objects, *files])


def opened_by(person: Person, stored: bytes) -> bytes:
    """Every record that this person's key opens in what is stored, joined."""
    known = list(_environments(stored))
    every = [keys for dek in set(_deks(person, stored)) for statement in known for keys in _keys(statement, dek)]
    opened = list({keys.commitment(): keys for keys in every}.values())
    lines = {line for line in stored.split(b"\n") if token.MARK in line or sealed.MARK in line}
    return b"\n".join([*_records(lines, opened), *_unsealed(lines, known, opened, forgery.device_key(person))])


def _environments(stored: bytes) -> Iterator[Environment]:
    for text in set(_ENVIRONMENT.findall(stored)):
        try:
            yield environment.read(text, "")
        except GitenvError:
            continue


def _deks(person: Person, stored: bytes) -> Iterator[Dek]:
    key = forgery.device_key(person)
    for text in set(_GRANT.findall(stored)):
        try:
            yield grant.unwrap(grant.read(text, ""), key, "")
        except GitenvError:
            continue


def _keys(statement: Environment, dek: Dek) -> list[Keys]:
    """Also if the statement commits to another key: it may be a forged one, and the text under the key all the same."""
    try:
        return statement.keyring(dek).everything()
    except GitenvError:
        return [Keys(dek, statement.id)]


def _records(lines: Iterable[bytes], opened: list[Keys]) -> Iterator[bytes]:
    for line in lines:
        record = document.parse(line)[0]
        found = token.read(record) if record.kind is Kind.TOKEN else None
        if found is None:
            continue
        for keys in opened:
            try:
                yield token.open_with(keys, found)
            except Unopened:
                continue


def _unsealed(lines: Iterable[bytes], known: list[Environment], opened: list[Keys], own: DeviceKey) -> Iterator[bytes]:
    """What was sealed: opened with the seal key of each generation, whichever one it names, and whoever signed it.

    And with the device key itself: somebody may have been shown that one for the environment's.
    """
    generations = {
        (each.id, generation) for each in known for generation in (each.generation, *(older.generation for older in each.older))
    }
    for line in lines:
        record = document.parse(line)[0]
        found = sealed.read(record) if record.kind is Kind.SEALED else None
        if found is None:
            continue
        for (identity, generation), keys in itertools.product(generations, opened):
            try:
                yield sealed.decrypt(found, identity, generation, environment.seal_key(keys))
            except Unopened:
                continue
        for identity, generation in generations:
            with contextlib.suppress(Unopened):
                yield sealed.decrypt(found, identity, generation, own)
