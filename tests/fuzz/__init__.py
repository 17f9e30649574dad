"""Fuzzing of everything that reads what strangers can push: bounded in `test_fuzz`, for hours with `python -m tests.fuzz`."""
