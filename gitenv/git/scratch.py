"""The attributes that a state of a repository gives to its files, and what it ignores: by git itself, and by that state alone.

`git check-attr` also reads `info/attributes`, the user's and the system's files, and knows `--source` only since 2.40. So it is
asked in an empty repository beside, that borrows the objects and has an index of `.gitattributes` files only.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from gitenv.git import program
from gitenv.system.files import leads_out
from gitenv.tuples import NamedTuple

ASKED = ("filter", "text", "working-tree-encoding")

_FOREIGN = (
    *("GIT_CONFIG_COUNT", "GIT_CONFIG_PARAMETERS", "GIT_ATTR_SOURCE", "GIT_PREFIX", "GIT_NAMESPACE"),
    *("GIT_LITERAL_PATHSPECS", "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS"),
)


class Store(NamedTuple):
    """Where a repository has its objects, and their format: sha1 or sha256."""

    objects: str
    form: str


Attributes = dict[str, dict[str, str]]
"""For each path the values of `ASKED`, as check-attr says them: "set", "unset", "unspecified" or a word."""


def store(folder: str) -> Store:
    """That of the repository around a folder."""
    return Store(*program.lines(folder, "rev-parse", "--path-format=absolute", "--git-path", "objects", "--show-object-format"))


def attributes(known: Store, files: Mapping[str, str], paths: Sequence[str]) -> Attributes:
    """What `.gitattributes` files (path → object id) say of `paths`, none of which needs to be there. Raises `NotInOrder`."""
    if not paths:
        return {}
    with _folder() as scratch:
        variables = _prepared(known, scratch)
        with open(os.path.join(scratch, "index"), "wb") as file:
            file.write(_index({path: object_id for path, object_id in files.items() if not leads_out(path)}, known.form))
        # git has no answer for a name that leads out, and for none of the others beside it.
        listed = os.fsencode("".join(f"{path}\0" for path in paths if not leads_out(path)))
        said = program.run(scratch, "check-attr", "--cached", "-z", "--stdin", *ASKED, stdin=listed, variables=variables)
    fields = os.fsdecode(said).split("\0")
    found: Attributes = {path: dict.fromkeys(ASKED, "unspecified") for path in paths}
    for path, name, value in zip(fields[0::3], fields[1::3], fields[2::3], strict=False):
        found[path][name] = value
    return found


def ignored(folder: str, rules: Mapping[str, bytes], paths: Sequence[str]) -> set[str]:
    """Those of `paths` that `.gitignore` files (path → contents) ignore, and nothing else does. Raises `NotInOrder`."""
    if not rules or not paths:
        return set()
    with _folder() as scratch:
        variables = _prepared(store(folder), scratch)
        for path, data in rules.items():
            os.makedirs(os.path.join(scratch, "tree", os.path.dirname(path)), exist_ok=True)
            with open(os.path.join(scratch, "tree", path), "wb") as file:
                file.write(data)
        words = ("-c", f"core.excludesFile={os.devnull}", "check-ignore", "--no-index", "-z", "--stdin")
        listed = os.fsencode("\0".join(paths) + "\0")
        # It ends with 1 where nothing is ignored.
        said = program.attempt(os.path.join(scratch, "tree"), *words, stdin=listed, variables=variables).stdout
    return set(os.fsdecode(said).split("\0")) - {""}


def _index(files: Mapping[str, str], form: str) -> bytes:
    """An index of these files, in version 2 of git's format (gitformat-index): `update-index` would be one more process."""
    import hashlib

    parts = [b"DIRC", (2).to_bytes(4, "big"), len(files).to_bytes(4, "big")]
    for path, object_id in sorted((os.fsencode(path), object_id) for path, object_id in files.items()):
        entry = bytes(24) + (0o100644).to_bytes(4, "big") + bytes(12) + bytes.fromhex(object_id)
        entry += min(len(path), 0xFFF).to_bytes(2, "big") + path
        parts += [entry, bytes(8 - len(entry) % 8)]
    data = b"".join(parts)
    return data + hashlib.new(form, data, usedforsecurity=False).digest()


@contextmanager
def _folder() -> Iterator[str]:
    """A folder of our own for a moment. Without `tempfile`, which takes as long to load as git takes to answer."""
    top = os.path.abspath(f"{os.environ.get('TMPDIR') or '/tmp'}/gitenv-{os.urandom(8).hex()}")  # noqa: S108  - is made here
    try:
        os.mkdir(top, 0o700)
    except OSError:
        import tempfile

        top = tempfile.mkdtemp(prefix="gitenv-")
    try:
        yield top
    finally:
        for folder, _, names in os.walk(top, topdown=False):
            for name in names:
                os.unlink(os.path.join(folder, name))
            os.rmdir(folder)


def _prepared(known: Store, scratch: str) -> dict[str, str | None]:
    """Make the repository; return the variables that let git work there, whatever hook of whatever repository calls."""
    for name in ("refs", "tree"):
        os.mkdir(os.path.join(scratch, name))
    _write(scratch, "HEAD", "ref: refs/heads/none\n")
    extension = "[extensions]\n\tobjectFormat = sha256\n" if known.form == "sha256" else ""
    version = 1 if extension else 0
    core = f"repositoryformatversion = {version}\n\tbare = false\n\tattributesFile = {os.devnull}\n\tignoreCase = false"
    _write(scratch, "config", f"[core]\n\t{core}\n{extension}")
    return {
        "GIT_DIR": scratch,
        "GIT_WORK_TREE": os.path.join(scratch, "tree"),
        "GIT_INDEX_FILE": os.path.join(scratch, "index"),
        "GIT_COMMON_DIR": scratch,
        "GIT_OBJECT_DIRECTORY": known.objects,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        **dict.fromkeys(_FOREIGN),
    }


def _write(folder: str, name: str, text: str) -> None:
    with open(os.path.join(folder, name), "w", encoding="ascii", newline="\n") as file:
        file.write(text)
