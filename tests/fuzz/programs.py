"""What must hold for what programs get of a document, and for a value that is put into it, whatever its bytes are."""

from __future__ import annotations

import io
import logging
from contextlib import suppress

from dotenv.main import DotEnv

from gitenv.errors import NotTrusted, Usage
from gitenv.model import dialect, disagreement, document, editing, exporting, interpolation
from gitenv.model.reasons import CannotStand
from tests.fuzz.outcome import said

logging.getLogger("dotenv").setLevel(logging.CRITICAL)


def check_values(data: bytes) -> str:
    """They are python-dotenv's; each goes back into the document and out to other programs, and is there what it was."""
    try:
        values = dialect.values(data)
    except NotTrusted as error:
        assert len(data) > document.MAX_BYTES or data.count(b"\n") + data.count(b"\r") >= document.MAX_RECORDS
        return said(error)
    text = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", errors="surrogateescape")
    read = DotEnv(None, text, interpolate=False).dict()
    assert values == {name: value for name, value in read.items() if value is not None}
    interpolation.expand(dialect.read(data), {}, override=False)
    _check_export(values)
    try:
        for each in disagreement.find(document.numbered(document.parse(data))):
            assert each.text.isprintable()
        changed = editing.with_value(data, "KEY", data[:200].replace(b"\0", b""))
    except (CannotStand, NotTrusted) as error:
        return said(error)
    kept = data[:200].replace(b"\0", b"").decode("utf-8", "surrogateescape")
    assert dialect.values(changed) == {**values, "KEY": kept}
    return "read"


def _check_export(values: dict[str, str]) -> None:
    for form in exporting.FORMATS.keys() - {"k8s-secret", "github-actions"}:
        for name, value in values.items():
            with suppress(Usage):
                exported = exporting.lines(form, {name: value})
                assert form != "dotenv" or dialect.values(exported) == {name: value}
