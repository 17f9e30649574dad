"""The file `.recipients/NAME/known`: which tokens hold a value that somebody who left could read. Pure.

As long as such a token stands, its value was not set anew, and everybody can say so without a key. It is information: nothing
is opened or trusted because of it. Whoever edits it makes it another text than the statement names, and so none at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from gitenv.errors import NotTrusted
from gitenv.model import document, token
from gitenv.model.cipher import Generation, sha256
from gitenv.model.document import Kind, Record
from gitenv.model.environment import MAX_LISTED, Left
from gitenv.tuples import NamedTuple

MAX_BYTES = 4 * 1024 * 1024
_LINES = re.compile(rb"(?:[1-9][0-9]{0,8} [0-9a-f]{64}\n)*")

Known = Mapping[str, int]
"""The hash of a token's line, and the generation since which its value has stood: who left with that one or a later one."""


class Tracked(NamedTuple):
    """What a statement says of those who left."""

    known: Known
    left: Sequence[Left]

    @property
    def text(self) -> bytes:
        """The file; empty where there is none to write."""
        return b"".join(b"%d %b\n" % (since, line.encode()) for line, since in sorted(self.known.items(), key=_by_generation))

    @property
    def hash(self) -> str:
        """What the statement names it by; "" where there is none."""
        return sha256(self.text).hex() if self.known else ""


def read(data: bytes | None, expected: str) -> Known | None:
    """What stands in the file that a statement names by its hash. None where that is lost: missing, too large, or edited."""
    if not expected:
        return {}
    if data is None or len(data) > MAX_BYTES or sha256(data).hex() != expected or not _LINES.fullmatch(data):
        return None
    pairs = (line.split(b" ") for line in data.splitlines())
    return {line.decode("ascii"): int(since) for since, line in pairs}


def hash_of(record: Record) -> str:
    """What a token is known by: SHA-256 of its line, `NAME=gitenv1:…`, without the line's end."""
    return sha256(record.raw).hex()


def tokens(data: bytes) -> list[Record]:
    """The tokens and sealed values of a document; none of one that is too large, which nobody could read either.

    Without those that show no name. A sealed value waits for a holder, and any of them can read it.
    """
    try:
        return [record for record in document.parse(data) if record.kind in (Kind.TOKEN, Kind.SEALED) and record.name]
    except NotTrusted:
        return []


def every(documents: Iterable[bytes], since: int) -> Known:
    """All values of documents: what has to be supposed where nobody knows any more which of them somebody could read."""
    return {hash_of(record): since for data in documents for record in tokens(data)}


def merged(both: Iterable[Known]) -> Known:
    """What two sides say. Equal values have one token: it counts since the earlier generation."""
    found: dict[str, int] = {}
    for each in both:
        for line, since in each.items():
            found[line] = min(since, found.get(line, since))
    return found


def carried(before: Known, pairs: Iterable[tuple[bytes, bytes]], leaving: Iterable[Generation]) -> Known:
    """What is known of documents after a rotation: `pairs` are each of them as it was, and as it is encrypted anew.

    Somebody takes along all that stands under a generation of `leaving`.
    """
    heads = {token.head(generation): generation.number for generation in leaving}
    return merged(_of_pair(before, heads, *pair) for pair in pairs)


def accepted(
    before: Known, pairs: Iterable[tuple[Record, Record]], earlier: Iterable[Generation], left: Iterable[Left]
) -> Known:
    """What is known of values that a holder takes on: `pairs` are each of them as it was, and as it is encrypted now.

    Whoever `left` with one of the `earlier` generations, or with a later one, can open what stands under it.
    """
    heads, newest = {token.head(each): each.number for each in earlier}, max(each.generation for each in left)
    found = ((other, before.get(hash_of(one)) or _taken(one, heads)) for one, other in pairs if other.name)
    return merged({hash_of(other): since} for other, since in found if 0 < since <= newest)


def still(tracked: Tracked, documents: Iterable[bytes]) -> Tracked:
    """Without what stands in no document any more, and without those of whom nothing is left by that."""
    stands = {hash_of(record) for data in documents for record in tokens(data)} if tracked.known else frozenset[str]()
    newest = max((left.generation for left in tracked.left), default=0)
    known = {line: since for line, since in tracked.known.items() if line in stands and since <= newest}
    oldest = min(known.values(), default=0)
    left = [each for each in tracked.left if known and oldest <= each.generation]
    # Whoever left last could read what any other could: so no value is lost with a name that does not fit.
    return Tracked(known, sorted(left, key=lambda each: (-each.generation, each.name))[:MAX_LISTED])


def _of_pair(known: Known, heads: Mapping[bytes, int], before: bytes, after: bytes) -> Known:
    found: dict[str, int] = {}
    for one, other in _changed(before, after):
        is_taken = one.raw != other.raw or one.kind is Kind.SEALED  # a rotation leaves what waits as it is
        since = known.get(hash_of(one)) or (_taken(one, heads) if is_taken else 0)
        if since:
            line = hash_of(other)
            found[line] = min(since, found.get(line, since))
    return found


def _changed(before: bytes, after: bytes) -> Iterator[tuple[Record, Record]]:
    return zip(tokens(before), tokens(after), strict=True)


def _taken(record: Record, heads: Mapping[bytes, int]) -> int:
    """The generation that a token stands under, if it is one that somebody leaves with."""
    value = record.raw.partition(b"=")[2].replace(b"gitenv1-sealed:", b"gitenv1:", 1)
    return next((number for head, number in heads.items() if value.startswith(head)), 0)


def _by_generation(entry: tuple[str, int]) -> tuple[int, str]:
    return entry[1], entry[0]
