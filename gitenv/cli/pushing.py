"""`--push`: what a command staged is committed and pushed, and nothing else."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Annotated

from gitenv.cli import show
from gitenv.cli.options import Option
from gitenv.errors import NotInOrder, joined, printable

if TYPE_CHECKING:
    from gitenv.team.push import Course
    from gitenv.team.save import Unstaged
    from gitenv.team.workspace import Workspace

Push = Annotated[bool, Option("--push", "Commit and push just that.")]


def begin(workspace: Workspace, paths: Collection[str]) -> Course:
    """What speaks against it is said before anybody is asked for anything."""
    from gitenv.team import push

    return push.plan(workspace, paths)


def finish(
    workspace: Workspace, planned: Course, verb: str, names: Sequence[str], paths: Sequence[str], unstaged: Sequence[Unstaged]
) -> None:
    """Do it, and say where it went. A commit's message has names of keys and files, and no value."""
    from gitenv.team import push

    if unstaged:
        raise NotInOrder(f"not staged, because {unstaged[0].why}; so nothing is pushed", unstaged[0].commands[0])
    subject = f"{verb} {joined(list(dict.fromkeys(names)), 3)} in {joined([printable(path) for path in paths], 3)}"
    done, to = push.carry_out(workspace, planned, subject, names), planned.to
    if not done.subject:
        show.say("nothing has changed, so nothing is pushed")
        return
    if done.branch == to.branch:
        show.say(f"committed, and pushed to {to.shown}/{done.branch}: {done.subject}")
        return
    show.say(f"committed: {done.subject}")
    show.say(f"{to.shown} refuses a push to {to.branch}, so it is pushed to {done.branch}: open a pull request for it")
    if to.tracking:
        show.say(f"your {to.branch} has it, too; once you need that for something else:")
        show.commands(to.way_back)
