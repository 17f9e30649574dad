"""Where a link in a repository leads, by its text alone: nobody follows one to find out."""

from __future__ import annotations

import os
import posixpath
import re

MAX_BYTES = 4096
"""More than this no system takes for a link."""
_WAY = re.compile(r"(?:\.\./|\./)*(?!/)[^\0\\:]+")  # up and then down; a drive or a share leads out


def leads_to(path: str, text: bytes | None) -> str:
    """The file of the repository that the link at `path` leads to, from the top; "" where it leads out, or that is unclear.

    A way that goes down and up again is unclear: it may go down through another link.
    """
    way = os.fsdecode(text or b"")
    if not _WAY.fullmatch(way) or "/../" in f"{way.lstrip('./')}/":
        return ""
    target = posixpath.normpath(posixpath.join(posixpath.dirname(path), way))
    return "" if target.startswith("../") or target in ("..", ".") else target
