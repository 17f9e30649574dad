"""Text that stands at no path of a work tree: notes, tagged blobs, the messages of tags. Judged by the keys of protected files.

Nobody without a key can say that a value is one of theirs. But who sets their keys there has pasted one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from gitenv.check.documents import bounded
from gitenv.check.leaks import allow, keys_at, keys_in
from gitenv.errors import NotTrusted, shell_word
from gitenv.git.objects import Objects
from gitenv.model import comparing, document, leaks
from gitenv.model.codes import finding
from gitenv.model.document import Kind, Record
from gitenv.model.finding import Finding
from gitenv.repo.claims import Claims
from gitenv.repo.recipients import statements_in
from gitenv.repo.snapshot import Snapshot

NOTES = "refs/notes/"
_MAX_FILES = 1_000  # whose keys are known
_MAX_BYTES = 64 * 1024 * 1024
_HEX = frozenset("0123456789abcdef/")


class Texts:
    """Looks at texts, by the keys that the protected files of one state set; those are read only for a text that sets any."""

    def __init__(self, objects: Objects, side: Snapshot | None, notes: str = f"{NOTES}commits") -> None:
        """`notes` is the ref that the commits which are looked at belong to, if they hold notes."""
        self._objects, self._side, self._notes = objects, side, notes

    def blob(self, object_id: str, where: str, commands: Sequence[str], *, with_keys: bool = True) -> list[Finding]:
        """Private keys and plain text in a blob that a ref or a note holds; `where` is the ref."""
        ways = (*commands, *allow(where))
        found = keys_in(self._objects, where, object_id, None, ways) if with_keys else []
        return [*found, *self.text(self._objects.read(object_id, document.MAX_BYTES) or b"", where, commands)]

    def text(self, data: bytes, where: str, commands: Sequence[str], what: str = "") -> list[Finding]:
        """The lines that set a key of a protected file: all in what reads like such a file, else those that tell a secret."""
        try:
            records = list(document.numbered(document.parse(data)))
        except NotTrusted:
            return []  # no document, and so no copy of one
        listed = [(record, line) for record, line in records if record.kind is Kind.ASSIGNMENT]
        ours = [(record, line) for record, line in listed if record.name in self._keys] if listed else []
        if 2 * len(ours) < sum(record.kind in (Kind.ASSIGNMENT, Kind.UNKNOWN) for record, _ in records):
            ours = [(record, line) for record, line in ours if _is_telling(record)]
        return bounded(
            [
                finding(
                    "plain-copy",
                    f"{what}{record.name.decode('ascii')} is set here in plain text, a key of {self._keys[record.name]}",
                    where,
                    line,
                    (*commands, *allow(where)),
                )
                for record, line in ours
            ]
        )

    def keys(self, data: bytes, where: str, commands: Sequence[str]) -> list[Finding]:
        """The private keys in a text that is no blob."""
        return keys_at(list(leaks.key_lines([data])), where, (*commands, *allow(where)))

    def note(self, path: str, object_id: str, commit: str, *, with_keys: bool) -> list[Finding]:
        """A note as a commit of notes brought it."""
        parent = self._objects.id(f"{commit}^1")
        back = f"git update-ref {shell_word(self._notes)} {parent[:10]}" if parent else f"git update-ref -d {self._notes}"
        found = self.blob(object_id, self._notes, (back,), with_keys=with_keys)
        about = path.replace("/", "")[:10]
        return [each._replace(text=f"the note on {about}: {each.text}", commit=commit) for each in found]

    def notes_on(self, commit: str, *, with_keys: bool) -> list[Finding]:
        """The note that a commit has, as git stores it with few notes or with many."""
        ways = (commit, f"{commit[:2]}/{commit[2:]}", f"{commit[:2]}/{commit[2:4]}/{commit[4:]}")
        blob = next(filter(None, (self._objects.id(f"{self._notes}:{path}") for path in ways)), "")
        back = f"git notes --ref={shell_word(self._notes.removeprefix(NOTES))} remove {commit[:10]}"
        found = self.blob(blob, self._notes, (back,), with_keys=with_keys) if blob else []
        return [each._replace(text=f"the note on {commit[:10]}: {each.text}") for each in found]

    @cached_property
    def _keys(self) -> Mapping[bytes, str]:
        """The keys of protected files, each with one that sets it."""
        found: dict[bytes, str] = {}
        if self._side is None:
            return found
        claims, budget = Claims(statements_in(self._side).values()), _MAX_BYTES
        paths = [path for path, entry in self._side.entries().items() if entry.is_file and claims.covers(path)]
        for path in paths[:_MAX_FILES]:
            data = self._side.document(path) or b""
            budget -= len(data)
            if budget < 0:
                break
            try:
                for name in comparing.occurrences(data):
                    found.setdefault(name.encode("ascii"), path)
            except NotTrusted:
                continue
        return found


def is_note(path: str) -> bool:
    """Whether git stores a note so: by the object that it is on, in folders or not."""
    return len(path.replace("/", "")) in (40, 64) and _HEX.issuperset(path)


def _is_telling(record: Record) -> bool:
    value = record.raw.partition(record.name)[2].lstrip(b" \t").lstrip(b"=:")
    return leaks.is_telling(record.name, value)
