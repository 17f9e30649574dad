"""What a state of a repository is: a commit, the index, the work tree. Somebody else wrote it. No key is needed to read it."""

import os
from collections.abc import Mapping
from typing import NamedTuple

from gitenv.errors import GitenvError, Usage, printable
from gitenv.git import program
from gitenv.git.objects import Objects
from gitenv.model import document
from gitenv.system import files

_MAX_DOCUMENT = document.MAX_BYTES + 1  # one byte more than a document may have: who reads it says so
_MAX_ENTRIES = 10_000 + 100
_LINK = "120000"
_MOST_BY_PATH = 16
_MAX_FOLDER = 64 * 1024 * 1024


class Entry(NamedTuple):
    """One file of a snapshot. `object_id` is empty for what only lies in the work tree."""

    mode: str
    object_id: str

    @property
    def is_file(self) -> bool:
        """Whether it is a file, and no link and no submodule."""
        return self.mode.startswith("100")

    @property
    def is_link(self) -> bool:
        return self.mode == _LINK


class Snapshot:
    """One state of a repository. This one is what there is before the first commit: nothing."""

    label = "nothing"
    """For people: "HEAD", "the index", …"""
    commit = ""
    """The full id, where it is a commit."""

    def read(self, path: str, limit: int) -> bytes | None:  # noqa: ARG002
        """A control file's bytes, or None. Raises `NotTrusted` for links and for more than `limit` bytes."""
        return None

    def names(self, folder: str) -> list[str]:  # noqa: ARG002
        """The sorted names in a folder of control files. Raises `NotTrusted` if there are more than anybody could need."""
        return []

    def entries(self) -> Mapping[str, Entry]:
        """All files by path from the top; listed once."""
        return {}

    def document(self, path: str) -> bytes | None:  # noqa: ARG002
        """A file's bytes; None if there is none, for links, and for more than a document may have. Never raises."""
        return None


class CommitSnapshot(Snapshot):
    """A commit, or any treeish, also of a bare repository. Links in it are never followed: git stores their target as text."""

    def __init__(self, objects: Objects, treeish: str, label: str = "") -> None:
        self.label, self.commit = label or treeish[:10], treeish
        self._objects = objects
        self._members: dict[str, dict[str, str]] = {}
        self._by_path: dict[str, int] = {}
        self._entries: dict[str, Entry] | None = None

    def read(self, path: str, limit: int) -> bytes | None:
        folder, _, name = path.rpartition("/")
        listed = self._members.get(folder)
        if listed is None and not (listed := self._often(folder)):
            return self._objects.read(f"{self.commit}:{path}", limit)
        return self._objects.read(listed[name], limit) if name in listed else None

    def _often(self, folder: str) -> dict[str, str]:
        """What is in a folder out of which much is read: git reads all of it for each path, and there may be 100,000."""
        self._by_path[folder] = self._by_path.get(folder, 0) + 1
        if self._by_path[folder] == _MOST_BY_PATH and (found := self._objects.members(f"{self.commit}:{folder}", _MAX_FOLDER)):
            self._members[folder] = found
        return self._members.get(folder, {})

    def names(self, folder: str) -> list[str]:
        if folder not in self._members:
            self._members[folder] = self._objects.members(f"{self.commit}:{folder}")
        return _bounded(sorted(self._members[folder]), folder)

    def entries(self) -> Mapping[str, Entry]:
        if self._entries is None:
            self._entries = {}
            # Not a line of the listing can be mistaken: each ends in NUL, and the name comes behind a tab.
            for line in program.paths(self._objects.folder, "ls-tree", "-r", "-z", "--full-tree", self.commit):
                meta, _, path = line.partition("\t")
                mode, _, object_id = meta.split(" ")
                self._entries[path] = Entry(mode, object_id)
        return self._entries

    def document(self, path: str) -> bytes | None:
        return _document(self, self._objects, path)


