"""Why a document is not used: what stands in it that nobody vouches for, by name and line, and the way out."""

from __future__ import annotations

from gitenv.errors import NotTrusted, joined, printable
from gitenv.model import document, inert, remedies

_MOST = 5


def unvouched(path: str, data: bytes) -> NotTrusted:
    """The error for marks in a document, as smudge or the filter made them."""
    if data.startswith(inert.WHOLE):
        return NotTrusted(f"{printable(path)} stays closed: it is too large", remedies.look(path))
    from gitenv.model import unverified

    found = unverified.find(document.parse(data))
    where = joined(
        [f"{printable(each.name)} in line {each.line}" if each.name else f"line {each.line}" for each in found], _MOST
    )
    if not found:
        return NotTrusted(f"{printable(path)} does not open to what it shows", remedies.look(path))
    return NotTrusted(f"{printable(path)} holds what nobody vouches for: {where}", "gitenv status")
