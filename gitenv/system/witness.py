"""A process beside this one, which tells what signals came to all: those nobody has to pass on.

A process cannot see whether a signal was meant for it alone. So another one stands in its group and session, and in its
cgroup (systemd sends to each process of that), does nothing, and tells what it got.
"""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Collection
from types import FrameType

_SOON = 0.1  # seconds from one process of a group to the next, on a busy machine


class Witness:
    """Ends with this process, or when it is dismissed. Signals are blocked while it begins."""

    def __init__(self, signals: Collection[signal.Signals]) -> None:
        self._told, telling = os.pipe()
        ending, self._life = os.pipe()
        self._seen: dict[int, float] = {}
        if not os.fork():
            try:
                os.close(self._life)
                _watch(signals, ending, telling)
            finally:
                os._exit(0)
        os.close(ending)
        os.close(telling)
        os.set_blocking(self._told, False)

    @property
    def sources(self) -> list[int]:
        """Where it tells: to be heard when there is something."""
        return [self._told] if self._told >= 0 else []

    def hear(self) -> None:
        """Take in what it tells."""
        try:
            told = os.read(self._told, 4096)
        except BlockingIOError:  # a signal's handler has
            return
        self._seen.update(dict.fromkeys(told, time.monotonic()))
        if not told:
            self.dismiss()

    def saw(self, number: int) -> bool:
        """Whether it got a signal that this process got just now."""
        now = time.monotonic()
        while self._seen.get(number, 0.0) < now - _SOON:
            if not select.select(self.sources, [], [], max(0.0, now + _SOON - time.monotonic()))[0]:
                return False
            self.hear()
        del self._seen[number]
        return True

    def dismiss(self) -> None:
        """It is not needed any more."""
        if self.sources:
            os.close(self._told)
            os.close(self._life)
            self._told = -1


def _watch(signals: Collection[signal.Signals], ending: int, telling: int) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):  # or who waits for their end would wait for this
        os.dup2(nowhere, stream)
    os.set_blocking(telling, False)
    signal.set_wakeup_fd(telling, warn_on_full_buffer=False)
    for number in signals:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _is_told)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)
    os.read(ending, 1)


def _is_told(_number: int, _frame: FrameType | None) -> None:
    """The interpreter has written the number into the pipe."""
