"""What git is asked for beside what somebody claims: of 60,000 files Python needs not see each."""

from __future__ import annotations

from gitenv.git.layout import RECIPIENTS
from gitenv.model import dotenv, leaks

USUAL = (
    *(f":(top,glob,icase)**/{name}" for name in dotenv.LOOKS),
    f":(top,icase){RECIPIENTS}",
    ":(top,glob,icase)**/.gitattributes",
    f":(top,glob)**/{RECIPIENTS}/*/environment",
    *(f":(top)*{mark.decode('ascii')}*" for mark in leaks.KEY_MARKS[:2]),
)
"""Pathspecs for what any review looks at: dotenv files and what looks like one, control files, and names that are keys."""
