"""Taking a .env file out of .gitignore, where most repositories have it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping

from gitenv.errors import NotInOrder, Usage, printable
from gitenv.git import index
from gitenv.git.repository import Ignored, Repository
from gitenv.model import dotenv
from gitenv.repo import clone
from gitenv.system import files

_MAX_BYTES = 1024 * 1024
_ABOUT_ENV = re.compile(r"(?:/|\*\*/)*(?:\.env|\*\.env)[^/]*")


def can_be_mended(line: Ignored) -> bool:
    """Whether the line is in a .gitignore of this repository and is about .env files and nothing else."""
    return os.path.basename(line.source) == ".gitignore" and not os.path.isabs(line.source) and bool(
        _ABOUT_ENV.fullmatch(line.pattern)
    )  # fmt: skip


def line_for(path: str) -> str:
    """The line of the top's `.gitignore` that means one file and no other. There is none for a name with a line's end."""
    return "/" + re.sub(r"([\\*?\[\]!# ])", r"\\\1", path)


def check(lines: Iterable[Ignored]) -> None:
    """Raise `Usage` for a line that is not ours to take out."""
    for line in lines:
        if not can_be_mended(line):
            raise Usage(
                f"{printable(line.source)}:{line.line} ignores {printable(line.path)}, and is about more than .env files",
                "change that line yourself, then run gitenv init again",
            )


def take_out(repository: Repository, lines: Iterable[Ignored]) -> list[str]:
    """Remove the lines; return the files changed. A line with a wild card gives way to ones for what stays private."""
    by_source: dict[str, dict[int, Ignored]] = {}
    for line in lines:
        by_source.setdefault(line.source, {})[line.line] = line
    texts = {source: _read(repository, source) for source in by_source}
    new = {source: _without(texts[source], numbers) for source, numbers in by_source.items()}
    _note(repository, texts, new)
    for source, text in new.items():
        files.replace(repository.path(source), text)
    return list(by_source)


def put_back(repository: Repository) -> list[str]:
    """Undo `take_out`, where nobody has changed the file since; return the files changed."""
    changed = []
    for path, before, after in clone.unignored(repository.layout.common_dir):
        text, old = repository.objects.read(after), repository.objects.read(before)
        if old is not None and text == files.read_inside(repository.root, path, _MAX_BYTES):
            files.replace(repository.path(path), old)
            changed.append(path)
    return changed


def _note(repository: Repository, texts: Mapping[str, bytes], new: Mapping[str, bytes]) -> None:
    """What stood there before the first of several runs is what to go back to."""
    common_dir = repository.layout.common_dir
    noted = {each.path: each for each in clone.unignored(common_dir)}
    ids = index.write_blobs(repository.root, [*texts.values(), *new.values()])
    for path, before, after in zip(texts, ids, ids[len(texts) :], strict=False):
        is_next = path in noted and noted[path].after == before
        noted[path] = clone.Unignored(path, noted[path].before if is_next else before, after)
    clone.set_unignored(common_dir, noted.values())


def _read(repository: Repository, source: str) -> bytes:
    text = files.read_inside(repository.root, source, _MAX_BYTES)
    if text is None:
        raise NotInOrder(f"{printable(source)} is gone")
    return text


def _without(text: bytes, numbers: Mapping[int, Ignored]) -> bytes:
    kept = text.split(b"\n")
    end = b"\r" if b"\r\n" in text else b""
    private = [line.encode() + end for line in dotenv.PRIVATE if line.encode() + end not in kept]
    for number in sorted(numbers, reverse=True):
        replacement = private if "*" in numbers[number].pattern.removeprefix("**/") else []
        kept[number - 1 : number] = replacement
        private = [] if replacement else private
    return b"\n".join(kept)
