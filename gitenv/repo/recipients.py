"""Reading `.recipients/` of a tree: grants, people's keys, environments. Nothing here is believed yet: see trust.trusted."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator

from gitenv.errors import GitenvError, Malformed, NotTrusted, shell_word
from gitenv.git.layout import RECIPIENTS
from gitenv.model import environment, grant, names, statements
from gitenv.model.environment import Environment
from gitenv.model.grant import Grant
from gitenv.model.kinds import PublicKey
from gitenv.repo.snapshot import Snapshot

ATTRIBUTES = ".gitattributes"

MOST = 100
"""Environments that are looked at although nobody named them."""


def grants_for(tree: Snapshot, name: str, key: PublicKey, probably: str = "") -> Iterator[Grant]:
    """The grants in one environment's folder that are made out to a key, the one under a probable name first.

    Signatures are not looked at. With the right name no other file is read.
    """
    mark = statements.key_text(key).encode("ascii")
    likely = [f"{probably}.grant"] if probably else []
    for file, data in itertools.chain(_read(tree, name, likely), _grant_files(tree, name)):
        if isinstance(data, bytes) and mark in data:
            try:
                found = grant.read(data, file)
            except Malformed:
                continue
            if found.key == key and file.endswith(f"/{found.to}.grant"):
                yield found


def grant_of(tree: Snapshot, name: str, person: str) -> Grant | None:
    """The grant under one person's name, if it has the form of one. Its signature is not looked at."""
    return next((found for _, found in _parsed(_read(tree, name, [f"{person}.grant"])) if isinstance(found, Grant)), None)


def grants(tree: Snapshot, name: str, malformed: dict[str, GitenvError] | None = None) -> Iterator[Grant]:
    """All grants of one environment that have the form of one and lie under their own name.

    Why other files are none is added to `malformed`: who wants both should not read ten thousand files twice.
    """
    for file, found in _parsed(_grant_files(tree, name)):
        if isinstance(found, Grant):
            yield found
        elif malformed is not None:
            malformed[file] = found


def nested(paths: Iterable[str]) -> list[str]:
    """The folders in which an environment lies that is not this repository's: another repository that became a folder of it."""
    found = set()
    for path in paths:
        if path.endswith("/environment") and f"/{RECIPIENTS}/" in path:
            folder, _, rest = path.rpartition(f"/{RECIPIENTS}/")
            if rest.count("/") == 1:
                found.add(folder)
    return sorted(found)


def move_up(folder: str, paths: Collection[str]) -> str:
    """The command that makes a nested `.recipients/` this repository's. Patterns without a folder mean its files as before.

    `paths` are the repository's. The attributes go along, where the top has none.
    """
    attributes = f"{folder}/{ATTRIBUTES}"
    moved = [f"{folder}/{RECIPIENTS}"] + ([attributes] if attributes in paths and ATTRIBUTES not in paths else [])
    return f"git mv {' '.join(map(shell_word, moved))} ."


def strays(tree: Snapshot) -> Iterator[str]:
    """Files and folders that look like somebody's and have a name that nobody can have: `Alice.pub`, `con.pub`, `Production/`.

    They are never used. On systems that ignore case they lie in the place of others, so people should hear of them.
    """
    odd = []
    for name in tree.names(RECIPIENTS):
        stem, _, end = name.rpartition(".")
        if end.casefold() != "pub":
            odd += [] if names.is_name(name) else [name]
        elif end != "pub" or not names.is_name(stem):
            yield name
    yield from (f"{name}/" for name in odd[:MOST] if _looks_like_one(tree, name))


def _looks_like_one(tree: Snapshot, name: str) -> bool:
    try:
        return "environment" in tree.names(f"{RECIPIENTS}/{name}")
    except NotTrusted:  # a link, or more files than any environment has
        return True


def why_stray(file: str) -> str:
    """Why nobody can be called what one of `strays` or `stray_grants` says."""
    name = file.rpartition("/")[2] or file.removesuffix("/")
    stem, _, end = name.rpartition(".")
    why = names.why_not(stem if end.casefold() in ("pub", "grant") else name)
    return f"no name that anybody can have ({why or 'its ending is written in another way'})"


def stray_grants(tree: Snapshot, environment: str) -> Iterator[str]:
    """The same in an environment's folder."""
    for name in tree.names(f"{RECIPIENTS}/{environment}"):
        stem, _, end = name.rpartition(".")
        if (end.casefold() == "grant" and not (names.is_name(stem) and end == "grant")) or (
            name != "environment" and name.casefold() == "environment"
        ):
            yield name


