"""`gitenv set-role`."""

from __future__ import annotations

from typing import Annotated

from gitenv.cli import exclusive, generations, show
from gitenv.cli.options import Argument, Option, Yes
from gitenv.errors import Usage, joined


def run(
    name: Annotated[str, Argument("NAME", "Who gets another role.", of="person")],
    role: Annotated[str, Argument("reader|holder", "reader: may let nobody in; holder: may.")],
    environment: Annotated[list[str] | None, Option("-e, --environment ENV", "May be repeated; default: all you hold.")] = None,
    yes: Yes = False,
) -> None:
    """Make a reader a holder, or a holder a reader. The latter takes a new data key."""
    from gitenv.team import follow, rotate, take_out

    if role not in ("holder", "reader"):
        raise Usage(f"there is no role {role[:40]!a}", "gitenv set-role NAME reader, or holder")
    workspace = exclusive.ready_workspace()
    follow.refresh(workspace)
    wanted = list(dict.fromkeys(environment or []))
    found = take_out.grants_of(workspace, name, wanted)
    changing = take_out.to_change(workspace, role, found)
    if not changing:
        show.say(f"{name} is a {role} of {joined(list(found))} already")
        if finished := take_out.finish(workspace, name, found):
            show.say(f"an earlier run was cut off; staged now: {joined(finished)}")
        return
    plans = take_out.plan_demotion(workspace, name, changing) if role == "reader" else []
    generations.show_plans(workspace.root, plans)
    if not show.agree(f"Make {name} a {role} of {joined(changing)}?", yes):
        show.say("nothing was changed")
        return
    generations.show_made(rotate.carry_out(workspace, planned) for planned in plans)
    if role == "holder":
        take_out.promote(workspace, name, changing)
    show.say(f"{name} is a {role} of {joined(changing)}; staged")
    show.commit(workspace.repository, f"Make {name} a {role} of {joined(changing)}")
