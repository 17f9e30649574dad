"""A command's output by way of another process, which puts marks in the place of values.

`begin` divides this one: one goes on, to become the command, and what it writes goes to the other, which reads until it ends,
and ends as it did. The command's input, its process group and its controlling terminal are its own, as if there were
nothing between: Ctrl-C and Ctrl-Z reach both from the terminal, and what a supervisor sends to the whole group does. What
comes to the reader alone is passed on. Windows: `relaying_in_threads`.
"""

from __future__ import annotations

import contextlib
import copy
import os
import select
import signal
from collections.abc import Iterable
from types import FrameType

from gitenv.errors import NotInOrder
from gitenv.model.redaction import Redactor
from gitenv.system.channel import Channel, Closed
from gitenv.system.witness import Witness

_STREAMS = 1, 2
_SILENCE = 0.03  # seconds until a key's echo is shown that may begin a value
_LINGERING = 0.1  # seconds for what a command left running, before it is waited for out of the way

_FROM_KEYS = {signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP}
_ONCE = _FROM_KEYS | {signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2}
"""What may mean something else the second time, as a second Ctrl-C does."""

_HANDLED = _ONCE | {signal.SIGCONT, signal.SIGWINCH, signal.SIGCHLD}


def begin(values: Iterable[tuple[str, bytes]]) -> None:
    """From here on, whatever this process or what it becomes writes is redacted.

    Raises `NotInOrder` in the process that reads, if something is missing of what the command printed.
    """
    places = _places()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _HANDLED)  # none is lost between the fork and its handler
    reaping = signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # where it is ignored, nobody learns how the command ended
    witness = Witness(_ONCE)
    channels = [Channel(streams) for streams in places]
    command = os.fork()
    if not command:
        for channel in channels:
            channel.take()
        signal.signal(signal.SIGCHLD, reaping)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return
    relay = _Relay(command, channels, witness)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    code = relay.run(Redactor(values))
    problem = next(filter(None, (channel.problem for channel in channels)), None)
    if problem and code in (0, -signal.SIGPIPE):
        raise NotInOrder(f"what it printed cannot be written: {problem.strerror}", "make room, or write it elsewhere")
    _end(code)


def _end(code: int) -> None:
    """As the command did: a shell's loop ends with Ctrl-C if that is what ended its command."""
    if code < 0:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # the command has left its own
        with contextlib.suppress(OSError):  # SIGKILL has no handler
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    # The command is the program; this process has nothing to clean up. A container's first one no signal ends.
    os._exit(code if code >= 0 else 128 - code)


class _Relay:
    """The process that reads what the command writes."""

    def __init__(self, command: int, channels: list[Channel], witness: Witness) -> None:
        self._command = command
        self._code: int | None = None
        self._channels = [*channels]
        self._witness = witness
        self._woken, waker = os.pipe()
        for end in (self._woken, waker):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        for number in _HANDLED:
            if number == signal.SIGCHLD or signal.getsignal(number) != signal.SIG_IGN:  # nohup
                signal.signal(number, self._signalled)
        _leave_input()

    def run(self, redactor: Redactor) -> int:
        """Until the command has ended and everything is written; its exit code, or the signal's number below zero."""
        for channel in self._channels:
            channel.attend(copy.copy(redactor))
        while self._channels:
            if not self._turn(None if self._code is None else _LINGERING) and self._code is not None:
                return self._stay_behind(self._code)
        while self._code is None:
            self._reap(0)
        return self._code

    def _turn(self, wait: float | None = None) -> bool:
        """Wait for something, and do it; whether there was anything."""
        is_holding = any(channel.redactor.is_holding for channel in self._channels)
        wait = _SILENCE if is_holding else wait
        sources = [channel.source for channel in self._channels]
        ready, _, _ = select.select([*sources, self._woken, *self._witness.sources], [], [], wait)
        if self._witness.sources and self._witness.sources[0] in ready:
            self._witness.hear()
        if self._woken in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(self._woken, 4096)
            self._reap(os.WNOHANG)
        for channel in [*self._channels]:
            try:
                if channel.source in ready:
                    channel.pass_on()
                elif is_holding and not ready:
                    channel.show_held()
            except Closed:
                channel.close()
                self._channels.remove(channel)
        return bool(ready) or is_holding

    def _reap(self, how: int) -> None:
        if self._code is None:
            pid, status = os.waitpid(self._command, how)
            if pid:
                self._code = os.waitstatus_to_exitcode(status)

    def _stay_behind(self, code: int) -> int:
        """The command left something running that can write: that goes on, and who started us does not wait for it."""
        if os.fork():
            return code
        self._witness.dismiss()
        for number in _FROM_KEYS | {signal.SIGHUP}:
            signal.signal(number, signal.SIG_IGN)
        while self._channels:
            self._turn()
        return 0

    def _signalled(self, number: int, _: FrameType | None) -> None:
        if number == signal.SIGWINCH:
            for channel in self._channels:
                channel.resize()
        if number != signal.SIGCHLD and self._code is None and not (number in _ONCE and self._witness.saw(number)):
            os.kill(self._command, number)
        if number == signal.SIGTSTP:
            signal.signal(number, signal.SIG_DFL)  # the kernel knows where nobody could let us go on
            os.kill(os.getpid(), number)
            signal.signal(number, self._signalled)


def _places() -> list[tuple[int, ...]]:
    """The streams of each place where output goes: two ways to one place would mix its lines up."""
    places: dict[tuple[int, int, int], list[int]] = {}
    for stream in _STREAMS:
        with contextlib.suppress(OSError):  # closed
            found = os.fstat(stream)
            places.setdefault((found.st_dev, found.st_ino, found.st_rdev), []).append(stream)
    _keep_places()
    return [tuple(streams) for streams in places.values()]


def _keep_places() -> None:
    """No pipe of ours gets the number of a stream that was closed. The command has it closed as before."""
    while (opened := os.open(os.devnull, os.O_RDWR)) < 3:
        pass
    os.close(opened)


def _leave_input() -> None:
    """Or whoever writes to the command's input would not learn that it does not read any more."""
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, 0)
    os.close(nowhere)
