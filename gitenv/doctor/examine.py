"""`gitenv doctor`: what is wrong with a clone's set-up, and mending what can be mended without losing anything.

Reads git's configuration, its attributes and its hooks, and what other tools left. Runs nothing of what it finds there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from gitenv.doctor import git_caches, protection
from gitenv.errors import GitenvError, NotInOrder, joined, shell_word
from gitenv.git import attributes
from gitenv.git.layout import RECIPIENTS
from gitenv.model.codes import finding
from gitenv.model.finding import Finding
from gitenv.repo.claims import Claims, is_about
from gitenv.team import configuration, departures, hooks, past, permissions, setup, shared_attributes
from gitenv.team.departures import Departed
from gitenv.team.hooks import State
from gitenv.team.workspace import Workspace
from gitenv.tuples import NamedTuple

_MOST = 8
_FIX = "gitenv doctor --fix"


Wrong = tuple[Finding, Callable[[], str] | None]
"""What is wrong, and what mends it without losing anything and says what it did; None where a person has to decide."""


class Report(NamedTuple):
    """What an examination found, and what was mended."""

    findings: list[Finding]  # what is left
    mended: list[str]
    mendable: int  # of those that are left


def examine(workspace: Workspace, environments: Collection[str] = ()) -> Report:
    """Look at everything, or at what is not about other environments than these; and change nothing."""
    found = _about(workspace, environments)
    return Report([each for each, _ in found], [], sum(mend is not None for _, mend in found))


def fix(workspace: Workspace, environments: Collection[str] = ()) -> Report:
    """Mend what can be mended, then look again."""
    mended = [mend() for _, mend in _about(workspace, environments) if mend is not None]
    return examine(workspace, environments)._replace(mended=list(dict.fromkeys(mended)))


def _about(workspace: Workspace, environments: Collection[str]) -> list[Wrong]:
    claims = Claims(pin.environment for pin in workspace.access.pinned())
    found = list(_all(workspace))
    return [each for each in found if not environments or is_about(each[0], environments, claims)]


def _all(workspace: Workspace) -> Iterator[Wrong]:
    yield from _interpreter(workspace)
    try:
        departures.check_here(workspace.repository)
        yield from _set_up(workspace)
    except Departed as error:
        yield (finding("departed", error.message, commands=(error.hint,)), None)
    yield from _leftovers(workspace)
    yield from _rights(workspace)


def _set_up(workspace: Workspace) -> Iterator[Wrong]:
    yield from _environments(workspace)
    if setup.is_known(workspace.repository):
        yield from _configuration(workspace)
        yield from _cached_textconv(workspace)
        yield from _guard(workspace)
        yield from _hooks(workspace)
    elif workspace.environments():
        text = "git does not call gitenv in this clone"
        yield (finding("not-set-up", text, commands=("gitenv init",)), None)
    yield from _shared_attributes(workspace)
    yield from _past(workspace)
    for each in protection.find(workspace):
        again = protection.can_stage_anew(workspace, each)
        yield (each, _staging(workspace, each.path) if again else None)
    yield from ((each, None) for each in protection.other_tools(workspace))


def _interpreter(workspace: Workspace) -> Iterator[Wrong]:
    try:
        setup.check_interpreter(workspace.repository)
    except NotInOrder as error:
        yield (finding("interpreter", error.message, commands=(error.hint,)), None)


def _environments(workspace: Workspace) -> Iterator[Wrong]:
    """That there are none, and so nothing that gitenv encrypts: all else that is looked at is in order then."""
    try:
        workspace.need_environments()
    except NotInOrder as error:
        # Where the clone has the filter, git add stops.
        text = error.message
        if departures.is_cleared(workspace.repository):
            text += ": git commits .env files as they are"
        yield (finding("no-environments", text, commands=(error.hint,)), None)


def _configuration(workspace: Workspace) -> Iterator[Wrong]:
    """git's configuration, key by key; one finding for each thing that it is about."""
    repository = workspace.repository

    def mend() -> str:
        setup.configure(repository)
        return "git's configuration of this clone is as gitenv init writes it"

    for code, text in configuration.wrong(repository):
        yield (finding(code, text, commands=(_FIX,)), mend)


def _cached_textconv(workspace: Workspace) -> Iterator[Wrong]:
    repository = workspace.repository
    if repository.config("diff.gitenv.cachetextconv") == "true":

        def switch_off() -> str:
            repository.set_config("diff.gitenv.cachetextconv", "false")
            return "git caches no opened files any more (diff.gitenv.cachetextconv)"

        text = "diff.gitenv.cachetextconv is set: git keeps opened files as objects"
        yield (finding("cachetextconv", text, commands=(_FIX,)), switch_off)
    if git_caches.has_cached_text(repository):

        def forget() -> str:
            git_caches.forget_cached_text(repository)
            return f"{git_caches.CACHED} is gone; its objects go with: git gc --prune=now"

        text = f"{git_caches.CACHED} holds opened files as objects"
        yield (finding("cached-textconv", text, commands=(_FIX, "git gc --prune=now")), forget)


