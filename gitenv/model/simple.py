"""Documents of simple lines, which most are: encrypted and opened in one pass, without a record for each line.

A line is simple if it is read in the same way wherever it stands, so that nothing has to be known of the lines around it. What
is more than that gets None for an answer, and takes the general way; the two give the same bytes (tests/model/test_simple.py).
"""

from __future__ import annotations

import re

from gitenv.model import base64url
from gitenv.model.cipher import SIV_TAG, Keys, Unopened
from gitenv.model.document import INTRICATE, MAX_BYTES, MAX_RECORDS, NAME, SURELY_A_NAME

_MARK = b"gitenv1:"
_WORTH = 4096
_FEW = 8
_IN_QUOTES = rb"%c(?:[^%c\s][^%c\n]*+%c|%c(?!%c))[^\n]*+"
_VALUE = rb"(?:[^\s'\"`=][^\n]*+|" + b"|".join(_IN_QUOTES % ((quote,) * 6) for quote in b"'\"`") + rb"|)"
_HEADING = rb"## [^=*?[($`\\'\"\x00-\x1f\x7f-\xff]*+"  # what every reader takes for one line that means nothing
_LINE = rb"(?m)^((?:export[ \t]+)?(" + NAME + rb")=" + _VALUE + rb"|#(?!# )[^\n]*+|" + _HEADING + rb"|)\n"
_NO_VALUE = rb"(?m)^([A-Za-z0-9_.-]+)=$"  # could be the last line of base64
_COMMITTED = rb"(?m)^((?:(" + NAME + rb")=|#)gitenv1:[^:\n]++:([A-Za-z0-9_-]++)|" + _HEADING + rb"|)\n"

_Line = re.Pattern[bytes]
_prepared: list[_Line] = []


def prepare() -> None:
    """Compile what this takes: a millisecond, which a single short document is not worth."""
    if not _prepared:
        _prepared[:] = re.compile(_LINE), re.compile(_COMMITTED)


def expect(count: int) -> None:
    """That many documents come, of any length."""
    if count > _FEW:
        prepare()


def is_worth(data: bytes) -> bool:
    """Whether to try this way at all."""
    if not _prepared and len(data) > _WORTH:
        prepare()
    return bool(_prepared)


def lines(data: bytes) -> list[tuple[bytes, bytes]] | None:
    """The lines of a document in plain text, each with its name; None if they are not all simple."""
    if not data or len(data) > MAX_BYTES or any(map(data.__contains__, INTRICATE)):
        return None
    whole = data if data.endswith(b"\n") else data + b"\n"
    found: list[tuple[bytes, bytes]] = _prepared[0].findall(whole)
    if len(found) > MAX_RECORDS or sum([len(raw) for raw, _ in found]) + len(found) != len(whole):
        return None  # something stands between them
    if b"=\n" in whole and not all(re.fullmatch(SURELY_A_NAME, name) for name in re.findall(_NO_VALUE, whole)):
        return None
    return found


def encrypt(found: list[tuple[bytes, bytes]], data: bytes, keys: Keys, head: bytes) -> tuple[bytes, list[bytes]]:
    """What clean makes of a document, all of whose `lines` were found, with `head` in each token; and those tokens."""
    hidden = [line for line in found if line[1] or is_hidden(line[0])]
    texts = base64url.encode_each(keys.encrypt_lines(hidden))
    assigned, line = b"=" + head, b"#" + head
    made = [name + assigned + text if name else line + text for (_, name), text in zip(hidden, texts, strict=True)]
    if len(hidden) == len(found):
        return _ended(made, data), made
    following = iter(made)
    return _ended([next(following) if name or is_hidden(raw) else raw for raw, name in found], data), made


def decrypt(data: bytes, keys: Keys, head: bytes) -> bytes | None:
    """What smudge makes of a document whose tokens all have this `head` and open to what they show."""
    if (found := _committed(data, head)) is None:
        return None
    names = [name for _, name, text in found if text]
    try:
        bodies = base64url.decode_each([text for _, _, text in found if text])
        raws = keys.decrypt_lines(zip(bodies, names, strict=True))
    except (ValueError, Unopened):
        return None
    opened = list(zip(raws, names, strict=True))
    if not all(is_hidden(raw) for raw, name in opened if not name):
        return None
    if len(opened) < len(found):
        following = iter(opened)
        opened = [next(following) if text else (line, b"") for line, _, text in found]
    result = _ended([raw for raw, _ in opened], data)
    # Somebody may have put the tokens into another order, or encrypted what no simple line is.
    return result if lines(result) == opened else None


def tokens(data: bytes, head: bytes) -> list[bytes] | None:
    """The lines of a committed document that are tokens, if they all have this `head` and nothing else is hidden there."""
    found = _committed(data, head) if is_worth(data) else None
    return None if found is None else [line for line, _, text in found if text]


def keys(data: bytes, head: bytes) -> set[bytes] | None:
    """The names in a committed document, if all that is hidden there has this `head`, spelled as a token is; else None."""
    if not is_worth(data) or (found := _committed(data, head)) is None:
        return None
    is_whole = all(base64url.has(text, SIV_TAG + 32) for _, _, text in found if text)
    return {name for _, name, _ in found if name} if is_whole else None


def _committed(data: bytes, head: bytes) -> list[tuple[bytes, bytes, bytes]] | None:
    """The lines of a committed document, each with the name and ciphertext of its token; None if they are not all simple."""
    if not data or len(data) > MAX_BYTES:
        return None
    whole = data if data.endswith(b"\n") else data + b"\n"
    found: list[tuple[bytes, bytes, bytes]] = _prepared[1].findall(whole)
    if len(found) > MAX_RECORDS or sum([len(line) for line, _, _ in found]) + len(found) != len(whole):
        return None
    if b"-----" in data and any(not text and b"-----" in line for line, _, text in found):  # is no heading
        return None
    # A token has one mark of its kind, and so each has this one. A heading may have one, too: whoever pushed it counts on that.
    count = len([text for _, _, text in found if text])
    return found if data.count(head) == data.count(_MARK) == count else None


def is_hidden(raw: bytes) -> bool:
    """Whether a simple line without a name is a comment, and nothing that a commit shows."""
    return raw.startswith(b"#") and not raw.startswith(b"## ")


def _ended(found: list[bytes], like: bytes) -> bytes:
    """Lines joined, the last one ended as it is in another document."""
    return b"\n".join([*found, b""] if like.endswith(b"\n") else found)
