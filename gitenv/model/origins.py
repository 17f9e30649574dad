"""Values that came from another file: a token is bound to its name and its environment, not to the file that it stands in.

So whoever can push can put one into another file, where it opens, and needs no key for that. And everybody can see where it
came from: equal values under one name have equal tokens. Honest people copy files as well, so it is no error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from gitenv.errors import joined
from gitenv.model import document
from gitenv.model.document import Kind
from gitenv.tuples import NamedTuple

MAX_BYTES = 256 * 1024 * 1024  # of the files of one environment that are looked through
_MOST = 4  # files that are named


class Came(NamedTuple):
    """A token that is new in a file."""

    path: str
    name: str
    line: int
    raw: bytes
    former: frozenset[bytes]  # the records that set the same key there before


class FileVersions(NamedTuple):
    """A file of the same environment, before and after; empty where there is none."""

    path: str
    before: bytes
    after: bytes


class Origin(NamedTuple):
    """A value that another file has, or had."""

    path: str
    name: str
    line: int
    others: tuple[str, ...]  # the first files that have it now, or else that had it
    number: int  # of all of them
    is_there: bool  # whether any file still has it
    is_instead: bool  # it took the place of another value

    def where(self, code: Callable[[str], str] = str) -> str:
        """Where it came from. `code` makes a path harmless in the format that it is shown in."""
        shown = joined([*map(code, self.others)], len(self.others), self.number)
        return f"the same value as in {shown}" if self.is_there else f"the same value as {shown} had"


def came(path: str, before: bytes, after: bytes) -> list[Came]:
    """The named tokens of `after` that are not in `before`. Raises `NotTrusted` for documents that are too large."""
    former: dict[bytes, list[bytes]] = {}
    for record in document.parse(before):
        former.setdefault(record.name, []).append(record.raw)
    return [
        Came(path, record.name.decode("ascii"), line, record.raw, frozenset(former.get(record.name, ())))
        for record, line in document.numbered(document.parse(after))
        if record.kind is Kind.TOKEN and record.name and record.raw not in former.get(record.name, ())
    ]


def origins(new: Sequence[Came], files: Iterable[FileVersions]) -> list[Origin]:
    """Which of the tokens that came another file of the same environment has, or had.

    Not where both files had one value before as well: then somebody changed it in both, or a rotation did. What is more than
    `MAX_BYTES` of files is not looked at.
    """
    wanted: dict[bytes, list[Came]] = {}
    for each in new:
        wanted.setdefault(each.raw, []).append(each)
    telling = wanted.keys() | {raw for each in new for raw in each.former}
    there: dict[Came, list[str]] = {}
    gone: dict[Came, list[str]] = {}
    budget = MAX_BYTES
    for file in files if new else ():
        budget -= len(file.before) + len(file.after)
        if budget < 0:
            break
        # A token is a line of its own; to parse all the other files would take longer than the rest.
        was, now = (telling.intersection(data.split(b"\n")) for data in (file.before, file.after))
        for raw in wanted.keys() & (was | now):
            for each in wanted[raw]:
                if each.path != file.path and each.former.isdisjoint(was):
                    (there if raw in now else gone).setdefault(each, []).append(file.path)
    return [
        Origin(each.path, each.name, each.line, tuple(listed[:_MOST]), len(listed), each in there, bool(each.former))
        for each in new
        if (listed := there.get(each) or gone.get(each))
    ]


def grouped(found: Iterable[Origin]) -> list[list[Origin]]:
    """Those of one file that came from the same ones together: who copied a file reads one sentence, and not fifty."""
    groups: dict[tuple[object, ...], list[Origin]] = {}
    for each in found:
        groups.setdefault((each.path, *each[3:]), []).append(each)
    return list(groups.values())
