"""A folder for PATH in which `gitenv` is the one under test."""

from __future__ import annotations

from pathlib import Path

from tests.lab import GITENV


def programs(folder: Path) -> Path:
    """Make it, and return it."""
    folder.mkdir()
    gitenv = folder / "gitenv"
    words = " ".join(f"'{Path(word).as_posix() if word == GITENV[0] else word}'" for word in GITENV)
    gitenv.write_text(f'#!/bin/sh\nexec {words} "$@"\n', encoding="utf-8", newline="\n")
    gitenv.chmod(0o755)
    return folder
