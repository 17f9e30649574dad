"""git's long-running filter process, version 2 (gitattributes, "Long Running Filter Process"): who speaks when.

What is done with a file is the handler's; this module knows no .env.
"""

import itertools
import os
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Protocol

from gitenv.git import pktline
from gitenv.git.pktline import FLUSH, packet, packets
from gitenv.tuples import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hashlib import _Hash as Hash

    from gitenv.git.aside import Aside, Extent

_CAPABILITIES = (b"capability=clean", b"capability=smudge", b"capability=delay")
_CHUNK = 64 * 1024


class Whole(NamedTuple):
    """All of a file of which the handler gets the beginning only."""

    size: int
    sha256: bytes


class Request(NamedTuple):
    """A file that git asks for. `path` is relative to the top of the work tree."""

    path: str
    treeish: str = ""
    blob: str = ""
    can_delay: bool = False
    is_delayed: bool = False  # asked for a second time, after a delay
    whole: Whole | None = None  # of a file over the limit


class Handler(Protocol):
    """What a filter does with a file. An exception other than `Refused` ends the process."""

    def clean(self, request: Request, data: bytes) -> bytes | Iterator[bytes]:
        """The contents for the object store; in pieces, if they are what stands there of a file over the limit."""
        ...

    def smudge(self, request: Request, data: bytes) -> bytes | None:
        """The contents for the work tree; None to be asked again at the end of the checkout.

        Of a file over the limit `data` is the beginning: where that is the answer, all of it goes back as it is.
        """
        ...

    def answered(self) -> None:
        """git has the answer, and is busy with it: the time for what nobody waits for."""
        ...

    def checked_out(self) -> None:
        """git has written all it could; delayed files come next."""
        ...


class Refused(Exception):
    """The handler has said why, on standard error."""


class FilterProcess:
    """One conversation. Of a file over `limit` bytes only the beginning is held in memory: anybody can push one without end."""

    def __init__(self, stdin: BinaryIO, stdout: BinaryIO, limit: int) -> None:
        self._in, self._out = stdin, stdout
        self._files = _Files(limit)
        self._delayed: dict[bytes, Extent] = {}  # contents by path, as git spells it
        self._ready: set[bytes] = set()

    def serve(self, handler: Handler) -> None:
        """Answer until git closes the stream."""
        self._handshake()
        try:
            while (words := self._words()) is not None:
                command = words.get(b"command", b"")
                if command == b"list_available_blobs":
                    self._list_available(handler)
                else:
                    self._answer(handler, command, words)
                    handler.answered()
        finally:
            self._files.close()

    def _handshake(self) -> None:
        hello = list(pktline.until_flush(self._in))
        if not hello or hello[0].rstrip(b"\n") != b"git-filter-client" or b"version=2" not in [h.rstrip() for h in hello]:
            raise pktline.ProtocolError("this is to be started by git, as filter.gitenv.process")
        self._send(packet(b"git-filter-server\n") + packet(b"version=2\n") + FLUSH)
        offered = {line.rstrip(b"\n") for line in pktline.until_flush(self._in)}
        self._send(b"".join(packet(word + b"\n") for word in _CAPABILITIES if word in offered) + FLUSH)

    def _words(self) -> dict[bytes, bytes] | None:
        words: dict[bytes, bytes] = {}
        try:
            for line in pktline.until_flush(self._in):
                word, _, value = line.removesuffix(b"\n").partition(b"=")  # a path may hold `=`, so only the first one
                words[word] = value
        except EOFError:
            return None
        return words

    def _answer(self, handler: Handler, command: bytes, words: dict[bytes, bytes]) -> None:
        path = words.get(b"pathname", b"")
        data, rest = self._files.beginning(pktline.until_flush(self._in))
        is_delayed = command == b"smudge" and path in self._ready
        if is_delayed:
            self._ready.discard(path)
            data = b"".join(self._files.aside.take(self._delayed.pop(path)))
        request = Request(
            os.fsdecode(path),
            os.fsdecode(words[b"treeish"]) if b"treeish" in words else "",
            os.fsdecode(words[b"blob"]) if b"blob" in words else "",
            words.get(b"can-delay") == b"1",
            is_delayed,
        )
        try:
            result = self._files.through(handler, command, request, data, rest)
        except Refused:
            self._send(packet(b"status=error\n") + FLUSH)
            return
        if result is None:
            self._delayed[path] = self._files.aside.put([data])
            self._send(packet(b"status=delayed\n") + FLUSH)
        elif isinstance(result, bytes):
            self._send(packet(b"status=success\n") + FLUSH + packets(result) + FLUSH + FLUSH)
        else:
            self._send(packet(b"status=success\n") + FLUSH)
            for piece in result:
                self._out.write(packets(piece))
            self._send(FLUSH + FLUSH)

    def _list_available(self, handler: Handler) -> None:
        handler.checked_out()
        available = [path for path in self._delayed if path not in self._ready]
        self._ready.update(available)
        names = b"".join(packet(b"pathname=" + path + b"\n") for path in available)
        self._send(names + FLUSH + packet(b"status=success\n") + FLUSH)

    def _send(self, data: bytes) -> None:
        self._out.write(data)
        self._out.flush()


