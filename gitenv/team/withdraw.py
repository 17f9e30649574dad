"""`gitenv uninstall --repository`: gitenv goes out of the repository, for everybody. Nothing is committed.

The order, for who is cut off: `.gitignore` first, so that no file that goes out of git can come back in plain text; then the
index, all of it at once; then what lies in the work tree. Only afterwards does git call gitenv no more in this clone.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Iterator, Sequence

from gitenv.errors import GitenvError, Locked, NotInOrder, Usage, printable
from gitenv.git import attributes, index
from gitenv.git.index import IndexEntry
from gitenv.git.layout import RECIPIENTS
from gitenv.model import document, smudge, unverified
from gitenv.system import files
from gitenv.team import gitignore, lock, setup
from gitenv.team.workspace import Workspace
from gitenv.tuples import NamedTuple

_MAX_BYTES = 1024 * 1024
_WORDS = re.compile(rb"[ \t]+(?:filter=gitenv|diff=gitenv|merge=gitenv|" + attributes.GUARD.encode() + rb")(?=\s|\Z)")
_OWN = re.compile(rf"{re.escape(RECIPIENTS)}/(?:[^/]+\.pub|[^/]+/(?:environment|known|[^/]+\.grant|past/[^/]+))")


class Withdrawal(NamedTuple):
    """What is to go, and what becomes of the files."""

    files: list[IndexEntry]
    patterns: list[str]  # that git is to ignore afterwards; none where the files stay in git
    plain: dict[str, bytes]  # path → what stands in git afterwards; empty where they go out of it
    closed: list[str]  # that go out of git and cannot be opened here: older commits keep them, the work tree does not


def look(workspace: Workspace, *, is_plain: bool) -> Withdrawal:
    """What withdrawing would do. Raises `Locked` for files that should be in plain text and cannot be opened here."""
    if not setup.is_known(workspace.repository):
        raise Usage(
            "gitenv is not set up in this clone; nothing was changed", "gitenv init, then gitenv uninstall --repository"
        )
    tracked = workspace.repository.tracked()
    if any(entry.stage for entry in tracked):
        raise NotInOrder("there is a conflict", "finish the merge first: git status")
    if any(entry.path.startswith(f"{RECIPIENTS}/") for entry in tracked):  # else an earlier run was cut off
        workspace.check_recipients_lie_here()
        lock.open_files(workspace)
    found = list(_files(workspace, tracked))
    if is_plain:
        return Withdrawal(found, [], {entry.path: _plain(workspace, entry) for entry in found}, [])
    closed = [entry.path for entry in found if _is_closed(workspace, entry)]
    return Withdrawal(found, _ignoring(workspace, found), {}, closed)


def carry_out(workspace: Workspace, done: Withdrawal) -> None:
    """Stage it, and take `.recipients/` and gitenv's attributes out of the work tree. A second run does what is left."""
    tracked = workspace.repository.tracked()
    changed: dict[str, bytes] = dict(done.plain)
    if done.patterns:
        changed[".gitignore"] = _ignored(workspace, done.patterns)
    named = [entry.path for entry in tracked if os.path.basename(entry.path) == ".gitattributes" and entry.is_file]
    for path in named:
        changed[path] = without_gitenv(workspace.repository.objects.read(f":{path}") or b"")
    gone = {entry.path for entry in tracked if _OWN.fullmatch(entry.path)}
    gone |= {path for path in named if not changed[path].strip()}
    gone |= {entry.path for entry in done.files} if not done.plain else set()
    kept = [path for path in changed if path not in gone]
    modes = {entry.path: entry.mode for entry in tracked}
    blobs = index.write_blobs(workspace.root, [changed[path] for path in kept])
    entries = [IndexEntry(path, blob, modes.get(path, index.FILE)) for path, blob in zip(kept, blobs, strict=True)]
    entries += [IndexEntry(path, "") for path in sorted(gone)]
    workspace.repository.replace_entries(entries)
    for entry in done.files:
        if entry.path in done.closed and _is_closed(workspace, entry):
            os.unlink(workspace.repository.path(entry.path))
    _clear_work_tree(workspace, gone, [*named, ".gitattributes"])
    workspace.reread()


def without_gitenv(text: bytes) -> bytes:
    """A `.gitattributes` without gitenv's block, and without gitenv's words in lines that people wrote."""
    lines = attributes.without_block(text).splitlines(keepends=True)
    mended = [(line, _WORDS.sub(b"", line)) for line in lines]
    return b"".join(new for line, new in mended if new == line or len(new.split()) > 1)


