"""Masks in diffs: names and changes show, values do not, and no mask becomes a value."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitenv.model import clean, document, masking
from gitenv.model.cipher import Dek, EnvironmentId
from gitenv.model.document import Kind
from gitenv.model.keyring import Keyring, first_generation
from gitenv.model.reasons import Masked

_ID, _DEK = EnvironmentId(b"i" * 16), Dek(b"1" * 32)
RING = Keyring(_ID, first_generation(_DEK, _ID), _DEK, [])


def test_names_show_and_values_do_not() -> None:
    """What a commit shows of a line shows in its mask, which changes with the value and with the clone."""
    text = b"## head\n\n# hunter2\nexport A=hunter2 # hunter2\nB='hunter2\nhunter2'\nnot known: hunter2 hunter2\n"
    text += b"#gitenv-unverified:x EVIL=1"
    one, other = masking.mask(text, b"1" * 64), masking.mask(text, b"2" * 64)
    assert re.fullmatch(rb"## head\n\n# (M)\nA=(M)\nB=(M)\n# (M)\n# (M)\n".replace(b"M", rb"<masked by gitenv [\w-]{8}>"), one)
    assert masking.mask(text.replace(b"A=hunter2", b"A=hunter3"), b"1" * 64).splitlines()[3] != one.splitlines()[3]
    assert one != other
    assert masking.mask(text, b"1" * 64) == one
    assert b"hunter2" not in masking.mask(b"A=hunter2\n" * 20_000, b"1" * 64)


@given(st.binary(max_size=60))
def test_clean_takes_no_mask(value: bytes) -> None:
    """Whatever the document: its masks are refused with their line, and a masked document shows nothing but names."""
    masked = masking.mask(b"A=" + value, b"1" * 64)
    records = document.parse(masked)
    if any(masking.is_masked(record) for record in records):
        with pytest.raises(Masked, match="line 1"):
            clean.clean(masked, RING, frozenset)
    assert all(masking.is_masked(record) or record.kind in (Kind.PLAIN, Kind.TOKEN, Kind.SEALED) for record in records)
