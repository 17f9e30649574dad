"""Files of a process's memory, which the system writes into the current folder where a program crashes."""

from __future__ import annotations

import sys


def leave_none() -> None:
    """Have it write none of this process, and of what it becomes or starts: beside a closed file one would hold its values.

    Whoever started it can ask for more again, as they can look into the process itself.
    """
    if sys.platform == "win32":  # it writes them elsewhere, and only for who has set that
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
