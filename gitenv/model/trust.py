"""Who counts, and which change of an environment is an honest step. Pure functions over statements.

Whoever can push can write anything into the repository, so nothing in it is believed because it is there. A statement is
believed if it is the one that was pinned, or if a pinned holder signed it as the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import NamedTuple

from gitenv.errors import NotTrusted
from gitenv.model.environment import Environment
from gitenv.model.grant import HOLDER, Grant
from gitenv.model.keys import PublicKey
from gitenv.model.statements import Holder, is_signed_by

KeyOf = Callable[[Holder], PublicKey | None]
"""Finds a key by its owner and fingerprint. Where it comes from does not matter: the fingerprint binds it."""


class Step(Enum):
    """How a statement stands to the pinned one."""

    SAME = "same"
    BELOW = "below"  # an earlier one: an older commit, or a branch that has not been merged
    WITHIN = "within"  # a later one of the same generation
    NEXT = "next"  # the next generation


class ForeignEnvironment(NotTrusted):
    """A known name with another id: somebody else's environment in the place of ours."""


class NotAStep(NotTrusted):
    """A changed statement that does not follow from the pinned one."""


class NotSigned(NotTrusted):
    """The signature is not by whom the statement names, or nobody has that key."""


def check_signed(statement: Environment | Grant, key_of: KeyOf, where: str) -> None:
    """Raise `NotSigned` unless the statement carries the signature of the person and key it names."""
    key = key_of(statement.by)
    if key is None:
        raise NotSigned(f"{where}: signed by {statement.by}, whose key is not in .recipients/")
    if key.fingerprint() != statement.by.fingerprint or not is_signed_by(statement.text, key):
        raise NotSigned(f"{where}: was changed after {statement.by.name} signed it, or never signed by them")


def step(pinned: Environment, holders: Iterable[Holder], new: Environment, key_of: KeyOf) -> Step:
    """Say how `new` follows from `pinned`, whose holders are `holders`. Raises `NotTrusted` with the reason if it does not.

    `BELOW` is good for reading only; that its generation is on the pinned chain is for the keyring to say.
    """
    where = f"{new.name}/environment"
    if new.text == pinned.text:
        return Step.SAME
    if new.id != pinned.id or new.name != pinned.name:
        raise ForeignEnvironment(
            f"{where}: another environment under a known name, signed by {new.by}",
            "ask your team who replaced it; nothing was encrypted for it",
        )
    if new.generation.number < pinned.generation.number:
        return Step.BELOW
    if new.generation.number == pinned.generation.number and new.generation != pinned.generation:
        raise NotAStep(f"{where}: another key for generation {new.generation.number}, signed by {new.by}")
    if new.generation == pinned.generation and new.revision <= pinned.revision:
        if new.revision == pinned.revision:
            raise NotAStep(f"{where}: another text for revision {new.revision}, signed by {new.by}")
        return Step.BELOW
    if new.by not in set(holders):
        raise NotAStep(
            f"{where}: revision {new.revision} is signed by {new.by}, who is no holder known here",
            "compare the fingerprint with them before you go on",
        )
    check_signed(new, key_of, where)
    return _forward(pinned, new, where)


def _forward(pinned: Environment, new: Environment, where: str) -> Step:
    if new.revision <= pinned.revision:
        raise NotAStep(f"{where}: generation {new.generation.number} with revision {new.revision}, which is no later one")
    if new.generation == pinned.generation:
        return Step.WITHIN
    if new.generation.number != pinned.generation.number + 1:
        raise NotAStep(
            f"{where}: {new.generation.number - pinned.generation.number} generations ahead of the pinned one",
            "check out the steps in between and run: gitenv unlock",
        )
    if pinned.generation not in [older.generation for older in new.older]:
        raise NotAStep(f"{where}: generation {new.generation.number} does not go back to the pinned one")
    return Step.NEXT


class Refused(NamedTuple):
    """A grant that does not count, and why."""

    grant: Grant
    reason: str


class Standing(NamedTuple):
    """Who is in an environment: the grants that count, by name, those that do not, and all holders."""

    counted: Mapping[str, Grant]
    refused: list[Refused]
    holders: frozenset[Holder]


def standing(environment: Environment, grants: Iterable[Grant], key_of: KeyOf, today: str) -> Standing:
    """Sort out who is in: a grant counts if a holder signed it who counted before. Linear in the number of grants.

    The statement's signature is not looked at: it is the pinned one, or was checked by `step`.
    """
    counted: dict[str, Grant] = {}
    refused: list[Refused] = []
    waiting: dict[Holder, list[Grant]] = {}
    for grant in grants:
        if reason := _unfit(environment, grant, today):
            refused.append(Refused(grant, reason))
        else:
            waiting.setdefault(grant.by, []).append(grant)
    holders = set(environment.holders)
    ready = list(environment.holders)
    while ready:
        signer = ready.pop()
        for grant in waiting.pop(signer, []):
            try:
                check_signed(grant, key_of, f"{environment.name}/{grant.to}.grant")
                person = Holder(grant.to, grant.key.fingerprint())
            except NotSigned as error:
                refused.append(Refused(grant, error.message.partition(": ")[2]))
                continue
            except ValueError:
                refused.append(Refused(grant, "its key is no point on the curve"))
                continue
            counted[grant.to] = grant
            if grant.role == HOLDER and person not in holders:
                holders.add(person)
                ready.append(person)
    for grants_left in waiting.values():
        refused += [Refused(grant, f"signed by {grant.by}, who is no holder") for grant in grants_left]
    return Standing(counted, refused, frozenset(holders))


def _unfit(environment: Environment, grant: Grant, today: str) -> str:
    if (grant.environment, grant.id) != (environment.name, environment.id):
        return "made for another environment"
    if grant.generation != environment.generation:
        return f"made for generation {grant.generation.number}, now is {environment.generation.number}"
    if grant.expired(today):
        return f"expired on {grant.expires}"
    return ""
