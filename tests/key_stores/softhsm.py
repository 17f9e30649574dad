"""A private key in SoftHSM, through PKCS#11 3.0 as its C header has it."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from ctypes import POINTER, Structure, byref, c_ulong, c_void_p, cast, create_string_buffer, pointer
from pathlib import Path

from gitenv.model.kinds.p256 import P256Key

CONFIGURATION = "SOFTHSM2_CONF"
_LIBRARIES = ("lib/softhsm", "lib/*/softhsm", "lib64", "lib64/pkcs11", "local/lib/softhsm")

_CURVE = bytes.fromhex("06082a8648ce3d030107")  # DER of P-256's object identifier
_RW_SERIAL_SESSION, _SO, _USER, _NO_KDF = 6, 0, 1, 1
_KEY_PAIR_GEN, _ECDH1_DERIVE = 0x1040, 0x1050
_CLASS, _TOKEN, _PRIVATE, _VALUE, _KEY_TYPE, _SENSITIVE, _SIGN, _DERIVE = 0, 1, 2, 0x11, 0x100, 0x103, 0x108, 0x10C
_VALUE_LEN, _EXTRACTABLE, _EC_PARAMS, _EC_POINT = 0x161, 0x162, 0x180, 0x181
_SECRET_KEY, _GENERIC_SECRET = 4, 0x10

Value = bytes | int | bool


class _Attribute(Structure):
    _fields_ = (("type", c_ulong), ("value", c_void_p), ("size", c_ulong))


class _Mechanism(Structure):
    _fields_ = (("type", c_ulong), ("parameter", c_void_p), ("size", c_ulong))


class _Derivation(Structure):
    _fields_ = (("kdf", c_ulong), ("shared_size", c_ulong), ("shared", c_void_p), ("size", c_ulong), ("point", c_void_p))


class RefusedByHsm(Exception):
    """What PKCS#11 answered instead of CKR_OK."""


def library() -> str | None:
    """Where SoftHSM's module lies, if it is installed."""
    return next((str(path) for each in _LIBRARIES for path in Path("/usr").glob(f"{each}/libsofthsm2.so")), None)


class SoftHsm:
    """A P-256 key that was made in a new token, and may neither sign nor leave it."""

    def __init__(self, library: str) -> None:
        """`CONFIGURATION` names the file that says where tokens lie: an empty folder."""
        self._module = ctypes.CDLL(library)
        self._call("C_Initialize", None)
        slot, count, self._session = c_ulong(), c_ulong(1), c_ulong()
        self._call("C_GetSlotList", 1, byref(slot), byref(count))
        self._call("C_InitToken", slot, b"1234", c_ulong(4), b"gitenv".ljust(32))
        self._call("C_OpenSession", slot, c_ulong(_RW_SERIAL_SESSION), None, None, byref(self._session))
        self._in_session("C_Login", c_ulong(_SO), b"1234", c_ulong(4))
        self._in_session("C_InitPIN", b"5678", c_ulong(4))
        self._in_session("C_Logout")
        self._in_session("C_Login", c_ulong(_USER), b"5678", c_ulong(4))
        public, self._private = c_ulong(), c_ulong()
        self._in_session(
            "C_GenerateKeyPair",
            byref(_Mechanism(_KEY_PAIR_GEN, None, 0)),
            *_template({_TOKEN: False, _EC_PARAMS: _CURVE}),
            *_template({_TOKEN: False, _PRIVATE: True, _SENSITIVE: True, _EXTRACTABLE: False, _SIGN: False, _DERIVE: True}),
            *(byref(public), byref(self._private)),
        )
        self.public = P256Key.compressed(self._read(public, _EC_POINT)[-65:])

    def dh(self, point: bytes) -> bytes:
        data = create_string_buffer(point, len(point))
        how = _Derivation(_NO_KDF, 0, None, len(point), cast(data, c_void_p))
        shared = c_ulong()
        self._in_session(
            "C_DeriveKey",
            byref(_Mechanism(_ECDH1_DERIVE, cast(pointer(how), c_void_p), ctypes.sizeof(how))),
            self._private,
            *_template(
                {_CLASS: _SECRET_KEY, _KEY_TYPE: _GENERIC_SECRET, _VALUE_LEN: 32, _TOKEN: False}
                | {_SENSITIVE: False, _EXTRACTABLE: True}
            ),
            byref(shared),
        )
        return self._read(shared, _VALUE)

    def log_out(self) -> None:
        self._in_session("C_Logout")

    def close(self) -> None:
        self._call("C_Finalize", None)

    def _read(self, key: c_ulong, attribute: int) -> bytes:
        data = create_string_buffer(256)
        wanted = _Attribute(attribute, cast(data, c_void_p), len(data))
        self._in_session("C_GetAttributeValue", key, byref(wanted), c_ulong(1))
        return data.raw[: wanted.size]

    def _in_session(self, name: str, *arguments: object) -> None:
        self._call(name, self._session, *arguments)

    def _call(self, name: str, *arguments: object) -> None:
        if answer := getattr(self._module, name)(*arguments):
            raise RefusedByHsm(f"{name}: {answer:#x}")


def _template(values: Mapping[int, Value]) -> Sequence[object]:
    """What a key is to be, and how many words that is."""
    attributes = (_Attribute * len(values))()
    for attribute, (word, value) in zip(attributes, values.items(), strict=True):
        if isinstance(value, bool):
            value = bytes([value])
        elif isinstance(value, int):
            value = bytes(c_ulong(value))
        attribute.type, attribute.size = word, len(value)
        attribute.value = cast(create_string_buffer(value, len(value)), c_void_p)
    return cast(attributes, POINTER(_Attribute)), c_ulong(len(values))
