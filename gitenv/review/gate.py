"""A stand-in: plain text in what is staged or goes out. To be replaced by the gate that `check` is made of."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from gitenv.errors import GitenvError, shell_word
from gitenv.git import program
from gitenv.git.objects import Objects
from gitenv.git.trees import RECIPIENTS
from gitenv.model import document
from gitenv.model.document import Kind
from gitenv.review.findings import Finding, Severity
from gitenv.team import discover

_RAW = ("--raw", "-z", "--no-renames", "--no-abbrev", "--diff-filter=d")


class Update(NamedTuple):
    """One reference as a push changes it. Zeros where there is none."""

    old: str
    new: str
    ref: str


def staged(folder: str) -> list[Finding]:
    """What is wrong with the blobs that the next commit changes."""
    objects = Objects(folder)
    fields = os.fsdecode(program.run(folder, "diff", "--cached", "--no-ext-diff", *_RAW)).split("\0")
    return list(_findings(objects, fields)) if program.paths(folder, "ls-files", "-z", RECIPIENTS) else []


def outgoing(folder: str, updates: Iterable[Update]) -> list[Finding]:
    """What is wrong with the commits that a push brings."""
    objects = Objects(folder)
    is_bare = program.run(folder, "rev-parse", "--is-bare-repository") == b"true\n"
    known = ["--all" if is_bare else "--remotes"]
    known += [update.old for update in updates if objects.id(update.old)]
    new = [update.new for update in updates if update.new.strip("0")]
    words = ("log", "--format=", *_RAW, *new, "--not", *known)
    fields = os.fsdecode(program.run(folder, *words)).split("\0") if new else []
    return list(_findings(objects, [field.lstrip("\n") for field in fields]))


def _findings(objects: Objects, fields: list[str]) -> Iterator[Finding]:
    for meta, path in zip(fields[::2], fields[1::2], strict=False):
        words = meta.split(" ")
        data = objects.read(words[3]) if discover.is_env(path) and words[1].startswith("100") else None
        try:
            records = document.parse(data or b"")
            # What stood there before is no news, and clean keeps it as it is: else nobody could touch such a file again.
            before = {record.raw for record in document.parse(objects.read(words[2]) or b"")}
        except GitenvError:
            continue
        line = 1
        for record in records:
            if record.kind in (Kind.ASSIGNMENT, Kind.COMMENT, Kind.UNKNOWN) and record.raw not in before:
                name = record.name.decode("ascii") or "a line"
                mend = (f"git add --renormalize {shell_word(path)}",)
                yield Finding("plain-text", Severity.ERROR, f"{name} is plain text", path, line, mend)
            line += record.raw.count(b"\n") + 1
