"""A repository with a work tree, through git's own command line.

Not through libgit2: it knows neither SHA-256 nor reftable repositories, and its `index.add` runs no filter, so it would stage
plain text.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence, Set

from gitenv.errors import NotInOrder, Usage, printable, shell_word
from gitenv.git import alone, index, log, program, walk
from gitenv.git.index import IndexEntry
from gitenv.git.layout import Layout, Stamp, index_stamp
from gitenv.git.listing import Listing
from gitenv.git.objects import Objects
from gitenv.tuples import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitenv.git.stat_data import Chmod

_TRIES = 5
_MOST_WORDS = 200  # of a command line; on Windows it has an end soon


class Ignored(NamedTuple):
    """The line that makes git ignore a file."""

    path: str
    source: str  # a .gitignore relative to the top, or the path of another excludes file
    line: int
    pattern: str


class Repository:
    """The repository around a folder."""

    def __init__(self, folder: str) -> None:
        """Raises `NotInOrder` where there is none, in a bare one, and for a git that is too old."""
        words = ("--path-format=absolute", "--is-bare-repository", "--git-dir", "--git-common-dir", "--show-toplevel")
        done = program.attempt(folder, "rev-parse", *words)
        is_bare, git_dir, common_dir, top = (*os.fsdecode(done.stdout).splitlines(), "", "", "", "")[:4]
        if is_bare.startswith("--"):
            raise program.too_old()  # before 2.31 it says back what it does not know
        if not common_dir:
            raise program.no_repository(done)
        if is_bare == "true":
            raise NotInOrder("this is a bare repository: it has no files to encrypt", "run gitenv in a clone with a work tree")
        if done.returncode:
            raise NotInOrder("this is git's own folder, not a work tree", "change to the folder with your files")
        self.root = os.path.normpath(top)
        self.layout = Layout(self.root, os.path.normpath(git_dir), os.path.normpath(common_dir))
        self.objects = Objects(self.root)
        self._values: dict[str, str | None] = {}
        self._listing: tuple[Stamp, Listing] | None = None
        alone.forget()

    def check_own(self, path: str) -> None:
        """Raise `Usage` for a file of a repository inside this one."""
        above = os.path.dirname(path)
        while above:
            if os.path.lexists(os.path.join(folder := self.path(above), ".git")):
                hint = f"cd {shell_word(os.path.relpath(folder))}"
                raise Usage(f"{printable(path)} is a file of the repository in {printable(above)}", hint)
            above = os.path.dirname(above)

    def path(self, relative: str) -> str:
        """The absolute path of a file of the work tree."""
        return os.path.join(self.root, relative)

    # Configuration of this clone.

    def config(self, key: str) -> str:
        """A value of the configuration, whatever file it is in; "" if there is none. All are read at once, and once."""
        return self._configuration().get(_spelled(key)) or ""

    def _configuration(self) -> dict[str, str | None]:
        """All values by their keys; None for one that is no more than its name.

        Asked before git writes: else it would be asked for the hooks in it then (git.alone), and for the rest later.
        """
        if not self._values:
            listed = (each.partition("\n") for each in program.paths(self.root, "config", "--list", "-z"))
            self._values = {name: value if is_given else None for name, is_given, value in listed}
            alone.leave_out(self._values)
        return self._values

    def is_set(self, key: str) -> bool:
        """Whether a value of the configuration says yes, in any of git's words for it."""
        word = self.config(key).lower()
        is_named = self._values.get(_spelled(key), "") is None  # no more than its name
        return is_named or word in ("true", "yes", "on") or (word.lstrip("-").isdecimal() and int(word) != 0)

    def set_config(self, key: str, value: str) -> None:
        """Set a value for this clone (and its linked work trees)."""
        self._values.clear()
        program.run(self.root, "config", "--local", "--replace-all", key, value)

    def unset_config(self, key: str) -> None:
        """Take a value out of this clone's configuration, if it is there."""
        self._values.clear()
        program.attempt(self.root, "config", "--local", "--unset-all", key)

    def remove_section(self, section: str) -> None:
        """Remove a section of this clone's configuration, if there is one."""
        self._values.clear()
        program.attempt(self.root, "config", "--local", "--remove-section", section)

    def hooks_folder(self) -> str:
        """Where git looks for hooks here: `core.hooksPath`, or the folder in the common one."""
        # The last value is always ours (git.alone).
        *configured, _ = program.paths(self.root, "config", "-z", "--type=path", "--get-all", "core.hooksPath")
        folder = configured[-1] if configured else os.path.join(self.layout.common_dir, "hooks")
        return os.path.normpath(os.path.join(self.root, folder))

    # Files.

    @property
    def listing(self) -> Listing:
        """The index; read again once somebody has written it."""
        stamp = index_stamp(self.layout)
        if self._listing is None or self._listing[0] != stamp:
            self._listing = stamp, Listing(program.run(self.root, "ls-files", "-z", "--stage"))
        return self._listing[1]

    def tracked(self) -> list[IndexEntry]:
        """Everything in the index. Who looks for certain files asks `listing` for them."""
        return self.listing.all()

    def filtered(self) -> list[str]:
        """Tracked files that git hands to gitenv."""
        return program.paths(self.root, "ls-files", "-z", ":(top,attr:filter=gitenv)")

    def untracked(self) -> list[str]:
        """Files that are neither tracked nor ignored."""
        return program.paths(self.root, "ls-files", "-z", "--others", "--exclude-standard")

    def ignored(self) -> list[str]:
        """Files that are ignored, but for those in folders that are ignored as a whole."""
        found = program.paths(self.root, "ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory")
        return [path for path in found if not path.endswith("/")]

    def why_ignored(self, paths: Sequence[str]) -> list[Ignored]:
        """Which line ignores each of `paths`."""
        if not paths:
            return []
        done = program.attempt(
            self.root, "check-ignore", "-z", "-v", "--stdin", "--no-index", stdin=os.fsencode("\0".join(paths) + "\0")
        )
        fields = os.fsdecode(done.stdout).split("\0")
        quads = zip(*[iter(fields[: len(fields) // 4 * 4])] * 4, strict=True)
        return [
            Ignored(path, source, int(line), pattern) for source, line, pattern, path in quads if line and pattern[0] != "!"
        ]

    def changed(self, paths: Set[str]) -> list[str]:
        """Those of `paths` that have changes which are not committed."""
        words = ["status", "--porcelain", "-z", "--no-renames", "--untracked-files=no"]
        found = self._about(words, sorted(paths))
        return [line[3:] for line in found if line[3:] in paths]

    def edited(self, paths: Sequence[str]) -> list[str]:
        """Those of `paths` that are other than in the index; all of them where git cannot compare, as with a forged mark."""
        if not paths:
            return []  # to git, no path means every file
        words = ("--literal-pathspecs", "diff", "--no-ext-diff", "--name-only", "-z", "--", *paths)
        done = program.attempt(self.root, *words, with_key=True)
        return list(paths) if done.returncode else [path for path in os.fsdecode(done.stdout).split("\0") if path]

    def may_be_edited(self, paths: Sequence[str]) -> set[str]:
        """`edited`, and those that git was told not to look at: nobody may write over them without a look of their own."""
        return {*self.edited(paths), *self.unseen(paths)}

    def unseen(self, paths: Sequence[str]) -> dict[str, str]:
        """Those of `paths` that git was told not to look at, with the word for it: `git add` would do nothing there."""
        tagged = self._about(["ls-files", "-z", "-v"], paths)
        flags = {line[2:]: line[0] for line in tagged if line[0] == "S" or line[0].islower()}
        return {path: "skip-worktree" if flags[path] in "Ss" else "assume-unchanged" for path in paths if path in flags}

    def to_see(self, path: str, flag: str) -> str:
        """The command that lets git look at a file again which `unseen` named, from the folder that the user is in."""
        return f"git update-index --no-{flag} {shell_word(os.path.relpath(self.path(path)))}"

    def unstaged(self, folder: str) -> list[str]:
        """The files in a folder that are other than in the index, or not in it: neither in conflict nor ignored nor deleted."""
        words = ("ls-files", "-z", "--modified", "--others", "--exclude-standard")
        # Without the slash git looks into every file, and would start the filter for a .env file, where there may be no key.
        listed = dict.fromkeys(program.paths(self.root, "--literal-pathspecs", *words, "--", f"{folder}/"))
        in_conflict = {entry.path for entry in self.listing.unmerged()} if listed else set()
        return [path for path in listed if path not in in_conflict and os.path.isfile(self.path(path))]

    def touched(self, paths: Sequence[str]) -> set[str]:
        """Those of `paths` that git takes for changed as long as it has not looked into them: edited, or only written."""
        return set(self._about(["diff-files", "--name-only", "-z"], paths)).intersection(paths)

    def stage(self, paths: Iterable[str]) -> None:
        """`git add`, past .gitignore, for what gitenv itself wrote."""
        self._with_paths(["add", "--force"], paths)

    def stage_again(self, paths: Iterable[str]) -> None:
        """`git add --renormalize`: runs the filter even where git believes the file unchanged."""
        self._with_paths(["add", "--renormalize"], paths)

    def stage_anew(self, paths: Sequence[str]) -> None:
        """Stage files as they are in the work tree; what was staged of them before is forgotten."""
        self._with_paths(["reset", "-q"], paths)
        self.stage(paths)

    def unstage(self, paths: Iterable[str]) -> None:
        """Take files out of the index and leave them in the work tree."""
        self._with_paths(["rm", "--cached", "-q", "--force", "--ignore-unmatch"], paths)

    def replace_entries(self, entries: Iterable[IndexEntry], seen: Iterable[IndexEntry] = ()) -> None:
        """Write the index at once; the rest is as for `index.replace_entries`."""
        self._configuration()
        index.replace_entries(self.root, self.layout, entries, seen)
        self._forget_index()

    def _forget_index(self) -> None:
        self.objects.forget_index()
        self._listing = None

    def refresh(self, paths: Iterable[str]) -> None:
        """Let git look again at files that were rewritten, opened or closed, without a change.

        `update-index --refresh` takes another size for a change, and never asks the filter as `git add` does.
        """
        self.stage(paths)

    def look_again(self) -> None:
        """Let git note what it has not seen since it was written: for `merge --abort` such a file is edited. Stages nothing."""
        program.attempt(self.root, "update-index", "-q", "--refresh", with_key=True)

    def note_rights(self, changes: Sequence[Chmod]) -> None:
        """Let git know files for unedited whose rights were changed: it would run the filter for each at the next status."""
        from gitenv.git import stat_data

        before = stat_data.replace(self.layout, changes)
        if before is None:
            self.look_again()
        elif self._listing and self._listing[0] == before:
            self._listing = index_stamp(self.layout), self._listing[1]

    def commits_of(self, path: str, limit: int) -> list[str]:
        """Up to `limit` commits that HEAD reaches and that changed a file, newest first; merges hide none of them."""
        return [commit.id for commit in log.commits_of(self.root, path, limit)]

    def was_ever_committed(self, name: str) -> bool:
        """Whether any commit of any branch has something of this name at the top. What git cannot say is no."""
        try:
            return any(True for _ in walk.top_folder(self.root, ["--all"], name))
        except NotInOrder:
            return False

    def work_trees(self) -> list[str]:
        """The tops of all work trees of this clone."""
        linked = os.path.join(self.layout.common_dir, "worktrees")
        if not os.path.isdir(linked) or not os.listdir(linked):
            return [self.root]
        listed = program.lines(self.root, "worktree", "list", "--porcelain")
        return [line.removeprefix("worktree ") for line in listed if line.startswith("worktree ")]

    def committed(self, paths: Sequence[str]) -> set[str]:
        """Those of `paths` that HEAD has."""
        words = ("--literal-pathspecs", "ls-tree", "-r", "-z", "--name-only", "HEAD", "--", *paths)
        return set(os.fsdecode(program.attempt(self.root, *words).stdout).split("\0")) - {""} if paths else set()

    def has_remote(self) -> bool:
        """Whether there is anywhere to push to."""
        return any(key.startswith("remote.") and key.endswith((".url", ".pushurl")) for key in self._configuration())

    def has_commits(self) -> bool:
        return program.attempt(self.root, "rev-parse", "--verify", "-q", "HEAD").returncode == 0

    def _about(self, command: list[str], paths: Sequence[str]) -> list[str]:
        """What a command that takes paths as its words says of these; where they would be too many, of all."""
        self._configuration()
        words = paths if len(paths) <= _MOST_WORDS else ()
        return program.paths(self.root, "--literal-pathspecs", *command, "--", *words, with_key=True) if paths else []

    def _with_paths(self, command: list[str], paths: Iterable[str]) -> None:
        """Any number of paths, whatever is in them: they go through standard input and mean only themselves."""
        if not (named := list(paths)):
            return
        # Where git is to convert line ends, `core.safecrlf` refuses each text file that we write with LF.
        self._configuration()
        words = ("-c", "core.safecrlf=false", "--literal-pathspecs", *command, "--pathspec-from-file=-", "--pathspec-file-nul")
        for _ in range(_TRIES):  # another git may begin at the same moment, and one of the two is refused
            done = program.attempt(self.root, *words, stdin=os.fsencode("\0".join(named)), with_key=True)
            if not done.returncode or not index.is_locked(self.layout):
                break
            index.need_free(self.layout)
        self._forget_index()
        if done.returncode and not self.is_set("core.sparseCheckout"):
            for path, flag in self.unseen(named).items():
                text = f"{printable(path)}: git was told not to look at it ({flag})"
                raise NotInOrder(text, self.to_see(path, flag))
        program.check(done, self.root, words)


def _spelled(key: str) -> str:
    """A key as git lists it: only what stands between its first and last dot keeps its case."""
    section, dot, rest = key.partition(".")
    inner, last_dot, name = rest.rpartition(".")
    return f"{section.lower()}{dot}{inner}{last_dot}{name.lower()}"
