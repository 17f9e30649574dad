"""Starting git by `posix_spawn`: loading `subprocess` takes longer than most of what git is asked.

Where the system has none (Windows), `subprocess` does the same.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence
    from typing import IO

_PIECE = 65536
MOST_MEMORY = 1024 * 1024 * 1024  # bytes: git takes 400 for a file that changed
MOST_SAID = 512 * 1024 * 1024  # bytes: a line for each of some million files
_MOST_COMPLAINTS = 16  # pieces
_PATIENCE = 25  # hundredths of a second


class Done:
    """How a program ended. `returncode` is negative for a signal."""

    def __init__(self, returncode: int, stdout: bytes, stderr: bytes) -> None:
        self.returncode, self.stdout, self.stderr = returncode, stdout, stderr


class Child:
    """A program that runs. What it complains about is lost."""

    def __init__(self, stdin: IO[bytes], stdout: IO[bytes], wait: Callable[[], int]) -> None:
        self.stdin, self.stdout, self._wait = stdin, stdout, wait

    def end(self) -> int:
        """Say that nothing more comes, drop what it still says, and wait for its end; return its exit code."""
        try:
            self.stdin.close()
        except OSError:  # it has ended
            pass
        while self.stdout.read(_PIECE):
            pass
        return self.wait()

    def wait(self) -> int:
        """Wait for the end of one that has said all, or that nobody listens to any more; return its exit code."""
        self.stdout.close()
        return self._wait()


def run(
    words: Sequence[str],
    folder: str,
    environment: Mapping[str, str],
    stdin: bytes = b"",
    inherited: Sequence[int] = (),
    *,
    is_bounded: bool = False,
) -> Done:
    """Run git in `folder`, to its end. It inherits the descriptors `inherited`. Raises `FileNotFoundError`.

    With `is_bounded` it is ended where it needs or says more than there can be of honest names.
    """
    if not hasattr(os, "posix_spawnp"):
        import subprocess

        done = subprocess.run(
            words, cwd=folder, input=stdin, capture_output=True, check=False, env=environment, pass_fds=inherited
        )
        return Done(done.returncode, done.stdout, done.stderr)
    (asked, asking), (hearing, saying), (lamenting, complaining) = _pipe(), _pipe(), _pipe()
    with asking, hearing, lamenting:
        process = _spawn(words, folder, environment, (asked, saying, complaining), inherited)
        if is_bounded:
            _bound(process)
        try:
            out, err = _exchange(asking, stdin, hearing, lamenting, MOST_SAID if is_bounded else sys.maxsize)
            return Done(_wait(process), out, err)
        except BaseException as error:
            _stop(process, is_patient=isinstance(error, KeyboardInterrupt))
            raise


def start(words: Sequence[str], folder: str, environment: Mapping[str, str]) -> Child:
    """Start git in `folder`, to speak with it. Raises `FileNotFoundError`."""
    if not hasattr(os, "posix_spawnp"):
        from subprocess import DEVNULL, PIPE, Popen

        there = Popen(words, cwd=folder, env=environment, stdin=PIPE, stdout=PIPE, stderr=DEVNULL)
        assert there.stdin is not None
        assert there.stdout is not None
        return Child(there.stdin, there.stdout, there.wait)
    (asked, asking), (hearing, saying) = _pipe(), _pipe()
    try:
        process = _spawn(words, folder, environment, (asked, saying))
    except BaseException:
        asking.close()
        hearing.close()
        raise
    return Child(asking, io.BufferedReader(hearing), lambda: _wait(process))


def stream(commands: Sequence[Sequence[str]], folder: str, environment: Mapping[str, str]) -> Generator[bytes, None, Done]:
    """What the last one of some gits says in `folder`, each of which reads what the one before says; piece by piece.

    Then how they ended, with the first of their complaints. They are ended when this is closed: they may be far from their
    next word. Raises `FileNotFoundError`.
    """
    if not hasattr(os, "posix_spawnp"):
        return (yield from _stream_elsewhere(commands, folder, environment))
    processes: list[int] = []
    (hearing, asking), laments = _pipe(), list[io.FileIO]()
    asking.close()
    try:
        for words in commands:
            asked, (hearing, saying), (lamenting, complaining) = hearing, _pipe(), _pipe()
            laments.append(lamenting)
            processes.append(_spawn(words, folder, environment, (asked, saying, complaining)))
            _bound(processes[-1])
        complaints = yield from _heard(hearing, *laments)
        ends = [_wait(process) for process in processes]
        return Done(next((end for end in reversed(ends) if end), 0), b"", complaints)
    except BaseException as error:
        for process in processes:
            _stop(process, is_patient=isinstance(error, KeyboardInterrupt))
        raise
    finally:
        for each in (hearing, *laments):
            each.close()


def _bound(process: int) -> None:
    """Let it have so much memory, where the system can say that of another process (Linux).

    git keeps all that a commit changed until it has compared the last folder: a dozen of them unfold into billions.
    """
    with contextlib.suppress(ImportError, AttributeError, ValueError, OSError):
        import resource

        hard = resource.prlimit(process, resource.RLIMIT_DATA)[1]
        resource.prlimit(process, resource.RLIMIT_DATA, (MOST_MEMORY, hard))


def _heard(hearing: io.FileIO, *lamenting: io.FileIO) -> Generator[bytes, None, bytes]:
    """What comes on one stream; then what came on the others, which are never kept waiting."""
    import select

    poll, complaints = select.poll(), b""
    streams = {each.fileno() for each in (hearing, *lamenting)}
    for number in streams:
        poll.register(number, select.POLLIN)
    while streams:
        for number, _ in poll.poll():
            piece = os.read(number, _PIECE)
            if not piece:
                poll.unregister(number)
                streams.remove(number)
            elif number == hearing.fileno():
                yield piece
            elif len(complaints) < _PIECE:
                complaints += piece
    return complaints


def _stream_elsewhere(
    commands: Sequence[Sequence[str]], folder: str, environment: Mapping[str, str]
) -> Generator[bytes, None, Done]:
    from subprocess import DEVNULL, PIPE, Popen
    from threading import Thread

    there: list[Popen[bytes]] = []
    complaints: list[bytes] = []
    listeners: list[Thread] = []
    try:
        for words in commands:
            source = there[-1].stdout if there else None
            there.append(
                Popen(words, cwd=folder, env=environment, stdin=source or DEVNULL, stdout=PIPE, stderr=PIPE, bufsize=0)
            )
            if source is not None:
                source.close()  # else the one before would not hear of this one's end
            listeners.append(Thread(target=_listen, args=(there[-1].stderr, complaints), daemon=True))
            listeners[-1].start()
        assert there[-1].stdout is not None
        while piece := there[-1].stdout.read(_PIECE):
            yield piece
    except BaseException:
        for each in there:
            each.kill()
        raise
    finally:
        for listener in listeners:
            listener.join()
        for each in there:
            with each:  # closes its streams, and waits for its end
                pass
    return Done(next((each.returncode for each in reversed(there) if each.returncode), 0), b"", b"".join(complaints))


def _listen(stream: IO[bytes], complaints: list[bytes]) -> None:
    while piece := stream.read(_PIECE):
        if len(complaints) < _MOST_COMPLAINTS:
            complaints.append(piece)


def _pipe() -> tuple[io.FileIO, io.FileIO]:
    """To read from and to write to. Neither is one of the three streams of a program, where one of ours is closed."""
    reading, writing = os.pipe()
    if min(reading, writing) > 2:
        return io.FileIO(reading, "r"), io.FileIO(writing, "w")
    try:
        return _pipe()
    finally:
        os.close(reading)
        os.close(writing)


def _spawn(
    words: Sequence[str],
    folder: str,
    environment: Mapping[str, str],
    streams: Sequence[io.FileIO],
    inherited: Sequence[int] = (),
) -> int:
    """The process. Its ends of the streams are its own from here on; without the third, its complaints are lost."""
    actions: list[tuple[int, int] | tuple[int, int, int] | tuple[int, int, str, int, int]]
    actions = [(os.POSIX_SPAWN_DUP2, stream.fileno(), number) for number, stream in enumerate(streams)]
    if len(streams) < 3:
        actions.append((os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0))
    actions += [(os.POSIX_SPAWN_CLOSE, number) for number in _left_open()]
    try:
        for descriptor in inherited:
            os.set_inheritable(descriptor, True)
        # git changes the folder itself: `posix_spawn` cannot, and ours is that of the whole process.
        arguments = [words[0], "-C", folder, *words[1:]]
        try:
            return os.posix_spawnp(words[0], arguments, environment, file_actions=actions)
        except OSError as error:
            import errno

            if error.errno != errno.ENOEXEC:
                raise
        import shutil

        # A wrapper of git's without `#!`: shells run it, and git itself would.
        script = shutil.which(words[0]) or words[0]
        return os.posix_spawnp("sh", ["sh", script, *arguments[1:]], environment, file_actions=actions)
    finally:
        for stream in streams:
            stream.close()


def _left_open() -> list[int]:
    """What whoever started us left open beside the three streams is not git's: it may be a key, and git starts others' filters.

    It stays open for us, for a command that we become, and for the program that we are a part of.
    """
    found = []
    with contextlib.suppress(OSError):
        for number in map(int, os.listdir("/dev/fd")):
            with contextlib.suppress(OSError):  # the one that the listing was read by
                if number > 2 and os.get_inheritable(number):
                    found.append(number)
    return found


def _exchange(asking: io.FileIO, stdin: bytes, hearing: io.FileIO, lamenting: io.FileIO, most: int) -> tuple[bytes, bytes]:
    """Give it all of `stdin`, and take all that it says on its two streams; nobody listens to more than `most` bytes."""
    import select

    streams = {each.fileno(): each for each in (hearing, lamenting)}
    said: dict[int, list[bytes]] = {number: [] for number in streams}
    speaking = set(said)
    poll = select.poll()
    for number in speaking:
        poll.register(number, select.POLLIN)
    rest, number_asked = memoryview(stdin), asking.fileno()
    if rest:
        os.set_blocking(number_asked, False)
        poll.register(number_asked, select.POLLOUT)
    else:
        asking.close()
    while speaking or not asking.closed:
        for number, _ in poll.poll():
            if number == number_asked:
                rest = _give(number, rest)
                if not rest:
                    poll.unregister(number)
                    asking.close()
            elif most > 0 and (piece := os.read(number, _PIECE)):
                said[number].append(piece)
                most -= len(piece)
            else:
                poll.unregister(number)
                speaking.remove(number)
                streams[number].close()  # who has more to say is ended by that
    out, err = (b"".join(pieces) for pieces in said.values())
    return out, err


def _give(number: int, rest: memoryview) -> memoryview:
    """What is left after as much as fits; nothing, where nobody listens any more."""
    try:
        return rest[os.write(number, rest[:_PIECE]) :]
    except BrokenPipeError:
        return rest[:0]


def _wait(process: int) -> int:
    try:
        return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    except ChildProcessError:  # whoever started us has children forgotten at once
        return 0


def _stop(process: int, *, is_patient: bool) -> None:
    """End it. Ctrl-C went to it as well: a git that is writing takes its locks away, if it is given a moment."""
    import time

    try:
        for _ in range(_PATIENCE if is_patient else 0):
            if os.waitpid(process, os.WNOHANG)[0]:
                return
            time.sleep(0.01)
        os.kill(process, 9)
        os.waitpid(process, 0)
    except (ChildProcessError, ProcessLookupError):
        pass
