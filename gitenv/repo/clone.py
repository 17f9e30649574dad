"""What gitenv notes in a clone itself, below `.git/gitenv/`, where nobody who pushes can write."""

import os
from collections.abc import Iterable, Mapping, Sequence, Set

from gitenv.model import names
from gitenv.system import files
from gitenv.tuples import NamedTuple

_MAX_BYTES = 64 * 1024
_MAX_LIST = 64 * 1024 * 1024
_FULL = 1024 * 1024
_HASH = 16


def lock_path(common_dir: str) -> str:
    """The file that a command which writes holds: one for all work trees of a clone."""
    return os.path.join(common_dir, "gitenv", "lock")


def identity(common_dir: str) -> str:
    """The id that `set_up` gave this clone; "" where nobody ran `gitenv init`. Each user's pins lie under it."""
    data = _noted(common_dir, "clone")
    found = data.decode("ascii", "replace").strip()
    return found if len(found) == 32 and found.isalnum() and found.isascii() else ""


def set_up(common_dir: str) -> str:
    """Give this clone an id, if it has none, and return it. It is random and stays: a clone that is moved keeps its pins."""
    if not (found := identity(common_dir)):
        found = os.urandom(16).hex()
        _note(common_dir, "clone", f"{found}\n".encode("ascii"))
    return found


def installations(common_dir: str) -> list[str]:
    """What `set_installations` wrote."""
    import shlex

    text = os.fsdecode(_noted(common_dir, "installations"))
    try:
        return shlex.split(text)
    except ValueError:  # a quote without an end: somebody wrote into it
        return []


def set_installations(common_dir: str, paths: Sequence[str]) -> None:
    """Remember which programs git may start gitenv with; see `team.installation`."""
    import shlex

    text = "".join(f"{shlex.quote(path)}\n" for path in paths)
    _note(common_dir, "installations", os.fsencode(text))


def locked(git_dir: str) -> frozenset[str]:
    """The environments that `gitenv lock` closed in this work tree."""
    return _names(git_dir, "locked")


def set_locked(git_dir: str, environments: Iterable[str]) -> None:
    """Remember which environments are locked."""
    _note_names(git_dir, "locked", environments)


def work_tree(git_dir: str) -> str:
    """What a linked work tree is, `closed` or `open`; "" where nobody said it of this one."""
    return _noted(git_dir, "work-tree").decode("ascii", "replace").strip()


def set_work_tree(git_dir: str, is_what: str) -> None:
    """Note it."""
    if is_what != work_tree(git_dir):
        _note(git_dir, "work-tree", f"{is_what}\n".encode("ascii"))


def looked_at(git_dir: str) -> str:
    """The commit up to which the user was told what others did in this work tree; "" where nobody looked yet."""
    data = _noted(git_dir, "looked-at")
    return data.decode("ascii", "replace").strip()


def set_looked_at(git_dir: str, commit: str) -> None:
    """Remember it."""
    if commit and commit != looked_at(git_dir):
        _note(git_dir, "looked-at", f"{commit}\n".encode("ascii"))


def searched(common_dir: str) -> dict[str, str]:
    """The commit up to which history was looked through for each environment, and nothing spoke against what is pinned."""
    found: dict[str, str] = {}
    data = _noted(common_dir, "searched", _MAX_LIST)
    for line in data.decode("ascii", "replace").splitlines():
        name, _, commit = line.partition(" ")
        if names.is_name(name) and commit.isalnum():
            found[name] = commit
    return found


def set_searched(common_dir: str, commits: Mapping[str, str]) -> None:
    """Remember them."""
    if commits != searched(common_dir):
        text = "".join(f"{name} {commit}\n" for name, commit in sorted(commits.items()))
        _note(common_dir, "searched", text.encode("ascii"))


def put_back(common_dir: str) -> frozenset[str]:
    """The environments of which a command found that a later statement was taken away together with what it took away."""
    return _names(common_dir, "put-back")


def set_put_back(common_dir: str, environments: Set[str]) -> None:
    """Remember them, for the filter: it asks history about these, and where HEAD has changes that nobody looked at."""
    if environments != put_back(common_dir):
        _note_names(common_dir, "put-back", environments)


def mask_secret(common_dir: str) -> bytes:
    """What masks in diffs are made with; made up when it is first asked for. It tells nobody anything but whoever has it."""
    secret = _noted(common_dir, "mask")
    if len(secret) != 64:
        secret = os.urandom(32).hex().encode("ascii")
        _note(common_dir, "mask", secret, 0o600)
    return secret


def made(common_dir: str) -> frozenset[bytes]:
    """The hashes of tokens that this clone made: what is one's own in a stash or on a branch from before a rotation."""
    data = _noted(common_dir, "made", _MAX_LIST)
    return frozenset(data[start : start + _HASH] for start in range(0, len(data), _HASH))


