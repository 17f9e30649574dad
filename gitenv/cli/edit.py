"""`gitenv edit`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitenv.cli import consent, exclusive, show, target
from gitenv.errors import GitenvError, Usage, from_top, joined

if TYPE_CHECKING:
    from gitenv.team.edit import Editing


def run(file: target.File = "", environment: target.Environment = "") -> None:
    """Open a file in your editor, and stage what you save.

    Of a closed file you see the plain text, which never comes into the work tree. An editor that fails changes nothing.
    """
    from gitenv.team import edit

    workspace = exclusive.ready_workspace()
    path, pin = target.found(workspace, file, environment, "gitenv edit")
    consent.where_closed(workspace.access, f"Show {path} in your editor?")
    with edit.begin(workspace, path, pin.name) as draft:
        try:
            is_good = _edit(draft, path)
        except GitenvError:
            draft.drop()
            raise
        names = draft.names()
        if not is_good:
            draft.drop()
            show.say("nothing was changed")
        elif draft.is_same:
            show.say(f"nothing has changed in {path}")
        else:
            target.say_done(f"{path} changed{f': {joined(names)}' if names else ''}", draft.save())


def _edit(draft: Editing, path: str) -> bool:
    """Until the user is content. False where it cannot stay as it is, and they do not go on."""
    while True:
        draft.edit()
        if not (flaws := draft.flaws()):
            return True
        for flaw in flaws:
            show.note(f"{path}: {flaw}")
        is_fatal = any(flaw.is_fatal for flaw in flaws)
        if not show.is_terminal():
            raise Usage(
                f"{path} cannot stay like that, so nothing was changed", f"gitenv edit -f {from_top(path)}, and mend it"
            )
        way = "nothing is changed" if is_fatal else "it stays as you saved it"
        if not show.ask(f"Go back into the editor? Else {way}.", yes=False):
            return not is_fatal
