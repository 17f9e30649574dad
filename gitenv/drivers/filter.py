"""The filter that git starts: clean and smudge, over a long-running process or for one file.

Rules that everything here keeps: new plain text is encrypted or refused, whatever is missing; a smudge never fails for want of
a key, it gives back what is in the commit; a clean of what is in the commit gives the same bytes.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Set
from typing import BinaryIO

from gitenv import recipients
from gitenv.access import Access, Judged
from gitenv.errors import INTERRUPTED, GitenvError, Locked, Malformed, NotTrusted, printable
from gitenv.git import layout
from gitenv.git.objects import Objects
from gitenv.git.pktline import ProtocolError
from gitenv.git.process import FilterProcess, Refused, Request
from gitenv.git.trees import CommitTree, IndexTree, Tree, WorkTree
from gitenv.model import clean, document, smudge
from gitenv.model.document import MAX_BYTES, Kind
from gitenv.pins import Pin


def serve() -> int:
    """`filter.gitenv.process`."""
    try:
        FilterProcess(sys.stdin.buffer, sys.stdout.buffer, MAX_BYTES).serve(EnvFilter())
    except (ProtocolError, EOFError, BrokenPipeError):
        _say("error: this is for git to start, as filter.gitenv.process", "gitenv --help")
        return 2
    except GitenvError as error:
        _say(f"error: {error.message}", error.hint)
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def once(command: str, path: str) -> int:
    """`filter.gitenv.clean` and `.smudge`, for clients that know no processes (JGit): standard input to standard output."""
    request = Request(path)
    env_filter = EnvFilter()
    try:
        data = _read_all(sys.stdin.buffer, MAX_BYTES if command == "clean" else None)
        result = env_filter.clean(request, data) if command == "clean" else env_filter.smudge(request, data)
    except Refused:
        return 1
    sys.stdout.buffer.write(data if result is None else result)
    sys.stdout.buffer.flush()
    return 0


class EnvFilter:
    """What gitenv does with one file after the other. The clone, its pins and its keys are read when the first file asks."""

    def __init__(self) -> None:
        self._here = layout.find(os.getcwd())
        self._objects = Objects(os.getcwd())
        self._access: Access | None = None
        self._warned: set[str] = set()

    def clean(self, request: Request, data: bytes) -> bytes:
        """The bytes for the object store. Raises `Refused`, after it said why."""
        if not data:
            return data
        try:
            return self._clean(request.path, data)
        except GitenvError as error:
            _say(f"error: {printable(request.path)}: {error.message}", error.hint)
        except Exception as error:  # plain text must not be staged, and not be shown, because of a bug of ours
            _say_bug(request.path, error)
        raise Refused

    def smudge(self, request: Request, data: bytes) -> bytes | None:
        """The bytes for the work tree; None to be asked again. Never fails: in doubt it is what is in the commit."""
        is_archive = request.treeish and not request.can_delay and not request.is_delayed
        if is_archive or not 0 < len(data) <= MAX_BYTES:
            return data
        try:
            return self._smudge(request, data)
        except Locked:
            return data  # nothing new to whoever was not let in; `gitenv status` says it
        except GitenvError as error:
            self._warn(f"warning: {printable(request.path)} stays closed: {error.message}", error.hint)
        except Exception as error:
            _say_bug(request.path, error)
        return data

    def checked_out(self) -> None:
        """The work tree has the new `.recipients/` now."""
        if self._access:
            self._access.forget_judgements()

    def _clean(self, path: str, data: bytes) -> bytes:
        document.check_size(len(data))
        access = self._open()
        pin = access.claimant(path)
        standing = _Standing(self._objects, path)
        if pin is None:
            return clean.pass_through(data, standing, self._no_environment(path))
        judged, _ = self._judge(access, pin, self._trees())
        if judged is None:
            older = Locked("this commit has no environment for it: it is from before gitenv", _way_out(path))
            return clean.pass_through(data, standing, older)
        try:
            ring = access.ring(judged.moves or pin)
        except Locked as error:
            refusal = Locked(error.message, f"{_way_out(path)}, or {error.hint}")
            return clean.pass_through(data, standing, refusal)
        if judged.is_below:
            return self._clean_below(data, access, pin, judged, standing)
        cleaned = clean.clean(data, ring, standing)
        if judged.moves:
            access.advance(judged.moves)
        return cleaned

    def _clean_below(self, data: bytes, access: Access, pin: Pin, judged: Judged, standing: _Standing) -> bytes:
        """Clean in an older commit: the same bytes for the same text, and nothing new under a key that others once had."""
        ring = access.ring(pin).at(judged.environment.generation)
        if ring is None:
            raise NotTrusted(f"generation {judged.environment.generation.number} is none of {pin.name}'s", "gitenv status")
        cleaned = clean.clean(data, ring, standing)
        for record in document.parse(cleaned):
            if record.kind is Kind.TOKEN and record.raw not in standing():
                raise NotTrusted(
                    f"this commit is older than the newest key of {pin.name}, and people who left may have its key",
                    "merge the main branch first",
                )
        return cleaned

    def _smudge(self, request: Request, data: bytes) -> bytes | None:
        access = self._open()
        pin = access.claimant(request.path)
        if pin is None:
            return data
        access.ring(pin)  # what is locked is left alone before any tree is looked at
        is_viewing = bool(request.blob) and not request.treeish and not request.can_delay and not request.is_delayed
        if is_viewing and not smudge.is_encrypted(data):
            return data
        trees: list[Tree] = [CommitTree(self._objects, request.treeish)] if request.treeish else self._trees()
        judged, source = self._judge(access, pin, trees)
        if judged is None:
            return data
        ring = access.ring(judged.moves or pin)
        floor = 0 if is_viewing else judged.environment.generation.number
        try:
            # The index may be behind what is being checked out, so it makes nothing unverified.
            return smudge.smudge(data, ring, floor, may_distrust=not isinstance(source, IndexTree))
        except smudge.StaysClosed:
            return None if self._may_delay(request, data) else data

    def _judge(self, access: Access, pin: Pin, trees: list[Tree]) -> tuple[Judged | None, Tree | None]:
        """What the first tree that has a statement says, and which tree that was."""
        for tree in trees:
            if judged := access.judge(pin, tree):
                return judged, tree
        return None, None

    def _trees(self) -> list[Tree]:
        return [WorkTree(self._here.work_tree), IndexTree(self._objects)]

    def _may_delay(self, request: Request, data: bytes) -> bool:
        """Whether to wait for a rotation that this checkout brings along.

        git crashes if a file in conflict is delayed (`checkout -m`, `restore -m`; seen in 2.39 and 2.55) and leaves index.lock.
        """
        if not request.can_delay or request.treeish or smudge.has_markers(data):
            return False
        return self._objects.read(f":0:{request.path}") is not None  # stage 0: the path is merged

    def _no_environment(self, path: str) -> Locked | NotTrusted:
        if not self._open().pinned():
            return Locked("it is encrypted in this repository, and there is no key in this clone", "gitenv init")
        tree = WorkTree(self._here.work_tree)
        for name in recipients.environments(tree):
            try:
                claims = recipients.environment_in(tree, name).claims(path)
            except Malformed:
                continue
            if claims:
                return Locked(f"it belongs to {name}, which is new here", f"gitenv unlock {name}")
        base = os.path.basename(path)
        example = base.removeprefix(".env.") if base.startswith(".env.") else "NAME"
        return NotTrusted(
            "it belongs to no environment",
            f"gitenv add-environment {printable(example.lower())} {printable(base)!r}, or add it to .gitignore",
        )

    def _open(self) -> Access:
        if self._access is None:
            self._access = Access(self._here)
        return self._access

    def _warn(self, message: str, hint: str) -> None:
        """Once a process for each message: a checkout may bring a thousand files of one environment."""
        reason = message.rpartition(": ")[2]
        if reason not in self._warned:
            self._warned.add(reason)
            _say(message, hint)


class _Standing:
    """What the index and HEAD hold of one file, as raw records; looked up when it is first asked for."""

    def __init__(self, objects: Objects, path: str) -> None:
        self._objects, self._path = objects, path
        self._records: set[bytes] | None = None

    def __call__(self) -> Set[bytes]:
        if self._records is None:
            self._records = set()
            specs = [f":0:{self._path}", f"HEAD:{self._path}"]
            if (staged := self._objects.read(specs[0], MAX_BYTES)) is None:
                specs[:1] = [f":{stage}:{self._path}" for stage in (1, 2, 3)]  # a conflict has no stage 0
            for data in [staged, *(self._objects.read(spec, MAX_BYTES) for spec in specs[1:])]:
                self._records.update(record.raw for record in document.parse(data or b""))
        return self._records


def _way_out(path: str) -> str:
    return f"to drop your change: git restore {printable(path)}"


def _say(message: str, hint: str) -> None:
    sys.stderr.write(message + "\n" + (f"hint: {hint}\n" if hint else ""))
    sys.stderr.flush()


def _say_bug(path: str, error: Exception) -> None:
    """Where our bug is, and no word of what it was working on: an exception's text may quote it."""
    trace, place = error.__traceback__, ""
    while trace:
        place = f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}"
        trace = trace.tb_next
    _say(f"error: {printable(path)}: a bug in gitenv, {type(error).__name__} at {place}", "please report it")


def _read_all(stream: BinaryIO, limit: int | None) -> bytes:
    return stream.read() if limit is None else stream.read(limit + 1)
