"""clean: from the work tree into the object store. Every record is encrypted, or was, or is refused.

`committed` is what the index and HEAD hold of the file, as raw records. `before` are the records that the edit began from. What
nobody vouches for there stays as it is: a value is made of the user's own lines only, and of nobody's by `git add`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set

from gitenv.errors import GitenvError, NotTrusted
from gitenv.model import document, inert, simple, token
from gitenv.model.document import TEXT, Kind, Record
from gitenv.model.keyring import Keyring
from gitenv.tuples import NamedTuple

Committed = Callable[[], Set[bytes]]
Before = Callable[[], Sequence[Record]]


class Cleaned(NamedTuple):
    """A document as it is committed."""

    data: bytes
    tokens: list[bytes] | None = None  # all that it has, if this made them; None where they are to be looked for


def clean(data: bytes, ring: Keyring, committed: Committed, before: Before = tuple) -> bytes:
    """`cleaned`, and nothing said of its tokens."""
    return cleaned(data, ring, committed, before).data


def cleaned(data: bytes, ring: Keyring, committed: Committed, before: Before = tuple, ready: Cleaned | None = None) -> Cleaned:
    """Encrypt a document under the current generation of `ring`.

    A line that stands in plain `before`, or for whose text a token stands there that does not count today, stays what it is.
    `ready` is what `in_one_pass` made of it, if it was asked already.

    Raises `NotTrusted` for a line that only looks like a token, for an edited mark, and for the mask of a diff; the message has
    the line's number and name.
    """
    kept = Kept(ring, before)
    if ready and kept.is_nothing():
        return ready
    if simple.is_worth(data) and (lines := simple.lines(data)) and kept.is_nothing():
        return _in_one_pass(data, lines, ring)
    return Cleaned(by_records(data, ring, committed, kept))


def in_one_pass(data: bytes, ring: Keyring) -> Cleaned | None:
    """`cleaned` where nothing stands before, for a document of simple lines; None for any other."""
    lines = simple.lines(data) if simple.is_worth(data) else None
    return _in_one_pass(data, lines, ring) if lines else None


def _in_one_pass(data: bytes, lines: list[tuple[bytes, bytes]], ring: Keyring) -> Cleaned:
    found = Cleaned(*simple.encrypt(lines, data, ring.keys, ring.head))
    document.check_size(len(found.data))  # ciphertext is longer, and what is committed must open again
    return found


def by_records(data: bytes, ring: Keyring, committed: Committed, kept: Kept) -> bytes:
    """The same for lines of every kind, one record after the other."""
    records = document.parse(data)
    if document.MASK in data:
        _refuse_masks(records, committed)
    keys, head = ring.keys, ring.head
    out: list[bytes] = []
    for position, record in enumerate(records):
        kind = record.kind
        if kind in TEXT:
            out.append(kept.instead_of(record, token.spell(keys, head, record)))
        elif kind is Kind.PLAIN:
            out.append(record.raw)
        elif kind is Kind.UNVERIFIED:
            out.append(_unmarked(records, position, committed))
        elif (kind is Kind.TOKEN and _opens(ring, record)) or record.raw in committed() or _is_ours(ring, record):
            out.append(record.raw)
        else:
            raise _lookalike(records, position)
        out.append(record.end)
    cleaned = b"".join(out)
    document.check_size(len(cleaned))  # ciphertext is longer, and what is committed must open again
    return cleaned


def trimmed(raw: bytes) -> bytes:
    """A line without the white space at its end: an editor that takes it off, or adds a CR, makes nothing of its user's."""
    return raw.rstrip(b"\t\v\f\r ")


class Kept:
    """What stands for a text before the edit, and counts for nothing: it must not become a value by being cleaned again."""

    def __init__(self, ring: Keyring, before: Before) -> None:
        self._ring, self._before = ring, before
        self._kept: dict[tuple[bytes, bytes], bytes] | None = None
        self._trimmed: dict[tuple[bytes, bytes], bytes] = {}
        self._standing: Set[bytes] = frozenset()

    def is_nothing(self) -> bool:
        """Whether there is no such text."""
        return not self._found()

    def instead_of(self, record: Record, spelled: bytes) -> bytes:
        """What stays in the place of a text, or the token that `spelled` is."""
        kept = self._found()
        if spelled in self._standing:  # it counts already, whatever somebody put beside it
            return spelled
        stands = kept.get((record.name, record.raw))
        return stands or self._trimmed.get((record.name, trimmed(record.raw)), spelled)

    def _found(self) -> dict[tuple[bytes, bytes], bytes]:
        if self._kept is None:
            # Behind a plain line comes a token for the same text: it is what stood open there.
            records = sorted(self._before(), key=lambda each: each.kind is Kind.TOKEN)
            self._kept = dict(filter(None, map(self._stays, records)))
            self._standing = {each.raw for each in records} if self._kept else frozenset()
            self._trimmed = {(name, trimmed(text)): stands for (name, text), stands in self._kept.items()}
        return self._kept

    def _stays(self, record: Record) -> tuple[tuple[bytes, bytes], bytes] | None:
        if record.kind in TEXT:
            return (record.name, record.raw), record.raw
        found = token.read(record) if record.kind is Kind.TOKEN else None
        if found is None or self._ring.is_current(found) or not (raw := self._ring.text_of(found)):
            return None
        return (record.name, raw), record.raw


