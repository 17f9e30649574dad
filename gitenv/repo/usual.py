"""What git is asked for beside what somebody claims: of 60,000 files Python needs not see each."""

from __future__ import annotations

from gitenv.git.layout import RECIPIENTS
from gitenv.model import leaks

USUAL = (
    # Every name that has a kind (`dotenv.LOOKS`), and more: one word with stars takes git half the time of `**/`.
    *(":(top,icase)*.env*", ":(top,icase)*.flas*env", ":(top,icase)*.dev.vars*", ":(top,icase)*.gitattributes"),
    f":(top,icase){RECIPIENTS}",
    f":(top)*/{RECIPIENTS}/*/environment",
    *(f":(top)*{mark.decode('ascii')}*" for mark in leaks.TEXT_MARKS),
)
"""Pathspecs for what any review looks at: dotenv files and what looks like one, control files, and names that are keys."""