def add_made(common_dir: str, tokens: Iterable[bytes]) -> None:
    """Note tokens, by their hashes."""
    noted = Made(common_dir)
    noted.add(tokens)
    noted.save()


class Made:
    """The same for one process that makes many: what is noted already is read once, and what is new is written at the end."""

    def __init__(self, common_dir: str) -> None:
        self._common_dir = common_dir
        self._added: list[bytes] = []
        self._new: set[bytes] = set()  # hashes: the tokens of many files would take memory anew all the time

    def add(self, tokens: Iterable[bytes]) -> None:
        self._added += tokens

    def settle(self) -> None:
        """What adding a file's tokens puts off, for when nobody waits."""
        if not self._added:
            return
        from gitenv.model.cipher import sha256_each

        self._new.update([found[:_HASH] for found in sha256_each(self._added)])
        self._added.clear()
        if len(self._new) * _HASH > _FULL:
            self.save()

    def save(self) -> None:
        """Write down what is new. Where there are very many, the older ones are forgotten."""
        self.settle()
        hashes, self._new = self._new, set()
        if not hashes:
            return
        known = made(self._common_dir)
        if new := b"".join(hashes - known):
            path = os.path.join(self._common_dir, "gitenv", "made")
            files.make_folder(os.path.dirname(path))
            if len(known) * _HASH < _FULL:
                files.append(path, new, _FULL)
            else:
                files.replace(path, new)


def is_made(found: frozenset[bytes], token: bytes) -> bool:
    """Whether a token is one of those."""
    return _hash(token) in found


def has_made(common_dir: str, tokens: Iterable[bytes]) -> bool:
    """Whether this clone made all of some tokens."""
    found = made(common_dir)
    return all(is_made(found, token) for token in tokens)


def _hash(token: bytes) -> bytes:
    from gitenv.model.cipher import sha256

    return sha256(token)[:_HASH]


def waiting(common_dir: str) -> list[str]:
    """The files that the second step of founding will share."""
    return _list(common_dir, "waiting")


def set_waiting(common_dir: str, paths: Iterable[str]) -> None:
    """Note these, and no others."""
    _set_list(common_dir, "waiting", paths)


class Unignored(NamedTuple):
    """A `.gitignore` that init took lines out of: the blobs before and after."""

    path: str
    before: str
    after: str


def unignored(common_dir: str) -> list[Unignored]:
    """What `uninstall` puts back, as long as founding is in no commit."""
    return [Unignored(*each) for each in zip(*[iter(_list(common_dir, "unignored"))] * 3, strict=False)]


def set_unignored(common_dir: str, changed: Iterable[Unignored]) -> None:
    """Note these, and no others."""
    _set_list(common_dir, "unignored", (word for each in changed for word in each))


def _list(common_dir: str, name: str) -> list[str]:
    data = _noted(common_dir, name, _MAX_LIST)
    return [word for word in os.fsdecode(data).split("\0") if word]


def _set_list(common_dir: str, name: str, words: Iterable[str]) -> None:
    path = os.path.join(common_dir, "gitenv", name)
    if data := os.fsencode("".join(f"{word}\0" for word in words)):
        _note(common_dir, name, data)
    elif os.path.lexists(path):
        os.unlink(path)


def _noted(folder: str, name: str, most: int = _MAX_BYTES) -> bytes:
    return files.read(os.path.join(folder, "gitenv", name), most) or b""


def _note(folder: str, name: str, data: bytes, mode: int | None = None) -> None:
    files.make_folder(os.path.join(folder, "gitenv"))
    files.replace(os.path.join(folder, "gitenv", name), data, mode)


def _names(folder: str, name: str) -> frozenset[str]:
    words = _noted(folder, name).decode("ascii", "replace").split()
    return frozenset(word for word in words if names.is_name(word))


def _note_names(folder: str, name: str, listed: Iterable[str]) -> None:
    _note(folder, name, "".join(f"{each}\n" for each in sorted(listed)).encode("ascii"))


def forget(common_dir: str) -> None:
    """Remove all of these notes."""
    folder = os.path.join(common_dir, "gitenv")
    for name in (
        "locked",
        "work-tree",
        "looked-at",
        "searched",
        "put-back",
        "mask",
        "installations",
        "waiting",
        "unignored",
        "told",
        "made",
        "unsaid",
        "clone",
    ):
        # The clone's id goes last: it leads to the pins.
        if os.path.lexists(os.path.join(folder, name)):
            os.unlink(os.path.join(folder, name))
    if os.path.isdir(folder) and not os.listdir(folder):
        os.rmdir(folder)
