"""Where a command is: the repository around a folder, with a work tree or without one."""

from __future__ import annotations

import os

from gitenv.errors import NotInOrder
from gitenv.git import layout, program
from gitenv.git.layout import Layout
from gitenv.git.objects import Objects
from gitenv.git.scratch import Store
from gitenv.repo import snapshot
from gitenv.tuples import NamedTuple

_WORDS = (
    *("--path-format=absolute", "--git-dir", "--git-common-dir", "--git-path", "objects", "--show-object-format"),
    *("--is-bare-repository", "--is-shallow-repository", "--show-toplevel"),
)


class Where(NamedTuple):
    """One repository."""

    folder: str  # where git is started: the top of the work tree, or git's own folder
    layout: Layout
    objects: Objects
    store: Store
    has_work_tree: bool  # not where it is bare, nor in git's own folder
    is_bare: bool
    is_shallow: bool

    @classmethod
    def around(cls, folder: str, *, or_inside_git: bool = False) -> Where:
        """The repository around a folder, by one question to git. Raises `NotInOrder` where there is none.

        In git's own folder, too, but with `or_inside_git`: then it is as a bare one.
        """
        done = program.attempt(folder, "rev-parse", *_WORDS)
        git_dir, common_dir, objects, form, is_bare, is_shallow, top = (*os.fsdecode(done.stdout).split("\n"), *[""] * 7)[:7]
        if git_dir.startswith("--"):
            raise program.too_old()  # it says back what it does not know
        if not is_shallow:
            raise program.no_repository(done)
        if not (top or is_bare == "true" or or_inside_git):
            raise NotInOrder("this is git's own folder, not a work tree", "change to the folder with your files")
        place = os.path.normpath(top or git_dir)
        paths = Layout(place, os.path.normpath(git_dir), os.path.normpath(common_dir))
        return cls(place, paths, Objects(place), Store(objects, form), bool(top), is_bare == "true", is_shallow == "true")

    @property
    def is_partial(self) -> bool:
        """Whether objects are missing here, and each that is read is fetched."""
        return layout.is_partial(self.store.objects)

    def head(self) -> str:
        """The commit that HEAD is, or "" before the first."""
        return self.objects.id("HEAD^{commit}")

    def commit(self, revision: str) -> str:
        """`snapshot.resolve` by the process that reads objects, where it can: starting another one is what takes time."""
        snapshot.check_meaning(revision, self.objects.id)
        return self.objects.id(f"{revision}^{{commit}}") or snapshot.resolve(self.folder, revision)

    def close(self) -> None:
        """End the process that reads objects."""
        self.objects.close()
