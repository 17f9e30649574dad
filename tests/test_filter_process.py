"""The conversation with git: bounded in memory whatever is asked for, and every byte comes back."""

from __future__ import annotations

import io
import os
import tempfile
import tracemalloc
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from gitenv.errors import NotInOrder
from gitenv.git import process
from gitenv.git.aside import Aside
from gitenv.git.pktline import FLUSH, MAX_PAYLOAD, ProtocolError, packet, until_flush
from gitenv.git.process import FilterProcess, Refused, Request, Whole

_LIMIT = 100
HELLO = (
    packet(b"git-filter-client\n") + packet(b"version=2\n") + FLUSH + packet(b"capability=clean\n")
    + packet(b"capability=smudge\n") + packet(b"capability=delay\n") + packet(b"capability=levitate\n") + FLUSH
)  # fmt: skip


class Recorder:
    """A handler that upper-cases, delays what it is told to, and remembers what it was asked."""

    def __init__(self, delays: tuple[str, ...] = (), refuses: tuple[str, ...] = ()) -> None:
        self.delays, self.refuses = delays, refuses
        self.asked: list[tuple[Request, int]] = []
        self.checkouts = self.answers = 0
        self.large: list[bytes] | None = None
        self.instead = b""  # of a smudge over the limit

    def clean(self, request: Request, data: bytes) -> bytes | Iterator[bytes]:
        self.asked.append((request, len(data)))
        if request.path in self.refuses:
            raise Refused
        return iter(self.large) if self.large is not None else data.upper()

    def smudge(self, request: Request, data: bytes) -> bytes | None:
        self.asked.append((request, len(data)))
        if request.path in self.refuses:
            raise Refused
        if request.whole:
            return self.instead or data
        return None if request.path in self.delays and not request.is_delayed else data.upper()

    def answered(self) -> None:
        self.answers += 1

    def checked_out(self) -> None:
        self.checkouts += 1


def ask(command: bytes, path: bytes, data: bytes = b"", *more: bytes) -> bytes:
    """What git sends for one file."""
    words = b"".join(packet(word + b"\n") for word in (b"command=" + command, b"pathname=" + path, *more))
    pieces = b"".join(packet(data[at : at + MAX_PAYLOAD]) for at in range(0, len(data), MAX_PAYLOAD))
    return words + FLUSH + pieces + FLUSH


def converse(handler: Recorder, *requests: bytes, limit: int = _LIMIT) -> Iterator[bytes]:
    """Everything that is answered, up to each flush, after the greetings."""
    out = io.BytesIO()
    FilterProcess(io.BytesIO(HELLO + b"".join(requests)), out, limit).serve(handler)
    out.seek(0)
    assert b"".join(until_flush(out)) == b"git-filter-server\nversion=2\n"
    assert b"".join(until_flush(out)) == b"capability=clean\ncapability=smudge\ncapability=delay\n"
    while out.tell() < len(out.getvalue()):
        yield b"".join(until_flush(out))


@pytest.fixture(autouse=True)
def _git_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is set aside goes into a folder of the test's own."""
    monkeypatch.setenv("GIT_DIR", str(tmp_path))


def test_files_within_the_limit() -> None:
    """clean and smudge get all of a file, and what they answer comes back; a path may hold `=`."""
    handler = Recorder()
    answers = list(converse(handler, ask(b"clean", b"a=b/.env", b"one"), ask(b"smudge", b".env", b"x" * _LIMIT, b"treeish=ab")))
    assert answers == [b"status=success\n", b"ONE", b"", b"status=success\n", b"X" * _LIMIT, b""]
    assert handler.asked == [(Request("a=b/.env"), 3), (Request(".env", treeish="ab"), _LIMIT)]
    assert handler.answers == 2


@pytest.mark.parametrize("size", [_LIMIT + 1, MAX_PAYLOAD, MAX_PAYLOAD + 1, 3 * MAX_PAYLOAD + 7])
def test_a_smudge_over_the_limit_goes_back_as_it_is(size: int, tmp_path: Path) -> None:
    """If the handler gives its beginning back; files before and after it are none the worse, and nothing is left."""
    handler = Recorder()
    data = os.urandom(size)
    requests = [ask(b"smudge", b"a", b"one"), ask(b"smudge", b"b", data, b"blob=ab"), ask(b"smudge", b"c", b"two")]
    answers = list(converse(handler, *requests))
    assert answers == [b"status=success\n", b"ONE", b"", b"status=success\n", data, b"", b"status=success\n", b"TWO", b""]
    request, seen = handler.asked[1]
    assert request == Request("b", blob="ab", whole=Whole(size, sha256(data).digest()))
    assert _LIMIT < seen <= size
    handler.instead = b"something else"
    assert list(converse(handler, *requests))[4] == b"something else"
    assert list(tmp_path.iterdir()) == []


