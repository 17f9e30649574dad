"""Whether a sealed value is by whom it names, for this environment, and by somebody of the team. Pure, and without a key."""

from __future__ import annotations

from collections.abc import Callable, Collection

from gitenv.errors import NotTrusted
from gitenv.model import sealed
from gitenv.model.cipher import Generation
from gitenv.model.document import Record
from gitenv.model.environment import Environment
from gitenv.model.reasons import ForgedSeal, SealedElsewhere, UnknownContributor
from gitenv.model.sealed import Sealed
from gitenv.model.statements import Holder
from gitenv.model.token import hint

_ASK = "ask them, and compare the fingerprint"

People = Callable[[], Collection[Holder]]
"""Everybody who is in some environment by a grant; asked for the first value that is signed."""


def problem(statement: Environment, record: Record, people: People, where: str) -> NotTrusted | None:
    """What speaks against a `SEALED` record; None if nothing does. Whether it was here before, only history knows."""
    found = sealed.read(record)
    if found is None:
        return ForgedSeal(f"{where}: has not the form of a sealed value")
    try:
        generation = generation_of(statement, found.number, found.hint)
        if generation is None:
            return SealedElsewhere(f"{where}: sealed for a generation that {statement.name} never had")
        sealed.check_signed(found, statement.id, generation, where)
        _check_known(found, people(), where)
    except NotTrusted as error:
        return error
    except ValueError:
        return ForgedSeal(f"{where}: its key is no point on the curve")
    return None


def generation_of(statement: Environment, number: int, key_hint: bytes) -> Generation | None:
    """The generation of an environment that a token or a sealed value says to be of, if it had such a one."""
    known = (statement.generation, *(older.generation for older in statement.older))
    return next((each for each in known if (each.number, hint(each.commitment)) == (number, key_hint)), None)


def _check_known(found: Sealed, people: Collection[Holder], where: str) -> None:
    if found.contributor not in people:
        raise UnknownContributor(f"{where}: sealed by {found.contributor}, who is in no environment here", _ASK)
    # Who holds one environment gives out names there, and would speak in the name of somebody in another one.
    if any(person.name == found.by and person != found.contributor for person in people):
        raise UnknownContributor(
            f"{where}: sealed by {found.contributor}, and {found.by} is in an environment here with another key", _ASK
        )
