"""What a state of a repository is: a commit, the index, the work tree. Somebody else wrote it. No key is needed to read it."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence

from gitenv.errors import GitenvError, Usage, printable, shell_word
from gitenv.git import program
from gitenv.git.layout import EMPTY_TREES, RECIPIENTS
from gitenv.git.objects import Objects
from gitenv.model import document
from gitenv.system import files
from gitenv.tuples import NamedTuple

_MAX_DOCUMENT = document.MAX_BYTES + 1  # one byte more than a document may have: who reads it says so
MAX_ENTRIES = 10_000 + 100
_LINK, _FOLDER = "120000", "040000"
_RAW = ("-z", "--raw", "--no-abbrev", "--no-renames", "--ignore-submodules=none")
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

    def matching(self, specs: Sequence[str]) -> Mapping[str, Entry]:  # noqa: ARG002
        """The files that pathspecs of git mean, and maybe others. Of 60,000 files Python needs not see each."""
        return {}

    def entry(self, path: str) -> Entry | None:  # noqa: ARG002
        """One file; None if there is none."""
        return None

    def document(self, path: str) -> bytes | None:  # noqa: ARG002
        """A file's bytes; None if there is none, for links, and for more than a document may have. Never raises."""
        return None


class _Listed(Snapshot):
    """A state that git lists: whole, or what pathspecs mean. Nothing is listed twice."""

    def __init__(self, folder: str) -> None:
        """`folder` is where git is started."""
        self.folder = folder
        self._listed: dict[tuple[str, ...], dict[str, Entry]] = {}
        self._known: dict[str, Entry | None] = {}

    def entries(self) -> Mapping[str, Entry]:
        return self.matching(())

    def matching(self, specs: Sequence[str]) -> Mapping[str, Entry]:
        wanted = () if () in self._listed else tuple(specs)
        if wanted not in self._listed:
            self._listed[wanted] = dict(self._list(wanted))
            self._known |= self._listed[wanted]
        return self._listed[wanted]

    def entry(self, path: str) -> Entry | None:
        if path not in self._known:
            self._known[path] = self._listed[()].get(path) if () in self._listed else self._look_up(path)
        return self._known[path]

    def learn(self, found: Mapping[str, Entry | None]) -> None:
        """Note what git said elsewhere of some files."""
        self._known |= found

    def _list(self, specs: Sequence[str]) -> Iterator[tuple[str, Entry]]:
        raise NotImplementedError

    def _look_up(self, path: str) -> Entry | None:
        return self.entries().get(path)


class CommitSnapshot(_Listed):
    """A commit, or any treeish, also of a bare repository. Links in it are never followed: git stores their target as text."""

    def __init__(self, objects: Objects, treeish: str, label: str = "") -> None:
        super().__init__(objects.folder)
        self.label, self.commit = label or treeish[:10], treeish
        self._objects = objects
        self._members: dict[str, dict[str, str]] = {}
        self._folders: dict[str, dict[str, tuple[str, str]]] = {}
        self._by_path: dict[str, int] = {}

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

    def document(self, path: str) -> bytes | None:
        return _document(self, self._objects, path)

    def _list(self, specs: Sequence[str]) -> Iterator[tuple[str, Entry]]:
        if not specs:
            # Not a line of the listing can be mistaken: each ends in NUL, and the name comes behind a tab.
            for line in _listed(self.folder, "ls-tree", "-r", "-t", "-z", "--full-tree", self.commit):
                meta, _, path = line.partition("\t")
                mode, _, object_id = meta.split(" ")
                if mode != _FOLDER:
                    yield path, Entry(mode, object_id)
            return
        # `ls-tree` knows no pathspecs.
        nothing = EMPTY_TREES[len(self._objects.id(self.commit)) or 40]
        for path, (_, entry) in _raw(self.folder, "diff-tree", "-r", "-t", *_RAW, nothing, self.commit, "--", *specs):
            if entry:
                yield path, entry

    def _look_up(self, path: str) -> Entry | None:
        """One file by its folder alone."""
        folder, _, name = path.rpartition("/")
        if folder not in self._folders:
            self._folders[folder] = self._objects.tree(f"{self.commit}:{folder}", _MAX_FOLDER)
        if not self._folders[folder] and ("\n" in folder or folder.endswith("\r")):  # one question a line
            return self.entries().get(path)
        found = self._folders[folder].get(name)
        return Entry(*found) if found and found[0] != _FOLDER else None


