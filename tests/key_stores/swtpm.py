"""A private key in a TPM 2.0, which swtpm plays: its commands as part 3 of the specification has them, over a socket."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path
from struct import pack, unpack

from gitenv.model.kinds.p256 import P256Key

_PATIENCE = 60
_PLAIN, _AUTHORIZED = 0x8001, 0x8002
_CREATE_PRIMARY, _ECDH_ZGEN, _OWNER = 0x131, 0x154, 0x40000001
_EMPTY = pack(">H", 0)
_NO_PASSWORD = pack(">IIHBH", 9, 0x40000009, 0, 0, 0)
# An ECC key (0x23) with SHA-256 for its name (0x0B) that was made in this TPM, stays there, asks for no password, and only
# decrypts, which for ECC is a Diffie-Hellman: fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, noDA, decrypt.
_KIND = pack(">HHI", 0x23, 0x0B, 0x20472)
_P256 = pack(">HHHH", 0x10, 0x10, 0x03, 0x10)  # no symmetric cipher, no scheme, NIST P-256, no KDF


class RefusedByTpm(Exception):
    """What a TPM answered instead of TPM_RC_SUCCESS."""


class SwTpm:
    """A P-256 key that was made in a new TPM, and may neither sign nor leave it."""

    def __init__(self, program: str, folder: Path) -> None:
        self._socket, theirs = socket.socketpair()
        self._socket.settimeout(_PATIENCE)
        with theirs:
            words = ["socket", "--tpm2", "--tpmstate", f"dir={folder}", "--fd", str(theirs.fileno()), "--terminate"]
            words += ["--flags", "not-need-init,startup-clear", "--log", f"file={folder / 'log'}"]
            self._process = subprocess.Popen([program, *words], pass_fds=[theirs.fileno()], stderr=subprocess.DEVNULL)
        public = _sized(_KIND + _EMPTY + _P256 + _EMPTY + _EMPTY)
        answer = self._call(_CREATE_PRIMARY, _OWNER, _sized(_EMPTY + _EMPTY) + public + _EMPTY + pack(">I", 0))
        self._key, _, size = unpack(">IIH", answer[:10])
        point = answer[10 : 10 + size][-68:]  # x and y, each after its size, are the last that a public key has
        self.public = P256Key.compressed(b"\x04" + point[2:34] + point[36:])

    def dh(self, point: bytes) -> bytes:
        answer = self._call(_ECDH_ZGEN, self._key, _sized(_sized(point[1:33]) + _sized(point[33:])))
        _, _, size = unpack(">IHH", answer[:8])
        return answer[8 : 8 + size]

    def close(self) -> None:
        """swtpm ends with the connection."""
        self._socket.close()
        try:
            self._process.wait(_PATIENCE)
        finally:
            self._process.kill()

    def _call(self, command: int, handle: int, parameters: bytes) -> bytes:
        body = pack(">I", handle) + _NO_PASSWORD + parameters
        self._socket.sendall(pack(">HII", _AUTHORIZED, 10 + len(body), command) + body)
        _, size, code = unpack(">HII", self._receive(10))
        answer = self._receive(size - 10)
        if code:
            raise RefusedByTpm(f"{code:#x}")
        return answer

    def _receive(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            piece = self._socket.recv(size - len(data))
            if not piece:
                raise RefusedByTpm("hung up")
            data += piece
        return data


def _sized(data: bytes) -> bytes:
    return pack(">H", len(data)) + data