def once(handler: Handler, command: str, path: str, stdin: BinaryIO, stdout: BinaryIO, limit: int) -> None:
    """One file and no conversation, for clients that know no processes (JGit). Raises `Refused`."""
    files = _Files(limit)
    try:
        data, rest = files.beginning(iter(lambda: stdin.read(_CHUNK), b""))
        result = files.through(handler, command.encode("ascii"), Request(path), data, rest)
        for piece in [result or b""] if isinstance(result, bytes | None) else result:
            stdout.write(piece)
        stdout.flush()
    finally:
        files.close()


class _Files:
    """Contents on their way through a handler, in bounded memory."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._aside: Aside | None = None

    @property
    def aside(self) -> "Aside":
        """Where contents wait. Imported late: `tempfile` would cost every start of the filter 5 ms."""
        if self._aside is None:
            from gitenv.git.aside import Aside

            self._aside = Aside()
        return self._aside

    def close(self) -> None:
        """Nothing waits any more."""
        if self._aside is not None:
            self._aside.close()

    def beginning(self, chunks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes] | None]:
        """All of a file and None; or of one over the limit a little more than that, and what is still to come."""
        found: list[bytes] = []
        size = 0
        for chunk in chunks:
            found.append(chunk)
            size += len(chunk)
            if size > self._limit:
                return b"".join(found), chunks
        return found[0] if len(found) == 1 else b"".join(found), None

    def through(
        self, handler: Handler, command: bytes, request: Request, data: bytes, rest: Iterator[bytes] | None
    ) -> bytes | Iterator[bytes] | None:
        """What the handler makes of a file. Reads all of it: git writes the last byte before it reads the first."""
        if command == b"clean":
            if rest is not None:
                request = request._replace(whole=digest(itertools.chain([data], rest)))
            return handler.clean(request, data)
        if command != b"smudge":
            digest(rest or [])
            raise Refused
        if rest is None:
            return handler.smudge(request, data)
        import hashlib

        hashing = hashlib.sha256()
        place = self.aside.put(_hashed(itertools.chain([data], rest), hashing))
        result = handler.smudge(request._replace(whole=Whole(place.size, hashing.digest())), data)
        pieces = self.aside.take(place)
        if result is data or result is None:
            return pieces
        for _ in pieces:  # its room is free again
            pass
        return result


def _hashed(chunks: Iterable[bytes], hashing: "Hash") -> Iterator[bytes]:
    for chunk in chunks:
        hashing.update(chunk)
        yield chunk


def digest(chunks: Iterable[bytes]) -> Whole:
    """Enough to find a file again in a commit; it is not kept: what somebody typed does not go to another place of the disk."""
    import hashlib

    size, digest = 0, hashlib.sha256()
    for chunk in chunks:
        size += len(chunk)
        digest.update(chunk)
    return Whole(size, digest.digest())