class IndexSnapshot(_Listed):
    """What the next commit would have; of a path in conflict one stage: 1 is what both sides began from, 2 ours, 3 theirs."""

    label = "the index"

    def __init__(self, objects: Objects, stage: int = 2) -> None:
        super().__init__(objects.folder)
        self._objects, self._stage = objects, stage
        self._names: dict[str, set[str]] = {}

    def read(self, path: str, limit: int) -> bytes | None:
        data = self._objects.read(f":{self._stage}:{path}", limit)
        return data if data is not None else self._objects.read(f":0:{path}", limit)

    def names(self, folder: str) -> list[str]:
        """Of folders in `.recipients/`: those are what control files lie in."""
        if not self._names:
            from gitenv.repo.usual import USUAL

            for path in self.matching(USUAL):
                while path.startswith(f"{RECIPIENTS}/"):
                    path, _, name = path.rpartition("/")
                    self._names.setdefault(path, set()).add(name)
        return _bounded(sorted(self._names.get(folder, ())), folder)

    def document(self, path: str) -> bytes | None:
        return _document(self, self._objects, path)

    def _list(self, specs: Sequence[str]) -> Iterator[tuple[str, Entry]]:
        words = ("ls-files", "-z", "--stage", "--full-name", "--", *(specs or (":/",)))
        for line in program.paths(self.folder, *words):
            meta, _, path = line.partition("\t")
            mode, object_id, stage = meta.split(" ")
            if stage in ("0", str(self._stage)):
                yield path, Entry(mode, object_id)


class SparseSnapshot(IndexSnapshot):
    """The index, and HEAD for what is not in it: a sparse checkout need not have `.recipients/` in its work tree."""

    def read(self, path: str, limit: int) -> bytes | None:
        data = self._objects.read(f":0:{path}", limit)
        return data if data is not None else self._objects.read(f"HEAD:{path}", limit)

    def names(self, folder: str) -> list[str]:
        # The index knows no folders; HEAD's is near enough for what only looks for people's keys.
        return _bounded(self._objects.names(f"HEAD:{folder}"), folder)


class WorkSnapshot(_Listed):
    """The files as they lie there, those included that git does not track and does not ignore.

    Control files may have CR LF: Git for Windows sets `core.autocrlf`, and a clone has no attributes but the committed ones
    before `gitenv init`. One CR before each LF comes off, before anything is hashed.
    """

    label = "the work tree"

    def __init__(self, root: str, index: IndexSnapshot | None = None) -> None:
        """`index` is what was read of the index already."""
        super().__init__(root)
        self._root, self._index = root, index
        self._checked: set[str] = set()  # folders: ten thousand grants lie in one

    def read(self, path: str, limit: int) -> bytes | None:
        folder = path.rpartition("/")[0]
        if folder not in self._checked:
            files.check_inside(self._root, path)
            self._checked.add(folder)
        data = files.read(f"{self._root}/{path}", limit, path)
        return data.replace(b"\r\n", b"\n") if data else data

    def names(self, folder: str) -> list[str]:
        files.check_inside(self._root, f"{folder}/.")
        return list(files.entries(f"{self._root}/{folder}", MAX_ENTRIES, folder))

    def document(self, path: str) -> bytes | None:
        try:
            return files.read_inside(self._root, path, _MAX_DOCUMENT)
        except GitenvError:
            return None

    def _list(self, specs: Sequence[str]) -> Iterator[tuple[str, Entry]]:
        index = self._index or IndexSnapshot(Objects(self._root))
        words = ("ls-files", "-z", "--others", "--exclude-standard", "--full-name", "--", *(specs or (":/",)))
        untracked = [path for path in program.paths(self._root, *words) if not path.endswith("/")]
        known = {path: Entry(entry.mode, "") for path, entry in index.matching(specs).items()}
        known.update((path, Entry("100644", "")) for path in untracked)
        yield from ((path, entry) for path, entry in known.items() if os.path.lexists(f"{self._root}/{path}"))


