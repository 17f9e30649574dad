"""Which names are taken for a typo of another one, and which are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitenv.model.similar import Alike, Typo, alike, distance, is_close, typos

NAMES = st.text("ABX_1", min_size=3, max_size=10)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        *[("HRLLO", "HELLO"), ("HLELO", "HELLO"), ("HELL", "HELLO"), ("HELL0", "HELLO"), ("HELLO_", "HELLO")],
        *[("APIKEY", "API_KEY"), ("BD_HOST", "DB_HOST"), ("DATABASE_URI", "DATABASE_URL"), ("ALLOWED_HOST", "ALLOWED_HOSTS")],
        *[("PASWROD", "PASSWORD"), ("SCERET_KYE", "SECRET_KEY"), ("DATABSEURL", "DATABASE_URL"), ("HOST_2X", "HOST_2")],
    ],
)
def test_slips(one: str, other: str) -> None:
    """One slip, or two in a long name; either of the two may be the right one."""
    assert is_close(one, other)
    assert is_close(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        *[("KEY_1", "KEY_2"), ("KEY_9", "KEY_10"), ("KEY", "KEY1"), ("S3_KEY_1", "S3_KEY"), ("KEY_A", "KEY_B")],
        *[("HOST", "PORT"), ("DB_HOST", "DB_PORT"), ("REDIS_HOST", "REDIS_PORT"), ("MIN_SIZE", "MAX_SIZE")],
        *[("UK_TOKEN", "US_TOKEN"), ("APP_ID", "APP_IP"), ("SMTP_USER", "SMTP_PASS"), ("URL", "URI"), ("HELLO", "HELLO")],
    ],
)
def test_siblings(one: str, other: str) -> None:
    """Numbered names, lettered ones, and short words that differ on purpose are two keys."""
    assert not is_close(one, other)
    assert not is_close(other, one)


def test_only_what_the_other_lacks() -> None:
    """A name is asked about if the sisters lack it, and only for one that is missing here: the nearest, always the same."""
    assert typos(["HRLLO"], ["HRLLO", "A"], ["HELLO", "A"]) == [Typo("HRLLO", "HELLO")]
    assert typos(["HRLLO"], ["HRLLO", "HELLO"], ["HELLO"]) == []
    assert typos(["HRLLO"], ["HRLLO"], ["HELLO", "HRLLO"]) == []
    assert typos([], ["HRLLO"], ["HELLO"]) == []
    assert typos(["PASSWORT"], [], ["PASSW0RD", "PASSWORD", "PASSWORA"]) == [Typo("PASSWORT", "PASSWORA")]
    assert typos(["ZONEX", "HRLLO"], [], ["HELLO", "ZONE"]) == [Typo("HRLLO", "HELLO"), Typo("ZONEX", "ZONE")]


def test_ten_thousand_names() -> None:
    """Many names that are close to many others end soon, and one slip is still found among them."""
    new = [f"{'A' * 50}_{number:05d}X" for number in range(10_000)]
    there = [f"{'A' * 50}_{number:05d}Y" for number in range(10_000)]
    found = typos([*new, "HRLLO"], new, [*there, "HELLO"])
    assert Typo("HRLLO", "HELLO") in found


@given(NAMES, NAMES)
def test_found_is_close(one: str, other: str) -> None:
    """The quick search finds what comparing each with each would find."""
    assert bool(typos([one], [], [other])) is is_close(one, other)


@given(st.text("AB", max_size=6), st.text("AB", max_size=6))
def test_distance(one: str, other: str) -> None:
    """The number of slips, by the textbook's recursion."""

    def slips(i: int, j: int) -> int:
        if not i or not j:
            return i + j
        found = [slips(i - 1, j) + 1, slips(i, j - 1) + 1, slips(i - 1, j - 1) + (one[i - 1] != other[j - 1])]
        if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
            found.append(slips(i - 2, j - 2) + 1)
        return min(found)

    assert distance(one, other) == slips(len(one), len(other))


def test_alike() -> None:
    """Names that differ in case, and names that differ in look-alike characters."""
    found = alike(["hello", "HELLO", "K0", "KO", "A1", "Al", "AI", "B", "B"])
    assert found == [Alike(("HELLO", "hello"), True), Alike(("A1", "AI", "Al"), False), Alike(("K0", "KO"), False)]
