"""Rules of the house that no linter knows."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import gitenv


def test_no_class_has_the_name_of_another() -> None:
    """Two that say the same are one; two that do not are called for what they are."""
    sources = Path(gitenv.__file__).parent.rglob("*.py")
    found = Counter(
        name for path in sources for name in re.findall(r"^class ([A-Za-z]\w*)", path.read_text("utf-8"), re.MULTILINE)
    )
    assert [name for name, count in found.items() if count > 1] == []
