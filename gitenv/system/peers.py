"""Whose program is at the other end of a connection on this machine: anybody's may connect to 127.0.0.1."""

from __future__ import annotations

import os
import socket
import sys

TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
_ESTABLISHED = "01"


def is_anothers(peer: tuple[str, int], own: tuple[str, int]) -> bool:
    """Whether another user's program, and not root's, made a connection over IPv4, where the system tells: on Linux.

    What has closed its side by now belongs to nobody there, and is taken for another's.
    """
    if sys.platform != "linux":
        return False
    wanted = [tuple(f"{before}{_address(*each)}" for each in (peer, own)) for before in ("", _MAPPED)]
    for table in TABLES:
        try:
            with open(table, encoding="ascii") as lines:
                found = next((words for words in map(str.split, lines) if tuple(words[1:3]) in wanted), None)
        except OSError:
            continue
        if found:
            return found[3] != _ESTABLISHED or int(found[7]) not in (0, os.geteuid())
    return False


def _address(host: str, port: int) -> str:
    return f"{_word(socket.inet_aton(host))}:{port:04X}"


def _word(data: bytes) -> str:
    return f"{int.from_bytes(data, sys.byteorder):08X}"


_MAPPED = _word(bytes(4)) * 2 + _word(b"\0\0\xff\xff")  # ::ffff:127.0.0.1, for who connects by IPv6