class IndexSnapshot(Snapshot):
    """What the next commit would have; of a path in conflict one stage: 1 is what both sides began from, 2 ours, 3 theirs."""

    label = "the index"

    def __init__(self, objects: Objects, stage: int = 2) -> None:
        self._objects, self._stage = objects, stage
        self._entries: dict[str, Entry] | None = None

    def read(self, path: str, limit: int) -> bytes | None:
        data = self._objects.read(f":{self._stage}:{path}", limit)
        return data if data is not None else self._objects.read(f":0:{path}", limit)

    def names(self, folder: str) -> list[str]:
        below = (path.removeprefix(f"{folder}/").partition("/")[0] for path in self.entries() if path.startswith(f"{folder}/"))
        return _bounded(sorted(set(below)), folder)

    def entries(self) -> Mapping[str, Entry]:
        if self._entries is None:
            self._entries = {}
            for line in program.paths(self._objects.folder, "ls-files", "-z", "--stage", "--full-name", ":/"):
                meta, _, path = line.partition("\t")
                mode, object_id, stage = meta.split(" ")
                if stage in ("0", str(self._stage)):
                    self._entries[path] = Entry(mode, object_id)
        return self._entries

    def document(self, path: str) -> bytes | None:
        return _document(self, self._objects, path)


class SparseSnapshot(IndexSnapshot):
    """The index, and HEAD for what is not in it: a sparse checkout need not have `.recipients/` in its work tree."""

    def read(self, path: str, limit: int) -> bytes | None:
        data = self._objects.read(f":0:{path}", limit)
        return data if data is not None else self._objects.read(f"HEAD:{path}", limit)

    def names(self, folder: str) -> list[str]:
        # The index knows no folders; HEAD's is near enough for what only looks for people's keys.
        return _bounded(self._objects.names(f"HEAD:{folder}"), folder)


class WorkSnapshot(Snapshot):
    """The files as they lie there, those included that git does not track and does not ignore.

    Control files may have CR LF: Git for Windows sets `core.autocrlf`, and a clone has no attributes but the committed ones
    before `gitenv init`. One CR before each LF comes off, before anything is hashed.
    """

    label = "the work tree"

    def __init__(self, root: str) -> None:
        self._root = root
        self._checked: set[str] = set()  # folders: ten thousand grants lie in one
        self._entries: dict[str, Entry] | None = None

    def read(self, path: str, limit: int) -> bytes | None:
        folder = path.rpartition("/")[0]
        if folder not in self._checked:
            files.check_inside(self._root, path)
            self._checked.add(folder)
        data = files.read(f"{self._root}/{path}", limit, path)
        return data.replace(b"\r\n", b"\n") if data else data

    def names(self, folder: str) -> list[str]:
        files.check_inside(self._root, f"{folder}/.")
        return list(files.entries(f"{self._root}/{folder}", _MAX_ENTRIES, folder))

    def entries(self) -> Mapping[str, Entry]:
        if self._entries is None:
            tracked = IndexSnapshot(Objects(self._root)).entries().items()
            untracked = program.paths(self._root, "ls-files", "-z", "--others", "--exclude-standard", "--full-name", ":/")
            known = {path: Entry(entry.mode, "") for path, entry in tracked}
            known.update((path, Entry("100644", "")) for path in untracked if not path.endswith("/"))
            self._entries = {path: entry for path, entry in known.items() if os.path.lexists(f"{self._root}/{path}")}
        return self._entries

    def document(self, path: str) -> bytes | None:
        try:
            return files.read_inside(self._root, path, _MAX_DOCUMENT)
        except GitenvError:
            return None


def resolve(folder: str, revision: str) -> str:
    """The full id of the commit that a revision names. Raises `Usage` if it names none."""
    # Nothing that begins with a dash is a revision, and git would take it for an option.
    found = program.attempt(folder, "rev-parse", "--verify", "-q", "--end-of-options", f"{revision}^{{commit}}")
    commit = found.stdout.decode("ascii", "replace").strip()
    if found.returncode or not commit:
        raise Usage(f"there is no commit {printable(revision)[:80]!r}", "git log --oneline")
    return commit


def _document(snapshot: Snapshot, objects: Objects, path: str) -> bytes | None:
    entry = snapshot.entries().get(path)
    return objects.read(entry.object_id, _MAX_DOCUMENT) if entry and entry.is_file else None


def _bounded(names: list[str], folder: str) -> list[str]:
    """Not cut off: whoever adds names before others' would choose whom nobody sees."""
    files.check_entries(len(names), _MAX_ENTRIES, folder)
    return names
