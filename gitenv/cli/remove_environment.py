"""`gitenv remove-environment`."""

from __future__ import annotations

from typing import Annotated

from gitenv.cli import exclusive, show
from gitenv.cli.options import Argument, Yes
from gitenv.errors import joined


def run(
    name: Annotated[str, Argument("NAME", of="environment")],
    yes: Yes = False,
) -> None:
    """Remove an environment without files.

    Where it was removed already, forget who held it.
    """
    from gitenv.team import remove_environment

    workspace = exclusive.workspace()
    exclusive.check_ready(workspace)
    removal = remove_environment.look(workspace, name)
    pinned = removal.pin.environment
    show.say(f"{name}: generation {pinned.generation.number}, signed by {pinned.by}; held by {joined(removal.people)}")
    if removal.is_here:
        go_on = show.agree(f"Remove {name}? Commits that have it stay readable for whoever was in.", yes)
    else:
        show.say("it is not in this commit. See who took it out before you forget it: until then nobody can replace it")
        show.commands(f"git log -- :/.recipients/{name}")
        go_on = show.ask(f"Forget {name}? Then another environment of that name can be believed here.", yes)
    if not go_on:
        show.say("nothing was changed")
        return
    remove_environment.carry_out(workspace, removal)
    for path in removal.unprotected:
        show.note(f"{path} is in plain text, and git would take it as it is now: remove it, or put it into .gitignore")
    if removal.is_here:
        show.commit(workspace.repository, f"Remove {name}", f"{name} is removed; staged; ")
    else:
        show.say(f"this clone has forgotten {name}")
