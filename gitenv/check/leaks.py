"""What leaves by accident in files that nobody protects: gitenv's private keys, and copies of values. Where, and never what."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence

from gitenv.check.documents import bounded
from gitenv.errors import GitenvError, from_top, shell_word
from gitenv.git import program
from gitenv.git.objects import Objects
from gitenv.model import document, dotenv, leaks, names, remedies
from gitenv.model.codes import finding
from gitenv.model.document import Kind
from gitenv.model.finding import Finding, Severity
from gitenv.repo.snapshot import Entry, Snapshot
from gitenv.system import files
from gitenv.trust.change import Change
from gitenv.trust.keys_at_hand import KeysAtHand

ALLOW = "gitenv.allowSecretsIn"
"""The setting for files that are meant to hold such things: a key for tests, a value that is none. Patterns, as for paths."""
_CODES = ("private-key", "plain-copy")
_A_FILE = 20  # findings
_LINES = 1_000  # that are looked at for it
_LONG = 64  # characters of a path that could be a key
_SHOWN = 20  # of those with which every such key begins


def private_keys(change: Change) -> Iterator[Finding]:
    """The private keys in the files that a change ends with; those of the whole are looked for by `git grep`."""
    for path in _with_marks(change) if change.is_whole else change.changed:
        old = None if change.is_whole or change.before is None else change.before.entry(path)
        yield from key_in_name(path, was_before=old is not None)
        entry = change.after.entry(path)
        if entry and entry.is_file:
            commands = (unstage(change.before, path), *allow(path))
            yield from keys_in(change.objects, path, entry.object_id, old, commands)


def keys_in(
    objects: Objects, path: str, object_id: str, old: Entry | None, commands: tuple[str, ...], commit: str = ""
) -> list[Finding]:
    """The private keys in one blob. Where the file of before had one, they are a warning."""
    lines = list(leaks.key_lines(objects.pieces(object_id)))
    if not lines:
        return []
    was_before = old is not None and any(list(leaks.key_lines(objects.pieces(old.object_id))))
    return keys_at(lines, path, commands, commit, was_before=was_before)


def key_in_name(path: str, commit: str = "", end: str = "", *, was_before: bool = False) -> list[Finding]:
    """The finding for a path that is itself a private key, pasted as a file's name. It is cut off where the key begins.

    `end` is what the command for it ends in.
    """
    if len(path) < _LONG or not any(leaks.key_lines([os.fsencode(path)])):
        return []
    starts = (path.find(mark.decode("ascii")) for mark in leaks.TEXT_MARKS)
    shown = path[: min(start for start in starts if start >= 0) + _SHOWN] + "*"
    text = "the name of a file is a private key, as gitenv's own are: whoever has it reads what its owner reads"
    command = f"git rm --cached {shell_word(f':(top){shown}')}{end}"
    return [finding("private-key", text, shown, 0, (command,), commit, was_before=was_before)]


def keys_at(
    lines: Sequence[int], path: str, commands: tuple[str, ...], commit: str = "", *, was_before: bool = False
) -> list[Finding]:
    """The findings for the lines of a file in which a private key begins."""
    text = "a private key, as gitenv's own are: whoever has it reads what its owner reads"
    found = [finding("private-key", text, path, line, commands, commit, was_before=was_before) for line in lines[:_LINES]]
    return bounded(found, _A_FILE)


def copies(change: Change, at_hand: KeysAtHand, root: str) -> list[Finding]:
    """Opened values of protected files that stand in other files which a change brings; nothing without a key."""
    entries = change.files
    others = [path for path in change.changed if entries[path].is_file and not _is_ours(change, path)]
    wanted = _wanted(change, at_hand, root) if others else leaks.Copies()
    found: list[Finding] = []
    for path in others if wanted else ():
        data = change.after.document(path)
        pieces = [data] if data is not None else change.objects.pieces(entries[path].object_id)
        is_note = data is None or len(data) > document.MAX_BYTES or dotenv.kind(path) == "template"
        commands = (unstage(change.before, path), *allow(path))
        listed = [
            finding("plain-copy", f"{name} stands here in plain text, as it is opened from {source}", path, line, commands)
            for line, name, source in wanted.found(pieces)
        ]
        found += bounded([each._replace(severity=Severity.NOTE) if is_note else each for each in listed], _A_FILE)
    return found


def without_allowed(folder: str, found: Sequence[Finding]) -> list[Finding]:
    """Findings without those that this clone's user, or this server's, has said are meant."""
    if not any(each.code in _CODES for each in found):
        return list(found)
    patterns = os.fsdecode(program.attempt(folder, "config", "-z", "--get-all", ALLOW).stdout).split("\0")
    return [
        each
        for each in found
        if each.code not in _CODES or not any(names.matches(pattern, each.path) for pattern in patterns if pattern)
    ]


def allow(path: str) -> list[str]:
    """The command for a file that is meant to hold it; none for a name like `*`, which would allow all others as well."""
    return [] if set(path) & {"*", "?"} else [f"git config --add {ALLOW} {shell_word(path)}"]


def unstage(before: Snapshot | None, path: str) -> str:
    """The command that takes a file out of the next commit, and leaves it in the work tree."""
    if before is None or before.entry(path) is None:
        return remedies.take_out(path)
    return f"git restore --staged {from_top(path)}"


def _is_ours(change: Change, path: str) -> bool:
    return change.claims.covers(path) or path.startswith(".recipients/")


def _with_marks(change: Change) -> list[str]:
    """The files of the whole that may have a key: git reads them all, faster than anybody else."""
    end = [change.after.commit] if change.after.commit else ["--cached"]
    marks = (os.fsdecode(mark[mark.rfind(b"\0") + 1 :] if b"\0" in mark else mark) for mark in leaks.KEY_MARKS)
    words = ["grep", "-lzaF", "--full-name", "--no-color", "--no-recurse-submodules"]
    done = program.attempt(change.folder, *words, *(word for mark in marks for word in ("-e", mark)), *end)
    found = [path.removeprefix(f"{change.after.commit}:") for path in os.fsdecode(done.stdout).split("\0") if path]
    return sorted({*found, *(path for path in change.files if len(path) > _LONG)})


def _wanted(change: Change, at_hand: KeysAtHand, root: str) -> leaks.Copies:
    """The assignments of protected files: opened from the index and from HEAD, and as they lie in the work tree."""
    wanted = leaks.Copies()
    seen: set[str] = set()
    for side, there in ((change.after, change.files), (change.before or Snapshot(), change.former_files)):
        for path, entry in there.items():
            if not entry.is_file or not change.claims.covers(path):
                continue
            if entry.object_id not in seen:
                seen.add(entry.object_id)
                _add(wanted, path, _opened(at_hand, path, side.document(path) or b""))
            if side is change.after and at_hand.ring_of(path):
                _add(wanted, path, _assignments(_work_tree(root, path)))
    return wanted


def _add(wanted: leaks.Copies, path: str, found: Iterable[tuple[bytes, bytes]]) -> None:
    for name, raw in found:
        wanted.add(path, name, raw)


def _opened(at_hand: KeysAtHand, path: str, data: bytes) -> Iterator[tuple[bytes, bytes]]:
    open_of = at_hand.opener_of(path)
    try:
        for record in document.parse(data):
            if record.kind is Kind.TOKEN and record.name and (raw := open_of(record)):
                yield record.name, raw
    except GitenvError:
        return  # whoever judges documents says so


def _assignments(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    try:
        yield from ((record.name, record.raw) for record in document.parse(data) if record.kind is Kind.ASSIGNMENT)
    except GitenvError:
        return


def _work_tree(root: str, path: str) -> bytes:
    try:
        return files.read_inside(root, path, document.MAX_BYTES) or b""
    except GitenvError:
        return b""