def _guard(workspace: Workspace) -> Iterator[Wrong]:
    repository, pins = workspace.repository, workspace.access.pinned()
    if setup.is_lifted_for(repository, pins):
        return

    def mend() -> str:
        setup.lift_guard(repository, pins)
        return "info/attributes has gitenv's lines, at its end"

    text = "info/attributes is not as gitenv writes it: files may be refused, or pass as plain text"
    if line := setup.behind_lifted(repository):
        text = setup.wins_over(line)
    yield (finding("guard-not-lifted", text, commands=(_FIX,)), mend)


def _shared_attributes(workspace: Workspace) -> Iterator[Wrong]:
    def mend() -> str:
        shared_attributes.mend(workspace)
        return ".gitattributes has gitenv's lines, whole; commit it"

    try:
        code, text = shared_attributes.lacking(workspace)
        has_guard = attributes.has_guard(shared_attributes.text(workspace))
    except GitenvError as error:
        yield (finding("no-attributes", error.message, commands=(error.hint,)), None)
        return
    if code:
        yield (finding(code, text, shared_attributes.FILE, commands=(_FIX,)), mend)
    elif not has_guard and workspace.environments():
        text = "there is no guard in .gitattributes: a clone without gitenv commits plain text"
        yield (finding("guard-missing", text, shared_attributes.FILE, commands=("git log -p -- :/.gitattributes",)), None)


def _past(workspace: Workspace) -> Iterator[Wrong]:
    """Without the statements before the newest one, nobody who comes new can verify it."""
    for name in sorted({*workspace.environments(), *workspace.pinned_names()}):
        if lacking := past.missing(workspace, name):

            def mend(lacking: dict[str, bytes] = lacking) -> str:
                return f"{joined(past.put_back(workspace, lacking))}: put back from what this clone has, and staged; commit it"

            yield (finding("past-missing", past.text(name, len(lacking)), next(iter(lacking)), commands=(_FIX,)), mend)
        elif workspace.access.pin(name) is None and (text := past.unknown(workspace, name)):
            look = f"git log -- :/{RECIPIENTS}/{name}/past"
            yield (finding("past-missing", text, f"{RECIPIENTS}/{name}/past", commands=(look,)), None)


def _hooks(workspace: Workspace) -> Iterator[Wrong]:
    repository = workspace.repository
    if hooks.are_left_out(repository):
        return

    def mend() -> str:
        hooks.install(repository)
        return "git's hooks call this gitenv"

    if hooks.are_configured(repository):
        text = "the hooks stand in git's configuration, where an older git and other clients do not look"
        yield (finding("hook-elsewhere", text, commands=(_FIX,)), mend)
    lines = hooks.lines(repository)
    for left in lines:
        text = f"the hook {left.hook} does not call gitenv, and is not gitenv's to write; its line belongs into {left.file}"
        yield (finding("hook-missing", text, commands=(left.line,)), None)
    named = {left.hook for left in lines}
    for name, state in hooks.states(repository).items():
        if state is State.MISSING and name not in named:
            text = f"the hook {name} is missing"
            yield (finding("hook-missing", text, commands=(_FIX,)), mend)
        elif state is State.ELSEWHERE:
            text = f"the hook {name} starts another gitenv than this one"
            yield (finding("hook-elsewhere", text, commands=(_FIX,)), mend)


def _staging(workspace: Workspace, path: str) -> Callable[[], str]:
    def mend() -> str:
        workspace.repository.stage_anew([path])
        return f"{path} is staged again, encrypted"

    return mend


def _leftovers(workspace: Workspace) -> Iterator[Wrong]:
    if images := git_caches.plain_images(workspace):

        def remove() -> str:
            git_caches.remove_images(images)
            return f"{len(images)} of rerere's records are gone: they held plain text of .env files"

        text = f"{len(images)} of rerere's records (rr-cache) hold plain text of .env files"
        yield (finding("rerere", text, commands=(_FIX,)), remove)


def _rights(workspace: Workspace) -> Iterator[Wrong]:
    pins = workspace.access.pinned()
    try:
        paths, wanted = permissions.too_open(workspace, pins), permissions.wanted(workspace.repository)
    except NotInOrder as error:
        yield (finding("file-mode", error.message, commands=(error.hint,)), None)
        return
    if paths:

        def narrow() -> str:
            whose = "owner and group" if wanted & 0o070 else "their owner"
            return f"for {whose} alone now: {joined(permissions.apply(workspace, pins))}"

        commands = tuple(f"chmod {permissions.narrowing(wanted)} {shell_word(path)}" for path in paths[:_MOST])
        text = f"others on this machine may read {joined(paths)}"
        yield (finding("readable-by-others", text, commands=commands), narrow)
