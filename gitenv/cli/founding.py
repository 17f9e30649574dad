"""What founding says: one line a topic, however many files there are, and never more than a screen can keep."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gitenv.cli import show
from gitenv.errors import joined, shell_word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitenv.git.repository import Ignored, Repository
    from gitenv.team.hooks import HookLine
    from gitenv.team.init import Founded

_ENCRYPT, _SET_UP = "Encrypt .env with gitenv", "Set gitenv up"
COST = "git replaces an ignored file without a word: whoever has one of their own copies it before they pull this"


def show_founded(repository: Repository, done: Founded, left: Sequence[HookLine]) -> None:
    """What was done, what to look at, and what comes next."""
    show_identity(done.name, done.fingerprint, made=done.made_key)
    _show_environments(done.environments)
    if done.files:
        show.say(f"encrypted and staged: {joined(done.files)}")
    _show_what_to_look_at(done)
    if left:
        show.note(
            f"hooks that are not gitenv's to write; gitenv doctor has a line for each, and this belongs into {left[0].file}:"
        )
        show.commands(left[0].line, aside=True)
    if done.waiting:
        show_first_step(repository, done.waiting)
        return
    show.commit(repository, _ENCRYPT if done.files else _SET_UP, "all of it is staged; ")
    show.say("only your key opens it so far. Let a second person in, or a recovery key that you keep offline:")
    chosen = " ".join(f"-e {name}" for name in done.environments) if len(done.environments) <= 4 else "--all"
    show.commands(f"gitenv add-recipient NAME {chosen}", "gitenv add-recipient FILE --name recovery --all")


def show_ignored(lines: Sequence[Ignored]) -> None:
    """Which files git does not see, and why."""
    first, rest = lines[0], len(lines) - 1
    more = f", and {rest} more {'file is' if rest == 1 else 'files are'} ignored" if rest else ""
    show.say(f"{first.path} is ignored by {first.source}:{first.line}: {first.pattern}{more}")


def show_identity(name: str, fingerprint: str, *, made: bool) -> None:
    """Who works here. `made` says that the device key is new."""
    show.say(f"you are {name}, key {fingerprint}{' (made for you)' if made else ''}")


def note_ignored(lines: Sequence[Ignored]) -> None:
    """Files of an environment that git still does not see, and the command for it."""
    where = [f"{line.path} ({line.source}:{line.line})" for line in lines]
    show.note(f"stays ignored: {joined(where, 3)}; to share it: gitenv init --unignore")


def show_first_step(repository: Repository, waiting: Sequence[str]) -> None:
    """The first of two steps is staged; the files follow."""
    show.commit(repository, _SET_UP, f"the first of two steps is staged; {_waits(waiting)} until your team has pulled it; ")
    _show_text(waiting, "when all have pulled, run gitenv init again. Send this to your team:")


def show_waiting(waiting: Sequence[str]) -> None:
    """The second step is to come, and only people know whether it may."""
    _show_text(waiting, f"{_waits(waiting)} until your team has pulled the first step. What they should know:")


def show_shared(repository: Repository, paths: Sequence[str]) -> None:
    """The second step is staged."""
    show.commit(repository, _ENCRYPT, f"encrypted and staged: {joined(paths)}; ")


def _waits(paths: Sequence[str]) -> str:
    return f"{joined(paths, 3)} {'waits' if len(paths) == 1 else 'wait'}"


def _show_text(waiting: Sequence[str], heading: str) -> None:
    name = joined(waiting, 3)
    show.say(heading)
    away = f"(mv {shell_word(waiting[0])} ~/): when the files follow, git pull stops rather than overwrite it."
    show.say(f"  {name} will be in git, encrypted with gitenv. Pull now: your own file stays, and git sees it from then on.")
    show.say(f"  Until you run gitenv init, git add -A stops and stages nothing. Then move your own away {away}")
    show.say("  Whoever has not pulled before they follow loses their own: git replaces an ignored file without a word.")


def _show_environments(environments: dict[str, list[str]]) -> None:
    listed = [(name, joined(patterns)) for name, patterns in environments.items()]
    if len(listed) == 1:
        show.say(f"environment {listed[0][0]}: {listed[0][1]}")
    else:
        show.say(f"environments: {joined([f'{name} ({patterns})' for name, patterns in listed])}")


def _show_what_to_look_at(done: Founded) -> None:
    if done.comments:
        first, rest = done.comments[0], len(done.comments) - 1
        more = f" (and {rest} more that begin with ##)" if rest else ""
        show.say(f"stays readable, {first.path}:{first.line}: {first.text}{more}")
    odd = []
    if done.impossible:
        from gitenv.model import dotenv, names

        base = shell_word(os.path.basename(done.impossible[0]))
        why = names.why_not(dotenv.environment_in(done.impossible[0]))
        odd.append(f"names no environment: {joined(done.impossible, 3)} ({why}); gitenv add-environment NAME {base} can")
    if done.linked:
        odd.append(f"is a link, and is left alone; gitenv does not follow links: {joined(done.linked, 3)}")
    if done.encodings:
        odd.append(f"no key name can be read, as in UTF-16; gitenv status has the command: {joined(done.encodings, 3)}")
    for tool in dict.fromkeys(done.foreign.values()):
        paths = [path for path, each in done.foreign.items() if each == tool]
        command = tool.opens.format(shell_word(paths[0]))
        odd.append(f"has values that {tool.name} encrypted, and gitenv once more ({command} first?): {joined(paths, 3)}")
    if odd:
        show.note("; ".join(odd))
    if done.ignored:
        note_ignored(done.ignored)
    if done.exposed:
        where = [f"{each.path} in {each.commits:,}, the newest {each.newest[:12]}" for each in done.exposed]
        show.note(
            f"stands in plain text in older commits: {joined(where, 3)}. Whoever has the history has these values. Change "
            "them at their providers; rewriting history takes back nothing that was fetched"
        )
    if done.exposed is None:
        show.note("git cannot read all of this history, so it is not known what stands in plain text in old commits: git fsck")
