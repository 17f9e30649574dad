"""What must hold for documents and tokens, whatever their bytes are."""

from __future__ import annotations

import re

from gitenv.errors import NotTrusted
from gitenv.model import base64url, document, inert, sealed, simple, token
from gitenv.model import smudge as opening
from gitenv.model.cipher import Generation, Unopened
from gitenv.model.clean import Kept, by_records, clean, pass_through
from gitenv.model.document import Kind
from gitenv.model.keyring import Keyring
from gitenv.model.smudge import smudge
from tests.fuzz import seeds
from tests.fuzz.outcome import said

simple.prepare()
MARKS = (Kind.TOKEN, Kind.SEALED, Kind.UNVERIFIED, Kind.LOOKALIKE)
_TOKEN = re.compile(rb"(?:([A-Za-z_][A-Za-z0-9_.-]{0,127})=|#)gitenv1:([1-9][0-9]{0,8})\.([A-Za-z0-9_-]{6}):([A-Za-z0-9_-]+)")
_LIKE_A_VALUE = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:export\s+)?[A-Za-z_][\w.-]*\s*[=:]")


def check_document(data: bytes) -> str:
    """Parsed and joined, every document is the same bytes; records have the form that their kind says."""
    try:
        records = document.parse(data)
    except NotTrusted as error:
        assert len(data) > document.MAX_BYTES or data.count(b"\n") >= document.MAX_RECORDS
        return said(error)
    assert document.join(records) == data
    for record in records:
        assert record.end == b"\n" or record is records[-1]
        assert bool(record.name) is (record.kind is Kind.ASSIGNMENT) or record.kind in (Kind.TOKEN, Kind.SEALED, Kind.LOOKALIKE)
        assert (record.kind is Kind.TOKEN) is bool(_TOKEN.fullmatch(record.raw))
        assert record.kind is not Kind.PLAIN or not _LIKE_A_VALUE.match(record.raw)
    return "read"


def check_clean(data: bytes) -> str:
    """Plain text comes back byte for byte, and nothing but headings stays readable; marks are refused or vouched for."""
    try:
        cleaned = clean(data, seeds.RING, frozenset)
    except NotTrusted as error:
        return said(error)
    assert cleaned == by_records(data, seeds.RING, frozenset, Kept(seeds.RING, tuple))
    marked = [record for record in document.parse(data) if record.kind in MARKS]
    assert all(map(_vouched_for, marked))
    assert len(cleaned) <= 2 * len(data) + 300 * (data.count(b"\n") + 1)
    for record in document.parse(cleaned):
        assert record.kind in (Kind.PLAIN, Kind.TOKEN) or marked
        assert record.kind is not Kind.TOKEN or marked or _opened(record.raw, [seeds.RING]) is not None
    if marked:
        return "cleaned, with marks"
    assert clean(cleaned, seeds.RING, frozenset) == cleaned
    if data.count(b"\n") <= document.MAX_RECORDS:
        assert smudge(cleaned, [seeds.RING]) == data
    return "cleaned"


def _vouched_for(record: document.Record) -> bool:
    """Whether clean may let a record with one of gitenv's marks pass: a token that opens, a mark with its right tag."""
    if record.kind is Kind.TOKEN:
        return _opened(record.raw, [seeds.RING]) is not None
    if record.kind is Kind.SEALED:
        return sealed.opens(record, seeds.RING)
    return record.kind is Kind.UNVERIFIED and inert.unmark(record.raw) is not None


_WHAT_READERS_LIVE_BY = re.compile(rb"[^!-~]|[\"'`=]")


def check_smudge(data: bytes) -> str:
    """Nothing comes alive but what tokens that verify hold, and clean gives the same bytes back: nothing lost or laundered."""
    for rings in (None, [], [seeds.BEFORE, seeds.RING]):
        _smudged(data, rings)
    return _smudged(data, [seeds.RING])


def _smudged(data: bytes, rings: list[Keyring] | None) -> str:
    try:
        opened = smudge(data, rings)
    except NotTrusted as error:
        return said(error)
    assert opened == opening.by_records(data, rings)
    lines = set(data.split(b"\n"))
    vouched = {(match[1] or b"", _opened(line, rings or [])) for line in lines if (match := _TOKEN.fullmatch(line))}
    for record in document.parse(opened):
        if record.kind is Kind.UNVERIFIED:
            assert inert.unmark(record.raw) in lines
            assert not _WHAT_READERS_LIVE_BY.search(record.raw)
        elif record.kind is Kind.PLAIN:
            assert not _LIKE_A_VALUE.match(record.raw)
        elif record.kind in (Kind.TOKEN, Kind.SEALED):
            assert record.raw in lines
        else:
            assert (record.name, record.raw) in vouched
    before = document.parse(data)
    stands = {record.raw for record in before}
    if not rings or len(rings) == 1:
        assert clean(opened, seeds.RING, lambda: stands, lambda: before) == data
    if not rings:
        assert pass_through(opened, lambda: stands, NotTrusted("closed")) == data
    is_closed = any(record.kind in (Kind.TOKEN, Kind.SEALED) for record in document.parse(opened))
    return "stays closed, after too many passes" if is_closed else "opened"


def _opened(line: bytes, rings: list[Keyring]) -> bytes | None:
    """What a token holds for us, read as docs/format.md says, without gitenv's reader."""
    match = _TOKEN.fullmatch(line)
    if match is None:
        return None
    keys = next(filter(None, (ring.find(int(match[2]), match[3]) for ring in rings)), None)
    if keys is None:
        return None
    try:
        body = base64url.decode(match[4])
        return keys.decrypt(b"kv" if match[1] else b"line", match[1] or b"-", body)
    except (Unopened, ValueError):
        return None


def check_token(line: bytes) -> str:
    """A token has one spelling: what opens is, encrypted again, the same line."""
    try:
        records = document.parse(line)
    except NotTrusted as error:
        return said(error)
    outcome = "no token"
    for record in records:
        if record.kind is not Kind.TOKEN:
            continue
        found = token.read(record)
        if found is None:
            outcome = "not canonical"
            continue
        head = (found.name + b"=" if found.name else b"#") + b"gitenv1:%d." % found.number + found.hint
        assert head + b":" + base64url.encode(found.body) == record.raw
        outcome = _open(found, record)
    return outcome


def _open(found: token.Token, record: document.Record) -> str:
    keys = seeds.RING.find(found.number, found.hint)
    if keys is None:
        return "of a generation that is not ours"
    try:
        raw = token.open_with(keys, found)
    except Unopened:
        return "unopened"
    kind = Kind.ASSIGNMENT if found.name else Kind.UNKNOWN
    head = token.head(Generation(found.number, keys.commitment()))
    assert token.spell(keys, head, document.Record(kind, found.name, raw, b"")) == record.raw
    return "opened"
