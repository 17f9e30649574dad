"""`--expires`: what is a day, which days are refused, and how near is soon."""

from __future__ import annotations

import pytest

from gitenv.errors import Usage
from gitenv.model import expiry

TODAY = "2026-11-21"


@pytest.mark.parametrize(
    ("text", "today", "day"),
    [
        ("2027-01-31", TODAY, "2027-01-31"),
        (TODAY, TODAY, TODAY),
        ("2036-11-21", TODAY, "2036-11-21"),
        ("2028-02-29", TODAY, "2028-02-29"),
        ("1d", TODAY, "2026-11-22"),
        ("30d", TODAY, "2026-12-21"),
        ("3653d", TODAY, "2036-11-21"),
        ("1d", "2028-02-28", "2028-02-29"),
        ("2038-02-28", "2028-02-29", "2038-02-28"),
    ],
)
def test_a_day(text: str, today: str, day: str) -> None:
    """A date is itself, today included; a number of days is counted from today, through leap years."""
    assert expiry.last_day(text, today) == day


@pytest.mark.parametrize(
    "text",
    [
        *("", "d", "0d", "00d", "030d", "-1d", "+1d", "1.5d", "1 d", "30", "30D", "30d ", " 30d", "30d\n", "99999d", "100000d"),
        *("tomorrow", "2027-1-31", "2027-02-29", "2027-02-30", "2027-13-01", "2027-00-10", "2027-01-00", "0000-01-01"),
        *("2026-11-20", "2020-01-31", "2036-11-22", "9999-12-31", "20270131", "2027-W01-1", "2027-01-31T10:00:00Z"),
        *("2027-01-31\n", "\uff12\uff10\uff12\uff17-01-31", "\u0663\u0660d", "3654d", "9" * 10_000 + "d"),
    ],
)
def test_no_day(text: str) -> None:
    """What is in no calendar, over, no days at all, or more than ten years ahead is refused, with an example."""
    with pytest.raises(Usage) as refused:
        expiry.last_day(text, TODAY)
    assert "2027-01-31" in refused.value.hint
    assert len(refused.value.message) < 200


@pytest.mark.parametrize(
    ("expires", "soon"),
    [("", False), ("2026-11-20", False), (TODAY, True), ("2026-12-05", True), ("2026-12-06", False), ("2027-02-30", False)],
)
def test_soon(expires: str, soon: bool) -> None:
    """Soon is the last two weeks, the last day included; over is not soon."""
    assert expiry.is_soon(expires, TODAY) is soon
