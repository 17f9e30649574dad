"""Playing git to a filter process: spawned as git is told to, spoken to in git's order (gitattributes, "process")."""

from __future__ import annotations

import subprocess
from types import TracebackType
from typing import Self

from tests.bench.subjects import Repository

_FLUSH = b"0000"
_MAX_PAYLOAD = 65516


class Conversation:
    """A filter process that has not been asked anything yet. Leaving the context ends it and waits for its end."""

    def __init__(self, repository: Repository) -> None:
        command = ["sh", "-c", repository.must("git", "config", "filter.gitenv.process").decode()]
        self._process = subprocess.Popen(
            command, cwd=repository.path, env=repository.owner.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._to, self._from = self._process.stdin, self._process.stdout

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.end()

    def shake_hands(self) -> None:
        """What git begins every conversation with."""
        self._send(b"git-filter-client\n", b"version=2\n")
        self._until_flush()
        self._send(b"capability=clean\n", b"capability=smudge\n", b"capability=delay\n")
        self._until_flush()

    def ask(self, command: str, path: str, data: bytes) -> bytes:
        """One file through the filter, as `git add` or `git checkout -- FILE` asks for it. RuntimeError if it is refused."""
        words = [f"command={command}\n".encode(), f"pathname={path}\n".encode()]
        self._send(*words, *([b"can-delay=1\n"] if command == "smudge" else []))
        self._send(*(data[at : at + _MAX_PAYLOAD] for at in range(0, len(data), _MAX_PAYLOAD)))
        status = self._until_flush()
        if status != b"status=success\n":
            raise RuntimeError(f"{command} of {path}: {status.decode()}")
        answer = self._until_flush()
        self._until_flush()
        return answer

    def end(self) -> None:
        """Close the stream, as git does, and wait."""
        self._to.close()
        self._process.wait()
        self._from.close()

    def _send(self, *payloads: bytes) -> None:
        self._to.write(b"".join(b"%04x%b" % (len(payload) + 4, payload) for payload in payloads) + _FLUSH)
        self._to.flush()

    def _until_flush(self) -> bytes:
        payloads = []
        while (size := int(self._from.read(4) or b"0", 16)) != 0:
            payloads.append(self._from.read(size - 4))
        return b"".join(payloads)
