"""Measurements, for `python tests/bench/run.py`. No tests: they print what they find and hold nothing."""
