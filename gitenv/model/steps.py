"""Whether a statement is a good next one after another. Pure: two statements, and nothing else that lies in a repository.

Whoever can push can write anything into it. So the key that a step is verified with stands in the statement before, which is
believed already; and who came in by a grant since then carries that grant along, as a proof.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gitenv.errors import Malformed, NotTrusted
from gitenv.model.environment import Environment
from gitenv.model.reasons import (
    BadProof,
    ForeignEnvironment,
    HolderGone,
    NotAHolder,
    NotLater,
    NotSigned,
    OtherKey,
    Severed,
    Unlinked,
)
from gitenv.model.statements import Holder, is_signed_by

if TYPE_CHECKING:
    from gitenv.model.grant import Grant
    from gitenv.model.kinds import PublicKey


def check(before: Environment, new: Environment) -> None:
    """Raise the reason why `new` is no good step after `before`, one of `reasons.NotAStep`."""
    where = f"{new.name}/environment"
    if (new.id, new.name) != (before.id, before.name):
        raise ForeignEnvironment(f"{where}: another environment under a known name, signed by {new.by}")
    if new.previous != before.hash:
        raise Unlinked(f"{where}: revision {new.revision} does not name the one before")
    if new.revision != before.revision + 1:
        raise NotLater(f"{where}: revision {new.revision} after {before.revision}")
    key = signer_key(before, new)
    _check_key(before, new, where)
    if not is_signed_by(new.text, key):
        raise NotSigned(f"{where}: was changed after {new.by.name} signed it, or never signed by them")


def is_good(before: Environment, new: Environment) -> bool:
    """Whether `new` is a good step after `before`."""
    try:
        check(before, new)
    except NotTrusted:
        return False
    return True


def check_first(statement: Environment) -> None:
    """Raise the reason why a statement is no founding: revision 1, signed by one of its own holders."""
    where = f"{statement.name}/environment"
    if statement.revision != 1:
        raise Unlinked(f"{where}: revision {statement.revision} is no founding")
    key = statement.key_of(statement.by)
    if key is None:
        raise NotAHolder(f"{where}: founded by {statement.by}, who is none of its holders")
    if not is_signed_by(statement.text, key):
        raise NotSigned(f"{where}: was changed after {statement.by.name} signed it, or never signed by them")


def signer_key(before: Environment, new: Environment) -> PublicKey:
    """The key that `new` must be signed with: from the `holder` lines before it, or from its proof. Raises `NotAStep`."""
    where = f"{new.name}/environment"
    if key := before.key_of(new.by):
        return key
    if not new.proof:
        raise NotAHolder(f"{where}: revision {new.revision} is signed by {new.by}, who was no holder")
    grants = proof_of(new)
    _check_proof(before, new.by, grants, where)
    return grants[0].key


def proof_of(statement: Environment) -> list[Grant]:
    """The grants that a statement carries along, from its signer's own. Raises `BadProof`."""
    from gitenv.model import grant

    where = f"{statement.name}/environment"
    try:
        return [grant.read(text, where) for text in statement.proof]
    except Malformed as error:
        raise BadProof(f"{where}: its proof is no grant ({error.message})") from None


def _check_proof(before: Environment, signer: Holder, grants: Sequence[Grant], where: str) -> None:
    """Each grant is signed by who the next one lets in, and the last one by a holder of the statement before.

    Expiry is not asked: a good chain would go bad one day. Who has a `holder` line comes in by a grant only with a key that
    they signed for themselves: another holder could else let a key of theirs in under that name.
    """
    names = {holder.name: holder for holder in before.holders}
    seen: set[str] = set()
    expected = signer
    for position, given in enumerate(grants):
        if (given.environment, given.id, given.generation) != (before.name, before.id, before.generation):
            raise BadProof(f"{where}: its proof has a grant of another generation or environment")
        if given.role != "holder":
            raise BadProof(f"{where}: its proof has the grant of {given.to}, who is a reader")
        if _person(given) != expected or given.to in seen:
            raise BadProof(f"{where}: its proof does not lead from {signer.name} to a holder")
        if given.to in names and names[given.to] != given.by:
            raise BadProof(f"{where}: its proof has another key for {given.to}, and not by themselves")
        is_last = position == len(grants) - 1
        key = before.key_of(given.by) if is_last else grants[position + 1].key
        if key is None or not is_signed_by(given.text, key):
            raise BadProof(f"{where}: nobody who held it before signed the grant of {given.to}")
        seen.add(given.to)
        expected = given.by


def _person(given: Grant) -> Holder | None:
    try:
        return Holder(given.to, given.key.fingerprint())
    except ValueError:
        return None


def _check_key(before: Environment, new: Environment, where: str) -> None:
    """The same generation, with nobody out of the `holder` lines; or the next one, with all keys before it on its chain.

    Who loses a line within a generation could come back by their old grant, as a proof: only a new key takes access away.
    """
    if new.generation.number == before.generation.number:
        if new.generation != before.generation or new.seal != before.seal or not _goes_on(before, new):
            raise OtherKey(f"{where}: another key for generation {new.generation.number}, signed by {new.by}")
        if gone := set(before.keyholders) - set(new.keyholders):
            name = min(each.name for each in gone)
            raise HolderGone(f"{where}: {name} is no holder any more, or has another key, without a new generation")
        return
    if new.generation.number < before.generation.number:
        raise NotLater(f"{where}: generation {new.generation.number} after {before.generation.number}")
    if new.generation.number > before.generation.number + 1:
        raise NotLater(f"{where}: generation {new.generation.number} after {before.generation.number}, which is no next one")
    if before.generation not in [link.generation for link in new.older] or not _goes_on(before, new):
        raise Severed(f"{where}: generation {new.generation.number} does not go back to the one before")


def _goes_on(before: Environment, new: Environment) -> bool:
    return set(before.older) <= set(new.older)
