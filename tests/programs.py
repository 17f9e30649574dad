"""A folder for PATH in which `gitenv` is the one under test."""

from __future__ import annotations

from pathlib import Path

from tests.lab import gitenv as command


def programs(folder: Path) -> Path:
    """Make it, and return it."""
    folder.mkdir()
    gitenv = folder / "gitenv"
    python, *words = command()
    start = " ".join(f"'{word}'" for word in (Path(python).as_posix(), *words))
    gitenv.write_text(f'#!/bin/sh\nexec {start} "$@"\n', encoding="utf-8", newline="\n")
    gitenv.chmod(0o755)
    return folder
