"""pkt-line, the framing of git's protocols (gitprotocol-common): four hex digits of length, the payload; 0000 is a flush."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

MAX_PAYLOAD = 65516
FLUSH = b"0000"


class ProtocolError(Exception):
    """The other side does not speak pkt-line."""


def read(stream: BinaryIO) -> bytes | None:
    """One payload; None for a flush. Raises EOFError where the stream ends between packets, `ProtocolError` inside one."""
    head = stream.read(4)
    if not head:
        raise EOFError
    try:
        size = int(head, 16) if len(head) == 4 else -1
    except ValueError:
        raise ProtocolError("a packet without a length") from None
    if size == 0:
        return None
    payload = stream.read(size - 4) if size >= 4 else b""
    if size < 4 or len(payload) != size - 4:
        raise ProtocolError("a packet that is cut off")
    return payload


def until_flush(stream: BinaryIO) -> Iterator[bytes]:
    """All payloads up to the next flush."""
    while (payload := read(stream)) is not None:
        yield payload


def packet(payload: bytes) -> bytes:
    """Frame one payload of at most `MAX_PAYLOAD` bytes."""
    return b"%04x%b" % (len(payload) + 4, payload)


def packets(data: bytes) -> bytes:
    """Frame any amount of data, without the flush."""
    if len(data) <= MAX_PAYLOAD:
        return packet(data) if data else b""
    return b"".join(packet(data[at : at + MAX_PAYLOAD]) for at in range(0, len(data), MAX_PAYLOAD))
