"""What the filter could not say: git closes its standard error while it puts changes back (autostash). The next one says it."""

from __future__ import annotations

import os


def say() -> None:
    """Say what was noted in the work tree around the current folder, if anything was."""
    from gitenv.cli import show
    from gitenv.errors import GitenvError
    from gitenv.git import layout
    from gitenv.repo import said

    try:
        folder = os.getcwd()
        while not os.path.exists(os.path.join(folder, ".git")) and os.path.dirname(folder) != folder:
            folder = os.path.dirname(folder)
        found = said.take_unsaid(layout.find(folder).git_dir)
    except (GitenvError, OSError):  # no repository, or one that is not ours to write
        return
    for each in found:
        show.say(each.message, aside=True)
        if each.hint:
            show.say(f"hint: {each.hint}", aside=True)
