"""What the filter asks history, each thing once: did a branch go back, was something put back, what came before gitenv."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from functools import cached_property

from gitenv.drivers.committed import Committed
from gitenv.drivers.trees import Trees
from gitenv.errors import GitenvError, NotInOrder, NotTrusted
from gitenv.git.layout import Layout
from gitenv.git.objects import Objects
from gitenv.repo import clone
from gitenv.repo.snapshot import WorkSnapshot
from gitenv.trust.access import Judged, check_not_rolled_back
from gitenv.trust.pins import Pin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitenv.repo.founding import Founding
    from gitenv.trust.history import History

_Asked = dict[tuple[bytes, bytes, str], NotTrusted | None]


class Past:
    """The history that HEAD and the trees at hand have. It may refuse, and vouches for nothing."""

    def __init__(self, here: Layout, objects: Objects, trees: Trees, committed: Committed) -> None:
        self._here, self._objects, self._trees, self._committed = here, objects, trees, committed
        self._went_back: _Asked = {}
        self._put_back: dict[str, tuple[int, bool]] = {}
        self._unseen: dict[tuple[str, str], bool] = {}
        self._looked_beside: _Asked = {}
        self._walked: tuple[int, History] | None = None

    def refuse_rolled_back(self, pin: Pin, judged: Judged, head: str = "HEAD") -> None:
        """Raise `RolledBack` if a branch went back behind the pin, and is not just an older one.

        `head` may be a tree without a history (`git stash`, `git checkout 'HEAD^{tree}' -- .env`): it has HEAD's.
        """
        if not judged.is_earlier:
            return
        head = head if self._objects.commit(head) else "HEAD"
        what = pin.environment.text, judged.environment.text, self._committed.head() if head == "HEAD" else head
        if what not in self._went_back:
            try:
                check_not_rolled_back(self._history(), pin, judged, head)
                self._went_back[what] = None
            except NotTrusted as error:
                self._went_back[what] = error
        if (found := self._went_back[what]) is not None:
            raise found

    def is_put_back(self, pin: Pin) -> bool:
        """Whether a removal may have come together with its undoing: a hook found that out, or HEAD went on past all hooks."""
        asked, found = self._put_back.get(pin.name, (-1, False))
        if asked != self._committed.turn:
            found = pin.name in clone.put_back(self._here.common_dir) or self._has_unseen(pin)
            self._put_back[pin.name] = self._committed.turn, found
        return found

    def _has_unseen(self, pin: Pin) -> bool:
        """Whether HEAD's history has changes to an environment that no command and no hook has looked at.

        git runs no hook for `git reset --hard origin/main`.
        """
        head = self._committed.head()
        if (pin.name, head) not in self._unseen:
            self._unseen[pin.name, head] = self._has_changes_to(pin, head)
        return self._unseen[pin.name, head]

    def _has_changes_to(self, pin: Pin, head: str) -> bool:
        searched = clone.searched(self._here.common_dir)
        if not head or (since := searched.get(pin.name, "")) == head:
            return False
        try:
            folders = self._founding.changed([head, *([f"^{since}"] if since else [])]).folders
        except NotInOrder:
            return True
        if pin.name in folders:
            return True
        alike = (each.name for each in self._trees.access.pinned() if searched.get(each.name, "") == since)
        self._note_searched([name for name in alike if name not in folders], head)
        return False

    def _note_searched(self, names: Iterable[str], head: str) -> None:
        if found := dict.fromkeys(set(names) - clone.put_back(self._here.common_dir), head):
            with contextlib.suppress(GitenvError, OSError):  # then the next one asks again
                clone.set_searched(self._here.common_dir, clone.searched(self._here.common_dir) | found)

    def refuse_put_back(self, pin: Pin, judged: Judged) -> None:
        """Raise `RolledBack` or `Forked` if that is still so, also of a refused step: the one before may have its key.

        It takes five starts of git, and `git add` may bring a thousand files: each HEAD is looked at once.
        """
        head = self._committed.head()
        what = pin.environment.text, judged.environment.text, head
        if what not in self._looked_beside:
            try:
                self._look_beside(pin, judged)
                self._looked_beside[what] = None
                if judged.environment.text == pin.environment.text:  # as a command notes it that found nothing
                    self._note_searched([pin.name], head)
            except NotTrusted as error:
                self._looked_beside[what] = error
        if (found := self._looked_beside[what]) is not None:
            raise found

    def _look_beside(self, pin: Pin, judged: Judged) -> None:
        from gitenv.trust import forks
        from gitenv.trust.history import FETCHED
        from gitenv.trust.rollback import check_newest

        since = clone.searched(self._here.common_dir).get(pin.name, "")
        first_sight = self._trees.access.first_sight(pin.name, WorkSnapshot(self._here.work_tree))
        history = self._history()
        check_newest(history, first_sight, pin, judged.environment, since)
        if judged.moves:
            forks.check_moved(history, pin.environment, judged.verdict, ["HEAD", FETCHED])

    def _history(self) -> History:
        """As it is now: a filter may live longer than a HEAD. While nothing moves, git walks it once for all environments."""
        if self._walked is None or self._walked[0] != self._committed.turn:
            from gitenv.trust.history import History

            self._walked = self._committed.turn, History(self._here.work_tree, self._objects)
        return self._walked[1]

    def is_uncommitted(self, name: str) -> bool:
        """Whether an environment's founding is in no commit: until then, all plain text is its owner's."""
        return self._founding.is_uncommitted(name)

    def is_before_founding(self, name: str, commit: str) -> bool:
        """Whether a commit is one from before gitenv, whose plain text is its owner's."""
        return self._founding.is_before(name, commit)

    @cached_property
    def _founding(self) -> Founding:
        from gitenv.repo.founding import Founding

        return Founding(self._here.work_tree, self._objects, [pin.name for pin in self._trees.access.pinned()])