def _refuse_masks(records: list[Record], committed: Committed) -> None:
    """An editor that reverts a hunk of a masked diff writes the mask into the file: the value would be lost."""
    from gitenv.model import masking
    from gitenv.model.reasons import Masked

    for position, record in enumerate(records):
        if record.kind in TEXT and masking.is_masked(record) and record.raw not in committed():
            raise Masked(
                f"{place(records, position)}: is a mask from a diff (gitenv.maskDiff), and no value",
                "write the value itself, or take the line back: git restore -p",
            )


def unmarked(data: bytes) -> bytes:
    """A document with its marks turned back, and nothing else changed. Raises `NotTrusted` for an edited mark."""
    records = document.parse(data)
    marks = {n: _unmarked(records, n, frozenset) for n, record in enumerate(records) if record.kind is Kind.UNVERIFIED}
    return b"".join(marks.get(n, record.raw) + record.end for n, record in enumerate(records))


def is_same(data: bytes, stored: bytes) -> bool:
    """Whether a file is what is committed, and nothing but marked: nobody typed into it."""
    try:
        return data == stored or (inert.MARK in data and unmarked(data) == stored)
    except NotTrusted:
        return False


def pass_through(data: bytes, committed: Committed, refusal: GitenvError) -> bytes:
    """`data` with its marks turned back, if nothing in it is new plain text; else raises `refusal`, with the place added.

    For files without a key at hand: what is encrypted passes, and so does what stands in the index or HEAD.
    """
    records, out = document.parse(data), list[bytes]()
    for position, record in enumerate(records):
        if record.kind is Kind.UNVERIFIED:
            out.append(_unmarked(records, position, committed))
        elif record.kind in (Kind.PLAIN, Kind.TOKEN) or _is_sealed(record) or record.raw in committed():
            out.append(record.raw)
        else:
            raise type(refusal)(f"{refusal.message} (new text in {place(records, position)})", refusal.hint)
        out.append(record.end)
    return b"".join(out)


def place(records: list[Record], position: int) -> str:
    """Where a record is: its line, and its name if it has one. Never what."""
    line = 1 + sum(record.raw.count(b"\n") + 1 for record in records[:position])
    name = records[position].name.decode("ascii")
    return f"line {line}, {name}" if name else f"line {line}"


def forged_mark(records: list[Record], position: int) -> NotTrusted:
    """The error for a mark with a wrong TAG."""
    from gitenv.model.reasons import ForgedMark

    return ForgedMark(
        f"{place(records, position)}: an edited or forged '{inert.MARK.decode()}' mark",
        "put the line back as it was, or remove it",
    )


def _is_sealed(record: Record) -> bool:
    """Whether somebody sealed a value who cannot read the file: without the key, its form is all that can be looked at."""
    if record.kind is not Kind.SEALED:
        return False
    from gitenv.model import sealed

    return sealed.read(record) is not None


def _is_ours(ring: Keyring, record: Record) -> bool:
    """Whether somebody sealed a value for this environment. Slow, and ten thousand could be pushed: asked of new ones only."""
    if record.kind is not Kind.SEALED:
        return False
    from gitenv.model import sealed

    return sealed.opens(record, ring)


def _opens(ring: Keyring, record: Record) -> bool:
    found = token.read(record)
    return found is not None and ring.text_of(found) is not None


def _unmarked(records: list[Record], position: int, committed: Committed) -> bytes:
    raw = records[position].raw
    original = inert.unmark(raw)
    if original is None and raw not in committed():  # pushed like this, and written by a tool without our filter
        raise forged_mark(records, position)
    return raw if original is None else original


def _lookalike(records: list[Record], position: int) -> NotTrusted:
    from gitenv.model.reasons import Lookalike

    return Lookalike(
        f"{place(records, position)}: looks encrypted by gitenv, and no key of this environment opens it",
        "write the value in plain text, or remove the line",
    )
