"""`gitenv init`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from gitenv.cli import consent, exclusive, founding, show
from gitenv.cli.options import Option, Strict
from gitenv.cli.words import opened_lines, trust_lines
from gitenv.errors import NotInOrder, NotTrusted, Usage, joined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitenv.git.repository import Ignored
    from gitenv.team.discover import Found
    from gitenv.team.hooks import HookLine
    from gitenv.team.init import Joined
    from gitenv.team.workspace import Workspace


def run(
    name: Annotated[str, Option("--name NAME", "What you are called in .recipients/.")] = "",
    environment: Annotated[
        list[str] | None, Option("--environment NAME=PATTERN", "An environment and its files; may be repeated.")
    ] = None,
    no_guard: Annotated[
        bool, Option("--no-guard", "Leave out the line that stops plain text in clones without gitenv.")
    ] = False,
    no_key: Annotated[bool, Option("--no-key", "For bots: set up the filter, make no key; ciphertext passes through.")] = False,
    no_hooks: Annotated[bool, Option("--no-hooks", "Leave git's hooks as they are.")] = False,
    strict: Strict = False,
    unignore: Annotated[bool, Option("--unignore", "Take .env files out of .gitignore.")] = False,
    at_once: Annotated[
        bool, Option("--at-once", "Share files that were ignored in one step; pulls then replace those of others.")
    ] = False,
    yes: Annotated[bool, Option("--yes", "Everybody has pulled the first step: share the files that wait.")] = False,
    replace: Annotated[bool, Option("--replace", "You lost the key of that name: ask to be let in with a new one.")] = False,
    closed: Annotated[bool, Option("--closed", "Files stay ciphertext here; only commands that you allow get values.")] = False,
) -> int:
    """Set gitenv up: found it, or join in a clone."""
    from gitenv.identity import home
    from gitenv.team import init

    workspace = exclusive.workspace()
    if not no_key:
        home.make()  # before anything is changed: without it nothing can be finished
    consent.need_open(workspace, is_wanted=not closed)
    wanted = _environments(environment or [])
    is_founded = not no_key and init.is_founded(workspace)
    _check_words(is_founded, no_key, strict, replace, is_named=bool(wanted))
    if no_key:
        _pass_through(workspace)
    elif is_founded:
        if not name and (guest := init.guest(workspace)) and not _takes_over(guest, workspace.access.name):
            show.say("nothing was changed")
            return 0
        joined_here = init.join(workspace, name, strict, replace, closed=closed)
        _show_left(init.install_hooks(workspace, wanted=not no_hooks))
        if code := _show_joined(workspace, joined_here, strict):
            return code
        if not (unignore and _unignore(workspace, at_once)):
            _share_waiting(workspace, at_once, yes)
    elif strict:  # in CI nobody founds: somebody may have taken .recipients/ away
        raise _none_to_join(workspace)
    else:
        seen, held, unignore = _look(workspace, wanted, name, unignore, at_once)
        founded = init.found_here(workspace, seen, name, guard=not no_guard, held=held, unignore=unignore, closed=closed)
        founding.show_founded(workspace.repository, founded, init.install_hooks(workspace, wanted=not no_hooks))
    _finish(workspace, no_key, closed)
    return 0


def _none_to_join(workspace: Workspace) -> NotInOrder:
    from gitenv.team import init

    init.check_staged(workspace)
    return NotInOrder("this repository has no environments", "see who took them away: git log -- .recipients")


def _check_words(is_founded: bool, no_key: bool, strict: bool, replace: bool, *, is_named: bool) -> None:
    """Raise `Usage` for words that mean nothing together, or nothing here."""
    if strict and (no_key or is_named):
        raise Usage("--strict is about what is here already", "leave out --no-key and --environment")
    if replace and not is_founded:
        raise Usage("--replace is for who was let in and lost the key", "leave it out")
    if is_founded and is_named:
        raise Usage("this repository has gitenv already", "add one with: gitenv add-environment NAME PATTERN")


def _pass_through(workspace: Workspace) -> None:
    from gitenv.team import init

    init.set_up_without_key(workspace)
    init.install_hooks(workspace, wanted=False)
    show.say("this clone passes ciphertext through; new plain text in .env files is refused")


def _forget_open_files(workspace: Workspace) -> None:
    """What git itself kept of them below `.git` goes, as `gitenv doctor --fix` has it go."""
    from gitenv.doctor import git_caches

    if images := git_caches.plain_images(workspace):
        git_caches.remove_images(images)
        show.say(f"{len(images)} of rerere's records are gone: they held plain text of .env files")
    if git_caches.has_cached_text(workspace.repository):
        git_caches.forget_cached_text(workspace.repository)
        show.say(f"{git_caches.CACHED} is gone; its objects go with: git gc --prune=now")


def _finish(workspace: Workspace, no_key: bool, closed: bool) -> None:
    """Whatever else has to do with this clone, or with the key."""
    from gitenv.identity import home
    from gitenv.team import installation

    if closed:
        _forget_open_files(workspace)
    if not no_key and (top := home.work_tree_around()):
        show.note(f"{home.folder()} lies in a work tree, {top}; a .gitignore in it keeps your key out of commits")
    if others := [each.python for each in installation.noted(workspace.repository) if not installation.is_own(each)]:
        show.note(f"this clone is set up for another system or user, too: {joined(others)}")


def _takes_over(guest: str, owner: str) -> bool:
    """Whether a clone is to be another person's from now on: a key that is left in the environment must not do that."""
    from gitenv.identity.device import VARIABLE

    question = f"This clone is {owner}'s, and the key in {VARIABLE} is {guest}'s. Make it {guest}'s clone?"
    return show.ask(question, yes=False, hint=f"unset {VARIABLE}; or, if it is {guest}'s clone now: gitenv init --name {guest}")


