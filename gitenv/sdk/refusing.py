"""Why a document is not used: what stands in it that nobody vouches for, by name and line, and the way out."""

from __future__ import annotations

from collections.abc import Sequence

from gitenv.errors import NotTrusted, joined, printable
from gitenv.git.objects import Objects
from gitenv.model import clean, document, inert, plain, remedies, unverified
from gitenv.model.unverified import Unverified
from gitenv.repo.founding import Founding

_MOST = 5


def unvouched(path: str, data: bytes, hint: str) -> NotTrusted:
    """The error for marks in a document, as smudge or the filter made them."""
    if data.startswith(inert.WHOLE):
        return NotTrusted(f"{printable(path)} stays closed: it is too large", remedies.look(path))
    if not (found := unverified.find(document.parse(data))):
        return NotTrusted(f"{printable(path)} does not open to what it shows", remedies.look(path))
    return _held(path, found, hint)


def without_sealed(path: str, data: bytes) -> tuple[bytes, tuple[str, ...]]:
    """An open document with empty lines in the place of what somebody sealed, and what the user should know of that.

    They are proposals: the value that stands there counts until a holder decides, as it does for who reads the file itself.
    """
    records, names = document.parse(data), list[str]()
    for each in unverified.find(records):
        if each.sealed and unverified.forged_at(records, each) is None:
            names.append(each.name)
            for position in range(each.first, each.first + each.lines):
                records[position] = records[position]._replace(raw=b"")
    if not names:
        return data, ()
    waiting = f"{printable(path)}: sealed, and no value before a holder accepts it: {joined(names, _MOST)}"
    return b"".join(record.raw + record.end for record in records), (waiting,)


def check_typed(top: str, objects: Objects, environment: str, path: str, data: bytes, standing: Sequence[bytes]) -> None:
    """Raise `NotTrusted` for lines of an open file that `standing`, what it was before any edit, has in plain text.

    Not in commits that the founding goes back to, nor before it is committed: there all is its owner's.
    """
    opened, found = document.parse(data), list[Unverified]()
    for stored in map(document.parse, standing):
        texts = {clean.trimmed(text) for text in plain.texts(stored, None)}
        found += [each for each in plain.find(opened, stored) if clean.trimmed(each.record.raw) in texts]
    founding = Founding(top, objects, [environment])
    if found and not (founding.is_uncommitted(environment) or founding.is_before(environment, "HEAD")):
        raise _held(path, found, "gitenv status")


def _held(path: str, found: Sequence[Unverified], hint: str) -> NotTrusted:
    where = joined(
        [f"{printable(each.name)} in line {each.line}" if each.name else f"line {each.line}" for each in found], _MOST
    )
    return NotTrusted(f"{printable(path)} holds what nobody vouches for: {where}", hint)
