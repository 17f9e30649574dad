"""How hypothesis runs here: with few examples, or all. No test of ours asserts a time, hypothesis' own deadline included."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "gitenv",
    max_examples=100 if os.environ.get("GITENV_TEST_ALL") else 40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.differing_executors],
)
settings.load_profile("gitenv")
