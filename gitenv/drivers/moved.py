"""A new file with a line that another one of its environment has in plain text: whose that line is, nobody could tell there.

Loaded for files that neither the index nor HEAD has.
"""

from __future__ import annotations

from collections.abc import Mapping

from gitenv.drivers.committed import parsed
from gitenv.errors import NotTrusted, from_top, printable
from gitenv.git import program
from gitenv.git.objects import Objects
from gitenv.model import clean, document
from gitenv.trust.pins import Pin


def plain_lines(root: str, objects: Objects, pin: Pin) -> dict[bytes, str]:
    """Lines in plain text in the index, without white space at their end, and the file of each."""
    found: dict[bytes, str] = {}
    listed = (line.partition("\t") for line in program.paths(root, "ls-files", "-z", "--stage", "--full-name"))
    entries = [(path, *meta.split(" ")[1:]) for meta, _, path in listed if pin.claims(path)]
    merged = [(path, blob) for path, blob, stage in entries if stage == "0"]
    for (path, _), data in zip(merged, objects.each([blob for _, blob in merged], document.MAX_BYTES), strict=True):
        texts = (record for record in parsed(data or b"") if record.kind in document.TEXT)
        found |= {clean.trimmed(record.raw): path for record in texts}
    return found


def refuse(data: bytes, elsewhere: Mapping[bytes, str]) -> None:
    """Raise `NotTrusted` for a document with one of those lines. A file that was moved leaves no entry behind."""
    if not elsewhere:
        return
    records = document.parse(data)
    for position, record in enumerate(records):
        if record.kind in document.TEXT and (raw := clean.trimmed(record.raw)) in elsewhere:
            where = elsewhere[raw]
            text = f"{clean.place(records, position)}: stands in plain text in {printable(where)}, and nobody vouches for it"
            raise NotTrusted(text, f"git log -p -- {from_top(where)}")
