"""Taking a .env file out of .gitignore, where most repositories have it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from gitenv import files
from gitenv.errors import NotInOrder, Usage, printable
from gitenv.git.repository import Ignored, Repository
from gitenv.model import dotenv

_MAX_BYTES = 1024 * 1024
_ABOUT_ENV = re.compile(r"(?:/|\*\*/)*(?:\.env|\*\.env)[^/]*")


def can_be_mended(line: Ignored) -> bool:
    """Whether the line is in a .gitignore of this repository and is about .env files and nothing else."""
    return os.path.basename(line.source) == ".gitignore" and not os.path.isabs(line.source) and bool(
        _ABOUT_ENV.fullmatch(line.pattern)
    )  # fmt: skip


def take_out(repository: Repository, lines: Iterable[Ignored]) -> list[str]:
    """Remove the lines; return the files changed. A line with a wild card gives way to ones for what stays private.

    Raises `Usage` for a line that is not ours to take out.
    """
    by_source: dict[str, dict[int, Ignored]] = {}
    for line in lines:
        if not can_be_mended(line):
            raise Usage(
                f"{printable(line.source)}:{line.line} ignores {printable(line.path)}, and is about more than .env files",
                "change that line yourself, then run gitenv init again",
            )
        by_source.setdefault(line.source, {})[line.line] = line
    for source, numbers in by_source.items():
        _rewrite(repository, source, numbers)
    return list(by_source)


def _rewrite(repository: Repository, source: str, numbers: dict[int, Ignored]) -> None:
    text = files.read_inside(repository.root, source, _MAX_BYTES)
    if text is None:
        raise NotInOrder(f"{printable(source)} is gone")
    kept = text.split(b"\n")
    end = b"\r" if b"\r\n" in text else b""
    private = [line.encode() + end for line in dotenv.PRIVATE if line.encode() + end not in kept]
    for number in sorted(numbers, reverse=True):
        replacement = private if "*" in numbers[number].pattern.removeprefix("**/") else []
        kept[number - 1 : number] = replacement
        private = [] if replacement else private
    files.replace(repository.path(source), b"\n".join(kept))