def _parsed(listed: Iterable[tuple[str, bytes | GitenvError]]) -> Iterator[tuple[str, Grant | GitenvError]]:
    for file, data in listed:
        if isinstance(data, GitenvError):
            yield file, data
            continue
        try:
            found = grant.read(data, file)
        except Malformed as error:
            yield file, error
            continue
        right_name = file.endswith(f"/{found.to}.grant")
        yield file, found if right_name else Malformed(f"{file}: made out to {found.to}, under another name")


def _grant_files(tree: Snapshot, name: str) -> Iterator[tuple[str, bytes | GitenvError]]:
    return _read(tree, name, tree.names(f"{RECIPIENTS}/{name}"))


def _read(tree: Snapshot, name: str, listed: Iterable[str]) -> Iterator[tuple[str, bytes | GitenvError]]:
    """The files that are named like grants. One that cannot be read is one that does not count, and stops nobody."""
    folder = f"{RECIPIENTS}/{name}"
    for file in listed:
        if file.endswith(".grant") and names.is_name(file.removesuffix(".grant")):
            try:
                data = tree.read(f"{folder}/{file}", statements.MAX_BYTES)
            except GitenvError as error:
                yield f"{folder}/{file}", error
                continue
            if data is not None:
                yield f"{folder}/{file}", data


def environments(tree: Snapshot, known: Collection[str] = ()) -> Iterator[str]:
    """The names of the environments in a tree, right or wrong: those `known`, and all others where they are at most `MOST`.

    Whoever can push can make up ten thousand. Of more than a team has none is looked at that nobody knows: whichever were
    chosen, it could be the wrong ones.
    """
    yield from (name for name in _chosen(tree, known) if is_environment(tree, name))


def _chosen(tree: Snapshot, known: Collection[str]) -> list[str]:
    listed = folders(tree)
    count = sum(name not in known for name in listed)
    return [name for name in listed if name in known] if count > MOST else listed


def too_many(tree: Snapshot, known: Collection[str]) -> int:
    """How many environments `environments` leaves out: 0, or more than `MOST`. Nothing is read for it."""
    count = sum(name not in known for name in folders(tree))
    return count if count > MOST else 0


def too_many_text(count: int) -> str:
    """What is said of them, in one line however many they are."""
    return f"{count:,} environments are new here, more than a team has; none of them was looked at"


def folders(tree: Snapshot) -> list[str]:
    """What may be environments, by their names alone."""
    return [name for name in tree.names(RECIPIENTS) if names.is_name(name)]


def is_environment(tree: Snapshot, name: str) -> bool:
    """Whether there is a statement of that name, right or wrong."""
    try:
        return names.is_name(name) and tree.read(f"{RECIPIENTS}/{name}/environment", statements.MAX_BYTES) is not None
    except GitenvError:
        return True  # whoever reads it says what is wrong with it


def environment_in(tree: Snapshot, name: str) -> Environment:
    """The statement of an environment that `environments` named. Raises `Malformed`, also for one under another's name."""
    return _statement(tree.read(f"{RECIPIENTS}/{name}/environment", statements.MAX_BYTES) or b"", name)


def _statement(data: bytes, name: str) -> Environment:
    where = f"{name}/environment"
    statement = environment.read(data, where)
    if statement.name != name:
        raise Malformed(f"{where}: is a statement about {statement.name}")
    return statement


def read(tree: Snapshot, known: Collection[str] = ()) -> dict[str, Environment | GitenvError]:
    """What `environments` names, each read once, or why it cannot be read. Raises `NotTrusted` as that does."""
    found: dict[str, Environment | GitenvError] = {}
    for name in _chosen(tree, known):
        try:
            data = tree.read(f"{RECIPIENTS}/{name}/environment", statements.MAX_BYTES)
            if data is not None:
                found[name] = _statement(data, name)
        except GitenvError as error:
            found[name] = error
    return found


def readable(tree: Snapshot, known: Collection[str] = ()) -> dict[str, Environment]:
    """Those that can be read; no grant is looked at. Raises `NotTrusted` as `environments` does."""
    return {name: found for name, found in read(tree, known).items() if isinstance(found, Environment)}


def claimant(tree: Snapshot, path: str, listed: Iterable[str]) -> str:
    """The first of the environments `listed` whose statement claims a path, or "". One that cannot be read claims nothing."""
    for name in listed:
        try:
            if environment_in(tree, name).claims(path):
                return name
        except GitenvError:
            continue
    return ""


def statements_in(tree: Snapshot, known: Collection[str] = ()) -> dict[str, Environment]:
    """The same, and nothing where `.recipients/` itself cannot be read."""
    try:
        return readable(tree, known)
    except GitenvError:
        return {}  # whoever judges .recipients/ says so
