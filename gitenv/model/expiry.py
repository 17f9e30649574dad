"""The last day of a grant: as it is typed, and how near it is. Policy: whoever kept the key can go on reading."""

from __future__ import annotations

import re
from datetime import date, timedelta

from gitenv.errors import Usage

POLICY = "policy, not cryptography: whoever kept the key can still read"
_MOST_YEARS = 10
_SOON = 14  # days
_HINT = "a date like 2027-01-31 (the last day, UTC) or a number of days like 30d, at most 10 years ahead"


def last_day(text: str, today: str) -> str:
    """What `--expires TEXT` means, as a date like 2027-01-31. Raises `Usage` for no day, one that is over, or one too far."""
    day = _read(text, today)
    if day is None:
        raise Usage(f"{text[:40]!a} is no day to expire on", _HINT)
    if day < today:
        raise Usage(f"{day} is over already", _HINT)
    if day > f"{int(today[:4]) + _MOST_YEARS}{today[4:]}":
        raise Usage(f"{day} is more than {_MOST_YEARS} years ahead", _HINT)
    return day


def is_soon(expires: str, today: str) -> bool:
    """Whether a grant still counts, and only for the next two weeks. Both are dates."""
    return bool(expires) and today <= expires <= str(date.fromisoformat(today) + timedelta(days=_SOON))


def _read(text: str, today: str) -> str | None:
    try:
        if re.fullmatch(r"[1-9][0-9]{0,4}d", text):
            return str(date.fromisoformat(today) + timedelta(days=int(text[:-1])))
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return str(date.fromisoformat(text))
    except (ValueError, OverflowError):
        pass
    return None