def _look(
    workspace: Workspace, wanted: dict[str, list[str]], name: str, unignore: bool, at_once: bool
) -> tuple[Found, list[str], bool]:
    """What founding would do, which files it holds back, and whether .gitignore is to be changed. Nothing is written."""
    from gitenv.team import departures, founding_steps, init

    departures.check_cleared(workspace.repository)
    seen = init.look(workspace, wanted, name, unignore)
    if seen.ignored and not unignore and _wants_unignore(seen.ignored):
        seen, unignore = init.look(workspace, wanted, name, True), True
    held = founding_steps.held_back(workspace, seen.files, [line.path for line in seen.ignored])
    if held and at_once:
        show.note(founding.COST)
    return seen, [] if at_once else held, unignore


def _unignore(workspace: Workspace, at_once: bool) -> bool:
    """Take files of environments out of .gitignore; False if none is ignored."""
    from gitenv.team import init

    staged, held = init.unignore_pinned(workspace, at_once=at_once)
    if staged:
        show.say(f"encrypted and staged: {joined(staged)}")
        show.note(founding.COST)
    if held:
        founding.show_first_step(workspace.repository, held)
    return bool(staged or held)


def _share_waiting(workspace: Workspace, at_once: bool, yes: bool) -> None:
    """The second step of founding, as soon as somebody says that it may be."""
    from gitenv.team import founding_steps

    waiting = founding_steps.waiting(workspace)
    if not waiting:
        return
    if not at_once:
        if left := founding_steps.not_shared(workspace.repository):
            if yes:
                raise left
            show.say(f"{joined(waiting, 3)}: {left.message}:")
            show.commands(left.hint)
            return
        founding.show_waiting(waiting)
        if not yes and not show.is_terminal():
            show.say("when everybody has pulled it:")
            show.commands("gitenv init --yes")
            return
        if not show.ask("Has everybody pulled the first step?", yes):
            show.say("nothing was staged")
            return
    founding.show_shared(workspace.repository, founding_steps.share(workspace, waiting))


def _environments(given: Sequence[str]) -> dict[str, list[str]]:
    wanted: dict[str, list[str]] = {}
    for text in given:
        name, equals, pattern = text.partition("=")
        if not (name and equals and pattern):
            raise Usage(f"--environment {text!r} is not NAME=PATTERN", "gitenv init --environment staging=.env.staging")
        wanted.setdefault(name, []).append(pattern)
    return wanted


def _wants_unignore(lines: Sequence[Ignored]) -> bool:
    founding.show_ignored(lines)
    return show.is_terminal() and show.ask("Take that out, so that git sees these files?", yes=False)


def _show_left(left: Sequence[HookLine]) -> None:
    if left:
        show.note("hooks that are not gitenv's to write; each line belongs into the file before it:")
        show.commands(*(f"{each.file}: {each.line}" for each in left), aside=True)


def _show_joined(workspace: Workspace, done: Joined, strict: bool) -> int:
    """What joining did, and what is left to do; returns the exit code."""
    founding.show_identity(done.name, done.fingerprint, made=done.made_key)
    for statement in done.pinned:
        for line in trust_lines(statement, "signed by" if strict else "taken on trust from", done.fingerprint):
            show.say(line)
    # What a lost key leaves closed is what the request below is about.
    for line in opened_lines([each for each in done.opened if not (each.closed and done.is_lost)]):
        show.say(line)
    for problem in done.problems:
        show.error(problem)
    if done.later:
        show.note(f"new here: {joined(done.later, 3)}; to see who signed it, and to believe it: gitenv unlock {done.later[0]}")
    if codes := [problem.exit_code for problem in done.problems if isinstance(problem, NotTrusted)]:
        if done.wrote_request:
            show.note(f".recipients/{done.name}.pub is staged all the same; it asks to be let in")
        return min(codes)
    if done.is_lost or not any(pin.grant for pin in done.pins):
        _show_request(workspace, done)
    return 0


def _show_request(workspace: Workspace, done: Joined) -> None:
    holders = sorted({holder.name for pin in done.pins for holder in pin.holders} - {done.name})
    staged = " is staged; it" if done.wrote_request else ""
    asks = f".recipients/{done.name}.pub{staged} asks to be let in; {'' if staged else 'if you have not, '}"
    show.commit(workspace.repository, f"Ask to read .env as {done.name}", asks)
    show.say(f"then {' or '.join(holders[:3]) or 'a holder'} runs, commits and pushes:")
    show.commands(f"gitenv add-recipient {done.name}{' --replace' if done.is_lost else ''}")
    show.say("and you, after git pull:")
    show.commands("gitenv unlock")