def _files(workspace: Workspace, tracked: Iterable[IndexEntry]) -> Iterator[IndexEntry]:
    """The files of environments that this clone believes, and all else that is encrypted, and only that.

    Whoever can push can make attributes, or an environment, that claim any file.
    """
    filtered = set(workspace.repository.filtered())
    believed = [pin.environment for pin in workspace.access.pinned()]
    others = workspace.statements().values()
    for entry in tracked:
        if not entry.is_file:
            continue
        is_said = entry.path in filtered or any(each.claims(entry.path) for each in others)
        if any(each.claims(entry.path) for each in believed) or (
            is_said and smudge.is_encrypted(workspace.repository.objects.read(entry.object_id) or b"")
        ):
            yield entry


def _is_closed(workspace: Workspace, entry: IndexEntry) -> bool:
    """Whether a file lies in the work tree as it is stored, encrypted."""
    stored = workspace.repository.objects.read(entry.object_id, document.MAX_BYTES)
    there = files.read_inside(workspace.root, entry.path, document.MAX_BYTES)
    return bool(stored and there == stored and smudge.is_encrypted(stored))


def _ignoring(workspace: Workspace, found: Iterable[IndexEntry]) -> list[str]:
    """The lines that let git ignore files which go out of it."""
    believed = [pin.environment for pin in workspace.access.pinned()]
    patterns = [f"/{pattern}" if "/" in pattern else pattern for each in believed for pattern in each.paths]
    alone = [entry.path for entry in found if not any(each.claims(entry.path) for each in believed)]
    return list(dict.fromkeys([*patterns, *(gitignore.line_for(path) for path in alone if "\n" not in path)]))


def _plain(workspace: Workspace, entry: IndexEntry) -> bytes:
    """A file as it stands in git afterwards. Raises `Locked` if nobody could vouch for all of it."""
    stored = workspace.repository.objects.read(entry.object_id)
    if stored is None:
        raise NotInOrder(f"{printable(entry.path)} cannot be read from git", "git fsck")
    if not smudge.is_encrypted(stored):
        return stored  # from an earlier run that was cut off, or in plain text before
    hint = "ask who can to do this, or take the files out of git: gitenv uninstall --repository"
    pin = workspace.access.claimant(entry.path)
    if pin is None:
        raise Locked(f"{printable(entry.path)} is encrypted, and this clone cannot open it", hint)
    try:
        judged = workspace.access.judge(pin, workspace.tree)
        ring = workspace.access.ring(judged.moves or pin if judged else pin)
        opened = smudge.smudge(stored, [ring])
    except GitenvError as error:
        raise Locked(f"{printable(entry.path)} cannot be opened: {error.message}", hint) from None
    if unverified.find(document.parse(opened)):
        raise Locked(f"{printable(entry.path)} has lines that nobody vouches for", "decide about them first: gitenv status")
    return opened


def _with_lines(text: bytes, patterns: Sequence[str]) -> bytes:
    """A `.gitignore` with lines for `patterns` at its end, where they win; those that are there are not repeated."""
    there = set(text.splitlines())
    new = [line for line in (os.fsencode(pattern) for pattern in patterns) if line not in there]
    return text + (b"\n" if text and not text.endswith(b"\n") and new else b"") + b"".join(line + b"\n" for line in new)


def _ignored(workspace: Workspace, patterns: Sequence[str]) -> bytes:
    """Let `.gitignore` in the work tree ignore them; return what is to stand in the index."""
    there = files.read_inside(workspace.root, ".gitignore", _MAX_BYTES) or b""
    if (new := _with_lines(there, patterns)) != there:
        workspace.write(".gitignore", new)
    staged = workspace.repository.objects.read(":.gitignore")
    return _with_lines(there if staged is None else staged, patterns)


def _clear_work_tree(workspace: Workspace, gone: Iterable[str], attribute_files: Iterable[str]) -> None:
    """Take away what only gitenv reads. Somebody's own files in `.recipients/` stay."""
    for path in dict.fromkeys(attribute_files):
        text = files.read_inside(workspace.root, path, _MAX_BYTES)
        if text is not None and (new := without_gitenv(text)) != text:
            if new.strip():
                workspace.write(path, new)
            else:
                os.unlink(workspace.repository.path(path))
    own = {path for path in gone if path.startswith(f"{RECIPIENTS}/")} | set(_untracked(workspace))
    for path in sorted(own):
        files.check_inside(workspace.root, path)
        with contextlib.suppress(FileNotFoundError, IsADirectoryError):
            os.unlink(workspace.repository.path(path))
    if not os.path.islink(workspace.repository.path(RECIPIENTS)):
        for folder, _, _ in os.walk(workspace.repository.path(RECIPIENTS), topdown=False):
            with contextlib.suppress(OSError):  # somebody's own files are in it
                os.rmdir(folder)


def _untracked(workspace: Workspace) -> list[str]:
    """Files of gitenv's that lie in `.recipients/` and are in no index: a run was cut off, or somebody did not stage them."""
    return [path for path in workspace.repository.untracked() if _OWN.fullmatch(path)]
