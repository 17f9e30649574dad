"""git's long-running filter process, version 2 (gitattributes, "Long Running Filter Process"): who speaks when.

What is done with a file is the handler's; this module knows no .env.
"""

import os
from typing import BinaryIO, NamedTuple, Protocol

from gitenv.git import pktline
from gitenv.git.pktline import FLUSH, packet, packets

_CAPABILITIES = (b"capability=clean", b"capability=smudge", b"capability=delay")


class Request(NamedTuple):
    """A file that git asks for. `path` is relative to the top of the work tree."""

    path: str
    treeish: str = ""
    blob: str = ""
    can_delay: bool = False
    is_delayed: bool = False  # asked for a second time, after a delay


class Handler(Protocol):
    """What a filter does with a file. An exception other than `Refused` ends the process."""

    def clean(self, request: Request, data: bytes) -> bytes: ...

    def smudge(self, request: Request, data: bytes) -> bytes | None:
        """The contents for the work tree; None to be asked again at the end of the checkout."""
        ...

    def checked_out(self) -> None:
        """git has written all it could; delayed files come next."""
        ...


class Refused(Exception):
    """The handler has said why, on standard error."""


class FilterProcess:
    """One conversation. `limit` is the most that clean is given of a file, plus one byte."""

    def __init__(self, stdin: BinaryIO, stdout: BinaryIO, limit: int) -> None:
        self._in, self._out = stdin, stdout
        self._limit = limit
        self._delayed: dict[bytes, bytes] = {}  # contents by path, as git spells it
        self._ready: set[bytes] = set()

    def serve(self, handler: Handler) -> None:
        """Answer until git closes the stream."""
        self._handshake()
        while (words := self._words()) is not None:
            command = words.get(b"command", b"")
            if command == b"list_available_blobs":
                self._list_available(handler)
            else:
                self._answer(handler, command, words)

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
        data = self._content(self._limit if command == b"clean" else None)
        is_delayed = command == b"smudge" and path in self._ready
        if is_delayed:
            self._ready.discard(path)
            data = self._delayed.pop(path)
        request = Request(
            os.fsdecode(path),
            os.fsdecode(words.get(b"treeish", b"")),
            os.fsdecode(words.get(b"blob", b"")),
            words.get(b"can-delay") == b"1",
            is_delayed,
        )
        try:
            if command not in (b"clean", b"smudge"):
                raise Refused
            result = handler.clean(request, data) if command == b"clean" else handler.smudge(request, data)
        except Refused:
            self._send(packet(b"status=error\n") + FLUSH)
            return
        if result is None:
            self._delayed[path] = data
            self._send(packet(b"status=delayed\n") + FLUSH)
        else:
            self._send(packet(b"status=success\n") + FLUSH + packets(result) + FLUSH + FLUSH)

    def _list_available(self, handler: Handler) -> None:
        handler.checked_out()
        available = [path for path in self._delayed if path not in self._ready]
        self._ready.update(available)
        names = b"".join(packet(b"pathname=" + path + b"\n") for path in available)
        self._send(names + FLUSH + packet(b"status=success\n") + FLUSH)

    def _content(self, limit: int | None) -> bytes:
        """All of a file, or its beginning: what is over the limit is refused anyway, and should not fill the memory."""
        chunks: list[bytes] = []
        size = 0
        for chunk in pktline.until_flush(self._in):
            if limit is None or size <= limit:
                chunks.append(chunk)
                size += len(chunk)
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def _send(self, data: bytes) -> None:
        self._out.write(data)
        self._out.flush()
