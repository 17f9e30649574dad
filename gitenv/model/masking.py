"""Masks for diffs on a screen that others see: which keys change, and no values. `HELLO=<masked by gitenv k3Jf9aQ2>`.

The letters change with the value, so that a change of it is one line out and one in. They are a MAC under a secret of this
clone: a hash of the value alone would be guessed.
"""

from __future__ import annotations

import re

from gitenv.errors import NotTrusted
from gitenv.model import base64url, document
from gitenv.model.document import Kind, Record

_FORM = document.MASK + rb"[A-Za-z0-9_-]{8}>"
_SHOWN = (Kind.PLAIN, Kind.TOKEN, Kind.SEALED)


def mask(data: bytes, secret: bytes) -> bytes:
    """A document with a mask for each value and each hidden line; what is encrypted already stays as it is."""
    try:
        records = document.parse(data)
    except NotTrusted:
        return b"# %b: too large to be shown line by line\n" % masked(data, secret)
    return document.join([_of(record, secret) for record in records])


def is_masked(record: Record) -> bool:
    """Whether somebody took a mask for what it stands for."""
    return re.search(_FORM, record.raw) is not None


def _of(record: Record, secret: bytes) -> Record:
    if record.kind in _SHOWN:
        return record
    head = record.name + b"=" if record.name else b"# "
    return record._replace(raw=head + masked(record.raw, secret), end=b"\n")


def masked(raw: bytes, secret: bytes) -> bytes:
    """The mask for some text: the same text has the same one, under one secret."""
    import hashlib

    return document.MASK + base64url.encode(hashlib.blake2b(raw, digest_size=6, key=secret).digest()) + b">"