def test_a_clean_over_the_limit_is_only_hashed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What somebody typed is laid down nowhere; the handler may know the bytes from elsewhere, and gives them in pieces."""
    monkeypatch.setattr(
        tempfile, "TemporaryFile", lambda **_: pytest.fail("that would be plain text in another place of the disk")
    )
    handler = Recorder()
    handler.large = [b"as", b"committed" * 10_000]
    data = os.urandom(3 * MAX_PAYLOAD)
    assert list(converse(handler, ask(b"clean", b"a", data))) == [b"status=success\n", b"as" + b"committed" * 10_000, b""]
    assert handler.asked[0][0] == Request("a", whole=Whole(len(data), sha256(data).digest()))


def test_refusals() -> None:
    """A refused file is an error, as is an unknown command, and the conversation goes on."""
    handler = Recorder(refuses=("a",))
    requests = [
        ask(b"clean", b"a", b"1"),
        ask(b"clean", b"a", b"1" * 200),
        ask(b"dance", b"b", b"2"),
        ask(b"clean", b"b", b"c"),
    ]
    assert list(converse(handler, *requests)) == [*[b"status=error\n"] * 3, b"status=success\n", b"C", b""]


def test_delayed_files() -> None:
    """Files that wait come back whole at the end, in any order, also beside one that is over the limit."""
    handler = Recorder(delays=("a", "b", "large"))
    delay = b"can-delay=1"
    data = os.urandom(2 * MAX_PAYLOAD)
    listing = packet(b"command=list_available_blobs\n") + FLUSH
    requests = [ask(b"smudge", b"a", b"one", delay), ask(b"smudge", b"b", b"two", delay), ask(b"smudge", b"large", data, delay)]
    requests += [listing, ask(b"smudge", b"b"), ask(b"smudge", b"a"), listing]
    assert list(converse(handler, *requests)) == [
        *(b"status=delayed\n", b"status=delayed\n", b"status=success\n", data, b""),
        *(b"pathname=a\npathname=b\n", b"status=success\n"),
        *(b"status=success\n", b"TWO", b"", b"status=success\n", b"ONE", b""),
        *(b"", b"status=success\n"),
    ]
    assert handler.checkouts == 2
    assert [request.is_delayed for request, _ in handler.asked] == [False, False, False, True, True]


def test_memory_stays_bounded() -> None:
    """64 MiB in 1,000 packets go through, both ways, in less than two."""

    class Git(io.RawIOBase):
        """Sends without having, takes without keeping."""

        def __init__(self) -> None:
            once = packet(b"x" * MAX_PAYLOAD)
            self.parts = iter(
                [HELLO, ask(b"smudge", b"a")[:-4], *[once] * 1000, FLUSH, ask(b"clean", b"a")[:-4], *[once] * 1000]
            )
            self.taken = 0

        def readinto(self, into: object) -> int:
            assert isinstance(into, memoryview)
            if not self.left:
                self.left = next(self.parts, b"")
            count = min(len(into), len(self.left))
            into[:count], self.left = self.left[:count], self.left[count:]
            return count

        left = b""

        def readable(self) -> bool:
            return True

        def writable(self) -> bool:
            return True

        def write(self, data: object) -> int:
            assert isinstance(data, bytes | memoryview)
            self.taken += len(data)
            return len(data)

    git = Git()
    handler = Recorder()
    handler.large = [b"x"] * 3
    tracemalloc.start()
    with pytest.raises(EOFError):
        FilterProcess(io.BufferedReader(git), io.BufferedWriter(git), _LIMIT).serve(handler)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert git.taken > 1000 * MAX_PAYLOAD
    assert peak < 2 << 20


@pytest.mark.parametrize(("command", "result"), [("clean", b"ONE"), ("smudge", b"ONE")])
def test_one_file(command: str, result: bytes) -> None:
    """Clients that know no processes get the same."""
    out = io.BytesIO()
    process.once(Recorder(), command, ".env", io.BytesIO(b"one"), out, _LIMIT)
    assert out.getvalue() == result


def test_one_large_file() -> None:
    """One over the limit comes back from smudge as it is, and from clean as the handler gives it."""
    data, out = os.urandom(1 << 20), io.BytesIO()
    handler = Recorder()
    process.once(handler, "smudge", ".env", io.BytesIO(data), out, _LIMIT)
    assert out.getvalue() == data
    handler.large = [b"a", b"b"]
    out = io.BytesIO()
    process.once(handler, "clean", ".env", io.BytesIO(data), out, _LIMIT)
    assert out.getvalue() == b"ab"
    assert handler.asked[1][0].whole == Whole(1 << 20, sha256(data).digest())


def test_one_refused_file() -> None:
    """A refusal writes nothing."""
    out = io.BytesIO()
    with pytest.raises(Refused):
        process.once(Recorder(refuses=(".env",)), "clean", ".env", io.BytesIO(b"one"), out, _LIMIT)
    assert out.getvalue() == b""


def test_room_is_free_again(request: pytest.FixtureRequest) -> None:
    """What was set aside and taken leaves its room: a checkout of many large files needs it for one at a time."""
    kept = Aside()
    request.addfinalizer(kept.close)
    waiting = kept.put([b"a", b"b"])
    for _ in range(3):
        large = kept.put([b"x" * 1000])
        assert large.start == 2
        assert b"".join(kept.take(large)) == b"x" * 1000
    assert b"".join(kept.take(waiting)) == b"ab"
    assert kept.put([b"c"]).start == 0


def test_a_full_disk_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without room the filter ends with what the system says, and git keeps what it has."""

    class Full(io.BytesIO):
        def write(self, data: object) -> int:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: Full())
    with pytest.raises(NotInOrder, match="cannot be set aside: No space left on device"):
        list(converse(Recorder(), ask(b"smudge", b"a", b"x" * 200)))


def test_not_git() -> None:
    """Whoever is not git, or of another version, is told so."""
    for hello in (b"", packet(b"hello\n") + FLUSH, packet(b"git-filter-client\n") + packet(b"version=3\n") + FLUSH, b"zzzz"):
        with pytest.raises((ProtocolError, EOFError)):
            FilterProcess(io.BytesIO(hello), io.BytesIO(), _LIMIT).serve(Recorder())


@pytest.mark.parametrize("stream", [b"0003", b"-001", b"000", b"0005", b"fffff", b"00 5a"])
def test_broken_packets(stream: bytes) -> None:
    """A length that is none, or more than there is, is an error and not a wait."""
    with pytest.raises((ProtocolError, EOFError)):
        list(until_flush(io.BytesIO(stream)))
