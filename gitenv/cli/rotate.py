"""`gitenv rotate`."""

from __future__ import annotations

from typing import Annotated

from gitenv.cli import exclusive, generations, show
from gitenv.cli.options import Argument, Environments, Option, Yes
from gitenv.cli.words import opened_lines
from gitenv.errors import Locked, joined


def run(
    environments: Annotated[list[str] | None, Argument("ENV", "Default: all that you hold.")] = None,
    also: Environments = None,
    dry_run: Annotated[bool, Option("--dry-run", "Show what would be done, and do nothing.")] = False,
    yes: Yes = False,
) -> None:
    """Make a new data key, for those who are in.

    All files of an environment are encrypted anew, for those whose grants count.
    """
    from gitenv.team import follow, holding, lock, merge_rotations, merge_statements, open_branches, rotate, statement_conflicts

    workspace = exclusive.ready_workspace()
    follow.refresh(workspace)
    named = [*(environments or ()), *(also or ())]
    chosen = list(dict.fromkeys(named or statement_conflicts.in_conflict(workspace) or holding.held(workspace)))
    if not chosen:
        raise Locked("you hold no environment here", "gitenv status")
    plans = [merge_rotations.plan(workspace, name) or rotate.plan(workspace, name) for name in chosen]
    rejoined = [found for planned in plans if (found := merge_statements.look(workspace, planned))]
    plans = [planned for planned in plans if planned not in [each.planned for each in rejoined]]
    for each in rejoined:
        show.say(str(each))
    generations.show_plans(workspace.root, plans)
    if newer := open_branches.ahead(workspace, chosen):
        for line in newer:
            show.say(line, "yellow")
        show.say("pull first; else two rotations meet in a merge, and one is to be done again:")
        show.commands("git pull")
    if dry_run or not show.agree("Go on?", yes):
        show.say("nothing was changed")
        return
    for each in rejoined:
        merge_statements.carry_out(workspace, each)
    generations.show_made(rotate.carry_out(workspace, planned) for planned in plans)
    for line in opened_lines([each for each in lock.open_files(workspace, chosen) if each.opened]):
        show.say(line)
    lead = "a new key changes no value: whoever could read the old ones knows them; " if plans else ""
    show.commit(workspace.repository, f"{'Rotate' if plans else 'Merge the statements of'} {joined(chosen)}", lead)
