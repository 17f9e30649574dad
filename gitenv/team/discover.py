"""Finding the .env files of a repository, and which environment each should belong to."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping, Sequence

from gitenv.errors import GitenvError, NotInOrder, NotTrusted, printable, shell_word
from gitenv.git.repository import Ignored, Repository
from gitenv.model import clean, document, dotenv, encoding, foreign, names, smudge
from gitenv.model.cipher import Dek, EnvironmentId
from gitenv.model.claimants import Claimants
from gitenv.model.document import Kind
from gitenv.model.foreign import Tool
from gitenv.model.keyring import Keyring, first_generation
from gitenv.system import files
from gitenv.tuples import NamedTuple

DEVELOPMENT = "development"


class Found(NamedTuple):
    """What lies in a repository, before anything is done to it."""

    environments: dict[str, list[str]]  # name → path patterns
    files: list[str]  # to encrypt, tracked or not
    impossible: list[str]  # .env.NAME where NAME is no name
    linked: list[str]  # links where a file belongs
    ignored: list[Ignored]  # .env files that git does not see, and the lines to blame


class ReadableComment(NamedTuple):
    """A `## ` line, which stays readable in every commit."""

    path: str
    line: int
    text: str


def find(repository: Repository, wanted: Mapping[str, Sequence[str]], unignore: bool = False) -> Found:
    """Look through the work tree. `wanted` is what the user asked for by name; those patterns go first.

    With `unignore` as if git saw what it ignores.

    The default environment is made for `.env` wherever that is, unless one was asked for that has such a file.
    """
    environments = {name: list(patterns) for name, patterns in wanted.items()}
    claimants = Claimants(environments)
    impossible, linked, files_found = [], [], []
    for path in _candidates(repository, unignore):
        is_claimed = bool(claimants.of(path))
        if not (is_claimed or dotenv.kind(path) == "shared") or not os.path.lexists(repository.path(path)):
            continue
        if os.path.islink(repository.path(path)):
            linked.append(path)
            continue
        name = dotenv.environment_in(path)
        if not (is_claimed or names.is_name(name)):
            impossible.append(path)
            continue
        if not is_claimed:
            environments.setdefault(name, []).extend(_patterns(path, name))
            claimants.add(name, _patterns(path, name))
        files_found.append(path)
    if not any(names.shared(patterns, [".env"], ()) for patterns in environments.values()):
        environments.setdefault(DEVELOPMENT, []).extend([".env", ".env.development"])
    environments = {name: list(dict.fromkeys(patterns)) for name, patterns in environments.items()}
    claimants = Claimants(environments)
    ignored = [path for path in repository.ignored() if dotenv.kind(path) == "shared" or claimants.of(path)]
    return Found(environments, files_found, impossible, linked, repository.why_ignored(ignored))


def readable_comments(repository: Repository, paths: Iterable[str]) -> list[ReadableComment]:
    """The comments that will stay readable in commits."""
    found = []
    for path in paths:
        try:
            records = document.parse(files.read_inside(repository.root, path, document.MAX_BYTES) or b"")
        except GitenvError:
            continue  # it cannot be encrypted; staging it says so
        for record, line in document.numbered(records):
            if record.kind is Kind.PLAIN and record.raw.startswith(b"## "):
                found.append(ReadableComment(path, line, record.raw.decode("utf-8", "replace").strip()))
    return found


def wrong_encodings(repository: Repository, paths: Iterable[str]) -> list[str]:
    """Those of `paths` in which no key name can be read."""
    return [path for path in paths if encoding.wrong(_contents(repository, path))]


def check_can_be_encrypted(repository: Repository, paths: Iterable[str]) -> None:
    """Raise `NotInOrder` for a file that git's filter would refuse in a new environment, before anything is written.

    Also for another tool's ciphertext: encrypted once more, nobody could read it.
    """
    dek, identity = Dek.fresh(), EnvironmentId.fresh()
    ring = Keyring(identity, first_generation(dek, identity), dek, [])  # any key will do
    for path in paths:
        if tool := foreign.whole(_contents(repository, path)):
            hint = f"{tool.opens.format(shell_word(path))}; what is to stay as it is needs a name that is no .env file's"
            raise NotInOrder(f"{printable(path)} is encrypted by {tool.name}; gitenv would encrypt that once more", hint)
        try:
            document.check_size(os.path.getsize(repository.path(path)))
            clean.clean(files.read_inside(repository.root, path, document.MAX_BYTES) or b"", ring, frozenset)
        except NotTrusted as error:
            raise NotInOrder(f"{printable(path)}: {error.message}", error.hint) from None


def has_marks(repository: Repository, path: str) -> bool:
    """Whether a file holds any mark of gitenv's. Of what is too large, `check_can_be_encrypted` says so."""
    with contextlib.suppress(GitenvError):
        return smudge.is_encrypted(_contents(repository, path))
    return False


def encrypted_values(repository: Repository, paths: Iterable[str]) -> dict[str, Tool]:
    """Those of `paths` with values that another tool encrypted, and the tool."""
    found = {path: foreign.values(_contents(repository, path)) for path in paths}
    return {path: tool for path, tool in found.items() if tool}


def was_exposed(data: bytes) -> bool:
    """Whether a document in an older commit shows what it should hide. Another tool may have hidden it."""
    return is_plain(data) and not foreign.hides(data)


def is_plain(data: bytes) -> bool:
    """Whether a document has something to hide, and nothing of it encrypted."""
    return smudge.is_plain(document.parse(data))


def shows_text(data: bytes) -> bool:
    """Whether any record of a document is one that should have been encrypted."""
    return any(record.kind in document.TEXT for record in document.parse(data))


def _contents(repository: Repository, path: str) -> bytes:
    """What lies at a path; nothing for what cannot be encrypted, since staging it says so."""
    with contextlib.suppress(GitenvError):
        return files.read_inside(repository.root, path, document.MAX_BYTES) or b""
    return b""


def _candidates(repository: Repository, unignore: bool) -> list[str]:
    tracked = (entry.path for entry in repository.tracked())
    return sorted({*tracked, *repository.untracked(), *(repository.ignored() if unignore else ())})


def _patterns(path: str, name: str) -> list[str]:
    usual = [".env", ".env.development"] if name == DEVELOPMENT else []
    return usual if names.claimed(usual, path) else [*usual, os.path.basename(path)]
