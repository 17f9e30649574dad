"""gitenv's speed, side by side with what else is there: `python -m tests.bench`. No tests: it prints what it finds."""
