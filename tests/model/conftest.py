"""How hypothesis runs here: no test of ours asserts a time, hypothesis' own deadline included."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile(
    "gitenv", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.differing_executors]
)
settings.load_profile("gitenv")