def differing(before: Snapshot, after: Snapshot) -> dict[str, tuple[Entry | None, Entry | None]]:
    """The files that are not in both of two states alike, each as it was and as it is, by path.

    Of commits and the index git says it, which skips folders that are alike.
    """
    if isinstance(before, CommitSnapshot) and isinstance(after, CommitSnapshot | IndexSnapshot):
        verb = ("diff-tree", "-r", "-t") if after.commit else ("diff-index", "--cached")
        states = (before.commit, after.commit) if after.commit else (before.commit,)
        found = dict(_raw(before.folder, *verb, *_RAW, *states, "--"))
        if not any(None is new is old for old, new in found.values()):
            before.learn({path: old for path, (old, _) in found.items()})
            after.learn({path: new for path, (_, new) in found.items()})
            return found
    old, new = before.entries(), after.entries()
    paths = sorted(path for path in old.keys() | new.keys() if old.get(path) != new.get(path))
    return {path: (old.get(path), new.get(path)) for path in paths}


def _raw(folder: str, *words: str) -> Iterator[tuple[str, tuple[Entry | None, Entry | None]]]:
    """What git says with `--raw` of two states. A path in conflict has neither entry here: it has several."""
    fields = iter(_listed(folder, *words))
    for meta in fields:
        old_mode, mode, old_id, object_id, state = meta[1:].split(" ")
        path = next(fields)
        if _FOLDER not in (old_mode, mode):
            yield path, (None, None) if state == "U" else (_entry(old_mode, old_id), _entry(mode, object_id))


def _listed(folder: str, *words: str) -> list[str]:
    return [part for part in os.fsdecode(program.listed(folder, *words)).split("\0") if part]


def _entry(mode: str, object_id: str) -> Entry | None:
    return Entry(mode, object_id) if mode.strip("0") else None


def resolve(folder: str, revision: str) -> str:
    """The full id of the commit that a revision names. Raises `Usage` if it names none."""
    # Nothing that begins with a dash is a revision, and git would take it for an option.
    asks = ("rev-parse", "--verify", "--end-of-options")  # with -q it does not say what is ambiguous
    found = program.attempt(folder, "-c", "core.warnAmbiguousRefs=true", *asks, f"{revision}^{{commit}}")
    commit = found.stdout.decode("ascii", "replace").strip()
    if found.returncode or not commit:
        raise Usage(f"there is no commit {printable(revision)[:80]!r}", "git log --oneline")
    if b"is ambiguous" in found.stderr:
        check_meaning(revision, lambda spec: os.fsdecode(program.attempt(folder, *asks, spec).stdout).strip())
    return commit


def check_meaning(revision: str, id_of: Callable[[str], str]) -> None:
    """Raise `Usage` where a tag stands before a branch of the same name, as git has it.

    Whoever can push can make a tag `origin/main`, and would choose what their change is judged from. `id_of` an object, by its
    name in full.
    """
    name = revision
    for mark in ("~", "^", ":", "@{"):
        name = name.partition(mark)[0]
    tag = f"refs/tags/{name}"
    if name == "HEAD" or not id_of(tag):
        return
    meant = id_of(f"{tag}^{{commit}}")
    for ref in (f"refs/heads/{name}", f"refs/remotes/{name}", f"refs/remotes/{name}/HEAD"):
        if id_of(f"{ref}^{{commit}}") not in ("", meant):
            which = f"say which: {shell_word(ref)}, {shell_word(tag)}"
            raise Usage(f"{printable(name)} is a branch, and a tag of something else", which)


def _document(snapshot: Snapshot, objects: Objects, path: str) -> bytes | None:
    entry = snapshot.entry(path)
    return objects.read(entry.object_id, _MAX_DOCUMENT) if entry and entry.is_file else None


def _bounded(names: list[str], folder: str) -> list[str]:
    """Not cut off: whoever adds names before others' would choose whom nobody sees."""
    files.check_entries(len(names), MAX_ENTRIES, folder)
    return names
