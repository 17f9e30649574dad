"""clean: from the work tree into the object store. Every record is encrypted, or was, or is refused.

`committed` is what the index and HEAD hold of the file, as raw records. What stands there may stay as it is where the file was
not opened: it is in the history already, and encrypting it would make a value of something that nobody vouched for.
"""

from __future__ import annotations

from collections.abc import Callable, Set

from gitenv.errors import GitenvError, NotTrusted
from gitenv.model import document, inert, token
from gitenv.model.cipher import Unopened
from gitenv.model.document import Kind, Record
from gitenv.model.keyring import Keyring

_TEXT = (Kind.ASSIGNMENT, Kind.COMMENT, Kind.UNKNOWN)
Committed = Callable[[], Set[bytes]]


def clean(data: bytes, ring: Keyring, committed: Committed, *, was_opened: bool = True) -> bytes:
    """Encrypt a document under the current generation of `ring`.

    A file that was never opened (`was_opened` says so, or its tokens do) may hold plain text that somebody else committed: that
    stays as it stands in the commit, and is not made a value by us.

    Raises `NotTrusted` for a line that only looks like a token, for an unverified mark whose TAG is wrong, and for the mask of
    a diff; the message has the line's number and name.
    """
    records = document.parse(data)
    was_closed = not was_opened or any(record.kind is Kind.TOKEN for record in records)
    if document.MASK in data:
        _refuse_masks(records, committed if was_closed else frozenset)
    keys, head = ring.keys, token.head(ring.current)
    out: list[bytes] = []
    for position, record in enumerate(records):
        kind = record.kind
        if kind in _TEXT:
            stays = was_closed and record.raw in committed()
            out.append(record.raw if stays else token.spell(keys, head, record))
        elif kind is Kind.PLAIN:
            out.append(record.raw)
        elif kind is Kind.UNVERIFIED:
            out.append(_unmarked(records, position, ring, committed, was_closed))
        elif (kind is Kind.TOKEN and _opens(ring, record)) or record.raw in committed() or _is_ours(ring, record):
            out.append(record.raw)
        else:
            raise _lookalike(records, position)
        out.append(record.end)
    cleaned = b"".join(out)
    document.check_size(len(cleaned))  # ciphertext is longer, and what is committed must open again
    return cleaned


def _refuse_masks(records: list[Record], committed: Committed) -> None:
    """An editor that reverts a hunk of a masked diff writes the mask into the file: the value would be lost."""
    from gitenv.model import masking
    from gitenv.model.reasons import Masked

    for position, record in enumerate(records):
        if record.kind in _TEXT and masking.is_masked(record) and record.raw not in committed():
            raise Masked(
                f"{place(records, position)}: is a mask from a diff (gitenv.maskDiff), and no value",
                "write the value itself, or take the line back: git restore -p",
            )


def pass_through(data: bytes, committed: Committed, refusal: GitenvError) -> bytes:
    """`data` as it is, if nothing in it is new plain text; else raises `refusal`, with the place added to its message.

    For files without a key at hand: what is encrypted passes, and so does what stands in the index or HEAD.
    """
    records = document.parse(data)
    for position, record in enumerate(records):
        if record.kind in (Kind.PLAIN, Kind.TOKEN) or _is_sealed(record) or record.raw in committed():
            continue
        raise type(refusal)(f"{refusal.message} (new text in {place(records, position)})", refusal.hint)
    return data


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
    keys = ring.find(found.number, found.hint) if found else None
    if not found or not keys:
        return False
    try:
        token.open_with(keys, found)
    except Unopened:
        return False
    return True


def _unmarked(records: list[Record], position: int, ring: Keyring, committed: Committed, was_closed: bool) -> bytes:
    raw = records[position].raw
    if was_closed and raw in committed():
        return raw  # nobody opened the file, so the mark is what stands in the commit
    original = inert.unmark(raw, ring.everything())
    if original is None and raw in committed():
        return raw  # somebody pushed it like this, into a file that is not open here
    if original is None:
        raise forged_mark(records, position)
    return original


def _lookalike(records: list[Record], position: int) -> NotTrusted:
    from gitenv.model.reasons import Lookalike

    return Lookalike(
        f"{place(records, position)}: looks encrypted by gitenv, and no key of this environment opens it",
        "write the value in plain text, or remove the line",
    )
