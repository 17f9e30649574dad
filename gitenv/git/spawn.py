"""Starting git by `posix_spawn`: loading `subprocess` takes longer than most of what git is asked.

Where the system has none (Windows), `subprocess` does the same.
"""

from __future__ import annotations

import contextlib
import io
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence
    from typing import IO

_PIECE = 65536
_MOST_COMPLAINTS = 16  # pieces
_PATIENCE = 25  # hundredths of a second
_is_alone: list[bool] = []


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
    words: Sequence[str], folder: str, environment: Mapping[str, str], stdin: bytes = b"", inherited: Sequence[int] = ()
) -> Done:
    """Run git in `folder`, to its end. It inherits the descriptors `inherited`. Raises `FileNotFoundError`."""
    if not hasattr(os, "posix_spawnp"):
        import subprocess

        done = subprocess.run(
            words, cwd=folder, input=stdin, capture_output=True, check=False, env=environment, pass_fds=inherited
        )
        return Done(done.returncode, done.stdout, done.stderr)
    (asked, asking), (hearing, saying), (lamenting, complaining) = _pipe(), _pipe(), _pipe()
    with asking, hearing, lamenting:
        process = _spawn(words, folder, environment, (asked, saying, complaining), inherited)
        try:
            out, err = _exchange(asking, stdin, hearing, lamenting)
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


def stream(words: Sequence[str], folder: str, environment: Mapping[str, str]) -> Generator[bytes, None, Done]:
    """What git says in `folder`, piece by piece while it works; then how it ended, with the first of its complaints.

    It is ended when this is closed: it may be far from its next word. Raises `FileNotFoundError`.
    """
    if not hasattr(os, "posix_spawnp"):
        return (yield from _stream_elsewhere(words, folder, environment))
    (asked, asking), (hearing, saying), (lamenting, complaining) = _pipe(), _pipe(), _pipe()
    asking.close()
    with hearing, lamenting:
        process = _spawn(words, folder, environment, (asked, saying, complaining))
        try:
            complaints = yield from _heard(hearing, lamenting)
            return Done(_wait(process), b"", complaints)
        except BaseException as error:
            _stop(process, is_patient=isinstance(error, KeyboardInterrupt))
            raise


def _heard(hearing: io.FileIO, lamenting: io.FileIO) -> Generator[bytes, None, bytes]:
    """What comes on one stream; then what came on the other, which is never kept waiting."""
    import select

    poll, complaints = select.poll(), b""
    streams = {each.fileno() for each in (hearing, lamenting)}
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


def _stream_elsewhere(words: Sequence[str], folder: str, environment: Mapping[str, str]) -> Generator[bytes, None, Done]:
    from subprocess import DEVNULL, PIPE, Popen
    from threading import Thread

    with Popen(words, cwd=folder, env=environment, stdin=DEVNULL, stdout=PIPE, stderr=PIPE, bufsize=0) as there:
        assert there.stdout is not None
        assert there.stderr is not None
        complaints: list[bytes] = []
        listener = Thread(target=_listen, args=(there.stderr, complaints), daemon=True)
        listener.start()
        try:
            while piece := there.stdout.read(_PIECE):
                yield piece
        except BaseException:
            there.kill()
            raise
        finally:
            listener.join()
    return Done(there.returncode, b"", b"".join(complaints))


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
    actions: list[tuple[int, int, int] | tuple[int, int, str, int, int]]
    actions = [(os.POSIX_SPAWN_DUP2, stream.fileno(), number) for number, stream in enumerate(streams)]
    if len(streams) < 3:
        actions.append((os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0))
    try:
        _stand_alone()
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


def _stand_alone() -> None:
    """What whoever started us left open beside the three streams ends here: it may be a key, and git starts others' filters."""
    if not _is_alone:
        _is_alone.append(True)
        with contextlib.suppress(OSError):
            for number in map(int, os.listdir("/dev/fd")):
                if number > 2:
                    with contextlib.suppress(OSError):  # the one that the listing was read by
                        os.set_inheritable(number, False)


def _exchange(asking: io.FileIO, stdin: bytes, hearing: io.FileIO, lamenting: io.FileIO) -> tuple[bytes, bytes]:
    """Give it all of `stdin`, and take all that it says on its two streams."""
    import select

    said: dict[int, list[bytes]] = {hearing.fileno(): [], lamenting.fileno(): []}
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
            elif piece := os.read(number, _PIECE):
                said[number].append(piece)
            else:
                poll.unregister(number)
                speaking.remove(number)
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
