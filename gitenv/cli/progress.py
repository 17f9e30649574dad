"""A bar on standard error, for what takes longer than somebody likes to wait without a word."""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from gitenv.cli import show

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_PATIENCE = 0.5  # seconds
_SHOWN_EACH = 100  # steps: to show each would take longer than most of them


class Bar:
    """Shows nothing before half a second is over, and nothing at all where nobody looks."""

    def __init__(self, what: str, total: Callable[[], int]) -> None:
        """`total` is asked for only if the bar is shown; 0 if it is not known."""
        self._what, self._total = what, total
        self._begin = time.monotonic()
        self._is_wanted = sys.stderr.isatty() and not show.is_quiet()
        self._steps = 0
        self._shown: tuple[Progress, TaskID] | None = None

    def step(self) -> None:
        """One of them is done."""
        self._steps += 1
        if not self._is_wanted or self._steps % _SHOWN_EACH:
            return
        if self._shown is None and time.monotonic() - self._begin > _PATIENCE:
            self._show()
        if self._shown:
            progress, task = self._shown
            progress.update(task, completed=self._steps)

    def give_way(self) -> None:
        """Something is to be written on standard output: if that may be the same screen, take the bar off it."""
        if not stat.S_ISREG(os.fstat(sys.stdout.fileno()).st_mode):
            self.close()

    def close(self) -> None:
        """Take it off the screen for good, because something else is to be written there."""
        self._is_wanted = False
        if self._shown:
            self._shown[0].stop()
            self._shown = None

    def _show(self) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        columns = TextColumn(self._what), BarColumn(), MofNCompleteColumn()
        progress = Progress(*columns, console=show.console(stderr=True), transient=True, redirect_stdout=False)
        task = progress.add_task("", total=self._total() or None)
        progress.start()
        self._shown = progress, task
