"""Whether git may fetch an object that is missing, in a clone of which nobody has said that it is theirs.

`.git` may have been unpacked with the rest. What fetches is a command of whoever packed it, if its configuration names one.
"""

from __future__ import annotations

import os
import re

from gitenv.errors import NotInOrder
from gitenv.git import alone, layout, program
from gitenv.git.layout import Layout

_ITS_OWN = frozenset((b"local", b"worktree"))
_STARTS = re.compile(
    rb"core\.(sshcommand|gitproxy|askpass|alternaterefscommand)|credential\..*|protocol\..*"
    rb"|remote\..*\.(vcs|uploadpack)|http\.(.*\.)?(cookiefile|savecookies|delegation|emptyauth)",
    re.DOTALL,
)
"""What starts a program, hands out a ticket of the user's, or writes a file, while git fetches."""


def look(clone: Layout | None) -> None:
    """From here on git fetches nothing, unless this is a partial clone whose own configuration names no command for that."""
    is_partial = clone is not None and layout.is_partial(os.path.join(clone.common_dir, "objects"))
    alone.stay_offline(is_so=not (clone and is_partial and not _names_commands(clone.work_tree)))


def _names_commands(folder: str) -> bool:
    try:
        said = program.run(folder, "config", "--show-scope", "--name-only", "-z", "--list").split(b"\0")
    except NotInOrder:
        return True
    return any(scope in _ITS_OWN and _STARTS.fullmatch(name) for scope, name in zip(said[::2], said[1::2], strict=False))
