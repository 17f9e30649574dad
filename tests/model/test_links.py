"""Where a link leads, by its text."""

from __future__ import annotations

import pytest

from gitenv.model import links


@pytest.mark.parametrize(
    ("text", "target"),
    [
        (b"../../.env", ".env"),
        (b"../api/.env", "apps/api/.env"),
        (b"./.env.local", "apps/web/.env.local"),
        (b".env.production", "apps/web/.env.production"),
        (b"../../../.env", ""),  # out of the repository
        (b"../..", ""),
        (b"/app/.env", ""),
        (b"C:/app/.env", ""),
        (b"..\\.env", ""),
        (b"current/../../.env", ""),  # `current` may be a link itself
        (b"../api/..", ""),
        (b".env\0x", ""),
        (b"", ""),
        (None, ""),
    ],
)
def test_a_link_leads_to_one_file_of_the_repository_or_nowhere(text: bytes | None, target: str) -> None:
    """Only a way up and then down is clear without following anything."""
    assert links.leads_to("apps/web/.env", text) == target
