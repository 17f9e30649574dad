"""`gitenv remove-recipient`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from gitenv.cli import exclusive, generations, reissue, show
from gitenv.cli.options import Argument, Option, Yes
from gitenv.errors import joined

if TYPE_CHECKING:
    from gitenv.team.take_out import Removal, Removed


def run(
    name: Annotated[str, Argument("NAME", "Who leaves.", of="person")],
    environment: Annotated[list[str] | None, Option("-e, --environment ENV", "May be repeated; default: all.")] = None,
    yes: Yes = False,
) -> None:
    """Take somebody's access away.

    That is a new data key without them. What they could read, they know: gitenv reissue lists it until it is set anew.
    """
    from gitenv.team import take_out

    workspace = exclusive.ready_workspace()
    removal = take_out.plan(workspace, name, environment or [])
    generations.show_plans(workspace.root, removal.plans)
    if not _agreed(removal, yes):
        show.note("nothing was changed")
        return
    removed = take_out.carry_out(workspace, removal)
    _show(removal, removed)
    out = [*removal.already, *(planned.pin.name for planned in removal.plans)]
    reissue.show_next(workspace, name, name, out)
    show.commit(workspace.repository, f"Remove {name}")


def _agreed(removal: Removal, yes: bool) -> bool:
    if removal.already and not removal.plans:
        return True
    where = joined([planned.pin.name for planned in removal.plans]) or "nothing but their request"
    question = f"Take {removal.name} out of {where}?"
    if not removal.is_me:
        return show.agree(question, yes)
    return show.ask(question, yes) and show.ask("That is you, and you could not let yourself in again. Go on?", yes)


def _show(removal: Removal, removed: Removed) -> None:
    name = removal.name
    for each in removal.already:
        show.say(f"{name} is out of {each} already; it is staged")
    generations.show_made(removed.rotated)
    if removed.pub:
        show.say(f".recipients/{name}.pub is gone{' as well' if removal.already or removed.rotated else ''}")
    if removal.beyond:
        show.say(f"{name} is still in {joined(removal.beyond)}, which you do not hold; who does can run:")
        show.commands(f"gitenv remove-recipient {name} {' '.join(f'-e {each}' for each in removal.beyond)}")
    if removal.is_me:
        show.say("you made this key, so you know it: ask a holder to make one that you do not know:")
        show.commands("gitenv rotate")
