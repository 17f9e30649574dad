"""What came of an input, in few enough words to count."""

from __future__ import annotations

import re

_VARYING = re.compile(
    r"/\S+\.pin|[\w.-]+(?=/environment:|\.grant:)|(?<=, )[\w.-]+(?=: )|[\w.-]+ SHA256:\S+|(?<=after )\w+(?= signed)"
    r"|'[^']*'|[0-9]+(?:,[0-9]+)*"
)


def said(error: Exception) -> str:
    """An error without what depends on the input, to count the different ones."""
    return f"{type(error).__name__}: " + _VARYING.sub("…", str(error))
